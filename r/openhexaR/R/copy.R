# Rows on their way to a table, by COPY. RPostgreSQL takes PostgreSQL's binary format,
# made here with whole columns at a time; what that has no rule for goes as text.

COPY_ROWS <- 25000 # more wait for memory and the garbage collector
COPY_BYTES <- 1e8

# So many rows at a time that neither memory nor R's limits of a vector are at stake.
rows_at_once <- function(columns, rows) {
  bytes <- vapply(
    columns,
    function(x) {
      if (is.character(x)) {
        sum(as.double(nchar(x, "bytes", allowNA = TRUE)), na.rm = TRUE)
      } else if (is.list(x)) {
        sum(as.double(lengths(x))) * 8
      } else {
        length(x) * 8
      }
    },
    1
  )
  max(1, min(COPY_ROWS, floor(rows * COPY_BYTES / sum(bytes))))
}

copy_frame <- function(con, name, fitted, rows, call, tell) {
  columns <- fitted$columns
  if (length(columns) == 0 || rows == 0) {
    return(invisible())
  }
  types <- fitted$table$name
  names <- fitted$table$column
  places <- seq_along(columns)
  is_binary <- is_rpostgresql(con) &&
    all(vapply(
      places,
      function(at) {
        has_binary(columns[[at]], types[[at]])
      },
      NA
    ))
  send <- if (is_binary) {
    copy_binary(con, name, call)
  } else {
    copy_text(con, name, call)
  }
  step <- rows_at_once(columns, rows)
  for (begin in seq.int(1, rows, by = step)) {
    within <- seq.int(begin, min(begin + step - 1, rows))
    part <- if (length(within) == rows) columns else lapply(columns, take, within)
    blame(call, send$rows(part, types, names, length(within)))
    tell(max(within))
  }
  send$end()
}

# The server works on rows that it got while the next are made ready here.
copy_binary <- function(con, name, call) {
  path <- tempfile("copy-")
  pending <- FALSE
  end <- function() {
    if (pending) {
      pending <<- FALSE
      copy(call, DBI::dbClearResult(RPostgreSQL::postgresqlgetResult(con)))
    }
  }
  rows <- function(columns, types, names, n) {
    encoded <- encode_rows_binary(columns, types, names, n)
    writeBin(encoded$bytes, path)
    on.exit(unlink(path))
    end()
    copy(call, start_copy(con, name, names[encoded$order], " WITH (FORMAT binary)"))
    pending <<- TRUE
    copy(call, RPostgreSQL::postgresqlCopyIn(con, path))
  }
  list(rows = rows, end = end)
}

# Both drivers escape texts themselves.
copy_text <- function(con, name, call) {
  rows <- function(columns, types, names, n) {
    frame <- structure(
      Map(copy_column, columns, types, names),
      names = names,
      class = "data.frame",
      row.names = .set_row_names(n)
    )
    copy(
      call,
      if (is_rpostgresql(con)) {
        start_copy(con, name, names, "")
        RPostgreSQL::postgresqlCopyInDataframe(con, frame)
        DBI::dbClearResult(RPostgreSQL::postgresqlgetResult(con))
      } else {
        DBI::dbAppendTable(con, DBI::SQL(quote_name(name)), frame, copy = TRUE)
      }
    )
  }
  list(rows = rows, end = function() NULL)
}

# Of whole numbers as double, the digits that integers are written in.
copy_column <- function(x, type, where) {
  if (type %in% names(LIMITS) && is.double(x) && !inherits(x, "integer64")) {
    texts <- sprintf("%.0f", x)
    texts[is.na(x)] <- NA
    return(texts)
  }
  sql_text(x, where, decimal = type %in% c("numeric", "_numeric"))
}

# The lines that a failed COPY reports are of what was sent, not of a statement.
copy <- function(call, code) {
  tryCatch(code, error = function(e) abort_sql(e, call, writes = TRUE))
}

start_copy <- function(con, name, names, format) {
  columns <- paste(quote_names(names), collapse = ", ")
  sql <- sprintf("COPY %s (%s) FROM STDIN%s", quote_name(name), columns, format)
  RPostgreSQL::postgresqlpqExec(con, sql)
}

# Types with a binary form of their own here, but for values that R's doubles carry
# too coarsely to count microseconds.
has_binary <- function(x, type) {
  if (type %in% c("timestamp", "timestamptz") && !is.character(x)) {
    seconds <- as.double(unclass(as.POSIXct(x)))
    return(!any(abs(seconds) > 9e9 & is.finite(seconds), na.rm = TRUE))
  }
  if (type == "interval") {
    return(!is.character(x) || all(is.na(x)))
  }
  type %in% c("geometry", names(BINARY))
}

# Payloads are big-endian: a matrix of bytes with a column for each value, or a list of
# raw. `x` has no missing values there.
BINARY <- list(
  bool = function(x) matrix(as.raw(x), 1),
  int2 = function(x) big_endian(as.integer(x), 2L),
  int4 = function(x) int4_bytes(x),
  int8 = function(x) int8_bytes(x),
  float4 = function(x) big_endian(as.double(x), 4L),
  float8 = function(x) big_endian(as.double(x), 8L),
  date = function(x) int4_bytes(floor(as.double(unclass(x))) - 10957),
  timestamp = function(x) micro_bytes(as.double(unclass(as.POSIXct(x))), 946684800),
  timestamptz = function(x) micro_bytes(as.double(unclass(as.POSIXct(x))), 946684800),
  time = function(x) micro_bytes(as.double(unclass(x)), 0),
  interval = function(x) {
    unit <- if (is.null(attr(x, "units"))) 1 else seconds_of[[attr(x, "units")]]
    # Days and months follow.
    rbind(micro_bytes(as.double(unclass(x)) * unit, 0), matrix(raw(1), 8, length(x)))
  },
  text = identity,
  varchar = identity,
  bpchar = identity,
  bytea = identity
)

big_endian <- function(x, size) {
  bytes <- writeBin(x, raw(), size = size, endian = "big")
  dim(bytes) <- c(size, length(x)) # no copy, as matrix() would make
  bytes
}

# The smallest integer is R's NA, whose bits are just those.
int4_bytes <- function(x) {
  x <- pmin(pmax(x, -2^31), 2^31 - 1) # infinite dates are the extremes
  big_endian(suppressWarnings(as.integer(x)), 4L)
}

int8_bytes <- function(x) {
  if (inherits(x, "integer64")) {
    return(big_endian(unclass(x), 8L))
  }
  if (is.integer(x)) {
    return(rbind(big_endian(-as.integer(x < 0L), 4L), big_endian(x, 4L)))
  }
  high <- floor(x / 2^32)
  low <- x - high * 2^32
  low <- low - 2^32 * (low >= 2^31)
  # Infinite times are the extremes.
  extreme <- which(is.infinite(x))
  high[extreme] <- sign(x[extreme]) * 2^31
  low[extreme] <- -(x[extreme] > 0)
  rbind(int4_bytes(high), int4_bytes(low))
}

# Microseconds since an epoch, rounded to the nearest.
micro_bytes <- function(seconds, epoch) {
  whole <- floor(seconds)
  part <- floor((seconds - whole) * 1e6 + 0.5) # round() takes several times as long
  part[is.nan(part)] <- 0
  int8_bytes((whole - epoch) * 1e6 + part)
}
