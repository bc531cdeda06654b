# How a statement runs on a connection of either driver, and what its failures mean.

# Run one statement: a data frame of the rows it gives, or NULL. `values` are bound to
# $1, $2, … by the server.
run_sql <- function(
  con,
  sql,
  values = character(),
  call = rlang::caller_env(),
  immediate = FALSE,
  tell = NULL,
  ...
) {
  tryCatch(
    send_sql(con, sql, values, immediate = immediate, tell = tell),
    error = function(e) abort_sql(e, call, ...)
  )
}

is_rpostgresql <- function(con) inherits(con, "PostgreSQLConnection")

# RPostgreSQL does not see an interrupt before the server has answered, and one that
# lands then must not leave the answer behind; RPostgres sees it and cancels the query.
send_sql <- function(con, ...) {
  if (is_rpostgresql(con)) suspendInterrupts(send_now(con, ...)) else send_now(con, ...)
}

# Warnings are of types that RPostgreSQL does not know and gives as text. `immediate`:
# that RPostgres sends text alone, in one step, as RPostgreSQL always does. `tell`: what
# is told of the rows that came.
send_now <- function(
  con,
  sql,
  values = character(),
  describe = FALSE,
  immediate = FALSE,
  tell = NULL
) {
  sql <- enc2utf8(sql)
  values <- enc2utf8(values)
  result <- suppressWarnings(
    if (length(values) == 0 && is_rpostgresql(con)) {
      DBI::dbSendQuery(con, sql)
    } else if (is_rpostgresql(con)) {
      DBI::dbSendQuery(con, sql, values)
    } else if (immediate) {
      DBI::dbSendQuery(con, sql, immediate = TRUE)
    } else {
      DBI::dbSendQuery(con, sql, params = if (length(values)) as.list(values))
    }
  )
  on.exit(DBI::dbClearResult(result))
  if (describe) {
    return(describe_result(con, result))
  }
  if (is_rpostgresql(con) && DBI::dbHasCompleted(result)) {
    return(NULL) # its dbFetch() refuses what gives no rows
  }
  rows <- suppressWarnings(fetch(result, tell))
  if (length(rows) > 0) rows
}

FETCH_ROWS <- 100000L

fetch <- function(result, tell) {
  if (is.null(tell)) {
    return(DBI::dbFetch(result, n = -1))
  }
  pieces <- list()
  total <- 0
  repeat {
    piece <- DBI::dbFetch(result, n = FETCH_ROWS)
    pieces[[length(pieces) + 1L]] <- piece
    total <- total + NROW(piece)
    if (DBI::dbHasCompleted(result) || NROW(piece) < FETCH_ROWS) {
      break
    }
    tell(total)
  }
  if (length(pieces) == 1) {
    return(piece)
  }
  columns <- lapply(seq_along(piece), function(at) {
    unlist(lapply(pieces, `[[`, at), use.names = FALSE)
  })
  structure(
    columns,
    names = names(piece),
    class = "data.frame",
    row.names = .set_row_names(total)
  )
}

# Names of the columns, and the numbers of their types in pg_type.
describe_result <- function(con, result) {
  if (is_rpostgresql(con)) {
    fields <- DBI::dbGetInfo(result)$fieldDescription[[1]]
    return(list(names = mark_utf8(fields$name), oids = fields$type))
  }
  fields <- DBI::dbColumnInfo(result)
  list(names = fields$name, oids = fields$.oid)
}

# Both drivers give UTF-8; RPostgreSQL does not say so.
mark_utf8 <- function(x) {
  if (is.character(x)) {
    Encoding(x) <- "UTF-8"
  }
  x
}

# Run code that must happen wholly or not at all. Within a transaction of the user it
# is a part of that, undone by itself when it fails; the rest of it stays.
in_transaction <- function(con, code, call = rlang::caller_env()) {
  # In the statement that starts a transaction, the two clocks are the same.
  step <- function(sql) run_sql(con, sql, call = call, immediate = TRUE)
  inside <- step("SELECT now() <> statement_timestamp() AS inside")
  point <- "openhexa"
  if (inside$inside) {
    begin <- paste("SAVEPOINT", point)
    end <- paste("RELEASE", point)
    undo <- c(paste("ROLLBACK TO", point), end)
  } else {
    begin <- "BEGIN"
    end <- "COMMIT"
    undo <- "ROLLBACK"
  }
  done <- TRUE
  # Also when interrupted. A lost connection has nothing to undo. Not in one step, which
  # would find RPostgres busy with the rest of a failed COPY.
  on.exit(if (!done) try(lapply(undo, send_sql, con = con), silent = TRUE))
  suspendInterrupts({
    step(begin)
    done <- FALSE
  })
  value <- code
  step(end)
  done <- TRUE
  value
}

# What the messages of server and driver say, in the two languages that they may speak
# here: no driver of R gives the code of an error.
SQL_FAILURES <- c(
  "connection_lost" = paste0(
    "server closed the connection|terminating connection|no connection to the server",
    "|Lost connection|could not (send|receive) data|connection has been closed",
    "|Connection reset|conne.* au serveur a \u00e9t\u00e9 coup\u00e9e",
    "|arr\u00eat (de la|des) conne|aucune conne.* au serveur",
    "|n'a pas pu (transmettre|recevoir|envoyer) (des|les) donn\u00e9es"
  ),
  "query_cancelled" = "canceling statement|annulation de la requ\u00eate",
  "disk_full" = paste0(
    "No space left on device|Aucun espace disponible|could not extend file",
    "|n'a pas pu \u00e9tendre le fichier|temporary file size exceeds",
    "|d\u00e9passe temp_file_limit|Disk quota exceeded|uota de disque d\u00e9pass"
  ),
  "read_only_database" = paste0(
    "read-only transaction|lecture seule|permission denied|droit refus"
  )
)

# `writes`: whether a refused right is one to write. `above`: lines of ours before the
# statement that the user wrote.
abort_sql <- function(error, call, writes = FALSE, above = 0L) {
  keep_ours(error, call)
  text <- sub("(?s)^.*?[A-Z]{4,}: +", "", conditionMessage(error), perl = TRUE)
  lines <- strsplit(trimws(text, "right"), "\n", fixed = TRUE)[[1]]
  reason <- sub("[.]?\\s*$", "", lines[[1]])
  found <- vapply(SQL_FAILURES, grepl, NA, text)
  codes <- setdiff(names(SQL_FAILURES)[found], if (!writes) "read_only_database")
  if (length(codes) > 0) {
    abort_contract(codes[[1]], reason = reason, call = call)
  }
  problem <- if (length(lines) > 1) {
    paste0("\n", paste(marked_lines(lines[-1], above), collapse = "\n"))
  } else {
    "-"
  }
  abort_contract("sql_failed", reason = reason, problem = problem, call = call)
}

# The lines below the message: the one of the statement, a caret below its place, and
# details. Lines count from the user's first.
marked_lines <- function(lines, above) {
  pattern <- "^(LINE|LIGNE) ([0-9]+)[ \u00a0]?: "
  at <- grep(pattern, lines)
  if (length(at) == 0) {
    return(lines)
  }
  at <- at[[1]]
  head <- regmatches(lines[[at]], regexpr(pattern, lines[[at]]))
  number <- as.integer(gsub("[^0-9]", "", head)) - above
  shown <- sub("[0-9]+", number, head)
  lines[[at]] <- paste0(shown, substring(lines[[at]], nchar(head) + 1))
  if (length(lines) > at) {
    # Tabs and wide letters above may have been counted: only the beginning moves.
    caret <- substring(lines[[at + 1]], nchar(head) + 1)
    lines[[at + 1]] <- paste0(strrep(" ", nchar(shown)), caret)
  }
  lines
}
