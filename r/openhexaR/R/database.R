#' Connect to the workspace database
#'
#' Opens a plain DBI connection with the driver RPostgres when it is installed, else
#' RPostgreSQL. Yours to close with `DBI::dbDisconnect()`. In the OpenHEXA R kernel, and
#' after `library(openhexaR)`, `con` is such a connection, opened at its first mention.
#'
#' @param read_only Logical: refuse every write; the server answers it with an error. A
#'   pooler that shares sessions between transactions cannot: `database_refused`.
#' @returns A `DBIConnection`. `bigint` columns come as double. The parameters of
#'   `WORKSPACE_DATABASE_URL`, such as its `application_name`, are passed on; connecting
#'   gives up after 5 s unless it says otherwise.
#' @section Errors: `openhexa_error_missing_variable`, `openhexa_error_invalid_port`,
#'   `openhexa_error_missing_package`, `openhexa_error_database_unreachable`,
#'   `openhexa_error_database_authentication`, `openhexa_error_database_refused`.
#' @examples
#' \dontrun{
#' connection <- database_connection(read_only = TRUE)
#' DBI::dbListTables(connection)
#' DBI::dbDisconnect(connection)
#' }
#' @export
database_connection <- function(read_only = FALSE) {
  check_flag(read_only)
  open_database(read_only)
}

open_database <- function(read_only = FALSE, call = rlang::caller_env()) {
  watch_interrupts()
  place <- list(
    host = env_require("database_host", call),
    port = database_port(call),
    username = env_require("database_username", call),
    password = or_empty(env_lookup("database_password")),
    name = env_require("database_name", call)
  )
  url <- env_lookup("database_url")
  tryCatch(
    open_place(place, url, read_only, call),
    openhexa_error_database_authentication = function(e) {
      renewed <- renew_credentials(place)
      if (is.null(renewed)) {
        rlang::cnd_signal(e)
      }
      open_place(renewed, url, read_only, call)
    }
  )
}

or_empty <- function(text) if (is.null(text)) "" else text

# `url`: NULL, or an address whose parameters count.
open_place <- function(place, url, read_only, call) {
  connect <- database_driver(call)
  # A connection, or why there is none: the driver's own error is not kept as parent, as
  # it may show the connection string.
  open <- function(read_only = FALSE) {
    restore <- set_libpq_defaults(url_parameters(url), read_only)
    on.exit(restore())
    tryCatch(
      connect(place$host, place$port, place$username, place$password, place$name),
      error = conditionMessage
    )
  }
  found <- if (read_only) open_read_only(open) else open()
  if (is.character(found)) {
    abort_connection(found, place$host, place$port, place$username, call)
  }
  found
}

# The best first.
database_drivers <- c("RPostgres", "RPostgreSQL")

# A function that connects, of the best driver installed. The arguments are passed by
# name, never with do.call(): a traceback would show the password.
database_driver <- function(call = rlang::caller_env()) {
  if (is_installed("RPostgres")) {
    return(function(host, port, username, password, name) {
      DBI::dbConnect(
        RPostgres::Postgres(),
        host = host,
        port = port,
        user = username,
        password = password,
        dbname = name,
        bigint = "numeric",
        check_interrupts = TRUE
      )
    })
  }
  if (is_installed("RPostgreSQL")) {
    return(function(host, port, username, password, name) {
      DBI::dbConnect(
        RPostgreSQL::PostgreSQL(),
        host = host,
        port = port,
        user = username,
        password = password,
        dbname = name
      )
    })
  }
  require_package("RPostgres", phrase("open_database"), call)
}

# libpq takes from its own variables what neither driver has an argument for. Returns
# the function that puts them back.
set_libpq_defaults <- function(given, read_only) {
  settings <- c(
    PGCONNECT_TIMEOUT = given["connect_timeout"],
    PGAPPNAME = application_name(given["application_name"]),
    PGSSLMODE = given["sslmode"],
    PGOPTIONS = given["options"]
  )
  names(settings) <- sub("\\..*", "", names(settings))
  if (is.na(settings[["PGCONNECT_TIMEOUT"]])) {
    settings[["PGCONNECT_TIMEOUT"]] <- Sys.getenv("PGCONNECT_TIMEOUT", "5")
  }
  settings[["PGCLIENTENCODING"]] <- "UTF8" # what R's texts are
  if (read_only) {
    options <- c(stats::na.omit(given["options"]), READ_ONLY)
    settings[["PGOPTIONS"]] <- paste(options, collapse = " ")
  }
  settings <- settings[!is.na(settings)]
  before <- Sys.getenv(names(settings), unset = NA, names = TRUE)
  set_env(settings)
  function() set_env(before)
}

# The R of a kernel is known by its name there, so that its queries can be cancelled.
# First, because PostgreSQL cuts the name at 63 bytes.
application_name <- function(given) {
  names <- c(process_name(), if (!is.na(given)) given)
  if (is.null(names)) NA else paste(names, collapse = " ")
}

set_env <- function(values) {
  Sys.unsetenv(names(values)[is.na(values)])
  values <- values[!is.na(values)]
  if (length(values) > 0) {
    rlang::exec(Sys.setenv, !!!as.list(values))
  }
}

# Query parameters of a URL, decoded, as a named character vector.
url_parameters <- function(url) {
  query <- if (is.null(url) || !grepl("?", url, fixed = TRUE)) {
    ""
  } else {
    sub("^[^?]*\\?", "", url)
  }
  pairs <- strsplit(strsplit(query, "&", fixed = TRUE)[[1]], "=", fixed = TRUE)
  pairs <- Filter(function(pair) length(pair) == 2, pairs)
  values <- vapply(pairs, function(pair) utils::URLdecode(pair[[2]]), character(1))
  names(values) <- vapply(pairs, `[[`, character(1), 1)
  values
}

# Unreachable is what nobody answers; everything else is an answer.
abort_connection <- function(text, host, port, username, call) {
  lines <- strsplit(text, "\n", fixed = TRUE)[[1]]
  reason <- sub(
    "[.) ]*$",
    "",
    sub(".*(FATAL|fe_sendauth): *", "", lines[nzchar(lines)][[1]])
  )
  if (grepl("password|mot de passe", text)) {
    abort_contract(
      "database_authentication",
      host = host,
      username = username,
      call = call
    )
  }
  silent <- paste0(
    "refused|timeout|timed out|could not translate|route to host|unreachable",
    "|refus\u00e9e|d\u00e9lai|n'a pas pu traduire|atteindre|accessible"
  )
  if (!grepl("FATAL:", text, fixed = TRUE) && grepl(silent, text)) {
    abort_contract("database_unreachable", host = host, port = port, call = call)
  }
  abort_contract(
    "database_refused",
    host = host,
    port = port,
    username = username,
    reason = reason,
    call = call
  )
}

# What `con` stands for. A generic that looks at its arguments takes an error apart: the
# class is lost, and a trace would be shown as a hundred lines of code. So the condition
# is first signalled alone, for tryCatch(), and then raised without its trace.
startup_binding <- function() {
  tryCatch(startup_connection(), openhexa_error = function(e) {
    the$con_failure <- e
    signal <- e
    class(signal) <- setdiff(class(e), c("rlang_error", "error"))
    signalCondition(signal)
    class <- grep("^openhexa", class(e), value = TRUE)
    stop(rlang::error_cnd(
      class,
      message = conditionMessage(e),
      values = e$values,
      call = NULL
    ))
  })
}

# One connection a session: opened at the first mention, checked at most every 30 s (by
# functions of ours each time), opened again when it is gone.
startup_connection <- function(check_after_s = 30, call = NULL) {
  now <- proc.time()[["elapsed"]]
  if (!is.null(the$con)) {
    if (!is_open(the$con)) {
      the$con <- NULL # closed by the user
      hide_from_pane()
    } else if (now - the$con_checked >= check_after_s) {
      if (is_alive(the$con)) {
        the$con_checked <- now
      } else {
        try(DBI::dbDisconnect(the$con), silent = TRUE)
        the$con <- NULL
        hide_from_pane()
        warn_contract("database_reopened")
      }
    }
  }
  if (is.null(the$con)) {
    if (is_only_asked_for()) {
      return(NULL)
    }
    the$con <- open_database(call = call)
    the$con_checked <- now
    the$con_ms <- (proc.time()[["elapsed"]] - now) * 1000
    the$con_failure <- NULL
    show_in_pane(the$con)
  }
  the$con
}

# Whether it was not closed on this side; RPostgreSQL has no dbIsValid().
is_open <- function(connection) {
  if (inherits(connection, "PostgreSQLConnection")) {
    return(RPostgreSQL::isPostgresqlIdCurrent(connection))
  }
  DBI::dbIsValid(connection)
}

# Whether the server is still there. Asked of RPostgres without a query, which would
# cancel a result that is being fetched. RPostgreSQL refuses a query then, and in an
# aborted transaction, but the connection is there. Not dbGetQuery(), in which it prints
# the error and goes on.
is_alive <- function(connection) {
  if (!inherits(connection, "PostgreSQLConnection")) {
    return(tryCatch(
      {
        RPostgres::postgresWaitForNotify(connection, 0)
        TRUE
      },
      error = function(e) FALSE
    ))
  }
  length(DBI::dbListResults(connection)) > 0 ||
    tryCatch(
      {
        result <- DBI::dbSendQuery(connection, "SELECT 1")
        DBI::dbFetch(result)
        DBI::dbClearResult(result)
      },
      error = function(e) {
        text <- conditionMessage(e)
        grepl("transaction", text) && !grepl("FATAL:|closed the connection", text)
      }
    )
}

# Completion, and library() when it looks for conflicts, ask whether a name is that of a
# function. That question is no mention.
is_only_asked_for <- function() {
  functions <- lapply(seq_len(sys.nframe()), sys.function)
  any(vapply(functions, identical, logical(1), base::exists))
}
