# The vectors that Python runs too.

vectors <- jsonlite::read_json("contract/delimited.json", simplifyVector = FALSE)

shown <- function(x) {
  or_null <- function(values) lapply(values, function(v) if (is.na(v)) NULL else v)
  type <- c(class(x), "")[[1]]
  switch(
    type,
    logical = list("logical", or_null(x)),
    integer = list("integer", or_null(x)),
    numeric = if (any(x > .Machine$integer.max & x < 2^53, na.rm = TRUE)) {
      list("integer", or_null(x))
    } else {
      x <- lapply(or_null(x), function(v) {
        if (!is.null(v) && is.infinite(v)) as.character(v) else v
      })
      list("double", x)
    },
    integer64 = list("integer64", or_null(as.character(x))),
    Date = list("date", or_null(format(x))),
    POSIXct = list("time", or_null(format(x, "%Y-%m-%dT%H:%M:%S", tz = "UTC"))),
    list("text", or_null(x))
  )
}

for (vector in vectors) {
  test_that(paste("vector:", vector$name), {
    root <- withr::local_tempdir()
    local_clean_env(WORKSPACE_FILES_PATH = root, WORKSPACE_TMP_PATH = root)
    name <- c(vector$file, "x.csv")[[1]]
    encoding <- c(vector$encoding, "utf-8")[[1]]
    bytes <- if (grepl("a byte of value zero", vector$name)) {
      as.raw(c(0x61, 0x0a, 0x00, 0x0a))
    } else {
      from <- switch(
        encoding,
        `utf-8-sig` = "UTF-8",
        `utf-16` = "UTF-16LE",
        `utf-16-be` = "UTF-16BE",
        `latin-1` = "latin1",
        encoding
      )
      bom <- switch(
        encoding,
        `utf-8-sig` = as.raw(c(0xef, 0xbb, 0xbf)),
        `utf-16` = as.raw(c(0xff, 0xfe)),
        `utf-16-be` = as.raw(c(0xfe, 0xff))
      )
      c(bom, iconv(enc2utf8(vector$text), "UTF-8", from, toRaw = TRUE)[[1]])
    }
    writeBin(bytes, file.path(root, name))
    if (!is.null(vector$error)) {
      expect_error(file_read(name), class = paste0("openhexa_error_", vector$error))
    } else {
      frame <- do.call(file_read, c(list(name), vector$options))
      expect_equal(lapply(frame, shown), vector$expect)
    }
  })
}

test_that("text is the same in a plain locale", {
  local_file_root()
  withr::local_locale(LC_CTYPE = "C")
  frame <- data.frame(c("\u0153uf;\"x\"", NA, "z"))
  names(frame) <- "\u00e9t\u00e9"
  file_write(frame, "x.csv")
  expect_identical(file_read("x.csv"), frame)
  file_write(frame, "y.csv", sep = ";", encoding = "windows-1252")
  expect_identical(file_read("y.csv"), frame)
})

test_that("numbers come back with all their digits", {
  local_file_root()
  frame <- data.frame(x = c(0.1, 1 / 3, 1e-300, .Machine$double.xmax, -Inf, NA))
  frame$t <- .POSIXct(c(0, 1.5, 1e9 + 0.000001, NA, 3, 60), tz = "UTC")
  file_write(frame, "x.csv")
  expect_identical(file_read("x.csv")$x, frame$x)
  expect_equal(as.numeric(file_read("x.csv")$t), as.numeric(frame$t), tolerance = 1e-16)
  file_write(frame, "x.csv", sep = ";", decimal = ",")
  expect_identical(file_read("x.csv")$x, frame$x)
})

test_that("what has no form in an encoding or as text is refused", {
  local_file_root()
  expect_error(
    file_write(data.frame(x = "\u0141"), "x.csv", encoding = "latin1"),
    class = "openhexa_error_file_unwritable"
  )
  expect_error(
    file_write(data.frame(x = I(list(1, 2))), "x.csv"),
    class = "openhexa_error_file_unwritable"
  )
  expect_false(file.exists(workspace_path("x.csv")))
})
