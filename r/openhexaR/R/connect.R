#' Open a connection of the workspace
#'
#' One call from a connection's identifier to what works with it.
#'
#' @param identifier String: the connection's identifier, as on the workspace's page of
#'   connections.
#' @param client String or `NULL`: another package to open it with, which must be
#'   installed. S3 and GCS: `"arrow"`, for arrow's own file system. DHIS2: `"dhis2r"`,
#'   `"khisr"` or `"datimutils"`.
#' @returns By the connection's type:
#'   \describe{
#'     \item{PostgreSQL}{A `DBIConnection`, yours to close.}
#'     \item{S3, GCS}{A bucket: `list(prefix = "")` gives a data frame of `key`, `size`
#'       (bytes) and `modified` (POSIXct, UTC) of all objects below it;
#'       `download(key, path, recursive = FALSE)` and `upload(path, key)` take one file,
#'       or a folder and a key that ends in "/"; `read(key, ...)` and
#'       `write(frame, key, ...)` do what [file_read()] and [file_write()] do;
#'       `delete(key)`; `bucket_name`. Keys are relative to the bucket, relative paths
#'       to the workspace's root; without a path, a download goes into scratch.
#'       Transfers use 16 MB of memory a piece, whatever the size, go on after a cut,
#'       and leave no half file.}
#'     \item{DHIS2}{An authenticated `httr2_request` at `<url>/api`, for [dhis2_get()].}
#'     \item{IASO}{The same with IASO's token, for [iaso_get()]. IASO's paths end in
#'       "/".}
#'     \item{custom}{The record: `conn$fields[["api-key"]]`. If its field `type` names a
#'       type of [register_connection_type()], what that opens.}
#'   }
#' @section Errors: `openhexa_error_connection_not_found`, with similar identifiers;
#'   `openhexa_error_connection_incomplete`, `openhexa_error_url_scheme_missing`,
#'   `openhexa_error_service_account_invalid`, `openhexa_error_missing_package`,
#'   `openhexa_error_invalid_argument`; of databases those of [database_connection()].
#'   What is opened raises `openhexa_error_connection_unreachable`,
#'   `openhexa_error_connection_refused`, `openhexa_error_connection_answer`,
#'   `openhexa_error_rate_limited`, `openhexa_error_request_refused`,
#'   `openhexa_error_server_status`; buckets also `openhexa_error_bucket_missing`,
#'   `openhexa_error_object_missing`, `openhexa_error_clock_skew`,
#'   `openhexa_error_transfer_cut`.
#' @section Where S3 and GCS are: As Amazon's and Google's own tools, it reads
#'   `AWS_ENDPOINT_URL_S3`, `AWS_ENDPOINT_URL`, `AWS_REGION`, `AWS_DEFAULT_REGION` and
#'   `STORAGE_EMULATOR_HOST`.
#' @source AWS Signature Version 4,
#'   <https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html>;
#'   JSON API of Google Cloud Storage, <https://cloud.google.com/storage/docs/json_api>
#' @examples
#' Sys.setenv(BUCKET = "s3", BUCKET_BUCKET_NAME = "data")
#' Sys.setenv(BUCKET_ACCESS_KEY_ID = "made", BUCKET_ACCESS_KEY_SECRET = "up")
#' bucket <- connect("bucket")
#' bucket$bucket_name
#' \dontrun{
#' bucket$list("surveys/")
#' bucket$download("surveys/", workspace_path("surveys"))
#' }
#' @export
connect <- function(identifier, client = NULL) {
  call <- rlang::current_env()
  check_string(identifier)
  record <- find_connection(identifier, call, known_identifiers)
  type <- connection_type_of(record)
  if (is.null(client)) {
    return(type$open(record, call))
  }
  open <- if (rlang::is_string(client)) type$clients[[client]]
  if (is.null(open)) {
    abort_contract(
      "invalid_argument",
      argument = "client",
      expected = fill(phrase("one_of"), list(names = toString(names(type$clients)))),
      actual = describe_class(client)
    )
  }
  purpose <- list(type = attr(record, "type"))
  require_package(client, fill(phrase("open_type"), purpose), call)
  open(record, call)
}

#' Add a type of connection
#'
#' For this session: a custom connection whose field `type` holds that name opens with
#' your function.
#'
#' @param name String: the name of the type; upper and lower case are the same.
#' @param open Function of the record that gives what [connect()] returns.
#' @param test Function of the record, or `NULL`: it gives what [test_connection()]
#'   reports, a named character vector (what was looked at = what was found), or stops.
#' @returns The name in lower case, invisibly.
#' @section Errors: `openhexa_error_connection_type_reserved` for a type that is built
#'   in.
#' @examples
#' register_connection_type("kobo", function(record) {
#'   request <- httr2::request(record$fields[["url"]])
#'   httr2::req_headers(request, Authorization = paste("Token", record$token))
#' })
#' Sys.setenv(SURVEYS = "custom", SURVEYS_TYPE = "kobo", SURVEYS_TOKEN = "made-up")
#' Sys.setenv(SURVEYS_URL = "https://kobo.example.org/api/v2")
#' connect("surveys")$url
#' @export
register_connection_type <- function(name, open, test = NULL) {
  check_string(name)
  for (argument in c("open", if (!is.null(test)) "test")) {
    given <- get(argument)
    if (!is.function(given)) {
      abort_contract(
        "invalid_argument",
        argument = argument,
        expected = phrase("a_function"),
        actual = describe_class(given)
      )
    }
  }
  name <- tolower(name)
  if (toupper(name) %in% connection_types()) {
    abort_contract("connection_type_reserved", type = name)
  }
  the$connection_types[[name]] <- list(
    open = function(record, call) open(need_complete(record, call)),
    steps = function(record, call) team_steps(record, test)
  )
  invisible(name)
}

# How each type is opened, with which other packages, and what its test looks at.
built_in_types <- function() {
  list(
    POSTGRESQL = list(
      open = function(record, call) open_connection(need_complete(record, call), call),
      steps = postgresql_steps
    ),
    S3 = list(
      open = function(record, call) new_bucket(s3_store(record, call)),
      clients = list(arrow = arrow_s3),
      steps = function(record, call) bucket_steps(s3_store, record, call)
    ),
    GCS = list(
      open = function(record, call) new_bucket(gcs_store(record, call)),
      clients = list(arrow = arrow_gcs),
      steps = function(record, call) bucket_steps(gcs_store, record, call)
    ),
    DHIS2 = list(open = open_dhis2, clients = dhis2_clients, steps = dhis2_steps),
    IASO = list(open = open_iaso, steps = iaso_steps),
    CUSTOM = list(
      open = need_complete,
      steps = custom_steps
    )
  )
}

connection_type_of <- function(record) {
  type <- attr(record, "type")
  if (type == "CUSTOM" && rlang::is_string(record[["type"]])) {
    team <- the$connection_types[[tolower(record[["type"]])]]
    if (!is.null(team)) {
      return(team)
    }
  }
  built_in_types()[[type]]
}

# arrow's file system, its root being the bucket.
arrow_s3 <- function(record, call) {
  need_complete(record, call)
  endpoint <- s3_endpoint()
  place <- if (!is.null(endpoint)) {
    list(endpoint_override = host_of(endpoint), scheme = sub(":.*", "", endpoint))
  }
  system <- rlang::inject(arrow::S3FileSystem$create(
    access_key = record$access_key_id,
    secret_key = record$secret_access_key,
    region = aws_region(),
    !!!place
  ))
  system$cd(record$bucket_name)
}

arrow_gcs <- function(record, call) {
  need_complete(record, call)
  service_account(record, call)
  endpoint <- gcs_endpoint()
  system <- arrow::GcsFileSystem$create(
    json_credentials = record$service_account_key,
    endpoint_override = host_of(endpoint),
    scheme = sub(":.*", "", endpoint)
  )
  system$cd(record$bucket_name)
}
