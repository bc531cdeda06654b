test_that("variables of the server win over those of a .Renviron", {
  local_clean_env(WORKSPACE_DATABASE_HOST = "evil", FOO = "bar")
  file <- withr::local_tempfile()
  text <- c(
    "WORKSPACE_DATABASE_HOST=good",
    "HEXA_TOKEN=a=b\nc",
    "HEXA_EMPTY=",
    "FOO=other"
  )
  raw <- unlist(lapply(text, function(t) c(charToRaw(t), as.raw(0))))
  writeBin(raw, file)
  withr::local_envvar(HEXA_TOKEN = NA, HEXA_EMPTY = NA)
  restore_variables(environ = file)
  expect_equal(Sys.getenv("WORKSPACE_DATABASE_HOST"), "good")
  expect_equal(Sys.getenv("HEXA_TOKEN"), "a=b\nc")
  expect_equal(Sys.getenv("HEXA_EMPTY", NA), "")
  expect_equal(Sys.getenv("FOO"), "bar")
})

test_that("where the server's variables cannot be read, a .Renviron is named", {
  local_clean_env()
  file <- withr::local_tempfile(
    lines = c("FOO=1", " export HEXA_TOKEN=x", "WORKSPACE_A=y")
  )
  condition <- expect_warning(
    restore_variables(environ = "/not/there", renviron = file),
    class = "openhexa_warning_renviron_overrides"
  )
  expect_equal(condition$values$variables, "HEXA_TOKEN, WORKSPACE_A")
  expect_silent(restore_variables(environ = "/not/there", renviron = "/not/there"))
})

test_that("places of libraries are set only when unset and there", {
  prefix <- withr::local_tempdir()
  dir.create(file.path(prefix, "share/proj"), recursive = TRUE)
  withr::local_envvar(
    PROJ_LIB = NA,
    PROJ_DATA = "/mine",
    GDAL_DATA = NA,
    RETICULATE_PYTHON = NA
  )
  set_library_paths(prefix)
  expect_equal(Sys.getenv("PROJ_LIB"), file.path(prefix, "share/proj"))
  expect_equal(Sys.getenv("PROJ_DATA"), "/mine")
  expect_equal(Sys.getenv("GDAL_DATA", NA), NA_character_)
  expect_equal(Sys.getenv("RETICULATE_PYTHON", NA), NA_character_)
})

test_that("the profile is the one that R would choose", {
  dir <- withr::local_tempdir()
  withr::local_dir(dir)
  withr::local_envvar(HOME = dir, R_PROFILE_USER = "")
  expect_null(profile_path())
  file.create(".Rprofile")
  expect_equal(profile_path(), ".Rprofile")
  withr::local_envvar(R_PROFILE_USER = "other.R")
  expect_equal(profile_path(), "other.R")
})

test_that("a failing step of the start is kept, not raised", {
  withr::defer({
    the$problems <- NULL
    the$steps <- NULL
  })
  expect_no_error(startup_step("one", stop("no")))
  expect_no_warning(startup_step("two", warning("hm")))
  expect_equal(vapply(the$problems, conditionMessage, ""), c("no", "hm"))
  expect_named(the$steps, c("one", "two"))
})

test_that("without IRkernel the kernel says so", {
  local_clean_env()
  local_installed()
  expect_error(kernel_main("x.json"), class = "openhexa_error_missing_package")
})
