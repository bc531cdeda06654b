library(reticulate)
openhexa <- import("openhexa.sdk")

# These helpers may ask the module for more than the workspace.
source("helpers.R")
