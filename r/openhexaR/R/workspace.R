#' The current OpenHEXA workspace
#'
#' Mirror of the OpenHEXA SDK's `workspace` object, in plain R. Everything is read from
#' the environment at each access and nothing is kept.
#'
#' @section Members:
#' \describe{
#'   \item{`slug`}{String: the workspace's identifier.}
#'   \item{`files_path`, `tmp_path`}{String: root of the files and of the scratch
#'     folder, without a trailing slash.}
#'   \item{`database_host`, `database_username`, `database_name`}{String.}
#'   \item{`database_port`}{Integer.}
#'   \item{`database_password`}{String, or `NULL` when there is none.}
#'   \item{`database_url`}{String: `WORKSPACE_DATABASE_URL`, else composed from the
#'     others with user, password and name percent-encoded.}
#'   \item{`get_connection(identifier)`}{A connection of any type.}
#'   \item{`get_connection_from_env(identifier)`,
#'     `get_connection_from_api(identifier)`}{The same by one way alone, or `NULL`.}
#'   \item{`dhis2_connection()`, `postgresql_connection()`, `s3_connection()`,
#'     `gcs_connection()`, `iaso_connection()`, `custom_connection()`}{A connection of
#'     that type, by its `identifier`.}
#'   \item{`list_connections()`}{Data frame with columns `identifier` and `type` of the
#'     connections that environment variables describe. Not part of the SDK.}
#'   \item{`configuration`}{The configuration as a list: objects are named lists, arrays
#'     unnamed ones. `NULL` where there is no server. Assigning replaces it as a whole;
#'     `set_configuration(value)` does the same without leaving a copy of `workspace`.}
#'   \item{`countries`}{Data frame with columns `code`, `flag`, `name`, `alpha_3`.}
#'   \item{`get_file(path)`}{A file as the server knows it: `name`, `path`, `size`
#'     (bytes), `type` ("FILE" or "DIRECTORY").}
#'   \item{`list_datasets()`}{List of all datasets here, not the first 15 only.}
#'   \item{`get_dataset(identifier, source_workspace_slug = NULL)`,
#'     `create_dataset(name, description = NULL)`}{A dataset: `id`, `slug`, `name`,
#'     `description`, `source_workspace_slug`, `versions`, `latest_version` (`NULL` if
#'     there is none), `create_version(name)`. A version: `id`, `name`, `dataset`,
#'     `created_at`, `files`, `get_file(filename)`, `exists(filename)`,
#'     `add_file(source, filename)` from a path, a raw vector, a binary connection or a
#'     data frame, `read(filename)` and `write(frame, filename)` in the format of the
#'     name. A file: `id`, `version`, `uri`, `filename`, `content_type`, `created_at`,
#'     `download_url`, `download(path)`, which gives the path: into that file or folder,
#'     else into scratch, `read()` as [file_read()] does, and `read_raw()`. In the SDK,
#'     `read()` gives bytes.}
#'   \item{`get_webapp(webapp_slug)`}{A web app: `id`, `name`, `description`, `url`,
#'     `icon`, `is_favorite`, `created_by`, `workspace`, `permissions`.}
#' }
#'
#' A connection is a record: its fields are read with `$` or `[[`. Secret ones are
#' shown by no `print()`, `format()`, `str()`, `summary()`, `dput()`, `unlist()` or
#' `as.list()`.
#'
#' @section Errors: `openhexa_error_missing_variable`, `openhexa_error_invalid_port`,
#'   `openhexa_error_connection_not_found`, `openhexa_error_connection_type`; of the
#'   server `openhexa_error_not_connected`, `_server_unreachable`, `_server_status`,
#'   `_server_answer`, `_certificate_refused`, `_unauthenticated`, `_graphql_error`,
#'   `_request_refused`, `_permission_denied`, `_workspace_not_found`,
#'   `_file_not_found`, `_webapp_not_found`; of datasets `_dataset_not_found`,
#'   `_version_not_found`, `_version_locked`, `_duplicate_version`, `_file_exists`,
#'   `_file_too_large`, `_missing_filename`, `_path_not_found`, `_folder_not_writable`.
#' @section The server: Set `options(openhexaR.timeout_s = 120)` to let it be silent for
#'   120 seconds, and not 30. What changes nothing is tried three times when the server
#'   cannot be reached or answers with 502, 503 or 504. With `HEXA_VERIFY_SSL` set to
#'   `0` or `false`, certificates are not checked, which a warning of class
#'   `openhexa_warning_certificate_unverified` says once.
#' @format A locked environment of class `openhexa_workspace`.
#' @source `openhexa.sdk` 2.22.7, <https://github.com/BLSQ/openhexa-sdk-python>
#' @examples
#' workspace$files_path
#' Sys.setenv(POLIO = "dhis2", POLIO_URL = "https://dhis2.example.org")
#' workspace$dhis2_connection("polio")$url
#' @export
workspace <- NULL

new_workspace <- function() {
  new_object(
    "workspace",
    members = c(
      list(
        get_connection = get_connection,
        get_connection_from_env = connection_from_env,
        get_connection_from_api = connection_from_api,
        list_connections = list_connections,
        set_configuration = set_configuration,
        get_file = get_file,
        get_webapp = get_webapp,
        list_datasets = list_datasets,
        get_dataset = get_dataset,
        create_dataset = create_dataset
      ),
      typed_accessors()
    ),
    properties = list(
      slug = function() env_require("slug", call = quote(workspace$slug)),
      files_path = function() env_path("files_path"),
      tmp_path = function() env_path("tmp_path"),
      database_host = function() {
        env_require("database_host", call = quote(workspace$database_host))
      },
      database_port = function() database_port(call = quote(workspace$database_port)),
      database_username = function() {
        env_require("database_username", call = quote(workspace$database_username))
      },
      database_password = function() env_lookup("database_password"),
      database_name = function() {
        env_require("database_name", call = quote(workspace$database_name))
      },
      database_url = function() database_url(call = quote(workspace$database_url)),
      configuration = list(
        read = get_configuration,
        write = function(value) {
          write_configuration(value, quote(workspace$configuration))
        }
      ),
      countries = get_countries
    )
  )
}

database_port <- function(call = rlang::caller_env()) {
  as_port(
    env_require("database_port", call),
    env_variable("database_port"),
    call
  )
}

database_url <- function(call = rlang::caller_env()) {
  url <- env_lookup("database_url")
  if (!is.null(url)) {
    return(url)
  }
  encode <- function(text) utils::URLencode(text, reserved = TRUE)
  password <- env_lookup("database_password")
  paste0(
    "postgresql://",
    encode(env_require("database_username", call)),
    if (!is.null(password)) paste0(":", encode(password)),
    "@",
    env_require("database_host", call),
    ":",
    database_port(call),
    "/",
    encode(env_require("database_name", call))
  )
}

#' @export
format.openhexa_workspace <- function(x, ...) {
  slug <- env_lookup("slug")
  c(
    paste0("<OpenHEXA workspace", if (!is.null(slug)) paste0(" ", slug), ">"),
    paste("files   ", x$files_path),
    paste("scratch ", x$tmp_path),
    paste("database", database_label())
  )
}

# user@host:port/name: what may be shown of the database.
database_label <- function() {
  host <- env_lookup("database_host")
  if (is.null(host)) {
    return("-")
  }
  part <- function(fact) {
    value <- env_lookup(fact)
    if (is.null(value)) "?" else value
  }
  paste0(
    part("database_username"),
    "@",
    host,
    ":",
    part("database_port"),
    "/",
    part("database_name")
  )
}

#' Paths in the workspace
#'
#' `workspace_path()` gives a path in the workspace's files, `tmp_path()` in its scratch
#' folder, with the parent folders made. What is in scratch vanishes with the server.
#'
#' @param ... Strings: the parts of a relative path; none gives the root. `..` may not
#'   leave the root.
#' @returns String: an absolute path. Roots are `WORKSPACE_FILES_PATH`, else
#'   `/home/hexa/workspace`, and `WORKSPACE_TMP_PATH`, else `/home/hexa/tmp`. Where the
#'   scratch folder cannot be made, `tempdir()` takes its place, with a warning of class
#'   `openhexa_warning_scratch_replaced`.
#' @section Errors: `openhexa_error_path_outside` if the path leaves its root,
#'   `openhexa_error_folder_not_writable` if a parent folder cannot be made.
#' @examples
#' Sys.setenv(WORKSPACE_FILES_PATH = tempdir())
#' basename(workspace_path("results", "cases.csv"))
#' @export
workspace_path <- function(...) path_below(env_path("files_path"), c(...))

#' @rdname workspace_path
#' @export
tmp_path <- function(...) {
  root <- env_path("tmp_path")
  if (!make_folder(root)) {
    warn_contract(
      "scratch_replaced",
      path = root,
      replacement = tempdir(),
      variable = env_variable("tmp_path")
    )
    root <- tempdir()
  }
  path_below(root, c(...))
}

path_below <- function(root, parts, call = rlang::caller_env()) {
  target <- path_inside(root, parts, call)
  if (target != root && !make_folder(dirname(target))) {
    abort_contract("folder_not_writable", path = dirname(target), call = call)
  }
  target
}

path_inside <- function(root, parts, call = rlang::caller_env()) {
  if (is.null(parts)) {
    return(root)
  }
  if (!is.character(parts) || anyNA(parts)) {
    abort_contract(
      "invalid_argument",
      argument = "...",
      expected = phrase("a_string"),
      actual = class(parts)[[1]],
      call = call
    )
  }
  path <- paste(parts[nzchar(parts)], collapse = "/")
  if (!nzchar(path)) {
    return(root)
  }
  steps <- strsplit(path, "/+")[[1]]
  depth <- cumsum(ifelse(steps == "..", -1L, ifelse(steps == ".", 0L, 1L)))
  # In any part: what starts at a root, a home or a drive, on any system.
  if (any(grepl("^([/~\\\\]|[A-Za-z]:)", parts)) || any(depth < 0L)) {
    abort_contract("path_outside", path = path, root = root, call = call)
  }
  file.path(root, path)
}

make_folder <- function(path) {
  dir.exists(path) ||
    dir.create(path, showWarnings = FALSE, recursive = TRUE) ||
    dir.exists(path)
}

#' The notebook's own folder
#'
#' Also when a pipeline runs the notebook from elsewhere.
#'
#' @returns String: an absolute path. Sources, in this order: `HEXA_NOTEBOOK_PATH` (a
#'   notebook pipeline; relative to the workspace's root), `JPY_SESSION_NAME` (a Jupyter
#'   server), the working directory.
#' @examples
#' notebook_dir()
#' @export
notebook_dir <- function() {
  pipeline <- env_lookup("notebook_path")
  if (!is.null(pipeline)) {
    return(dirname(file.path(env_path("files_path"), pipeline)))
  }
  session <- Sys.getenv("JPY_SESSION_NAME")
  if (grepl("^(/|[A-Za-z]:)", session)) {
    return(dirname(session))
  }
  getwd()
}
