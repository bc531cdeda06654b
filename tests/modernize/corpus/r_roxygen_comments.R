#' Read a table of the workspace
#'
#' @param root By default `/home/hexa/workspace`; formerly
#'   `Sys.getenv("WORKSPACE_FILES_PATH")`.
#' @examples
#' con <- dbConnect(RPostgres::Postgres(), password = "never")
#' install.packages("sf")
read_table <- function(root, name) {
  # write.csv(x, "lost.csv")
  read.csv(file.path(root, name)) # "~/workspace" works too
}
arguments <- names(formals(read_table))
