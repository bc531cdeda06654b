# Values as the text that PostgreSQL reads without loss, NA where missing.

# `decimal`: whether 0.1 is to be the decimal 0.1 (of `numeric`, and of a parameter),
# and not the double that is nearest to it.
sql_text <- function(x, where = "params", decimal = TRUE) {
  kind <- column_kind(x)
  if (is.null(kind)) {
    abort_column(x, where)
  }
  x <- without_asis(x)
  texts <- switch(
    kind,
    logical = ifelse(x, "t", "f"),
    number = number_text(x, decimal),
    text = ,
    factor = plain_text(x, where),
    date = date_text(as.double(unclass(x))),
    time = time_text(as.double(unclass(as.POSIXct(x)))),
    duration = span_text(as.double(unclass(x)) * seconds_of[[attr(x, "units")]]),
    time_of_day = clock_text(as.double(unclass(x))),
    list = list_text(x, where, decimal),
    geometry = hex_text(ewkb(x, where)),
    abort_column(x, where)
  )
  as.character(texts)
}

number_text <- function(x, decimal) {
  if (inherits(x, "integer64")) {
    require_package("bit64", phrase("hold_big_integers"), call = NULL)
    return(bit64::as.character.integer64(x))
  }
  x <- as.vector(x)
  # Where the decimal does not count, 17 digits are as exact, and cheaper.
  texts <- if (decimal || is.integer(x)) as_text(x) else sprintf("%.17g", x)
  texts[is.na(x) & !is.nan(x)] <- NA
  texts
}

plain_text <- function(x, where) {
  if (is.factor(x)) {
    return(plain_text(levels(x), where)[as.integer(x)])
  }
  x <- enc2utf8(as.vector(x))
  if (!all(validUTF8(x))) {
    abort_contract("invalid_text", column = where, call = NULL)
  }
  x
}

# Years before 1 are those of an era that begins at 1.
calendar <- function(days) {
  parts <- as.POSIXlt(.Date(days), tz = "UTC")
  year <- parts$year + 1900
  before <- !is.na(year) & year < 1
  year[before] <- 1 - year[before]
  list(
    text = sprintf("%04.0f-%02d-%02d", year, parts$mon + 1L, parts$mday),
    era = ifelse(before, " BC", "")
  )
}

# Infinities have a word, in dates and in times.
with_infinities <- function(texts, x) {
  texts[is.na(x)] <- NA
  texts[which(x == Inf)] <- "infinity"
  texts[which(x == -Inf)] <- "-infinity"
  texts
}

date_text <- function(days) {
  day <- calendar(ifelse(is.finite(days), floor(days), 0))
  with_infinities(paste0(day$text, day$era), days)
}

# To the nearest microsecond, in UTC.
time_text <- function(seconds) {
  known <- ifelse(is.finite(seconds), seconds, 0)
  whole <- floor(known)
  micro <- round((known - whole) * 1e6)
  whole <- whole + micro %/% 1e6
  day <- calendar(whole %/% 86400)
  clock <- clock_text(whole %% 86400 + micro %% 1e6 / 1e6)
  with_infinities(paste0(day$text, " ", clock, "+00", day$era), seconds)
}

clock_text <- function(seconds) {
  micro <- round(seconds * 1e6)
  minutes <- micro %/% 6e7
  texts <- sprintf(
    "%02.0f:%02.0f:%09.6f",
    minutes %/% 60,
    minutes %% 60,
    micro %% 6e7 / 1e6
  )
  texts[is.na(seconds)] <- NA
  texts
}

span_text <- function(seconds) {
  texts <- sprintf("%.6f secs", seconds)
  texts[is.na(seconds)] <- NA
  texts
}

hex_text <- function(bytes) {
  digits <- sprintf("%02x", 0:255)
  vapply(
    bytes,
    function(one) {
      if (is.null(one)) {
        NA_character_
      } else {
        paste(digits[as.integer(one) + 1L], collapse = "")
      }
    },
    ""
  )
}

is_raw_list <- function(x) all(vapply(x, function(one) is.null(one) || is.raw(one), NA))

list_text <- function(x, where, decimal) {
  x <- unclass_list(x)
  missing <- vapply(x, is.null, NA)
  if (is_raw_list(x)) {
    texts <- paste0("\\x", hex_text(x))
  } else {
    elements <- sql_text(list_elements(x, where), where, decimal)
    group <- factor(rep(seq_along(x), lengths(x)), levels = seq_along(x))
    texts <- vapply(split(elements, group), array_text, "", USE.NAMES = FALSE)
  }
  texts[missing] <- NA
  texts
}

# The elements of a list of vectors, as one vector.
list_elements <- function(x, where) {
  elements <- do.call(c, unname(x[lengths(x) > 0]))
  if (is.list(elements) || is.null(column_kind(elements)) && length(elements) > 0) {
    abort_column(x, where)
  }
  if (is.null(elements)) character() else elements
}

# Geometry as PostGIS stores it, with the number of its reference system; NULL for the
# empty collection, by which sf shows a missing one.
ewkb <- function(x, where) {
  missing <- sf::st_is_empty(x) & sf::st_geometry_type(x) == "GEOMETRYCOLLECTION"
  srid <- crs_number(x, where)
  plain <- sf::st_as_binary(sf::st_set_crs(x, sf::NA_crs_), endian = "little")
  bytes <- lapply(unclass_list(plain), function(one) {
    if (srid == 0) {
      return(one)
    }
    flagged <- one
    flagged[[5]] <- one[[5]] | as.raw(0x20)
    c(flagged[1:5], writeBin(srid, raw(), endian = "little"), one[-(1:5)])
  })
  bytes[missing] <- list(NULL)
  bytes
}

# 0 for none. PostGIS knows reference systems by number; most numbers are those of EPSG.
crs_number <- function(x, where) {
  crs <- sf::st_crs(x)
  if (is.na(crs)) {
    return(0L)
  }
  number <- crs$epsg
  if (is.na(number) && identical(crs$input, "OGC:CRS84")) {
    number <- 4326L # the same, longitude first, which is the order of PostGIS
  }
  if (is.na(number)) {
    name <- strsplit(crs$input, "\n", fixed = TRUE)[[1]][[1]]
    abort_contract("crs_without_number", column = where, crs = name, call = NULL)
  }
  as.integer(number)
}
