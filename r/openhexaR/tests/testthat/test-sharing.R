# Shares between the languages, limits and damage are in tests/test_sharing.py.

local_scratch <- function(..., .frame = parent.frame()) {
  path <- withr::local_tempdir(.local_envir = .frame)
  local_clean_env(WORKSPACE_TMP_PATH = path, ..., .frame = .frame)
  file.path(path, "shared_frames")
}

test_that("a shared frame is received, listed and replaced", {
  folder <- local_scratch(JPY_SESSION_NAME = "/w/map.ipynb")
  expect_identical(nrow(shared_frames()), 0L)
  path <- share_frame(cars, "cases")
  expect_identical(path, file.path(folder, "cases.arrows"))
  expect_identical(receive_frame("cases"), cars)
  share_frame(cars[1:2, ], "cases")
  expect_identical(dim(receive_frame("cases")), c(2L, 2L))
  listed <- shared_frames()
  expect_identical(listed$name, "cases")
  expect_identical(listed$size_bytes, file.size(path))
  expect_identical(listed$language, "R")
  expect_identical(listed$pid, Sys.getpid())
  expect_identical(listed$notebook, "/w/map.ipynb")
  expect_lt(listed$age_s, 60)
  expect_identical(list.files(folder), "cases.arrows")
})

test_that("a name cannot leave the folder", {
  local_scratch()
  for (name in list("", "../x", "a/b", "\u00e9", "a\n", strrep("x", 65), 3, NULL)) {
    expect_error(share_frame(cars, name), class = "openhexa_error_share_name_invalid")
    expect_error(receive_frame(name), class = "openhexa_error_share_name_invalid")
  }
})

test_that("a share expires after a day", {
  local_scratch()
  path <- share_frame(cars, "cases")
  Sys.setFileTime(path, Sys.time() - 86500)
  condition <- expect_error(
    receive_frame("cases"),
    class = "openhexa_error_share_not_found"
  )
  expect_identical(condition$values$known, "-")
  expect_false(file.exists(path))
})

test_that("a limit that is no number is refused", {
  local_scratch(HEXA_SHARED_FRAMES_MAX_GB = "-1")
  expect_error(share_frame(cars, "cases"), class = "openhexa_error_invalid_number")
})

test_that("errors of shares are worded in both languages", {
  for (language in c("en", "fr")) {
    local_scratch(HEXA_LANG = language, HEXA_SHARED_FRAMES_MAX_GB = "0.000001")
    expect_snapshot(error = TRUE, transform = hide_folder, {
      share_frame(cars, "a b")
      share_frame(cars, "cases")
      receive_frame("cases")
    })
  }
})
