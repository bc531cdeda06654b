test_that("fields are exported under today's names and older ones", {
  local_clean_env(
    POLIO = "dhis2",
    POLIO_URL = "https://dhis2.example.org",
    POLIO_USERNAME = "ada",
    POLIO_PASSWORD = "pw",
    STORE = "postgresql",
    STORE_HOST = "h",
    STORE_PORT = "5432",
    STORE_USERNAME = "u",
    STORE_PASSWORD = "p@w",
    STORE_DB_NAME = "d",
    KOBO = "custom",
    "KOBO_API-KEY" = "k",
    POLIO_API_URL = NA,
    STORE_URL = NA,
    STORE_DATABASE = NA
  )
  withr::defer(Sys.unsetenv(c("POLIO_API_URL", "STORE_URL", "STORE_DATABASE")))
  expect_equal(
    export_connection("polio"),
    paste0("POLIO_", c("API_URL", "PASSWORD", "URL", "USERNAME"))
  )
  expect_equal(Sys.getenv("POLIO_API_URL"), "https://dhis2.example.org")
  expect_true("STORE_DATABASE" %in% export_connection("store"))
  expect_equal(Sys.getenv("STORE_URL"), "postgresql://u:p%40w@h:5432/d")
  expect_equal(Sys.getenv("STORE_DATABASE"), "d")
  expect_equal(export_connection("kobo"), "KOBO_API-KEY")
})

test_that("texts of code are found wherever they are", {
  code <- "f(x[, 1], 'A_B')\ng <- function(a = \"C\", ...) list('D', b = ~ 'E')\n# 'no'"
  expect_setequal(text_constants(code), c("A_B", "C", "D", "E"))
  expect_null(text_constants("f('A"))
  expect_null(text_constants(""))
})

test_that("a connection is exported at its first mention, and what is set stays", {
  local_clean_env(
    HEXA_EXPORT_CONNECTIONS = "polio, , nope",
    POLIO = "dhis2",
    POLIO_URL = "https://dhis2.example.org",
    POLIO_USERNAME = "ada",
    POLIO_PASSWORD = "pw",
    POLIO_API_URL = NA,
    NOPE = NA
  )
  withr::defer(the$exported <- NULL)
  told <- list()
  tell <- function(condition) told[[length(told) + 1]] <<- condition
  export_mentioned("Sys.getenv('POLIO_URL')", tell)
  expect_equal(Sys.getenv("POLIO_API_URL"), "https://dhis2.example.org")
  expect_equal(the$exported, "polio")
  Sys.setenv(POLIO_API_URL = "mine")
  the$exported <- NULL
  export_mentioned("POLIO_URL; f('APOLIO_URL'); 'POLIO'", tell)
  expect_null(the$exported)
  export_mentioned("paste0('${POLIO_URL}/api')", tell)
  expect_equal(Sys.getenv("POLIO_API_URL"), "mine")
  expect_length(told, 0)
  export_mentioned("'NOPE_URL'", tell)
  expect_s3_class(told[[1]], "openhexa_error_connection_not_exported")
  Sys.unsetenv("POLIO_API_URL")
})
