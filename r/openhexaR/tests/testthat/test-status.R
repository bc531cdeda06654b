test_that("the status shows problems with their remedy, and no secret", {
  local_clean_env(
    HEXA_WORKSPACE = "demo",
    HEXA_ENVIRONMENT = "SOMEWHERE",
    WORKSPACE_DATABASE_HOST = "h",
    WORKSPACE_DATABASE_PORT = "abc",
    WORKSPACE_DATABASE_USERNAME = "u",
    WORKSPACE_DATABASE_PASSWORD = "pw-7f3a",
    WORKSPACE_DATABASE_DB_NAME = "d",
    HEXA_TOKEN = "pw-7f3a"
  )
  status <- hexa_status()
  shown <- c(capture.output(print(status)), repr_html.openhexa_status(status))
  expect_false(any(grepl("pw-7f3a", shown)))
  expect_snapshot(cat(tail(format(status), 2), sep = "\n"))
  local_clean_env(HEXA_LANG = "fr")
  expect_length(hexa_status()$problems, 0)
  expect_match(format(hexa_status()), "aucun", all = FALSE)
})

test_that("a start without problems says nothing", {
  local_clean_env()
  expect_length(startup_problems(), 0)
})

test_that("the warning line of a start is one line", {
  local_clean_env(WORKSPACE_DATABASE_PORT = "abc")
  line <- startup_line(startup_problems()[[1]])
  expect_equal(
    line,
    paste(
      "OpenHEXA: Environment variable WORKSPACE_DATABASE_PORT is not a port number:",
      "\"abc\". Run `hexa_status()` for what to do."
    )
  )
})
