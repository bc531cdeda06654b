setwd("/home/hexa/workspace/data")
source("~/workspace/code/helpers.r")
cases <- read.csv("cases.csv")
first <- cases$district[[1]]
total <- add_up(cases$cases)
