secrets <- c("pw-7f3a", "key-9b1c", "json-5d2e")

local_connections <- function(.frame = parent.frame()) {
  local_clean_env(
    POLIO = "dhis2",
    POLIO_URL = "https://dhis2.example.org",
    POLIO_USERNAME = "ada",
    POLIO_PASSWORD = "pw-7f3a",
    BUCKET = "s3",
    BUCKET_ACCESS_KEY_ID = "key-9b1c",
    BUCKET_ACCESS_KEY_SECRET = "pw-7f3a",
    BUCKET_BUCKET_NAME = "data",
    STORE = "postgresql",
    STORE_HOST = "h",
    STORE_PORT = "5432",
    STORE_USERNAME = "u",
    STORE_PASSWORD = "pw-7f3a",
    STORE_DB_NAME = "d",
    CLOUD = "gcs",
    CLOUD_SERVICE_ACCOUNT_KEY = "json-5d2e",
    CLOUD_BUCKET_NAME = "b",
    MINE = "custom",
    MINE_TOKEN = "key-9b1c",
    .frame = .frame
  )
}

identifiers <- c("polio", "bucket", "store", "cloud", "mine")

expect_no_secret <- function(text) {
  for (secret in secrets) {
    expect_false(any(grepl(secret, text, fixed = TRUE)))
  }
}

test_that("no way of showing a record shows a secret", {
  local_connections()
  for (identifier in identifiers) {
    record <- workspace$get_connection(identifier)
    expect_no_secret(capture.output(print(record)))
    expect_no_secret(capture.output(print(list(record))))
    expect_no_secret(capture.output(str(record)))
    expect_no_secret(capture.output(str(list(a = record))))
    expect_no_secret(capture.output(summary(record)))
    expect_no_secret(capture.output(dput(record)))
    expect_no_secret(deparse(record))
    expect_no_secret(format(record))
    expect_no_secret(unlist(record))
    expect_no_secret(as.character(unlist(as.list(record))))
    expect_no_secret(unlist(lapply(record, format)))
    expect_no_secret(capture.output(print(attributes(record))))
    expect_no_secret(tryCatch(as.character(record), error = conditionMessage))
    expect_no_secret(tryCatch(
      as.character(jsonlite::toJSON(record, force = TRUE)),
      error = conditionMessage
    ))
  }
})

test_that("rich display in Jupyter shows no secret", {
  skip_if_not_installed("repr")
  local_connections()
  for (identifier in identifiers) {
    shown <- repr::mime2repr
    record <- workspace$get_connection(identifier)
    for (render in shown[c("text/plain", "text/html", "text/markdown", "text/latex")]) {
      expect_no_secret(as.character(unlist(render(record))))
    }
  }
})

test_that("a traceback shows no secret", {
  local_connections()
  record <- workspace$get_connection("polio")
  fail <- function(connection) stop("no")
  trace <- tryCatch(
    withCallingHandlers(fail(record), error = function(e) {
      rlang::cnd_signal(
        rlang::error_cnd(message = "x", trace = rlang::trace_back())
      )
    }),
    error = function(e) capture.output(print(e$trace))
  )
  expect_no_secret(trace)
  calls <- character()
  try(
    withCallingHandlers(
      do.call(fail, list(record)),
      error = function(e) calls <<- unlist(lapply(sys.calls(), deparse))
    ),
    silent = TRUE
  )
  expect_no_secret(calls)
})

test_that("fields are read with $ and [[ and offered by completion", {
  local_connections()
  record <- workspace$postgresql_connection("store")
  expect_identical(record$port, 5432L)
  expect_identical(record[["password"]], "pw-7f3a")
  expect_error(record$passwrd, class = "openhexa_error_field_not_found")
  expect_null(workspace$custom_connection("mine")$nothing)
  expect_error(record$password <- "x", class = "openhexa_error_record_read_only")
  expect_error(record[["password"]] <- "x", class = "openhexa_error_record_read_only")
  expect_length(record, length(names(record)))
  expect_identical(
    names(record),
    c("identifier", "host", "port", "username", "password", "database_name")
  )
  expect_identical(utils::.DollarNames(record, "^pa"), "password")
})

test_that("records print without their secrets", {
  local_connections()
  expect_snapshot(
    for (identifier in identifiers) {
      print(workspace$get_connection(identifier))
    }
  )
})

test_that("a variable that is no UTF-8 text is no obstacle", {
  local_connections()
  withr::local_envvar(BADUTF = "caf\xe9", MINE_BAD = "caf\xe9")
  expect_true("mine" %in% workspace$list_connections()$identifier)
  expect_equal(workspace$custom_connection("mine")$token, "key-9b1c")
})

test_that("connections are listed with their types", {
  local_connections()
  local_clean_env(SHELL = "/bin/sh")
  listed <- workspace$list_connections()
  found <- listed[listed$identifier %in% identifiers, ]
  expect_identical(found$identifier, sort(identifiers))
  expect_identical(found$type, c("S3", "GCS", "CUSTOM", "DHIS2", "POSTGRESQL"))
  expect_false("shell" %in% listed$identifier)
})

test_that("what the server says of a connection is worded in both languages", {
  for (language in c("en", "fr")) {
    local_server(HEXA_LANG = language)
    expect_errors({
      workspace$get_connection("nope")
      workspace$dhis2_connection("nope")
      workspace$dhis2_connection("iaso-prod")
      workspace$dhis2_connection()
    })
  }
})

test_that("the secrets of a connection from the server are not shown", {
  local_server()
  connection <- workspace$get_connection("dhis2-play")
  expect_equal(connection$password, "district")
  shown <- capture.output(
    print(connection),
    str(connection),
    summary(connection),
    dput(connection),
    unlist(connection)
  )
  expect_false(any(grepl("district", shown)))
})
