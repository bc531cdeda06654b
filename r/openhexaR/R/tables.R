#' Read and write tables of the database
#'
#' Of the workspace database, or of another PostgreSQL database, with every value as it
#' is: both drivers alone lose digits, time zones and integers beyond 2^31.
#'
#' `db_write()` writes all or nothing, in one transaction; within a transaction of yours
#' it is a part of that. An interrupted or failed `"replace"` leaves the old table.
#'
#' @param table_or_sql String: a table, `"districts"` or `"survey.districts"`, with
#'   double quotes around names that hold blanks or dots (case counts, quoted or not);
#'   or a statement that begins with SELECT, WITH, VALUES or TABLE.
#' @param ... Must be empty.
#' @param params Named list of values for the `:name` of the statement, which the server
#'   binds. Several values, or `I(value)`, are an array: `WHERE id = ANY(:ids)`.
#' @param batches Function of one argument: called with data frames of at most 50,000
#'   rows, one after the other, so that a table need not fit in memory. All have the
#'   same classes, whatever their values: `bigint` is `integer64`, `oid` double,
#'   `numeric` and `interval` are text.
#' @param connection `NULL` for the workspace database (the connection `con`), the
#'   identifier of a PostgreSQL connection of the workspace, or a DBI connection.
#' @param frame Data frame or sf, `n_rows` x `n_columns`; or a function that gives one
#'   after the other and then `NULL`; or a `nanoarrow_array_stream`; or a string, the
#'   path of a Parquet file or of a folder of them (relative to the workspace's root),
#'   read file by file with package arrow or nanoparquet. Folders such as `year=2024`
#'   become columns. Row labels are an error.
#' @param table String: the name of a table, as above.
#' @param if_exists `"fail"`, `"replace"`, or `"append"`, which also makes a table that
#'   is not there. Columns are matched by name and checked before the first row is sent.
#' @param dtype Named character vector: PostgreSQL types of columns of a new table.
#' @param key Character vector: the columns of a new table's primary key.
#' @param schema String: only tables of this schema.
#' @returns
#'   * `db_read()`: a data frame (a tibble where that package is installed; sf where
#'     there is geometry). `bigint` is integer, else double up to 2^53, else
#'     `integer64`; `numeric` is double where that is exact (15 digits), else text;
#'     times are POSIXct in UTC, `time` is hms, an interval without days and months is
#'     difftime; `bytea` is a list of raw, arrays are lists; other types are text.
#'     Missing values are `NA`, NaN stays NaN. With `batches`, the number of rows,
#'     invisibly.
#'   * `db_write()`: the number of rows written, invisibly. New columns are boolean,
#'     integer, double precision, bigint (of integer64, and of what was read from one),
#'     text (also of factors), date, timestamptz, time, interval, bytea, geometry or
#'     arrays.
#'   * `db_tables()`: a data frame with a row for each table or view: `schema`, `name`,
#'     `kind`, `rows` (an estimate, `NA` where there is none), `size_bytes`, `comment`.
#' @section Errors: `openhexa_error_table_missing`, `_table_exists`, `_sql_failed` (with
#'   the place marked), `_column_mismatch`, `_value_out_of_range`,
#'   `_unsupported_column`, `_crs_without_number`, `_name_too_long`,
#'   `_read_only_database`, `_disk_full`,
#'   `_query_cancelled`, `_connection_lost`, `_postgis_missing`, `_invalid_argument`,
#'   `_missing_package`, `_file_missing`, `_file_unreadable`, and those of
#'   [database_connection()].
#' @source PostgreSQL's COPY and its binary format,
#'   <https://www.postgresql.org/docs/current/sql-copy.html>
#' @examples
#' \dontrun{
#' cases <- data.frame(district = c("Kaya", "Dori"), cases = c(12L, NA))
#' db_write(cases, "cases", if_exists = "replace", key = "district")
#' db_read("cases")
#' db_read("SELECT * FROM cases WHERE cases > :least", params = list(least = 10))
#' db_tables()
#' }
#' @export
db_read <- function(
  table_or_sql,
  ...,
  params = NULL,
  batches = NULL,
  connection = NULL
) {
  rlang::check_dots_empty()
  check_string(table_or_sql)
  if (!is.null(batches) && !is.function(batches)) {
    abort_contract(
      "invalid_argument",
      argument = "batches",
      expected = phrase("a_function"),
      actual = describe_class(batches)
    )
  }
  call <- rlang::current_env()
  source <- parse_source(table_or_sql)
  source$params <- params
  source$is_streamed <- !is.null(batches)
  with_database(connection, call, function(con) {
    plan <- plan_read(con, source, call)
    if (is.null(batches)) {
      return(read_whole(con, plan, call))
    }
    invisible(read_batches(con, plan, batches, call))
  })
}

#' @rdname db_read
#' @export
db_write <- function(
  frame,
  table,
  ...,
  if_exists = c("fail", "replace", "append"),
  dtype = NULL,
  key = NULL,
  connection = NULL
) {
  rlang::check_dots_empty()
  check_string(table)
  call <- rlang::current_env()
  if_exists <- check_choice(if_exists, c("fail", "replace", "append"))
  name <- need_name(table, "table")
  next_frame <- frame_source(frame, call)
  with_database(connection, call, function(con) {
    job <- list(name = name, if_exists = if_exists, dtype = dtype, key = key)
    invisible(write_table(con, next_frame, job, call))
  })
}

#' @rdname db_read
#' @export
db_tables <- function(..., schema = NULL, connection = NULL) {
  rlang::check_dots_empty()
  if (!is.null(schema)) {
    check_string(schema)
  }
  call <- rlang::current_env()
  with_database(connection, call, function(con) list_tables(con, schema, call))
}

list_tables <- function(con, schema = NULL, call = rlang::caller_env()) {
  sql <- paste(
    "SELECT n.nspname::text AS schema, c.relname::text AS name, CASE c.relkind",
    "WHEN 'r' THEN 'table' WHEN 'p' THEN 'table' WHEN 'v' THEN 'view' WHEN 'm' THEN",
    "'materialized view' ELSE 'foreign table' END AS kind, CASE WHEN c.reltuples >= 0",
    "AND c.relkind <> 'v' THEN c.reltuples::float8 END AS rows, CASE WHEN c.relkind IN",
    "('r', 'm') THEN pg_total_relation_size(c.oid)::float8 END AS size_bytes,",
    "obj_description(c.oid, 'pg_class') AS comment FROM pg_class c",
    "JOIN pg_namespace n ON n.oid = c.relnamespace",
    "WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f') AND n.nspname !~ '^pg_' AND",
    "n.nspname <> 'information_schema'",
    if (!is.null(schema)) "AND n.nspname = $1",
    "ORDER BY 1, 2"
  )
  found <- run_sql(con, sql, if (is.null(schema)) character() else schema, call)
  found[] <- lapply(found, mark_utf8)
  new_frame(
    unclass_list(found),
    names(found),
    nrow(found),
    c(r = if (is_installed("tibble")) "tbl_df" else "")
  )
}

abort_missing_table <- function(con, name, call) {
  tables <- list_tables(con, call = call)
  shown <- ifelse(
    tables$schema == "public",
    tables$name,
    paste(tables$schema, tables$name, sep = ".")
  )
  wanted <- show_name(name)
  far <- if (length(shown)) utils::adist(wanted, shown, ignore.case = TRUE)[1, ]
  near <- shown[order(far)][sort(far) <= max(2, nchar(wanted) %/% 3)]
  database <- run_sql(con, "SELECT current_database()::text AS name", call = call)
  abort_contract(
    "table_missing",
    table = wanted,
    database = mark_utf8(database$name),
    similar = if (length(near)) toString(utils::head(near, 3)) else "-",
    call = call
  )
}

# Run code on the connection that an argument stands for. One that is opened here is
# closed again.
with_database <- function(connection, call, code) {
  if (is.null(connection)) {
    con <- startup_connection(check_after_s = 0, call = call) # now: it may warn
    return(code(con))
  }
  if (inherits(connection, "DBIConnection")) {
    return(code(connection))
  }
  if (!rlang::is_string(connection)) {
    abort_contract(
      "invalid_argument",
      argument = "connection",
      expected = phrase("a_database"),
      actual = describe_class(connection),
      call = call
    )
  }
  con <- open_connection(find_connection(connection, call), call)
  on.exit(DBI::dbDisconnect(con))
  code(con)
}

# Of several choices the default, which are its own argument's.
check_choice <- function(
  x,
  choices,
  argument = rlang::caller_arg(x),
  call = rlang::caller_env()
) {
  if (identical(x, choices)) {
    return(choices[[1]])
  }
  if (!rlang::is_string(x) || !x %in% choices) {
    abort_contract(
      "invalid_argument",
      argument = argument,
      expected = fill(phrase("one_of"), list(names = toString(choices))),
      actual = if (rlang::is_string(x)) x else describe_class(x),
      call = call
    )
  }
  x
}
