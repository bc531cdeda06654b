# Written on Windows.
root <- "~/workspace"
scratch <- "~/tmp"
cases <- read.csv(file.path(root, "data", "cases.csv"))
saveRDS(cases, "cases.rds")
