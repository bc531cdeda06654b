# Attributes that cross are in tests/frame_cases.R; here is what R says of the others.

test_that("what has no place in Python stays behind, and is named", {
  named <- tibble::tibble(x = c(a = 1))
  listed <- data.frame(x = 1)
  attr(listed$x, "source") <- list(1)
  fitted <- structure(cars, class = c("fit", "data.frame"), call = quote(f(x)))
  left <- list(
    list(named, "names(frame$x)"),
    list(listed, "attr(frame$x, \"source\")"),
    list(fitted, "class fit, attr(frame, \"call\")"),
    list(data.table::data.table(a = 1:2, key = "a"), "attr(frame, \"sorted\")")
  )
  for (one in left) {
    for (call in list(to_wire, crossing_report)) {
      warned <- expect_warning(
        call(one[[1]]),
        class = "openhexa_warning_left_behind"
      )
      expect_identical(warned$values$parts, one[[2]])
    }
    refused <- expect_error(
      to_wire(one[[1]], strict = TRUE),
      class = "openhexa_error_crossing_lossy"
    )
    expect_identical(refused$values$columns, one[[2]])
  }
  expect_identical(
    suppressWarnings(unlist(crossing_report(listed)[c("status", "reason")])),
    c(status = "widened", reason = phrase("attributes_left"))
  )
})

test_that("what readr keeps of the file is no part of the frame", {
  frame <- tibble::tibble(a = 1)
  frame <- structure(frame, class = c("spec_tbl_df", class(frame)), spec = list())
  expect_silent(back <- from_wire(to_wire(frame, strict = TRUE)))
  expect_s3_class(back, c("tbl_df", "tbl", "data.frame"), exact = TRUE)
})

test_that("missing values that haven tags are counted", {
  tagged <- data.frame(
    x = haven::labelled(
      c(1, haven::tagged_na("a"), NA, NaN),
      c(refus = haven::tagged_na("b"))
    )
  )
  warned <- expect_warning(
    back <- from_wire(to_wire(tagged)),
    class = "openhexa_warning_values_changed"
  )
  expect_identical(warned$values$columns, "x (2)")
  expect_identical(haven::na_tag(back$x), rep(NA_character_, 4))
  expect_identical(crossing_report(tagged)$status, "lossy")
})

test_that("labels from Python get the type of the values, or give them theirs", {
  marks <- function(type, value) {
    text <- '{"labels":{"type":"%s","values":["%s"],"names":["a"]}}'
    c(attributes = sprintf(text, type, value))
  }
  labelled <- haven::labelled
  from <- restore_attributes
  expect_identical(from(1:2, marks("double", "1")), labelled(1:2, c(a = 1L)))
  expect_identical(from(1:2, marks("double", "1.5")), labelled(c(1, 2), c(a = 1.5)))
  expect_identical(from(c(1, 2), marks("integer", "1")), labelled(c(1, 2), c(a = 1)))
  expect_identical(from("x", marks("character", "x")), labelled("x", c(a = "x")))
  expect_s3_class(from(1:2, marks("character", "x")), NA)
  expect_s3_class(from(Sys.Date(), marks("double", "1")), "Date", exact = TRUE)
})

test_that("attributes from elsewhere cannot make a class", {
  text <- paste0(
    "{\"class\":{\"type\":\"character\",\"values\":[\"factor\"]},",
    "\"dim\":{\"type\":\"integer\",\"values\":[\"1\",\"2\"]},",
    "\"label\":{\"type\":\"character\",\"values\":[\"L\"]}}"
  )
  marks <- c(attributes = text)
  expect_identical(restore_attributes(1:2, marks), structure(1:2, label = "L"))
})

test_that("groups come back for the columns that are still there", {
  frame <- dplyr::group_by(tibble::tibble(a = 1:2, b = 3:4), a, b)
  stream <- to_wire(frame)
  schema <- stream$get_schema()
  marks <- marks_of(schema)
  expect_identical(marks[["groups"]], "[\"a\",\"b\"]")
  back <- new_frame(list(1:2), "a", 2, marks)
  expect_identical(dplyr::group_vars(back), "a")
})
