add_up <- function(x) sum(x, na.rm = TRUE)

read_table <- function(name) {
  read.csv(file.path(Sys.getenv("HOME"), "workspace", "data", name))
}
