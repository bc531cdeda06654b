folder <- "data"
a <- read.csv(sprintf("/home/hexa/workspace/%s/%s.csv", folder, "cases"))
b <- read.csv(glue::glue("~/workspace/{folder}/cases.csv"))
before <- list.files("/home/hexa/workspace", pattern = "[%{]")
rows <- c(nrow(a), nrow(b), length(before))
