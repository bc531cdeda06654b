secrets <- c("pw-7f3a+x", "k/9b1c")

local_many <- function(..., .frame = parent.frame()) {
  local_clean_env(
    BUCKET = "s3",
    BUCKET_ACCESS_KEY_ID = "k/9b1c",
    BUCKET_ACCESS_KEY_SECRET = "pw-7f3a+x",
    BUCKET_BUCKET_NAME = "data",
    POLIO = "dhis2",
    POLIO_URL = "https://dhis2.example.org/play/api/",
    POLIO_USERNAME = "ada",
    POLIO_PASSWORD = "pw-7f3a+x",
    CLOUD = "gcs",
    CLOUD_SERVICE_ACCOUNT_KEY = "{}",
    CLOUD_BUCKET_NAME = "maps",
    KOBO = "custom",
    "KOBO_API-KEY" = "pw-7f3a+x",
    KOBO_1ST = "k/9b1c",
    KOBO_FIELDS = "f",
    KOBO_TYPE = "kobo",
    ...,
    .frame = .frame
  )
}

expect_no_secret <- function(text) {
  for (secret in secrets) {
    expect_false(any(grepl(secret, text, fixed = TRUE)))
  }
}

local_types <- function(.frame = parent.frame()) {
  withr::defer(the$connection_types <- NULL, envir = .frame)
}

test_that("a field of any name is an element of $fields, and shown by none", {
  local_many()
  record <- connect("kobo")
  expect_equal(record$fields[["api-key"]], "pw-7f3a+x")
  expect_equal(record$fields$`1st`, "k/9b1c")
  expect_equal(record$fields[["fields"]], "f")
  expect_equal(record[["fields"]], "f")
  expect_equal(sort(names(record$fields)), c("1st", "api-key", "fields", "type"))
  expect_equal(workspace$dhis2_connection("polio")$fields[["username"]], "ada")
  expect_error(record$fields[["nope"]], class = "openhexa_error_field_not_found")
  fields <- record$fields
  shown <- c(
    capture.output(print(fields)),
    capture.output(str(list(fields))),
    capture.output(dput(fields)),
    capture.output(print(list(fields))),
    capture.output(print(summary(fields))),
    format(fields),
    unlist(as.list(fields)),
    capture.output(print(unlist(list(fields))))
  )
  expect_no_secret(shown)
  expect_match(format(fields), "1st, api-key, fields, type", fixed = TRUE)
})

test_that("what opens shows no secret", {
  local_many()
  bucket <- connect("bucket")
  request <- connect("polio")
  expect_equal(bucket$bucket_name, "data")
  expect_equal(request$url, "https://dhis2.example.org/play/api")
  for (one in list(bucket, request)) {
    shown <- c(
      capture.output(print(one), type = "message"),
      capture.output(print(one)),
      capture.output(str(one)),
      capture.output(str(list(one))),
      format(bucket)
    )
    expect_no_secret(shown)
    encoded <- jsonlite::base64_enc(charToRaw("ada:pw-7f3a+x"))
    expect_false(any(grepl(encoded, shown, fixed = TRUE)))
  }
})

test_that("bad records have errors of their own, in both languages", {
  for (language in c("en", "fr")) {
    local_many(
      HEXA_LANG = language,
      POLIO_URL = "ada:pw-7f3a+x@dhis2.example.org",
      HALF = "s3",
      HALF_BUCKET_NAME = "data"
    )
    expect_errors({
      connect("polo")
      connect(1)
      connect("half")
      connect("polio")
      connect("cloud")
      connect("bucket", client = "dhis2r")
      connect("kobo", client = "arrow")
      file_read("s3://bucket")
      file_read("gs://bucket/a.csv")
      test_connection("polo")
      test_connection("polio", timeout_s = "soon")
      export_connection("half")
      dhis2_get("polio", "me")
      iaso_get(1, "projects")
    })
  }
})

test_that("a key of a service account is looked at before it is used", {
  local_many()
  key <- openssl::rsa_keygen(2048)
  pem <- openssl::write_pem(key)
  whole <- list(client_email = "a@example.org", private_key = pem)
  bad <- list(
    "not json {",
    "[1, 2]",
    "\"text\"",
    to_json(whole["client_email"]),
    to_json(utils::modifyList(whole, list(private_key = "-----BEGIN\nX\n"))),
    to_json(utils::modifyList(whole, list(private_key = 1)))
  )
  for (text in bad) {
    withr::local_envvar(CLOUD_SERVICE_ACCOUNT_KEY = text)
    expect_error(connect("cloud"), class = "openhexa_error_service_account_invalid")
  }
  withr::local_envvar(CLOUD_SERVICE_ACCOUNT_KEY = to_json(whole))
  expect_equal(connect("cloud")$bucket_name, "maps")
  account <- service_account(workspace$gcs_connection("cloud"))
  parts <- strsplit(signed_claim(account, 1000L), ".", fixed = TRUE)[[1]]
  bytes <- lapply(parts, function(part) {
    padding <- strrep("=", -nchar(part) %% 4)
    openssl::base64_decode(paste0(chartr("-_", "+/", part), padding))
  })
  claim <- jsonlite::parse_json(rawToChar(bytes[[2]]))
  expect_equal(claim$exp - claim$iat, 3600)
  expect_equal(claim$aud, "https://oauth2.googleapis.com/token")
  signed <- charToRaw(paste(parts[1:2], collapse = "."))
  expect_true(openssl::signature_verify(
    signed,
    bytes[[3]],
    openssl::sha256,
    key$pubkey
  ))
})

test_that("a type of a team opens a custom connection that names it", {
  local_many()
  local_types()
  expect_s3_class(connect("kobo"), "openhexa_custom_connection")
  register_connection_type("KOBO", function(record) record$fields[["api-key"]])
  expect_equal(connect("kobo"), "pw-7f3a+x")
  skipped <- test_connection("kobo")$checks
  expect_equal(skipped$state, c("ok", "skipped"))
  register_connection_type(
    "kobo",
    function(record) 1,
    test = function(record) c(forms = "12 forms")
  )
  expect_equal(test_connection("kobo")$checks$found[[2]], "forms: 12 forms")
  register_connection_type("kobo", identity, test = function(record) stop("no forms"))
  failed <- test_connection("kobo")
  expect_equal(failed$checks$state, c("ok", "failed"))
  expect_match(failed$checks$found[[2]], "no forms")
})

test_that("a built-in type is not replaced, and a type needs functions", {
  local_types()
  for (name in c("s3", "PostgreSQL", "custom")) {
    expect_error(
      register_connection_type(name, identity),
      class = "openhexa_error_connection_type_reserved"
    )
  }
  expect_error(
    register_connection_type("kobo", "open"),
    class = "openhexa_error_invalid_argument"
  )
  expect_error(
    register_connection_type("kobo", identity, test = 1),
    class = "openhexa_error_invalid_argument"
  )
})

test_that("a report is a text and a table, in both languages", {
  for (language in c("en", "fr")) {
    local_many(HEXA_LANG = language, POLIO_URL = "dhis2.example.org")
    report <- test_connection("polio")
    expect_snapshot(print(report))
    html <- repr_html.openhexa_report(report)
    expect_match(html, "--jp-error-color1", fixed = TRUE)
    expect_no_secret(html)
  }
})

test_that("arrow opens a bucket where it is installed", {
  local_many()
  local_installed("jsonlite")
  expect_error(
    connect("bucket", client = "arrow"),
    class = "openhexa_error_missing_package"
  )
})

test_that("the address of S3 has the bucket in its host, but for other servers", {
  address <- function(bucket, endpoint = NULL) {
    state <- list(region = "eu-west-3")
    s3_address(list(bucket = bucket, endpoint = endpoint, state = state))
  }
  amazon <- "https://s3.eu-west-3.amazonaws.com"
  expect_equal(
    address("data"),
    list(root = "https://data.s3.eu-west-3.amazonaws.com", path = "/")
  )
  expect_equal(address("da.ta"), list(root = amazon, path = "/da.ta/"))
  expect_equal(
    address("data", "http://127.0.0.1:9000/store/"),
    list(root = "http://127.0.0.1:9000", path = "/store/data/")
  )
})

test_that("places are read as Amazon's and Google's tools read them", {
  local_clean_env(
    AWS_ENDPOINT_URL_S3 = NA,
    AWS_ENDPOINT_URL = "http://a.example.org",
    AWS_REGION = NA,
    AWS_DEFAULT_REGION = "eu-west-3",
    STORAGE_EMULATOR_HOST = "localhost:4443/"
  )
  expect_equal(s3_endpoint(), "http://a.example.org")
  expect_equal(aws_region(), "eu-west-3")
  expect_equal(gcs_endpoint(), "http://localhost:4443")
  withr::local_envvar(
    AWS_ENDPOINT_URL_S3 = "http://b.example.org",
    AWS_REGION = "eu-north-1",
    STORAGE_EMULATOR_HOST = NA
  )
  expect_equal(s3_endpoint(), "http://b.example.org")
  expect_equal(aws_region(), "eu-north-1")
  expect_equal(gcs_endpoint(), "https://storage.googleapis.com")
})
