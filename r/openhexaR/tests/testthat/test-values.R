# Round trips through Python are in tests/test_values.py.

through_file <- function(value) {
  path <- withr::local_tempfile()
  nanoarrow::write_nanoarrow(value_to_wire(value), path)
  value_from_wire(nanoarrow::read_nanoarrow(path))
}

test_that("values come back as they were", {
  values <- list(
    NULL,
    NA,
    1L,
    c("a", NA),
    character(),
    factor("a", levels = c("b", "a")),
    as.Date("1960-01-01"),
    list(),
    list(a = list(1, "x"), b = NULL, c = list(d = 1:3))
  )
  for (value in values) {
    expect_identical(through_file(value), value)
  }
})

test_that("a value without a rule is named with its place", {
  condition <- expect_error(
    value_to_wire(list(a = list(1, mean))),
    class = "openhexa_error_unsupported_value"
  )
  expect_identical(condition$values$path, "value[[\"a\"]][[2]]")
  expect_identical(condition$values$type, "function")
  duplicate <- list(a = 1, a = 2)
  expect_error(value_to_wire(duplicate), class = "openhexa_error_unsupported_value")
})

test_that("what Python has no place for beside a value is named", {
  age <- haven::labelled(1:2, c(young = 1L))
  expect_warning(
    value_to_wire(list(age = age)),
    "labels",
    class = "openhexa_warning_left_behind"
  )
  day <- c(a = as.Date("2024-02-29"))
  expect_warning(value_to_wire(day), "names(value)", fixed = TRUE)
})
