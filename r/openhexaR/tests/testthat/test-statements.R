test_that("a name has no blanks unless quoted; all else is a statement", {
  expect_equal(parse_name("districts"), "districts")
  expect_equal(parse_name(" survey.Districts "), c("survey", "Districts"))
  expect_equal(parse_name("\"a b\".\"c\"\"d\""), c("a b", "c\"d"))
  expect_equal(parse_name("\u00e9t\u00e9"), "\u00e9t\u00e9")
  expect_null(parse_name("SELECT 1"))
  expect_null(parse_name("a.b.c"))
  expect_null(parse_name("a;b"))
  expect_equal(quote_name(c("a b", "c\"d")), "\"a b\".\"c\"\"d\"")
})

test_that("statements are told by their first word, behind comments and brackets", {
  is_statement <- function(text) is.null(parse_source(text)$name)
  for (text in c(
    "-- SELECT\nselect 1",
    "/* a */ ((VALUES (1)))",
    "WITH x AS ()",
    "TABLE t"
  )) {
    expect_true(is_statement(text), label = text)
  }
  for (text in c("DROP TABLE t", "SELECTED 1", "-- SELECT 1\nUPDATE t", "")) {
    expect_error(parse_source(text), class = "openhexa_error_invalid_argument")
  }
})

test_that("a semicolon at the end goes, those in texts stay", {
  expect_equal(parse_source("SELECT ';' ; -- end;")$sql, "SELECT ';'")
  expect_equal(parse_source("SELECT $x$;$x$ -- ;")$sql, "SELECT $x$;$x$ -- ;")
})

test_that("parameters are numbered, and none is seen in texts, casts and comments", {
  sql <- "SELECT :a::int, ':a', \"x:a\", $q$ :a $q$, E'\\':a', x[1:2], :b, :a -- :a"
  bound <- bind_params(sql, list(b = "y", a = 1L))
  expect_equal(
    bound$sql,
    "SELECT $1::int, ':a', \"x:a\", $q$ :a $q$, E'\\':a', x[1:2], $2, $1 -- :a"
  )
  expect_equal(bound$values, c("1", "y"))
  missing <- bind_params("SELECT :a, :b", list(a = NA, b = 2))
  expect_equal(missing, list(sql = "SELECT NULL, $1", values = "2"))
  for (wrong in list(list(), list(c = 1), list(a = 1, b = 2, c = 3), list(1, 2), "x")) {
    expect_error(
      bind_params("SELECT :a, :b", wrong),
      class = "openhexa_error_invalid_argument"
    )
  }
})

test_that("values are written as PostgreSQL reads them", {
  expect_equal(param_text(c(1.5, NA)), "{\"1.5\",NULL}")
  expect_equal(param_text(I("a\"b\\c")), "{\"a\\\"b\\\\c\"}")
  expect_equal(sql_text(.Date(c(-735160, -719162))), c("0044-03-15 BC", "0001-01-01"))
  time <- as.POSIXct("2024-10-27 02:30:00", tz = "Africa/Ndjamena") + 0.000001
  expect_equal(sql_text(time), "2024-10-27 01:30:00.000001+00")
  expect_equal(
    sql_text(.POSIXct(c(0.9999996, Inf, NA))),
    c("1970-01-01 00:00:01.000000+00", "infinity", NA)
  )
  expect_equal(sql_text(c(0.1, NaN, NA, -Inf)), c("0.1", "NaN", NA, "-Inf"))
  expect_equal(sql_text(0.1, decimal = FALSE), "0.10000000000000001")
  expect_equal(sql_text(as.difftime(2, units = "hours")), "7200.000000 secs")
  expect_error(param_text(mean), class = "openhexa_error_unsupported_column")
})

test_that("names beyond 63 bytes are refused, in bytes", {
  expect_error(
    need_name(strrep("\u00e9", 32), "table"),
    class = "openhexa_error_name_too_long"
  )
  expect_equal(need_name(strrep("\u00e9", 31), "table"), strrep("\u00e9", 31))
})
