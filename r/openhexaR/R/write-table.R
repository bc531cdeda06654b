# Writing: a table is made or checked, and filled, in one transaction.

write_table <- function(con, next_frame, job, call) {
  in_transaction(
    con,
    {
      frame <- next_frame()
      if (is.null(frame)) {
        frame <- data.frame()
      }
      make_table(con, frame, job, call)
      table <- table_columns(con, job$name, call)
      rows <- 0
      tell <- progress("rows_written")
      while (!is.null(frame)) {
        fitted <- fit_frame(frame, table, job$name, call)
        copy_frame(con, job$name, fitted, nrow(frame), call, function(done) {
          tell(rows + done)
        })
        rows <- rows + nrow(frame)
        frame <- next_frame()
      }
      tell(NULL)
      rows
    },
    call
  )
}

# Make the table unless rows are appended to one that is there. What it replaces is
# gone only when the transaction ends well.
make_table <- function(con, frame, job, call) {
  name <- quote_name(job$name)
  exists <- function() table_exists(con, job$name, call)
  if (job$if_exists == "append" && exists()) {
    return(invisible())
  }
  # Two who make one table wait for each other.
  lock <- "SELECT pg_advisory_xact_lock(hashtext($1))::text AS done"
  run_sql(con, lock, name, call)
  if (exists()) {
    switch(
      job$if_exists,
      append = return(invisible()),
      fail = abort_contract("table_exists", table = show_name(job$name), call = call),
      replace = run_sql(con, paste("DROP TABLE", name), call = call, writes = TRUE)
    )
  }
  types <- blame(call, new_types(con, frame, job, call))
  columns <- paste(quote_names(names(frame)), types, recycle0 = TRUE)
  if (!is.null(job$key)) {
    columns <- c(columns, sprintf("PRIMARY KEY (%s)", toString(quote_names(job$key))))
  }
  sql <- sprintf("CREATE TABLE %s (%s)", name, paste(columns, collapse = ", "))
  run_sql(con, sql, call = call, writes = TRUE)
}

# Read from the catalogue itself: to_regclass() would keep within a transaction that
# there is no table, also when another has made it since.
table_exists <- function(con, name, call) {
  schema <- if (length(name) == 2) "$2" else "ANY(current_schemas(true))"
  sql <- paste(
    "SELECT count(*)::int4 AS n FROM pg_class c JOIN pg_namespace n ON n.oid =",
    "c.relnamespace WHERE c.relname = $1 AND n.nspname =",
    schema
  )
  run_sql(con, sql, rev(name), call)$n > 0
}

new_types <- function(con, frame, job, call) {
  names <- names(frame)
  check_columns(job$key, job$key, names, "key", call)
  check_columns(job$dtype, names(job$dtype), names, "dtype", call)
  memory <- attr(frame, "openhexa")
  keys <- memory_keys(names)
  columns <- unclass_list(frame)
  types <- vapply(
    seq_along(names),
    function(at) {
      asked <- job$dtype[names(job$dtype) == names[[at]]]
      if (length(asked) == 1) {
        return(check_type(con, asked[[1]], call))
      }
      new_type(columns[[at]], names[[at]], memory[[keys[[at]]]])
    },
    ""
  )
  geometry <- startsWith(types, "geometry")
  if (any(geometry)) {
    found <- run_sql(con, "SELECT to_regtype('geometry')::text AS t", call = call)
    if (is.na(found$t)) {
      column <- names[geometry][[1]]
      abort_contract("postgis_missing", column = column, call = call)
    }
  }
  types
}

check_columns <- function(x, given, names, argument, call) {
  fits <- is.null(x) || (is.character(x) && !is.null(given) && all(given %in% names))
  if (!fits) {
    abort_contract(
      "invalid_argument",
      argument = argument,
      expected = fill(phrase("some_columns"), list(names = toString(names))),
      actual = if (is.character(given)) toString(given) else describe_class(x),
      call = call
    )
  }
}

# The server reads the name of a type, alone: nothing else can stand there.
check_type <- function(con, type, call) {
  run_sql(con, "SELECT $1::regtype::text AS t", type, call)
  type
}

# The columns of a table: name, type, whether a row must give it.
table_columns <- function(con, name, call) {
  sql <- paste(
    "SELECT a.attname::text AS column, a.atttypid::int8::float8 AS oid,",
    "format_type(a.atttypid, a.atttypmod) AS shown, a.attnotnull AND NOT a.atthasdef",
    "AND a.attidentity = '' AS required FROM pg_attribute a WHERE a.attrelid =",
    "to_regclass($1) AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum"
  )
  found <- run_sql(con, sql, quote_name(name), call)
  if (NROW(found) == 0) {
    return(data.frame(column = character(), required = logical()))
  }
  # A domain is written as the type below it.
  base <- paste(
    "WITH RECURSIVE d AS (SELECT oid AS top, oid, typbasetype FROM pg_type WHERE",
    sprintf("oid IN (%s)", paste(unique(found$oid), collapse = ", ")),
    "UNION ALL SELECT d.top, t.oid, t.typbasetype FROM d JOIN pg_type t ON t.oid =",
    "d.typbasetype) SELECT top::int8::float8 AS top, oid::int8::float8 AS oid FROM d",
    "WHERE typbasetype = 0"
  )
  below <- run_sql(con, base, call = call)
  types <- pg_types(con, below$oid[match(found$oid, below$top)], call)
  found[] <- lapply(found, mark_utf8)
  cbind(found, types[c("name", "element", "schema")])
}
