test_that("nothing missing is no news", {
  expect_true(hexa_require("stats", "utils"))
  expect_silent(hexa_require())
})

test_that("all missing packages are named at once", {
  local_clean_env()
  condition <- expect_error(
    hexa_require("not.there", "stats", "nor.there"),
    class = "openhexa_error_missing_packages"
  )
  expect_equal(condition$values$packages, "not.there, nor.there")
  expect_match(
    condition$values$command,
    "c(\"not.there\", \"nor.there\")",
    fixed = TRUE
  )
})

test_that("a name that is no name is refused", {
  expect_error(hexa_require(3), class = "openhexa_error_invalid_argument")
})
