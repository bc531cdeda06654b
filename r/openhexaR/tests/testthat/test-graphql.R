test_that("what goes wrong on the way to the server is worded in both languages", {
  response <- function(status, body = "{}") {
    httr2::response(status, body = charToRaw(body))
  }
  for (language in c("en", "fr")) {
    local_server(HEXA_LANG = language, caller = "nobody")
    expect_errors({
      workspace$configuration
      graphql_data(response(301), quote(workspace$configuration))
      graphql_data(response(503), quote(workspace$configuration))
      graphql_data(
        response(200, '{"errors": [{"message": "No."}, {"message": "Never."}]}'),
        quote(workspace$configuration)
      )
      check_mutation(list(success = FALSE, errors = list("ODD")), character(), list())
    })
    local_clean_env(HEXA_LANG = language, HEXA_SERVER_URL = "http://127.0.0.1:1")
    expect_errors(workspace$countries)
    local_clean_env(
      HEXA_LANG = language,
      HEXA_SERVER_URL = "http://127.0.0.1:1",
      HEXA_WORKSPACE = "demo-workspace",
      HEXA_TOKEN = "t"
    )
    withr::local_options(openhexaR.timeout_s = "soon")
    expect_errors(workspace$countries)
    withr::local_options(openhexaR.timeout_s = 1)
    expect_errors(workspace$countries)
  }
})

test_that("what is wrong with a certificate is worded in both languages", {
  for (language in c("en", "fr")) {
    local_clean_env(HEXA_LANG = language, HEXA_VERIFY_SSL = "0")
    local_unwarned()
    expect_snapshot({
      request <- http_request("https://ada:s3cret@example.org/signed")
      request <- http_request("https://ada:s3cret@example.org/signed")
    })
    refused <- contract_condition(
      "certificate_refused",
      server = "https://example.org",
      reason = "SSL certificate problem: self-signed certificate"
    )
    expect_snapshot(cat(conditionMessage(refused)))
  }
})

test_that("what needs a server says so in both languages", {
  for (language in c("en", "fr")) {
    local_clean_env(HEXA_LANG = language)
    expect_errors({
      workspace$countries
      workspace$configuration <- list(a = 1)
      workspace$get_file("a.csv")
      workspace$get_webapp("map")
      workspace$list_datasets()
      workspace$get_dataset("cases")
      workspace$create_dataset("Cases")
    })
  }
})

test_that("only the host of an address is shown", {
  expect_equal(
    server_name(c(
      "https://ada:s3cret@example.org:8443/files/signed?token=x",
      "HTTP://example.org?x=@y",
      "example.org"
    )),
    c("https://example.org:8443", "HTTP://example.org", "example.org")
  )
})

test_that("JSON keeps arrays, objects, nulls and every digit", {
  object <- rlang::set_names(list(), character())
  value <- list(a = list(1L), b = NULL, c = list(), d = 0.1, e = NA, f = object)
  expect_equal(
    jsonlite::parse_json(to_json(value)),
    list(a = list(1L), b = NULL, c = list(), d = 0.1, e = NULL, f = object)
  )
})

test_that("pages end where the server has no more", {
  asked <- integer()
  pages <- function(total) {
    function(page) {
      asked <<- c(asked, page)
      list(items = list(page), totalPages = total)
    }
  }
  expect_equal(all_pages(pages(3L)), list(1L, 2L, 3L))
  expect_equal(asked, 1:3)
  expect_length(all_pages(pages(0L)), 1)
})
