# Round trips through Python are in tests/test_frames.py; here is what R does alone.

through_file <- function(frame) {
  path <- withr::local_tempfile()
  nanoarrow::write_nanoarrow(to_wire(frame), path)
  from_wire(nanoarrow::read_nanoarrow(path))
}

test_that("a frame comes back with its classes", {
  frame <- data.frame(
    n = c(1L, NA),
    x = c(NaN, NA),
    text = c("Ab\u00e9ch\u00e9", NA),
    level = factor(c("high", NA), levels = c("low", "high"), ordered = TRUE),
    day = as.Date(c("1853-02-28", NA)),
    at = as.POSIXct(c("2024-10-27 00:30", NA), tz = "UTC")
  )
  frame$list <- list(1:2, NULL)
  expect_identical(through_file(frame), frame)
  expect_identical(through_file(frame[0, ]), frame[0, ])
  expect_identical(through_file(tibble::as_tibble(frame)), tibble::as_tibble(frame))
})

test_that("a data.table can be changed by reference afterwards", {
  table <- through_file(data.table::data.table(a = 1:2))
  expect_silent(data.table::set(table, j = "b", value = 3:4))
  expect_identical(names(table), c("a", "b"))
})

test_that("integers of any Arrow table have the narrowest class that holds them", {
  wire <- function(...) {
    arrays <- list(...)
    schema <- nanoarrow::na_struct(lapply(arrays, nanoarrow::infer_nanoarrow_schema))
    array <- nanoarrow::nanoarrow_array_modify(
      nanoarrow::nanoarrow_array_init(schema),
      list(length = 2, null_count = 0, children = unname(arrays))
    )
    nanoarrow::nanoarrow_array_set_schema(array, schema)
    nanoarrow::basic_array_stream(list(array))
  }
  int64 <- function(...) {
    values <- bit64::as.integer64(c(...))
    nanoarrow::as_nanoarrow_array(values, schema = nanoarrow::na_int64())
  }
  small <- from_wire(wire(a = int64("1", NA), b = int64("2147483648", "-5")))
  expect_identical(small$a, c(1L, NA))
  expect_identical(small$b, c(2147483648, -5))
  expect_message(
    big <- from_wire(wire(id = int64("9007199254740993", NA))),
    "class integer64, as integers beyond 2^53 need it: id",
    class = "openhexa_message_integer64_used",
    fixed = TRUE
  )
  expect_s3_class(big$id, "integer64")
  expect_identical(as.character(big$id), c("9007199254740993", NA))
  bits <- bit64::as.integer64(c(-1, 1))
  uint64 <- nanoarrow::as_nanoarrow_array(bits, schema = nanoarrow::na_uint64())
  expect_warning(
    huge <- from_wire(wire(id = uint64)),
    class = "openhexa_warning_values_changed"
  )
  expect_identical(huge$id, c(2^64, 1))
})

test_that("the lowest int32 is a number, not missing", {
  array <- nanoarrow::as_nanoarrow_array(c(NA_integer_, 7L))
  array <- nanoarrow::nanoarrow_array_modify(
    array,
    list(null_count = 0, buffers = list(NULL, array$buffers[[2]]))
  )
  schema <- nanoarrow::na_struct(list(x = nanoarrow::na_int32()))
  whole <- nanoarrow::nanoarrow_array_modify(
    nanoarrow::nanoarrow_array_init(schema),
    list(length = 2, null_count = 0, children = list(array))
  )
  nanoarrow::nanoarrow_array_set_schema(whole, schema)
  frame <- from_wire(nanoarrow::basic_array_stream(list(whole)))
  expect_identical(frame$x, c(-2147483648, 7))
})

test_that("text marked as latin1 is converted", {
  latin1 <- "caf\xe9"
  Encoding(latin1) <- "latin1"
  back <- through_file(data.frame(x = c(latin1, NA)))
  expect_identical(back$x, c("caf\u00e9", NA))
  expect_identical(Encoding(back$x[1]), "UTF-8")
})

test_that("text that is not valid is refused, wherever it is", {
  invalid <- "a\xff"
  nested <- data.frame(id = 1)
  nested$x <- data.frame(y = invalid)
  frames <- list(
    data.frame(x = c("ok", invalid)),
    data.frame(x = `Encoding<-`("\xe9", "bytes")),
    data.frame(x = `Encoding<-`("\u00e9", "bytes")),
    data.frame(x = I(list("ok", invalid))),
    nested
  )
  for (frame in frames) {
    expect_error(to_wire(frame), class = "openhexa_error_invalid_text")
  }
})

test_that("text with a NUL from elsewhere does not end R", {
  raw <- nanoarrow::as_nanoarrow_array(list(as.raw(c(0x61, 0x00)), as.raw(0x62)))
  text <- nanoarrow::nanoarrow_array_set_schema(raw, nanoarrow::na_string())
  schema <- nanoarrow::na_struct(list(x = nanoarrow::na_string()))
  whole <- nanoarrow::nanoarrow_array_modify(
    nanoarrow::nanoarrow_array_init(schema),
    list(length = 2, null_count = 0, children = list(text))
  )
  nanoarrow::nanoarrow_array_set_schema(whole, schema)
  expect_error(
    from_wire(nanoarrow::basic_array_stream(list(whole))),
    class = "openhexa_error_embedded_nul"
  )
})

test_that("a column without a rule is named with its class", {
  unsupported <- list(
    complex = 1i,
    "matrix array" = matrix(1:2, 1),
    noquote = noquote("a"),
    "list (integer, character)" = I(list(1L, "a")),
    "list (factor)" = I(list(factor("a"))),
    "factor (NA)" = addNA(factor(NA)),
    "POSIXct (Mars/Base)" = structure(
      0,
      class = c("POSIXct", "POSIXt"),
      tzone = "Mars/Base"
    )
  )
  for (type in names(unsupported)) {
    frame <- data.frame(good = seq_len(NROW(unsupported[[type]])))
    frame$bad <- unsupported[[type]]
    condition <- expect_error(
      to_wire(frame),
      class = "openhexa_error_unsupported_column"
    )
    expect_identical(condition$values$column, "bad")
    expect_identical(condition$values$type, type)
  }
})

test_that("what would be lost is told, and refused on demand", {
  third <- data.frame(
    x = as.difftime(c(1 / 3, 1), units = "secs"),
    day = as.Date(c(0.5, Inf), origin = "1970-01-01")
  )
  expect_warning(to_wire(third), "x (1), day (2)", fixed = TRUE)
  condition <- expect_error(
    to_wire(third, strict = TRUE),
    class = "openhexa_error_crossing_lossy"
  )
  expect_identical(condition$values$columns, "x (1), day (2)")
  report <- crossing_report(third)
  expect_identical(report$status, c("lossy", "lossy"))
  expect_identical(report$changed, c(1, 2))
  expect_silent(to_wire(data.frame(at = Sys.time()), strict = TRUE))
})

test_that("the report names the class in pandas", {
  frame <- data.frame(
    n = c(1L, NA),
    whole = 1:2,
    x = c(NaN, 1),
    at = as.POSIXct(c(0, 1), origin = "1970-01-01", tz = "Africa/Ndjamena"),
    level = factor(c("a", "b"))
  )
  report <- crossing_report(frame)
  expect_identical(
    report$to,
    c(
      "Int32",
      "int32",
      "double[pyarrow]",
      "datetime64[us, Africa/Ndjamena]",
      "category"
    )
  )
  expect_identical(
    report$status,
    c("exact", "exact", "widened", "exact", "exact")
  )
  for (language in c("en", "fr")) {
    local_clean_env(HEXA_LANG = language)
    expect_snapshot(print(crossing_report(frame)))
  }
})

test_that("names and rows that do not cross are refused", {
  expect_error(to_wire(mtcars), class = "openhexa_error_row_names")
  expect_identical(
    through_file(cars[c(3, 7), ]),
    data.frame(speed = c(7, 10), dist = c(4, 18))
  )
  unnamed <- stats::setNames(data.frame(1), NA_character_)
  expect_error(to_wire(unnamed), class = "openhexa_error_column_names")
  expect_error(to_wire(1:3), class = "openhexa_error_unsupported_frame")
  expect_error(to_wire(cars, "yes"), class = "openhexa_error_invalid_argument")
})

test_that("without nanoarrow the message says what to install", {
  local_installed("sf", "bit64")
  for (call in list(to_wire, crossing_report)) {
    condition <- expect_error(call(cars), class = "openhexa_error_missing_package")
    expect_identical(condition$values$package, "nanoarrow")
  }
  expect_error(from_wire(NULL), class = "openhexa_error_missing_package")
})

test_that("errors of frames are worded in both languages", {
  for (language in c("en", "fr")) {
    local_clean_env(HEXA_LANG = language)
    expect_snapshot(error = TRUE, {
      to_wire(mtcars)
      to_wire(data.frame(x = 1i))
      to_wire(data.frame(x = as.difftime(1 / 3, units = "secs")), strict = TRUE)
      to_wire("x")
    })
  }
})

test_that("what the frame was in Python does not clutter str()", {
  memory <- structure(list(x = 1), class = "openhexa_memory")
  expect_output(str(structure(cars, openhexa = memory)), "<classes in Python>")
})
