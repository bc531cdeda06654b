#' Test a connection of the workspace
#'
#' Is it complete, does its server answer, are the credentials accepted, what may be
#' read? Nothing is written there.
#'
#' @param identifier String: the connection's identifier.
#' @param timeout_s Number: seconds after which what has not answered counts as failed.
#' @returns An object of class `openhexa_report`: `title` and `checks`, a data frame of
#'   `what`, `state` ("ok", "failed" or "skipped"), `found` and `remedy`.
#' @section Errors: `openhexa_error_connection_not_found` for an unknown identifier. A
#'   connection that does not work is no error but a report.
#' @examples
#' Sys.setenv(POLIO = "dhis2", POLIO_URL = "dhis2.example.org")
#' Sys.setenv(POLIO_USERNAME = "ada", POLIO_PASSWORD = "made-up")
#' test_connection("polio")
#' @export
test_connection <- function(identifier, timeout_s = 15) {
  call <- rlang::current_env()
  check_string(identifier)
  if (!is.numeric(timeout_s) || !isTRUE(timeout_s > 0)) {
    abort_contract(
      "invalid_argument",
      argument = "timeout_s",
      expected = phrase("seconds"),
      actual = describe_class(timeout_s)
    )
  }
  record <- find_connection(identifier, call, known_identifiers)
  the$deadline <- proc.time()[["elapsed"]] + timeout_s
  on.exit(the$deadline <- NULL)
  steps <- c(
    list(check_record = function() record_found(record, call)),
    connection_type_of(record)$steps(record, call)
  )
  names(steps) <- vapply(names(steps), check_name, character(1))
  checks <- run_checks(steps)
  values <- list(
    identifier = identifier,
    type = attr(record, "type"),
    state = phrase(if (is_report_ok(checks)) "works" else "does_not_work")
  )
  new_report(fill(phrase("connection_report"), values), checks)
}

# Ours have names in both languages; those of a team's own type stay as they are.
check_name <- function(name) {
  ours <- c("check_record", "check_server", "check_credentials", "check_content")
  if (name %in% ours) phrase(name) else name
}

record_found <- function(record, call) {
  need_complete(record, call)
  if ("url" %in% attr(record, "fields")) {
    service_url(record, call)
  }
  if (attr(record, "type") == "GCS") {
    service_account(record, call)
  }
  phrase("record_complete")
}

# Whether anything answers there, with a certificate that holds. Any status will do.
probe <- function(peer, call) {
  build <- function() service_request("GET", paste0(peer$url, "/"), call = call)
  ask_service(build, peer, tries = 1L, call = call)
  fill(phrase("server_answers"), list(host = host_of(peer$url)))
}

postgresql_steps <- function(record, call) {
  connection <- NULL
  place <- list(
    identifier = record$identifier,
    url = paste0("postgresql://", record$host, ":", record$port)
  )
  list(
    check_server = function() {
      probe_port(place, record, call)
    },
    check_credentials = function() {
      connection <<- open_connection(record, call)
      fill(phrase("account_accepted"), list(account = record$username))
    },
    check_content = function() {
      on.exit(DBI::dbDisconnect(connection))
      limit <- sprintf("SET statement_timeout = %.0f", 1000 * timeout_s(call))
      DBI::dbExecute(connection, limit)
      tables <- DBI::dbGetQuery(connection, READABLE_TABLES)
      rights <- if (any(tables$writable)) "may_write" else "read_only"
      values <- list(
        count = nrow(tables),
        names = some_names(tables$name),
        rights = phrase(rights)
      )
      fill(phrase("tables_read"), values)
    }
  )
}

READABLE_TABLES <- "
  SELECT c.oid::regclass::text AS name, has_table_privilege(c.oid, 'INSERT') AS writable
  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
  WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f') AND n.nspname !~ '^pg_'
    AND n.nspname <> 'information_schema' AND has_schema_privilege(n.oid, 'USAGE')
    AND has_table_privilege(c.oid, 'SELECT')
  ORDER BY 1"

probe_port <- function(peer, record, call) {
  socket <- tryCatch(
    without_warnings(socketConnection(
      record$host,
      record$port,
      open = "r+b",
      timeout = ceiling(timeout_s(call))
    )),
    error = function(e) {
      # R does not say why.
      abort_contract(
        "connection_unreachable",
        host = host_of(peer$url),
        identifier = peer$identifier,
        reason = fill(phrase("nothing_listens"), list(port = record$port)),
        call = call
      )
    }
  )
  close(socket)
  fill(phrase("server_answers"), list(host = host_of(peer$url)))
}

# The credentials hold also where the bucket is missing: that is said after.
bucket_steps <- function(open, record, call) {
  store <- NULL
  page <- NULL
  list(
    check_server = function() {
      store <<- open(record, call)
      probe(store$peer, call)
    },
    check_credentials = function() {
      page <<- tryCatch(
        store$page("", NULL, call, limit = 5),
        openhexa_error_bucket_missing = identity
      )
      fill(phrase("account_accepted"), list(account = store$peer$account))
    },
    check_content = function() {
      if (inherits(page, "error")) {
        rlang::cnd_signal(page)
      }
      values <- list(bucket = store$bucket, names = some_names(page$rows$key))
      fill(phrase(if (nrow(page$rows)) "bucket_holds" else "bucket_empty"), values)
    }
  )
}

some_names <- function(names) {
  if (length(names) == 0) {
    return("-")
  }
  toString(c(utils::head(names, 5), if (length(names) > 5) "\u2026"))
}

custom_steps <- function(record, call) {
  names <- toString(attr(record, "fields"))
  list(check_content = function() fill(phrase("field_names"), list(names = names)))
}

# What a team's own test says: names of what was looked at, and what was found.
team_steps <- function(record, test) {
  list(check_content = function() {
    if (is.null(test)) {
      type <- list(type = record[["type"]])
      return(skip_check(fill(phrase("no_test_of_type"), type)))
    }
    found <- test(record)
    paste0(names(found), if (length(names(found))) ": ", found)
  })
}
