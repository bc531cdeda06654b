# How a column of PostgreSQL is asked for, and made a column of R. Each type is selected
# as double, boolean or text, which both drivers give exactly; RPostgreSQL's own
# conversions lose digits, zones and what R has no class for.

# `select`: expressions of the column `%1$s`; `decode`: makes a vector of their values.
reader <- function(select, decode = identity) list(select = select, decode = decode)

readers_of_types <- function() {
  epoch <- "date_part('epoch', %1$s)"
  list(
    bool = reader("%1$s"),
    int2 = reader("%1$s"),
    # As integer, the smallest value would come as missing.
    int4 = reader("%1$s::float8", narrow_whole),
    oid = reader("%1$s::int8::float8", narrow_whole),
    int8 = reader(c(exact_float("%1$s"), exact_rest("%1$s")), decode_bigint),
    # Of the single precision, all digits that it has as a double.
    float4 = reader("%1$s::float8"),
    float8 = reader("%1$s"),
    numeric = reader("%1$s::text", decode_numeric),
    bpchar = reader("%1$s", mark_utf8), # ::text would cut the blanks
    date = reader(
      paste0(
        "CASE isfinite(%1$s) WHEN true THEN (%1$s - date '1970-01-01')::float8 WHEN ",
        "false THEN CASE WHEN %1$s > '2000-01-01' THEN float8 'Infinity' ELSE ",
        "float8 '-Infinity' END END"
      ),
      .Date
    ),
    timestamp = reader(epoch, decode_epoch),
    timestamptz = reader(epoch, decode_epoch),
    time = reader(epoch, function(x) new_time_of_day(x, "hms")),
    interval = reader(
      c(
        paste(
          "CASE WHEN date_part('year', %1$s) = 0 AND date_part('month', %1$s) = 0 AND",
          "date_part('day', %1$s) = 0 THEN date_part('epoch', %1$s) END"
        ),
        "%1$s::text"
      ),
      decode_interval
    ),
    bytea = reader("encode(%1$s, 'hex')", decode_hex),
    text = reader("%1$s::text", mark_utf8)
  )
}

# Of integers that a double holds, the double; of the others, the text. The second
# column is mostly empty and costs little.
EXACT <- "BETWEEN -9007199254740991 AND 9007199254740991"
exact_float <- function(x) sprintf("CASE WHEN %s %s THEN %s::float8 END", x, EXACT, x)
exact_rest <- function(x) sprintf("CASE WHEN %s NOT %s THEN %s::text END", x, EXACT, x)

narrow_whole <- function(x) {
  if (all(is.na(x) | abs(x) <= integer_max)) as.integer(x) else x
}

decode_bigint <- function(values, rest) {
  if (all(is.na(rest))) {
    return(narrow_whole(values))
  }
  texts <- ifelse(is.na(rest), sprintf("%.0f", values), rest)
  texts[is.na(rest) & is.na(values)] <- NA
  exact_integers(texts)
}

# Double where that is exact, as it is up to 15 digits; else text, for the whole column.
decode_numeric <- function(texts) {
  digits <- gsub("^0+|0+$", "", gsub("[-.]", "", texts))
  if (all(is.na(texts) | nchar(digits) <= 15 | grepl("^-?(NaN|Inf)", texts))) {
    return(exact_doubles(texts))
  }
  texts
}

decode_epoch <- function(seconds) .POSIXct(seconds, "UTC")

# Months and days have no fixed length: with them, the text that PostgreSQL shows.
decode_interval <- function(seconds, texts) {
  if (all(is.na(texts) | !is.na(seconds))) {
    return(structure(seconds, class = "difftime", units = "secs"))
  }
  mark_utf8(texts)
}

# A list of raw vectors, NULL where missing. All at once: two digits make a byte.
decode_hex <- function(texts) {
  missing <- is.na(texts)
  size <- nchar(texts, "bytes") %/% 2L
  size[missing] <- 0L
  codes <- utf8ToInt(paste0(c("", texts[!missing]), collapse = ""))
  # PostGIS writes capitals, PostgreSQL small letters.
  codes <- ifelse(codes > 64L, codes %% 32L + 9L, codes - 48L)
  odd <- rep_len(c(TRUE, FALSE), length(codes))
  bytes <- as.raw(codes[odd] * 16L + codes[!odd])
  end <- cumsum(size)
  values <- .mapply(
    function(from, n) bytes[seq.int(from, length.out = n)],
    list(end - size + 1, size),
    NULL
  )
  values[missing] <- list(NULL)
  values
}

# Of batches, every one has the class of the column's type: values that would need
# another may come in a later one.
streamed_readers <- function(where) {
  readers <- readers_of_types()
  readers$int4$decode <- function(x) {
    check_representable(x, x == -2^31, "integer", where)
    as.integer(x)
  }
  readers$oid$decode <- identity
  readers$int8$decode <- function(values, rest) {
    require_package("bit64", phrase("read_integer64"), call = NULL)
    found <- bit64::as.integer64(values)
    large <- which(!is.na(rest))
    found[large] <- suppressWarnings(bit64::as.integer64(rest[large]))
    check_representable(rest, is.na(found) & !is.na(rest), "integer64", where)
    found
  }
  readers$numeric <- readers$interval <- readers$text
  readers
}

# The smallest integer is R's missing value.
check_representable <- function(x, lost, type, where) {
  lost <- which(lost)
  if (length(lost) > 0) {
    abort_contract(
      "value_out_of_range",
      column = where,
      type = type,
      values = format(x[[lost[[1]]]], scientific = FALSE),
      remedy = sprintf("SELECT %s::text", quote_names(where)),
      call = NULL
    )
  }
}

# The reader of a type, a row of `pg_types()`; `readers`: those to choose from.
reader_of <- function(type, readers, where, crs_of) {
  if (type$name %in% c("geometry", "geography")) {
    crs <- function(srid) crs_of(srid, type$schema)
    return(reader("%1$s::text", function(texts) decode_ewkb(texts, crs, where)))
  }
  if (nzchar(type$element)) {
    return(array_reader(type$element, readers))
  }
  readers[[if (type$name %in% names(readers)) type$name else "text"]]
}

# Arrays come as JSON of their elements, each selected as a column would be, as text.
# Those of more than one dimension are lists of lists, of what JSON has.
array_reader <- function(element, readers) {
  type <- if (element %in% names(readers)) element else "text"
  inner <- switch(
    type,
    interval = readers$text,
    int8 = reader("%1$s", function(texts) {
      readers$int8$decode(rep(NA_real_, length(texts)), texts)
    }),
    readers[[type]]
  )
  convert <- switch(
    type,
    bool = function(texts) texts == "true",
    int2 = as.integer,
    text = ,
    bpchar = ,
    bytea = ,
    numeric = ,
    interval = ,
    int8 = identity,
    exact_doubles
  )
  each <- sprintf(
    paste(
      "(SELECT coalesce(json_agg((%s)::text ORDER BY n), '[]') FROM unnest(%%1$s)",
      "WITH ORDINALITY AS u(e, n))"
    ),
    sprintf(inner$select, "e")
  )
  select <- paste(
    "(CASE WHEN array_ndims(%1$s) > 1 THEN to_json(%1$s) WHEN %1$s IS NOT NULL THEN",
    each,
    "END)::text"
  )
  reader(select, function(texts) {
    decode_array(texts, function(flat) inner$decode(convert(flat)))
  })
}

decode_array <- function(texts, decode) {
  texts[is.na(texts)] <- "null"
  json <- paste0("[", paste(mark_utf8(texts), collapse = ","), "]")
  rows <- jsonlite::parse_json(json, simplifyVector = FALSE)
  nested <- vapply(rows, function(row) any(vapply(row, is.list, NA)), NA)
  flat <- unlist(rows[!nested], recursive = FALSE)
  flat[vapply(flat, is.null, NA)] <- NA_character_
  values <- decode(as.character(unlist(flat)))
  size <- lengths(rows)
  size[nested] <- 0L
  begin <- cumsum(size) - size + 1
  cut <- .mapply(
    function(from, n) take(values, seq.int(from, length.out = n)),
    list(begin, size),
    NULL
  )
  cut[nested] <- rows[nested]
  cut[vapply(rows, is.null, NA)] <- list(NULL)
  cut
}

decode_ewkb <- function(texts, crs_of, where) {
  require_package("sf", phrase("read_geometry"), call = NULL)
  wkb <- decode_hex(texts)
  missing <- vapply(wkb, is.null, NA)
  # The number of the reference system stands behind the flag of byte 5, else it is 0.
  srids <- vapply(
    wkb[!missing],
    function(bytes) {
      little <- bytes[[1]] == as.raw(1)
      flags <- bytes[[if (little) 5 else 2]]
      if ((flags & as.raw(0x20)) == as.raw(0)) {
        return(0L)
      }
      readBin(bytes[6:9], "integer", endian = if (little) "little" else "big")
    },
    integer(1)
  )
  wkb[missing] <- list(empty_wkb)
  geometry <- sf::st_as_sfc(structure(wkb, class = "WKB"), EWKB = TRUE)
  srid <- unique(srids)
  if (length(srid) > 1) {
    type <- paste0("geometry (SRID ", toString(srid), ")")
    abort_contract("unsupported_column", column = where, type = type, call = NULL)
  }
  geometry <- geometry[seq_along(wkb)] # cut: sf's reader leaves attributes of its own
  attr(geometry, "crs") <- if (sum(srid) == 0) sf::NA_crs_ else crs_of(srid)
  geometry
}

# A reference system as PostGIS knows it: its numbers need not be those of EPSG.
read_srid <- function(con, srid, schema, call) {
  sql <- paste0(
    "SELECT auth_name, auth_srid, srtext FROM ",
    quote_names(schema),
    ".spatial_ref_sys WHERE srid = $1"
  )
  found <- run_sql(con, sql, as.character(srid), call)
  if (NROW(found) == 0) {
    return(sf::NA_crs_)
  }
  crs <- sf::st_crs(paste0(found$auth_name, ":", found$auth_srid))
  if (is.na(crs)) sf::st_crs(found$srtext) else crs
}
