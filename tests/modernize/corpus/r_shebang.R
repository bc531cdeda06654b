#!/usr/bin/env Rscript
# -*- coding: utf-8 -*-

suppressPackageStartupMessages(library(stats))
cases <- read.csv("~/workspace/data/cases.csv")
middle <- median(cases$cases)