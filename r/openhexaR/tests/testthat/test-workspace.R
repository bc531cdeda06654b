test_that("workspace cannot be changed", {
  expect_error(workspace$slug <- "x")
  expect_error(workspace$new <- 1)
})

test_that("showing the workspace needs nothing and shows no password", {
  local_clean_env()
  expect_snapshot(workspace)
  local_clean_env(
    HEXA_WORKSPACE = "demo",
    WORKSPACE_DATABASE_HOST = "h",
    WORKSPACE_DATABASE_PORT = "1",
    WORKSPACE_DATABASE_USERNAME = "u",
    WORKSPACE_DATABASE_PASSWORD = "pw-7f3a",
    WORKSPACE_DATABASE_DB_NAME = "d"
  )
  expect_snapshot({
    workspace
    str(workspace)
    summary(workspace)
  })
  expect_false(any(grepl("pw-7f3a", capture.output(str(list(workspace))))))
})

test_that("a folder that cannot be made is named", {
  file <- withr::local_tempfile(lines = "x")
  local_clean_env(WORKSPACE_FILES_PATH = file)
  condition <- expect_error(
    workspace_path("a", "b"),
    class = "openhexa_error_folder_not_writable"
  )
  expect_equal(condition$values$path, file.path(file, "a"))
})

test_that("scratch that cannot be made is replaced, with a warning", {
  file <- withr::local_tempfile(lines = "x")
  local_clean_env(WORKSPACE_TMP_PATH = file)
  expect_warning(
    path <- tmp_path("a.csv"),
    class = "openhexa_warning_scratch_replaced"
  )
  expect_equal(path, file.path(tempdir(), "a.csv"))
})

test_that("parents of a path are made", {
  dir <- withr::local_tempdir()
  local_clean_env(WORKSPACE_FILES_PATH = dir)
  path <- workspace_path("a", "b", "c.csv")
  expect_true(dir.exists(dirname(path)))
  expect_false(file.exists(path))
})

test_that("the notebook's folder is the working directory where nobody says more", {
  local_clean_env()
  dir <- withr::local_tempdir()
  withr::local_dir(dir)
  expect_equal(normalizePath(notebook_dir()), normalizePath(dir))
})

test_that("a member that is mistyped is no NULL", {
  local_clean_env(HEXA_WORKSPACE = "demo")
  for (language in c("en", "fr")) {
    withr::local_envvar(HEXA_LANG = language)
    expect_snapshot(error = TRUE, {
      workspace$file_path
      new_dataset(list(id = "1", slug = "cases"))[["nope"]]
    })
  }
})
