library(testthat)
library(openhexaR)

test_check("openhexaR")
