# How one column of the wire, or of any Arrow stream, becomes a column of R.

# `arrays`: its batches; `is_ours`: whether to_wire() of either language wrote them, so
# that text has no NUL and `number` says which class holds every integer.
decode <- function(arrays, schema, is_ours, marks = marks_of(schema)) {
  force(marks) # of the schema that still has them
  arrays <- unname(arrays)
  schema <- nanoarrow::nanoarrow_schema_modify(schema, list(metadata = list()))
  type <- nanoarrow::nanoarrow_schema_parse(schema)$type
  if ("ARROW:extension:name" %in% names(marks)) {
    return(restore_attributes(decode_geometry(arrays, schema, marks), marks))
  }
  values <- switch(
    type,
    na = decode_nothing(sum_lengths(arrays), marks),
    bool = convert(arrays, schema, logical()),
    int8 = ,
    int16 = ,
    int32 = ,
    int64 = ,
    uint8 = ,
    uint16 = ,
    uint32 = ,
    uint64 = decode_number(arrays, schema, type, marks),
    half_float = ,
    float = ,
    double = convert(arrays, schema, double()),
    string = ,
    large_string = decode_text(arrays, schema, is_ours),
    date32 = decode_date(arrays, schema, marks),
    timestamp = decode_time(arrays, schema, marks),
    duration = decode_duration(arrays, schema, marks),
    time32 = ,
    time64 = decode_time_of_day(arrays, schema, marks),
    binary = ,
    large_binary = ,
    fixed_size_binary = decode_binary(arrays, schema, marks),
    list = ,
    large_list = ,
    fixed_size_list = decode_lists(arrays, schema, is_ours),
    struct = decode_struct(arrays, schema, marks, is_ours),
    abort_contract("unsupported_column", column = schema$name, type = type, call = NULL)
  )
  values <- restore_attributes(values, marks)
  if ("AsIs" %in% marks["r"]) I(values) else values
}

# What the contract wrote about a column or a frame, by key; geometry's marks too.
marks_of <- function(schema) {
  found <- unlist(schema$metadata)
  if (is.null(found)) {
    return(character())
  }
  own <- startsWith(names(found), "openhexa:")
  names(found)[own] <- substring(names(found)[own], 10)
  found[own | startsWith(names(found), "ARROW:")] # a vector: what is absent is NA
}

# nanoarrow's own conversion, of arrays read as another type of the same layout.
convert <- function(arrays, schema, to) {
  arrays <- lapply(arrays, set_schema, schema)
  if (length(arrays) == 0) {
    return(to)
  }
  if (length(arrays) == 1) {
    return(nanoarrow::convert_array(arrays[[1]], to))
  }
  stream <- nanoarrow::basic_array_stream(arrays, schema, validate = FALSE)
  nanoarrow::convert_array_stream(stream, to, size = sum_lengths(arrays))
}

sum_lengths <- function(arrays) sum(vapply(arrays, function(a) a$length, numeric(1)))

decode_nothing <- function(n, marks) {
  rep(if ("character" %in% marks["r"]) NA_character_ else NA, n)
}

decode_number <- function(arrays, schema, type, marks) {
  if (!is.na(marks["levels"])) {
    return(decode_factor(arrays, schema, marks))
  }
  wanted <- if ("integer64" %in% marks["r"]) "integer64" else marks["number"]
  if (is.na(wanted)) {
    wanted <- narrowest(arrays, schema, type)
  }
  switch(
    wanted,
    integer = convert(arrays, schema, integer()),
    double = suppressWarnings(convert(arrays, schema, double())), # was reported
    integer64 = {
      require_package("bit64", phrase("hold_big_integers"), call = NULL)
      to <- structure(double(), class = "integer64")
      convert(arrays, nanoarrow::na_int64(), to)
    }
  )
}

# The narrowest class that holds the integers of an array nobody looked into.
narrowest <- function(arrays, schema, type) {
  if (type %in% c("int8", "int16", "uint8", "uint16")) {
    return("integer")
  }
  values <- suppressWarnings(convert(arrays, schema, double()))
  range <- if (all(is.na(values))) c(0, 0) else range(values, na.rm = TRUE)
  if (max(abs(range)) <= integer_max) {
    return("integer")
  }
  if (type == "uint64" && range[[2]] >= 2^63) {
    warn_contract("values_changed", columns = schema$name)
    return("double")
  }
  # At 2^53 itself, a double may have been rounded to it.
  if (max(abs(range)) < double_max) "double" else "integer64"
}

decode_factor <- function(arrays, schema, marks) {
  codes <- convert(arrays, schema, integer())
  attr(codes, "levels") <- as.character(jsonlite::fromJSON(marks[["levels"]]))
  class(codes) <- c(if (marks[["ordered"]] == "true") "ordered", "factor")
  codes
}

decode_text <- function(arrays, schema, is_ours) {
  # Text with a NUL would end this process.
  holds_nul <- function(array) {
    any(as.raw(array$buffers[[3]]) == as.raw(0L))
  }
  if (!is_ours && any(vapply(arrays, holds_nul, logical(1)))) {
    abort_contract("embedded_nul", column = schema$name, call = NULL)
  }
  convert(arrays, schema, character())
}

decode_date <- function(arrays, schema, marks) {
  if (!marks["r"] %in% c("IDate", "Date integer")) {
    return(convert(arrays, schema, structure(double(), class = "Date")))
  }
  days <- convert(arrays, nanoarrow::na_int32(), integer())
  structure(days, class = c(if (marks[["r"]] == "IDate") "IDate", "Date"))
}

per_second <- c(s = 1, ms = 1e3, us = 1e6, ns = 1e9)

# Seconds of a time: divided by ourselves, as nanoarrow multiplies by a rounded 1e-6.
decode_seconds <- function(arrays, schema) {
  parsed <- nanoarrow::nanoarrow_schema_parse(schema)
  wide <- parsed$storage_type == "int64"
  plain <- if (wide) nanoarrow::na_int64() else nanoarrow::na_int32()
  if (parsed$time_unit != "ns") {
    # One expression: R then divides in place. The warning is of what was reported.
    divisor <- per_second[[parsed$time_unit]]
    return(suppressWarnings(convert(arrays, plain, double()) / divisor))
  }
  require_package("bit64", phrase("hold_big_integers"), call = NULL)
  nano <- convert(arrays, plain, structure(double(), class = "integer64"))
  billion <- bit64::as.integer64(1e9)
  whole <- nano %/% billion
  rest <- nano - whole * billion
  below <- !is.na(rest) & rest < 0L # %/% rounds towards zero
  whole[below] <- whole[below] - 1L
  rest[below] <- rest[below] + billion
  as.double(whole) + as.double(rest) / 1e9
}

decode_time <- function(arrays, schema, marks) {
  zone <- nanoarrow::nanoarrow_schema_parse(schema)$timezone
  # A time of no zone, or of an offset only, is shown as UTC; its mark brings it back.
  if (!nzchar(zone) || grepl("^[+-]", zone)) {
    zone <- "UTC"
  }
  tzone <- switch(
    if (is.na(marks["r"])) "" else marks[["r"]],
    "POSIXct no zone" = NULL,
    "POSIXct blank zone" = "",
    zone
  )
  .POSIXct(decode_seconds(arrays, schema), tzone)
}

decode_duration <- function(arrays, schema, marks) {
  seconds <- decode_seconds(arrays, schema)
  wanted <- if (is.na(marks["r"])) "difftime secs" else marks[["r"]]
  if (wanted %in% c("hms", "ITime")) {
    return(new_time_of_day(seconds, wanted))
  }
  units <- sub("difftime ", "", wanted)
  structure(seconds / seconds_of[[units]], class = "difftime", units = units)
}

decode_time_of_day <- function(arrays, schema, marks) {
  new_time_of_day(decode_seconds(arrays, schema), marks["r"])
}

new_time_of_day <- function(seconds, class) {
  if (class %in% "ITime") {
    return(structure(as.integer(seconds), class = "ITime"))
  }
  structure(seconds, class = c("hms", "difftime"), units = "secs")
}
