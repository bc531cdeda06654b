# What is sent to a server is tested in tests/test_run.py, beside the SDK.

# A pipeline whose server is down.
local_pipeline <- function(..., .frame = parent.frame()) {
  local_clean_env(
    HEXA_ENVIRONMENT = "CLOUD_PIPELINE",
    HEXA_SERVER_URL = "http://127.0.0.1:1",
    HEXA_TOKEN = "token-7f3a",
    ...,
    .frame = .frame
  )
  local_unwarned(.frame = .frame)
}

test_that("there is no run in a notebook server, and one elsewhere", {
  for (kind in c("CLOUD_JUPYTER", "cloud_jupyter")) {
    local_clean_env(HEXA_ENVIRONMENT = kind)
    expect_null(current_run)
    expect_null(openhexaR::current_run)
    expect_null(openhexa$current_run)
  }
  for (kind in c("STANDALONE", "LOCAL_PIPELINE", "CLOUD_PIPELINE")) {
    local_clean_env(HEXA_ENVIRONMENT = kind)
    expect_s3_class(current_run, "openhexa_run")
  }
  local_clean_env()
  expect_s3_class(current_run, "openhexa_run")
})

test_that("an attached run is decided at each access too", {
  local_clean_env(HEXA_ENVIRONMENT = "CLOUD_JUPYTER")
  attached <- as.environment("package:openhexaR")
  expect_true(bindingIsActive("current_run", attached))
  expect_null(attached$current_run)
  local_clean_env(HEXA_ENVIRONMENT = "STANDALONE")
  expect_s3_class(attached$current_run, "openhexa_run")
})

test_that("the run cannot be changed", {
  local_clean_env()
  expect_error(current_run$id <- "x")
  expect_error(current_run$new <- 1)
})

test_that("the run shows its identifier", {
  local_clean_env()
  expect_snapshot(current_run)
  local_clean_env(HEXA_RUN_ID = "7f3a")
  expect_snapshot(str(current_run))
})

test_that("mistakes are worded in both languages", {
  for (language in c("en", "fr")) {
    local_clean_env(HEXA_LANG = language, WORKSPACE_FILES_PATH = "/w")
    expect_snapshot(error = TRUE, {
      current_run$id()
      current_run$add_file_output("/elsewhere/x.csv")
      current_run$add_file_output(NA)
      current_run$add_database_output(c("a", "b"))
      current_run$progress(101)
      current_run$progress(NA)
      current_run$progress("half")
    })
    local_clean_env(HEXA_LANG = language, HEXA_SERVER_URL = "http://127.0.0.1:1")
    expect_snapshot(error = TRUE, {
      current_run$add_file_output("/home/hexa/workspace/x.csv")
      current_run$add_database_output("cases")
    })
    local_clean_env(HEXA_LANG = language, HEXA_ENVIRONMENT = "SERVER")
    expect_snapshot(current_run, error = TRUE)
  }
})

test_that("what a server refuses is worded in both languages", {
  for (language in c("en", "fr")) {
    local_clean_env(HEXA_LANG = language)
    action <- phrase("record_output")
    conditions <- list(
      contract_condition("file_not_found", path = "x.csv", place = "/w"),
      contract_condition("table_not_found", table = "cases", database = "w1db"),
      contract_condition("permission_denied", action = action),
      contract_condition("run_not_found")
    )
    expect_snapshot(
      for (e in conditions) {
        cat(conditionMessage(e), "\n")
      }
    )
  }
})

test_that("an output is found through links, ~ and dots", {
  dir <- normalizePath(withr::local_tempdir())
  home <- file.path(dir, "jovyan")
  dir.create(file.path(home, "workspace"), recursive = TRUE)
  file.symlink(home, file.path(dir, "hexa"))
  local_clean_env(WORKSPACE_FILES_PATH = file.path(dir, "hexa/workspace"))
  withr::local_envvar(HOME = home)
  withr::local_dir(file.path(home, "workspace"))
  paths <- c(
    file.path(dir, "jovyan/workspace/a/x.csv"),
    file.path(dir, "hexa/workspace/a/x.csv"),
    "~/workspace/a/x.csv",
    "a/x.csv",
    "./b/../a/./x.csv"
  )
  for (path in paths) {
    printed <- capture.output(current_run$add_file_output(path))
    expect_equal(printed, "Sending output with path /a/x.csv", info = path)
  }
  # A link inside the workspace that leads out of it, and the root itself.
  file.symlink(dir, file.path(home, "workspace/out"))
  for (path in c("out/x.csv", ".", file.path(home, "workspace2/x.csv"))) {
    expect_error(
      current_run$add_file_output(path),
      class = "openhexa_error_path_outside"
    )
  }
})

test_that("progress is printed outside of pipelines, without decimals", {
  local_clean_env()
  printed <- capture.output(
    for (x in list(0, 50.9, 100L)) {
      current_run$progress(x)
    }
  )
  expect_equal(printed, paste0("Progress update: ", c(0, 50, 100), "%"))
})

test_that("anything can be logged", {
  local_clean_env()
  broken <- structure(list(), class = "no_print")
  registerS3method("print", "no_print", function(x, ...) stop("no"))
  texts <- list(
    `a 1` = c("a", 1),
    `2024-01-31` = as.Date("2024-01-31"),
    b = factor("b"),
    `no such file` = simpleError("no such file"),
    `NULL` = NULL,
    `NA` = NA,
    `[[1]]\n[1] 1` = list(1),
    `<no_print>` = broken
  )
  for (text in names(texts)) {
    printed <- paste(capture.output(run_log(texts[[text]])), collapse = "\n")
    expect_equal(substring(printed, 27), paste("INFO", text))
    expect_match(printed, "^\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d\\+00:00 INFO ")
  }
})

test_that("the time of a log line is now, in UTC", {
  local_clean_env()
  withr::local_timezone("Africa/Kinshasa")
  printed <- substr(capture.output(run_log("x")), 1, 19)
  time <- as.POSIXct(printed, format = "%Y-%m-%dT%H:%M:%S", tz = "UTC")
  expect_lt(abs(as.numeric(difftime(Sys.time(), time, units = "secs"))), 5)
})

test_that("an unknown level counts as info, and is said once", {
  for (language in c("en", "fr")) {
    local_clean_env(HEXA_LANG = language)
    local_unwarned()
    printed <- capture.output(
      warning <- expect_warning(
        run_log("x", "loud"),
        class = "openhexa_warning_unknown_log_level"
      )
    )
    expect_match(printed, "INFO x")
    expect_equal(warning$values$level, "loud")
    expect_snapshot(cat(conditionMessage(warning)))
    for (level in list("louder", 3, NULL, c("info", "error"), NA)) {
      printed <- capture.output(expect_warning(run_log("x", level), NA))
      expect_match(printed, "INFO x")
    }
  }
})

test_that("a server that is down gives one warning and stops nothing", {
  for (language in c("en", "fr")) {
    local_pipeline(HEXA_LANG = language)
    printed <- capture.output(
      warning <- expect_warning(
        run_log("x"),
        class = "openhexa_warning_log_not_sent"
      )
    )
    expect_match(printed, "INFO x")
    # What curl says of a refused connection depends on its version.
    text <- sub(
      "(reached|able)( ?): .*[.]\n",
      "\\1\\2: <reason>.\n",
      conditionMessage(warning)
    )
    expect_snapshot(cat(text))
    expect_false(grepl("token-7f3a", conditionMessage(warning)))
    expect_warning(capture.output(run_log("y")), NA)
    expect_warning(current_run$log_error("z"), NA)
    expect_warning(current_run$progress(50), NA)
  }
})

test_that("a missing token is the reason", {
  local_pipeline(HEXA_TOKEN = NA)
  warning <- expect_warning(current_run$progress(50))
  expect_equal(warning$values$what, "the progress")
  expect_equal(
    warning$values$reason,
    "Environment variable HEXA_TOKEN is not set"
  )
})

test_that("logging goes on where warnings are errors", {
  local_pipeline()
  withr::local_options(warn = 2)
  expect_message(capture.output(run_log("x")), "127.0.0.1")
  expect_message(capture.output(run_log("x", "loud")), "loud")
})
