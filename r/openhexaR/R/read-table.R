# Reading: what a statement gives, column by column, and the data frames made of it.

# How to run a statement so that its columns come exactly, and what to make of them.
# `source`: its `sql` and `params`, the table's `name` if it is one, and whether it
# `is_streamed`.
plan_read <- function(con, source, call) {
  bound <- bind_params(source$sql, source$params, call)
  # On lines of its own, so that a comment at its end hides nothing of ours.
  within <- paste0("(\n", bound$sql, "\n) AS q")
  shape <- tryCatch(
    send_sql(con, paste("SELECT * FROM", within, "LIMIT 0"), bound$values, TRUE),
    error = function(e) {
      missing <- "42P01|relation .* does not exist|relation .* n'existe pas"
      if (!is.null(source$name) && grepl(missing, conditionMessage(e))) {
        abort_missing_table(con, source$name, call)
      }
      abort_sql(e, call, above = 1L)
    }
  )
  types <- pg_types(con, shape$oids, call)
  aliases <- sprintf("c%d", seq_along(shape$names))
  crs_of <- function(srid, schema) read_srid(con, srid, schema, call)
  readers <- lapply(seq_along(aliases), function(at) {
    where <- shape$names[[at]]
    known <- if (source$is_streamed) streamed_readers(where) else readers_of_types()
    reader_of(types[at, ], known, where, crs_of)
  })
  selects <- Map(
    function(one, alias) sprintf(one$select, paste0("q.", alias)),
    readers,
    aliases
  )
  # Aliases, as a statement may give two columns of one name.
  sql <- sprintf(
    "SELECT %s FROM %s(%s)",
    paste(unlist(selects), collapse = ", "),
    within,
    paste(aliases, collapse = ", ")
  )
  list(
    sql = sql,
    values = bound$values,
    names = shape$names,
    types = types$name,
    readers = readers
  )
}

# One row of facts for each number of a type; `element` is that of an array, else "".
pg_types <- function(con, oids, call) {
  sql <- paste(
    "SELECT t.oid::int8::float8 AS oid, t.typname::text AS name, n.nspname::text AS",
    "schema, CASE WHEN t.typcategory = 'A' THEN e.typname::text ELSE '' END AS element",
    "FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace",
    "LEFT JOIN pg_type e ON e.oid = t.typelem WHERE t.oid IN (%s)"
  )
  known <- paste(c(unique(oids), 0), collapse = ", ")
  found <- run_sql(con, sprintf(sql, known), call = call)
  found[match(oids, found$oid), , drop = FALSE]
}

# The rows that came, as the data frame that users get.
decode_rows <- function(plan, rows, call) {
  widths <- lengths(lapply(plan$readers, `[[`, "select"))
  begin <- cumsum(widths) - widths
  columns <- blame(
    call,
    lapply(seq_along(widths), function(at) {
      parts <- unname(as.list(rows[begin[[at]] + seq_len(widths[[at]])]))
      decode <- plan$readers[[at]]$decode
      if (length(parts) == 2) decode(parts[[1]], parts[[2]]) else decode(parts[[1]])
    })
  )
  classes <- c(r = if (is_installed("tibble")) "tbl_df sf" else "sf")
  memory <- remember_types(plan, columns)
  new_frame(columns, plan$names, NROW(rows), classes, memory)
}

# What R has no class for, so that Python and a later db_write() find it again.
REMEMBERED <- c(int8 = "Int64", timestamp = "datetime64[us]")

remember_types <- function(plan, columns) {
  entries <- Map(
    function(type, column) {
      if (!type %in% names(REMEMBERED) || inherits(column, "integer64")) {
        return(NULL)
      }
      list(
        kind = memory_kind(column),
        marks = c(python = REMEMBERED[[type]]),
        postgres = type
      )
    },
    plan$types,
    columns
  )
  names(entries) <- memory_keys(plan$names)
  entries <- Filter(Negate(is.null), entries)
  if (length(entries)) structure(entries, class = "openhexa_memory")
}

read_whole <- function(con, plan, call) {
  if (length(plan$names) == 0) {
    return(data.frame())
  }
  tell <- progress("rows_read")
  rows <- run_sql(con, plan$sql, plan$values, call, above = 1L, tell = tell)
  tell(NULL)
  frame <- decode_rows(plan, rows, call)
  tell_integer64(unclass_list(frame), names(frame))
  frame
}

# By a cursor, which keeps the rows on the server: both drivers take a whole result into
# memory, RPostgreSQL with no other way.
BATCH_ROWS <- 50000L

read_batches <- function(con, plan, batches, call, size = BATCH_ROWS) {
  in_transaction(
    con,
    {
      name <- sprintf("openhexa_%d", the$cursors <- sum(the$cursors, 1L))
      declare <- paste("DECLARE", name, "NO SCROLL CURSOR FOR", plan$sql)
      run_sql(con, declare, plan$values, call, above = 1L)
      total <- 0
      tell <- progress("rows_read")
      repeat {
        rows <- run_sql(
          con,
          sprintf("FETCH FORWARD %d FROM %s", size, name),
          call = call
        )
        if (NROW(rows) == 0 && total > 0) {
          break
        }
        frame <- decode_rows(plan, rows, call)
        if (total == 0) {
          tell_integer64(unclass_list(frame), names(frame))
        }
        batches(frame)
        total <- total + NROW(rows)
        tell(total)
        if (NROW(rows) < size) {
          break
        }
      }
      run_sql(con, paste("CLOSE", name), call = call)
      tell(NULL)
      total
    },
    call
  )
}
