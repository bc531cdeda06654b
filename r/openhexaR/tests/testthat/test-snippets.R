test_that("both languages are printed, or one", {
  expect_snapshot(hexa_snippet("sql"))
  expect_output(lines <- hexa_snippet("sql", "r"), "^library\\(openhexaR\\)")
  expect_equal(lines[[length(lines)]], ")")
})

test_that("without a name the catalogue is listed, in the user's language", {
  local_clean_env(HEXA_LANG = "fr")
  expect_output(lines <- hexa_snippet(), "paths +Un chemin dans les fichiers")
  expect_match(lines[[length(lines)]], "^status +Ce qui est")
})

test_that("an unknown snippet or language is refused with what there is", {
  local_clean_env()
  refused <- function(...) {
    expect_error(hexa_snippet(...), class = "openhexa_error_invalid_argument")$values
  }
  expect_match(refused("tables")$expected, "paths, files, .*status")
  expect_equal(refused("database", "julia")$expected, "one of python, r")
  expect_equal(refused(c("database", "sql"))$actual, "character [2]")
})
