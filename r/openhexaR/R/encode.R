# How one column of R goes to the wire: a nanoarrow array of a plain type, whose schema
# carries what the type does not say (keys `openhexa:…`, as in Python's columns.py).

integer_max <- .Machine$integer.max
double_max <- 2^53 # beyond, a double skips integers

# Exact classes only: one that nobody knows carries a meaning that would be lost.
column_kinds <- c(
  logical = "logical",
  integer = "number",
  numeric = "number",
  integer64 = "number",
  character = "text",
  factor = "factor",
  "ordered factor" = "factor",
  Date = "date",
  "IDate Date" = "date",
  "POSIXct POSIXt" = "time",
  "POSIXlt POSIXt" = "time",
  difftime = "duration",
  "hms difftime" = "time_of_day",
  ITime = "time_of_day",
  list = "list",
  "vctrs_list_of vctrs_vctr list" = "list",
  "blob vctrs_list_of vctrs_vctr list" = "list"
)

# What kind of column this is, or NULL where there is no rule.
column_kind <- function(x) {
  if (inherits(x, "sfc")) {
    return("geometry")
  }
  if (is.data.frame(x)) {
    return("frame")
  }
  kind <- column_kinds[paste(class(without_labels(without_asis(x))), collapse = " ")]
  if (!is.na(kind)) kind[[1]]
}

without_asis <- function(x) {
  if (inherits(x, "AsIs")) {
    oldClass(x) <- setdiff(oldClass(x), "AsIs")
  }
  x
}

# One column: list(array, marks, reason, changed). `where` names it in errors.
encode <- function(x, where) {
  kind <- column_kind(x)
  if (is.null(kind)) {
    abort_column(x, where)
  }
  class <- if (inherits(x, "AsIs")) "AsIs" else class(x)[[1]]
  x <- without_asis(x)
  own <- encode_attributes(x)
  tagged <- count_tagged(x)
  x <- without_labels(x)
  crossing <- switch(
    kind,
    logical = crossing(nanoarrow::as_nanoarrow_array(as.vector(x))),
    number = encode_number(x),
    text = crossing(encode_text(x, where)),
    factor = encode_factor(x, where),
    date = encode_date(x),
    time = encode_time(x, where),
    duration = encode_duration(x),
    time_of_day = encode_time_of_day(x),
    list = encode_list(x, where),
    frame = encode_struct(x, where),
    geometry = encode_geometry(x)
  )
  if (class == "AsIs" || is.na(crossing$marks["r"])) {
    crossing <- mark(crossing, c(r = class))
  }
  crossing <- mark(crossing, own$marks)
  crossing$left <- own$left
  crossing$changed <- crossing$changed + tagged
  crossing
}

abort_column <- function(x, where, type = paste(class(x), collapse = " ")) {
  abort_contract("unsupported_column", column = where, type = type, call = NULL)
}

# `...`: marks, which schema_of() writes into the metadata.
crossing <- function(array, ..., reason = "same_class", changed = 0) {
  list(array = array, marks = c(character(), ...), reason = reason, changed = changed)
}

mark <- function(crossing, marks) {
  crossing$marks[names(marks)] <- marks
  crossing
}

# The schema of a crossing's array, with its marks.
schema_of <- function(crossing) {
  schema <- nanoarrow::infer_nanoarrow_schema(crossing$array)
  marks <- crossing$marks
  if (length(marks) == 0) {
    return(schema)
  }
  own <- !startsWith(names(marks), "ARROW:")
  names(marks)[own] <- paste0("openhexa:", names(marks)[own])
  nanoarrow::nanoarrow_schema_modify(schema, list(metadata = as.list(marks)))
}

stream_of <- function(crossing) {
  array <- set_schema(crossing$array, schema_of(crossing))
  nanoarrow::basic_array_stream(list(array), validate = FALSE)
}

# Read an array under another schema of the same layout. Changes the array, which is
# one that nobody else holds.
set_schema <- function(array, schema) {
  nanoarrow::nanoarrow_array_set_schema(array, schema, validate = FALSE)
}

# An array of these buffers; `missing` says which values are, NULL that none is.
new_array <- function(schema, length, missing, buffers = list(), children = NULL) {
  has_missing <- any(missing)
  validity <- if (has_missing) nanoarrow::as_nanoarrow_array(!missing)$buffers[[2]]
  parts <- list(
    length = length,
    null_count = if (has_missing) sum(missing) else 0,
    buffers = c(list(validity), buffers)
  )
  if (!is.null(children)) {
    parts$children <- unname(children)
  }
  array <- nanoarrow::nanoarrow_array_init(schema)
  # The children's own schemas have taken the place of those given.
  set_schema(nanoarrow::nanoarrow_array_modify(array, parts), schema)
}

encode_number <- function(x) {
  if (inherits(x, "integer64")) {
    require_package("bit64", phrase("hold_big_integers"), call = NULL)
    return(crossing(int64_array(as.vector(x), nanoarrow::na_int64())))
  }
  x <- as.vector(x)
  nan <- if (is.double(x) && anyNA(x)) is.nan(x) else FALSE
  if (!any(nan)) {
    return(crossing(nanoarrow::as_nanoarrow_array(x)))
  }
  # nanoarrow takes NaN for missing; the wire keeps them apart.
  array <- new_array(nanoarrow::na_double(), length(x), is.na(x) & !nan, list(x))
  crossing(array, reason = "nan_apart")
}

# An integer64 is a buffer of int64 already.
int64_array <- function(x, schema) {
  missing <- bit64::is.na.integer64(x)
  new_array(schema, length(x), missing, list(unclass(x)))
}

encode_text <- function(x, where) {
  # Text from Arrow is read from its buffer at each look; this looks once.
  x <- x[seq_along(x)]
  if (!l10n_info()[["UTF-8"]] && length(x) > 0) {
    # Else R would escape letters of text that nobody declared.
    Encoding(x) <- ifelse(Encoding(x) == "unknown", "UTF-8", Encoding(x))
  }
  valid <- validUTF8(x)
  if (!all(valid) && any(Encoding(x[!valid]) != "latin1")) {
    # latin1 is converted
    abort_contract("invalid_text", column = where, call = NULL)
  }
  to_array <- function(schema) nanoarrow::as_nanoarrow_array(x, schema = schema)
  tryCatch(to_array(nanoarrow::na_string()), error = function(e) {
    if (any(Encoding(x) == "bytes")) {
      abort_contract("invalid_text", column = where, call = NULL)
    }
    to_array(nanoarrow::na_large_string()) # more than 2 GB
  })
}

encode_factor <- function(x, where) {
  if (anyNA(levels(x))) {
    abort_column(x, where, paste(class(x)[[1]], "(NA)"))
  }
  levels <- jsonlite::toJSON(enc2utf8(levels(x)))
  crossing(
    nanoarrow::as_nanoarrow_array(as.integer(x)),
    levels = as.character(levels),
    ordered = if (is.ordered(x)) "true" else "false"
  )
}

encode_date <- function(x) {
  days <- as.double(unclass(x))
  whole <- floor(days)
  whole[!is.finite(days) | abs(days) > integer_max] <- NA
  array <- nanoarrow::as_nanoarrow_array(as.integer(whole))
  crossing(
    set_schema(array, nanoarrow::na_date32()),
    r = if (is.integer(x) && !inherits(x, "IDate")) "Date integer",
    changed = count_changed(days, whole)
  )
}

# Values that are not the same afterwards; missing stays missing, whether NA or NaN.
count_changed <- function(before, after) {
  same <- before == after
  if (isTRUE(all(same))) {
    return(0)
  }
  sum(!same, na.rm = TRUE) + sum(is.na(same) & !is.na(before))
}

encode_time <- function(x, where) {
  reason <- if (inherits(x, "POSIXlt")) "as_posixct" else "same_class"
  x <- as.POSIXct(x)
  tzone <- attr(x, "tzone")[1]
  is_local <- is.null(tzone) || !nzchar(tzone)
  zone <- if (is_local) local_zone() else tzone
  if (!zone %in% c("UTC", "GMT") && !zone %in% known_zones()) {
    abort_column(x, where, paste0("POSIXct (", zone, ")"))
  }
  encoded <- encode_seconds(as.double(unclass(x)))
  crossing(
    int64_array(encoded$values, nanoarrow::na_timestamp(encoded$unit, zone)),
    r = if (is.null(tzone)) {
      "POSIXct no zone"
    } else if (is_local) {
      "POSIXct blank zone"
    },
    changed = encoded$changed,
    reason = reason
  )
}

# R reads a folder at each call of OlsonNames().
known_zones <- function() {
  if (is.null(the$zones)) {
    the$zones <- OlsonNames()
  }
  the$zones
}

# Seconds as int64: microseconds where they are exact; else nanoseconds, in which every
# double of a present-day time comes back (Sys.time() has digits below a microsecond).
encode_seconds <- function(seconds) {
  micro <- as_int64(seconds * 1e6)
  changed <- count_changed(seconds, int64_to_double(micro) / 1e6)
  if (changed == 0 || any(abs(seconds) > nanoseconds_max, na.rm = TRUE)) {
    return(list(values = micro, unit = "us", changed = changed))
  }
  whole <- floor(seconds)
  rest <- as_int64((seconds - whole) * 1e9)
  nano <- bit64::as.integer64(whole) * bit64::as.integer64(1e9) + rest
  changed <- count_changed(seconds, whole + int64_to_double(rest) / 1e9)
  list(values = nano, unit = "ns", changed = changed)
}

nanoseconds_max <- 9.2e9 # seconds: the year 2261

# The nearest integer64; what it cannot hold, infinity among it, is missing. Not 0.5:
# that would move the doubles beyond 2^52, which are whole. round(), and nanoarrow's own
# conversion, take several times as long.
as_int64 <- function(x) {
  require_package("bit64", phrase("hold_big_integers"), call = NULL)
  suppressWarnings(bit64::as.integer64(floor(x + 0.49999)))
}

# What a double rounds is counted by the caller.
int64_to_double <- function(x) suppressWarnings(as.double(x))

seconds_of <- c(secs = 1, mins = 60, hours = 3600, days = 86400, weeks = 604800)

encode_duration <- function(x) {
  units <- attr(x, "units")
  values <- as.double(unclass(x))
  micro <- as_int64(values * seconds_of[[units]] * 1e6)
  crossing(
    int64_array(micro, nanoarrow::na_duration("us")),
    r = paste("difftime", units),
    changed = count_changed(values, int64_to_double(micro) / 1e6 / seconds_of[[units]])
  )
}

encode_time_of_day <- function(x) {
  seconds <- as.double(unclass(x))
  # hms also holds durations; a time of day is within one day.
  if (!all(is.na(seconds) | (seconds >= 0 & seconds < 86400))) {
    duration <- encode_duration(structure(seconds, units = "secs", class = "difftime"))
    return(mark(duration, c(r = class(x)[[1]])))
  }
  micro <- as_int64(seconds * 1e6)
  crossing(
    int64_array(micro, nanoarrow::na_time64("us")),
    changed = count_changed(seconds, int64_to_double(micro) / 1e6)
  )
}
