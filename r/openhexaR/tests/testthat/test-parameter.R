# Real runs of papermill are in tests/test_parameter.py.

test_that("another default counts when the cell runs again", {
  local_injected(p = 2024L)
  expect_identical(notebook_parameter("p", 1), 2024) # of no earlier call: injected
  local_injected(q = notebook_parameter("q", 2024L))
  expect_identical(notebook_parameter("q", 2025L), 2025L)
  assign("q", 2025L, envir = globalenv())
  expect_identical(notebook_parameter("q", "text"), "text")
  assign("q", 2030, envir = globalenv())
  expect_identical(notebook_parameter("q", 2025L), 2030L)
  expect_identical(notebook_parameter("q", 2026L), 2030L)
})

test_that("another default counts after NULL too", {
  local_injected(p = notebook_parameter("p", NULL))
  expect_identical(notebook_parameter("p", 5), 5)
})

test_that("only a value of the notebook itself is a parameter", {
  local_injected(p = function() 1)
  expect_identical(notebook_parameter("p", 2), 2)
  expect_identical(notebook_parameter("letters", "a"), "a")
  expect_identical(notebook_parameter("T", FALSE), FALSE)
  q <- 1
  expect_identical(notebook_parameter("q", 2), 2)
  expect_identical(notebook_parameter("", 2), 2)
})

test_that("leading underscores are off, as papermill takes them off", {
  local_injected(p = 3)
  expect_identical(notebook_parameter("__p", 2), 3)
})

test_that("a value takes the default's type", {
  local_injected(
    whole = 2023,
    integer = 2023L,
    text = "a",
    flag = TRUE,
    big = 3e9,
    many = list(1, 2),
    holes = list(1, NULL),
    named = list(a = 1, b = 2),
    texts = list("a", "b"),
    none = list()
  )
  expect_identical(notebook_parameter("whole", 1L), 2023L)
  expect_identical(notebook_parameter("integer", 0.5), 2023)
  expect_identical(notebook_parameter("big", 0.5), 3e9)
  expect_identical(notebook_parameter("many", 0L), 1:2)
  expect_identical(notebook_parameter("holes", 0L), c(1L, NA))
  expect_identical(notebook_parameter("holes", 0), c(1, NA))
  expect_identical(notebook_parameter("named", c(x = 0L)), c(a = 1L, b = 2L))
  expect_identical(notebook_parameter("texts", "x"), c("a", "b"))
  expect_identical(notebook_parameter("none", "x"), character())
  expect_identical(notebook_parameter("none", Sys.Date()), Sys.Date()[0])
  expect_identical(notebook_parameter("many", list("x")), list(1, 2))
  expect_identical(notebook_parameter("named", list(x = "x")), list(a = 1, b = 2))
  expect_identical(notebook_parameter("named", list()), list(a = 1, b = 2))
  expect_identical(notebook_parameter("many"), list(1, 2))
})

test_that("accents are right, though papermill writes them as bytes", {
  broken <- rawToChar(as.raw(c(0x64, 0xe9, 0x63, 0xe8, 0x73)))
  local_injected(p = broken, q = list(broken, "d\u00e9c\u00e8s"))
  assign("m", rlang::set_names(list(list(broken)), broken), envir = globalenv())
  withr::defer(rm(list = "m", envir = globalenv()))
  right <- "d\u00e9c\u00e8s"
  expect_identical(notebook_parameter("p", "a"), right)
  expect_identical(notebook_parameter("q", "a"), c(right, right))
  expect_identical(
    notebook_parameter("m"),
    rlang::set_names(list(list(right)), right)
  )
})

test_that("ISO text becomes a date or a time", {
  day <- as.Date("2000-01-01")
  time <- as.POSIXct("2000-01-01", tz = "Africa/Kinshasa") # UTC+1
  local_injected(
    d = "2024-02-29",
    days = list("2024-01-31", "2024-02-01"),
    z = "2024-01-31T08:00:00Z",
    offset = "2024-01-31T08:00:00.5+05:30",
    naive = "2024-01-31 08:00",
    times = list("2024-01-31T08:00:00Z", "2024-01-31T08:00:00")
  )
  expect_identical(notebook_parameter("d", day), as.Date("2024-02-29"))
  expect_identical(
    notebook_parameter("days", day),
    as.Date(c("2024-01-31", "2024-02-01"))
  )
  expect_equal(
    format(notebook_parameter("d", time), usetz = TRUE),
    "2024-02-29 WAT"
  )
  shown <- function(name) format(notebook_parameter(name, time), "%d %H:%M:%OS1 %Z")
  expect_equal(shown("z"), "31 09:00:00.0 WAT")
  expect_equal(shown("offset"), "31 03:30:00.5 WAT")
  expect_equal(shown("naive"), "31 08:00:00.0 WAT")
  expect_equal(shown("times"), c("31 09:00:00.0 WAT", "31 08:00:00.0 WAT"))
})

test_that("a date or time that the notebook made of it is taken again", {
  day <- as.Date("2024-02-29")
  local_injected(d = day, t = as.POSIXct(day))
  expect_identical(notebook_parameter("d", Sys.Date()), day)
  expect_identical(notebook_parameter("t", Sys.time()), as.POSIXct(day))
})

test_that("a value of another type is refused", {
  local_injected(
    half = 2.5,
    big = 3e9,
    text = "2024-13-01",
    garbage = "2024-01-01x",
    flag = TRUE,
    mixed = list(1, "a"),
    nested = list(list(1)),
    named = list(a = 1),
    plain = list(1)
  )
  refused <- list(
    list("half", 1L),
    list("big", 1L),
    list("flag", 1),
    list("flag", 1L),
    list("half", TRUE),
    list("half", "a"),
    list("text", Sys.Date()),
    list("text", Sys.time()),
    list("garbage", Sys.Date()),
    list("garbage", Sys.time()),
    list("half", Sys.Date()),
    list("mixed", 1),
    list("mixed", "a"),
    list("nested", 1),
    list("named", 1),
    list("plain", c(a = 1)),
    list("plain", list(a = 1)),
    list("named", list(1)),
    list("half", list(1)),
    list("text", factor("a")),
    list("plain", data.frame(a = 1))
  )
  for (case in refused) {
    condition <- expect_error(
      notebook_parameter(case[[1]], case[[2]]),
      class = "openhexa_error_parameter_type",
      info = case[[1]]
    )
    expect_equal(condition$values$parameter, case[[1]])
  }
})

test_that("refusals are worded in both languages", {
  local_injected(year = "2023", codes = list(1, "a"), map = list(a = 1), day = "x")
  for (language in c("en", "fr")) {
    local_clean_env(HEXA_LANG = language)
    expect_snapshot(error = TRUE, {
      notebook_parameter("year", 2024L)
      notebook_parameter("codes", "a")
      notebook_parameter("map", list("a"))
      notebook_parameter("day", as.Date("2024-01-31"))
      notebook_parameter("day", as.POSIXct("2024-01-31"))
      notebook_parameter(3)
    })
  }
})
