windows <- r"(C:\home\hexa\workspace\data)"
cases <- read.csv(r"(/home/hexa/workspace/data/cases.csv)")
pattern <- r"---[^/home/hexa/workspace/]---"
lines <- nrow(cases)
