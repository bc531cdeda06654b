#' The current pipeline run
#'
#' Mirror of the OpenHEXA SDK's `current_run`, in plain R.
#'
#' @section Members:
#' \describe{
#'   \item{`id()`}{String: the run's identifier. A function, as in the SDK.}
#'   \item{`add_file_output(path)`}{Record a file as an output of the run. `path` is
#'     relative to the working directory where it is a file there, else to the
#'     workspace's root; or absolute, also with `~` or through links; it must be inside
#'     the workspace's files.}
#'   \item{`add_database_output(table_name)`}{Record a table of the workspace database
#'     as an output of the run.}
#'   \item{`log_debug(message)`, `log_info(message)`, `log_warning(message)`,
#'     `log_error(message)`, `log_critical(message)`}{Log a message: sent in a pipeline,
#'     printed elsewhere. They never fail, as [run_log()] never does.}
#'   \item{`progress(percent)`}{Show how far the run is: a number from 0 to 100, its
#'     decimals cut off. Sent in a pipeline, printed elsewhere; a failure to send is a
#'     warning. Not part of the SDK.}
#' }
#'
#' Without a server (`HEXA_SERVER_URL`), outputs are printed as one line.
#'
#' @section Errors: `openhexa_error_missing_variable` (`HEXA_RUN_ID`,
#'   `WORKSPACE_BUCKET_NAME`, those of the database), `openhexa_error_path_outside`;
#'   of the server `openhexa_error_file_not_found`, `_table_not_found`,
#'   `_run_not_found`, `_permission_denied`, `_request_refused` and those of
#'   [workspace]. Reading `current_run` gives `openhexa_error_invalid_environment` where
#'   `HEXA_ENVIRONMENT` has an unknown value.
#' @format `NULL` in a notebook server, that is where `HEXA_ENVIRONMENT` is
#'   `CLOUD_JUPYTER`; elsewhere a locked environment of class `openhexa_run`. Decided at
#'   each access.
#' @source `openhexa.sdk` 2.22.7, <https://github.com/BLSQ/openhexa-sdk-python>
#' @examples
#' Sys.setenv(WORKSPACE_FILES_PATH = tempdir())
#' current_run$add_file_output(workspace_path("results", "cases.csv"))
#' current_run$log_info("42 facilities read")
#' @export
current_run <- NULL

has_run <- function() env_kind(call = NULL) != "CLOUD_JUPYTER"

new_run <- function() {
  levels <- rlang::set_names(log_levels(), paste0("log_", tolower(log_levels())))
  new_object(
    "run",
    members = c(
      list(
        id = function() env_require("run_id", call = quote(current_run$id())),
        add_file_output = add_file_output,
        add_database_output = add_database_output,
        progress = update_progress
      ),
      lapply(levels, function(level) {
        function(message) write_log(level, message, shown = !is_pipeline_run())
      })
    )
  )
}

#' @export
format.openhexa_run <- function(x, ...) {
  id <- env_lookup("run_id")
  paste0("<OpenHEXA run", if (!is.null(id)) paste0(" ", id), ">")
}

#' The current pipeline
#'
#' Mirror of the OpenHEXA SDK's `current_pipeline`, in plain R.
#'
#' @format `NULL` in a notebook server, as [current_run] is; elsewhere a locked
#'   environment of class `openhexa_pipeline` with strings `code`, `name` and `type`
#'   ("zipFile" or "notebook").
#' @section Errors: `openhexa_error_missing_variable` outside a pipeline.
#' @source `openhexa.sdk` 2.22.7, <https://github.com/BLSQ/openhexa-sdk-python>
#' @examples
#' Sys.setenv(HEXA_PIPELINE_CODE = "malaria-report")
#' current_pipeline$code
#' @export
current_pipeline <- NULL

new_pipeline <- function() {
  new_object(
    "pipeline",
    properties = list(
      code = function() env_require("pipeline_code", quote(current_pipeline$code)),
      name = function() env_require("pipeline_name", quote(current_pipeline$name)),
      type = function() env_require("pipeline_type", quote(current_pipeline$type))
    )
  )
}

#' @export
format.openhexa_pipeline <- function(x, ...) {
  code <- env_lookup("pipeline_code")
  paste0("<OpenHEXA pipeline", if (!is.null(code)) paste0(" ", code), ">")
}

add_file_output <- function(path) {
  check_string(path)
  call <- rlang::current_env()
  root <- resolve_path(env_path("files_path"))
  is_relative <- !grepl("^(~?[/\\\\]|[A-Za-z]:)", path)
  if (is_relative && !file.exists(path)) {
    path <- file.path(root, path) # where file_write() put it
  }
  target <- resolve_path(path)
  if (!startsWith(target, paste0(root, "/"))) {
    abort_contract("path_outside", path = path, root = env_path("files_path"))
  }
  name <- substring(target, nchar(root) + 2L)
  if (!is_connected()) {
    return(say("Sending output with path /", name))
  }
  # On every kind of storage, the server wants an address of Google's.
  uri <- paste0("gs://", env_require("bucket_name", call), "/", name)
  place <- env_path("files_path")
  add_output("file", uri, name, list(path = name, place = place), call)
}

add_database_output <- function(table_name) {
  check_string(table_name)
  call <- rlang::current_env()
  if (!is_connected()) {
    return(say("Sending output with table_name ", table_name))
  }
  host <- env_require("database_host", call)
  database <- env_require("database_name", call)
  uri <- paste0("postgresql://", host, "/", database, "/", table_name)
  add_output("db", uri, table_name, list(table = table_name, database = database), call)
}

add_output <- function(type, uri, name, values, call) {
  values <- c(values, action = phrase("record_output"))
  input <- list(uri = uri, type = type, name = name)
  run_mutation("addPipelineOutput", input, values, call)
}

update_progress <- function(percent) {
  if (
    !is.numeric(percent) || length(percent) != 1 || !isTRUE(abs(percent - 50) <= 50)
  ) {
    abort_contract(
      "invalid_argument",
      argument = "percent",
      expected = phrase("a_percentage"),
      actual = paste(class(percent)[[1]], toString(percent))
    )
  }
  percent <- as.integer(percent)
  if (!is_pipeline_run()) {
    return(say("Progress update: ", percent, "%"))
  }
  call <- rlang::current_env()
  attempt("the_progress", {
    run_mutation("updatePipelineProgress", list(percent = percent), call = call)
  })
}

run_mutation <- function(name, input, values = list(), call = rlang::caller_env()) {
  type <- paste0(toupper(substr(name, 1, 1)), substring(name, 2), "Input!")
  query <- sprintf(
    "mutation %s($input: %s) { %s(input: $input) { success errors } }",
    name,
    type,
    name
  )
  result <- graphql(query, list(input = input), call)[[name]]
  conditions <- c(
    FILE_NOT_FOUND = "file_not_found",
    TABLE_NOT_FOUND = "table_not_found",
    PIPELINE_NOT_FOUND = "run_not_found",
    PIPELINE_ALREADY_COMPLETED = "run_not_found",
    PERMISSION_DENIED = "permission_denied"
  )
  check_mutation(result, conditions, values, call)
  invisible()
}

# An absolute path without links or dots, as far as it exists. The rest is taken as it
# is written: what does not exist is no link.
resolve_path <- function(path) {
  path <- path.expand(path)
  if (!grepl("^([/\\\\]|[A-Za-z]:)", path)) {
    path <- file.path(getwd(), path)
  }
  rest <- character()
  while (!file.exists(path) && dirname(path) != path) {
    rest <- c(basename(path), rest)
    path <- dirname(path)
  }
  descend <- function(path, part) {
    switch(part, "." = path, ".." = dirname(path), file.path(path, part))
  }
  Reduce(descend, rest, normalizePath(path, winslash = "/"))
}

#' Log a message wherever the notebook runs
#'
#' Prints it here and, in a pipeline, shows it on the run's page too. Never fails: what
#' cannot be sent gives one warning a session, and the notebook goes on.
#'
#' @param message Anything: a vector is pasted into one text, of a condition its message
#'   is taken, and of everything else what it prints.
#' @param level String, in any case: `"debug"`, `"info"`, `"warning"`, `"error"` or
#'   `"critical"`. Another one counts as `"info"`, with one warning a session, of class
#'   `openhexa_warning_unknown_log_level`.
#' @returns `NULL`, invisibly. The line on stdout is the SDK's: time in UTC (ISO 8601),
#'   level, text. Levels below `HEXA_LOG_LEVEL` (a name, or 0 for debug to 4 for
#'   critical; else `info`) are dropped. Messages go to the server when
#'   `HEXA_ENVIRONMENT` is `CLOUD_PIPELINE` and `HEXA_SERVER_URL` is set; a failure of
#'   that is a warning of class `openhexa_warning_log_not_sent`.
#' @source `openhexa.sdk` 2.22.7, `CurrentRun`,
#'   <https://github.com/BLSQ/openhexa-sdk-python>
#' @examples
#' run_log("42 facilities read")
#' run_log("not shown", "debug")
#' @export
run_log <- function(message, level = "info") {
  known <- if (rlang::is_string(level)) toupper(level)
  if (is.null(known) || !known %in% log_levels()) {
    warn_once(
      "unknown_log_level",
      level = log_text(level),
      levels = paste(tolower(log_levels()), collapse = ", ")
    )
    known <- "INFO"
  }
  write_log(known, message, shown = TRUE)
}

log_levels <- function() unlist(contract()$log_levels)

# HEXA_LOG_LEVEL as a place among the levels, read as the SDK does.
log_threshold <- function() {
  text <- toupper(c(env_lookup("log_level"), "INFO")[[1]])
  levels <- log_levels()
  place <- if (grepl("^[0-9]+$", text)) as.numeric(text) + 1 else match(text, levels)
  if (place %in% seq_along(levels)) place else match("INFO", levels)
}

write_log <- function(level, message, shown) {
  if (match(level, log_levels()) < log_threshold()) {
    return(invisible())
  }
  text <- log_text(message)
  if (shown) {
    time <- format(Sys.time(), "%Y-%m-%dT%H:%M:%S+00:00", tz = "UTC")
    say(time, " ", level, " ", text)
  }
  if (is_pipeline_run()) {
    attempt("a_log_message", {
      run_mutation("logPipelineMessage", list(priority = level, message = text))
    })
  }
  invisible()
}

log_text <- function(message) {
  text <- tryCatch(
    if (inherits(message, "condition")) {
      conditionMessage(message)
    } else if (is.atomic(message) && !is.null(message)) {
      paste(as.character(message), collapse = " ")
    } else {
      trimws(paste(utils::capture.output(print(message)), collapse = "\n"), "right")
    },
    error = function(e) paste0("<", class(message)[[1]], ">")
  )
  enc2utf8(text)
}

# Do what must not stop an analysis.
attempt <- function(what, code) {
  tryCatch(
    code,
    error = function(e) {
      warn_once("log_not_sent", what = phrase(what), reason = reason_of(e))
    }
  )
  invisible()
}

reason_of <- function(error) {
  text <- strsplit(conditionMessage(error), "\n", fixed = TRUE)[[1]][[1]]
  sub("[.]$", "", text)
}

say <- function(...) cat(..., "\n", sep = "")
