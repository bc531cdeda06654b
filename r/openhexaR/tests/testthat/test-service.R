test_that("times of HTTP are read in any locale", {
  expected <- as.POSIXct("2015-10-21 07:28:00", tz = "UTC")
  expect_equal(http_time("Wed, 21 Oct 2015 07:28:00 GMT"), expected)
  expect_true(is.na(http_time("soon")))
})

answer_of <- function(status, ...) {
  httr2::response(status, headers = list(...))
}

test_that("Retry-After is seconds or a date", {
  expect_equal(retry_after_s(answer_of(429, "Retry-After" = "7")), 7)
  expect_equal(retry_after_s(answer_of(429)), 1)
  later <- format(Sys.time() + 3600, "%d %b %Y %H:%M:%S GMT", tz = "UTC")
  waits <- retry_after_s(answer_of(429, "Retry-After" = paste("Wed,", later)))
  expect_true(abs(waits - 3600) < 5)
  past <- "Wed, 21 Oct 2015 07:28:00 GMT"
  expect_equal(retry_after_s(answer_of(429, "Retry-After" = past)), 0)
})

test_that("only the host of an address is shown, with its port where it has one", {
  expect_equal(
    host_of("https://ada:pw@dhis2.example.org/play?x=1"),
    "dhis2.example.org"
  )
  expect_equal(host_of("http://127.0.0.1:8080/api"), "127.0.0.1:8080")
  expect_equal(port_of("http://a.example.org/"), "80")
  expect_equal(port_of("https://a.example.org"), "443")
  expect_equal(port_of("https://a.example.org:8443/x"), "8443")
})

test_that("a query repeats the name of a vector, and writes values as JSON does", {
  query <- api_query(list(filter = c("a:eq:1", "b:in:[x,y]"), paging = FALSE, n = 1e6))
  expect_equal(
    query_text(query),
    "filter=a%3Aeq%3A1&filter=b%3Ain%3A%5Bx%2Cy%5D&n=1000000&paging=false"
  )
  expect_error(api_query(list(1)), class = "openhexa_error_invalid_argument")
})

test_that("rows keep what is nested, and fields of several types, in lists", {
  rows <- jsonlite::parse_json(
    '[{"id": "a", "parent": {"id": "p"}, "v": 1}, {"id": "b", "v": "x"}, {"id": null}]'
  )
  frame <- rows_frame(rows)
  expect_equal(frame$id, c("a", "b", NA))
  expect_equal(frame$parent[[1]], list(id = "p"))
  expect_equal(unclass(frame$v), list(1L, "x", NULL), ignore_attr = TRUE)
  expect_equal(dim(rows_frame(list())), c(0L, 0L))
})

test_that("analytics become a table of texts and numbers", {
  answer <- jsonlite::parse_json(
    '{"headers": [{"name": "dx", "valueType": "TEXT"},
                  {"name": "value", "valueType": "NUMBER"}],
      "metaData": {}, "rows": [["a", "1.5"], ["b", "2"]]}'
  )
  expected <- data.frame(dx = c("a", "b"), value = c(1.5, 2))
  expect_equal(analytics_frame(answer), expected)
  answer$rows <- list()
  expect_equal(analytics_frame(answer), expected[0, ], ignore_attr = TRUE)
})
