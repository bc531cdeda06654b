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
  expect_match(format(hexa_status()), "Contr\u00f4les", all = FALSE)
})

test_that("the status is in one language", {
  local_clean_env(HEXA_LANG = "fr")
  the$steps <- list(R = 480, IRkernel = 1075)
  withr::defer(the$steps <- NULL)
  status <- hexa_status()
  shown <- c(format(status), repr_html.openhexa_status(status))
  words <- c("files", "scratch", "database", "driver", "problems", "start of", "ready")
  for (word in words) {
    expect_no_match(shown, paste0("\\b", word, "\\b"))
  }
  expect_match(shown, "D\u00e9marrage de ce noyau : 1555 ms", all = FALSE)
  expect_match(shown, "width:240px", fixed = TRUE, all = FALSE)
})

test_that("a variable that hides `workspace` is said", {
  local_clean_env()
  expect_equal(workspace_state(), "ready")
  assign("workspace", 1, globalenv())
  withr::defer(rm("workspace", envir = globalenv()))
  expect_equal(workspace_state(), "replaced by a variable of yours")
})

test_that("on a hub the status names the server and the command that restarts it", {
  local_clean_env()
  expect_no_match(format(hexa_status()), "server restart")
  local_clean_env(
    JUPYTERHUB_USER = "alice@example.org",
    JUPYTERHUB_SERVER_NAME = "polio"
  )
  line <- "^server +alice@example.org/polio \\(hexa-kernels server restart\\)$"
  expect_match(format(hexa_status()), line, all = FALSE)
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
