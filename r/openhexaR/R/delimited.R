# Delimited text, as analysts meet it: any encoding, any separator, no type lost.

# Read a table. Further options are those of utils::read.table().
read_delimited <- function(
  path,
  sep = NULL,
  decimal = NULL,
  encoding = NULL,
  na = c("", "NA"),
  ...
) {
  text <- as_utf8(path, encoding)
  on.exit(if (text != path) unlink(text))
  found <- find_dialect(text)
  given <- list(...)
  known <- given$colClasses
  options <- utils::modifyList(
    list(
      file = text,
      sep = if (is.null(sep)) found$sep else sep,
      header = TRUE,
      quote = "\"",
      na.strings = na,
      colClasses = if (is.null(names(known))) "character" else known,
      check.names = FALSE,
      # Of a single column, "" is a missing value, which would pass for no line.
      blank.lines.skip = found$columns > 1,
      comment.char = "",
      encoding = "UTF-8"
    ),
    given[names(given) != "colClasses" | is.null(names(known))]
  )
  frame <- without_warnings(do.call(utils::read.table, options))
  decimal <- if (is.null(decimal)) found$decimal else decimal
  untyped <- vapply(frame, is.character, NA) & !names(frame) %in% names(known)
  frame[untyped] <- lapply(frame[untyped], typed, decimal)
  frame
}

# A warning of the reader means that it left something out: that is no result. But a
# last line without its end is whole.
without_warnings <- function(code) {
  withCallingHandlers(code, warning = function(w) {
    if (!grepl("incomplete final line", conditionMessage(w), fixed = TRUE)) {
      stop(conditionMessage(w), call. = FALSE)
    }
    tryInvokeRestart("muffleWarning")
  })
}

# The file itself when it is plain UTF-8, else a copy that is: UTF-8 or UTF-16 as its
# first bytes say, UTF-8 when all of it is, else Windows-1252, which contains Latin-1.
as_utf8 <- function(path, encoding = NULL) {
  bytes <- readBin(path, "raw", file.size(path))
  starts <- function(...) {
    bom <- as.raw(c(...))
    length(bytes) >= length(bom) && identical(bytes[seq_along(bom)], bom)
  }
  skip <- 0L
  if (starts(0xef, 0xbb, 0xbf)) {
    found <- "UTF-8"
    skip <- 3L
  } else if (starts(0xff, 0xfe)) {
    found <- "UTF-16LE"
    skip <- 2L
  } else {
    if (any(bytes == as.raw(0))) {
      stop(phrase("nul_byte"), call. = FALSE)
    }
    found <- if (validUTF8(rawToChar(bytes))) "UTF-8" else "CP1252"
  }
  from <- if (is.null(encoding)) found else iconv_name(encoding)
  if (toupper(from) == "UTF-8" && skip == 0L) {
    return(path)
  }
  text <- utils::tail(bytes, length(bytes) - skip)
  converted <- iconv(list(text), from, "UTF-8", toRaw = TRUE)[[1]]
  if (is.null(converted)) {
    stop(fill(phrase("not_encoded"), list(encoding = from)), call. = FALSE)
  }
  copy <- tempfile(fileext = ".txt")
  writeBin(converted, copy)
  copy
}

# The separator is the most frequent candidate of the first line, outside quotes. The
# decimal mark is a comma where more fields of the first 64 KiB look like 1,5 than like
# 1.5.
find_dialect <- function(path) {
  connection <- file(path, "rb")
  on.exit(close(connection))
  text <- rawToChar(readBin(connection, "raw", 65536L))
  lines <- strsplit(text, "\r\n|\n|\r", useBytes = TRUE)[[1]]
  header <- gsub("\"[^\"]*\"", "", c(lines, "")[[1]], useBytes = TRUE)
  separators <- c(",", ";", "\t", "|")
  counts <- vapply(
    separators,
    function(sep) sum(charToRaw(header) == charToRaw(sep)),
    numeric(1)
  )
  sep <- separators[[which.max(counts)]]
  fields <- unlist(strsplit(lines[-1], sep, fixed = TRUE, useBytes = TRUE))
  fields <- gsub("^\"+|\"+$", "", fields, useBytes = TRUE)
  commas <- sum(grepl("^-?[0-9]+,[0-9]+$", fields, useBytes = TRUE))
  points <- sum(grepl("^-?[0-9]+[.][0-9]+$", fields, useBytes = TRUE))
  list(
    columns = max(counts) + 1,
    sep = sep,
    decimal = if (sep != "," && commas > points) "," else "."
  )
}

LOGICAL <- "^([Tt]rue|TRUE|[Ff]alse|FALSE)$"
INTEGER <- "^-?(0|[1-9][0-9]*)$"
NUMBER <- paste0(
  "^(-?((0|[1-9][0-9]*)([.][0-9]*)?|[.][0-9]+)([eE][+-]?[0-9]+)?",
  "|-?[Ii]nf|[Nn]a[Nn])$"
)
# Give a column of texts the type that all of them have. 007 is no number, and neither
# is an integer too large to be exact.
typed <- function(texts, decimal) {
  values <- unique(texts[!is.na(texts)])
  all_are <- function(pattern, x = values) {
    some <- grepl(pattern, utils::head(x, 100)) # mostly enough to tell
    length(some) > 0 && all(some) && all(grepl(pattern, x))
  }
  if (all_are(LOGICAL)) {
    return(tolower(texts) == "true")
  }
  if (all_are(INTEGER)) {
    return(exact_integers(texts))
  }
  # Beside a decimal comma, a point makes no number.
  pointed <- function(x) if (decimal == ",") chartr(".,", "?.", x) else x
  if (all_are(NUMBER, pointed(values))) {
    return(as.numeric(pointed(texts)))
  }
  as_dates(texts, all_are)
}

as_dates <- function(texts, all_are) {
  dates <- if (all_are(DATE)) {
    as.Date(texts, optional = TRUE)
  } else if (all_are(TIME) || all_are(ZONED)) {
    parse_time(texts, "UTC")
  }
  # The 30th of February is none.
  if (is.null(dates) || anyNA(dates[!is.na(texts)])) texts else dates
}

# integer when all values fit, double when all are exact as such, else integer64, which
# many functions of R do not understand; text beyond that.
exact_integers <- function(texts) {
  values <- as.numeric(texts)
  largest <- max(abs(values), na.rm = TRUE)
  if (largest <= .Machine$integer.max) {
    return(as.integer(texts))
  }
  # 2^53 itself may have been 2^53 + 1.
  if (largest < 2^53) {
    return(values)
  }
  require_package("bit64", phrase("read_integer64"))
  exact <- suppressWarnings(bit64::as.integer64(texts))
  if (all(is.na(texts) | (!is.na(exact) & as.character(exact) == texts))) {
    exact
  } else {
    texts
  }
}

# Write a table: RFC 4180, numbers with all the digits that tell them apart.
write_delimited <- function(
  frame,
  path,
  sep = ",",
  decimal = ".",
  encoding = "UTF-8",
  na = ""
) {
  quoted <- function(x) {
    risky <- grepl(paste0("[\"\r\n", sep, "]"), x)
    x[risky] <- paste0("\"", gsub("\"", "\"\"", x[risky], fixed = TRUE), "\"")
    x
  }
  column <- function(x) {
    texts <- quoted(as_text(x, decimal))
    texts[is.na(x)] <- na
    # Of a single column, an empty line would be none.
    if (length(frame) == 1) ifelse(nzchar(texts), texts, "\"\"") else texts
  }
  rows <- if (nrow(frame)) do.call(paste, c(unname(lapply(frame, column)), sep = sep))
  lines <- c(paste(quoted(enc2utf8(names(frame))), collapse = sep), rows)
  writeBin(encoded(lines, encoding), path)
}

# Lines as bytes of an encoding; "utf-8-sig" begins with a byte order mark, by which
# Excel knows UTF-8.
encoded <- function(lines, encoding) {
  target <- iconv_name(encoding)
  if (target != "utf-8") {
    converted <- iconv(lines, "UTF-8", target)
    if (anyNA(converted)) {
      stop(fill(phrase("not_encoded"), list(encoding = encoding)), call. = FALSE)
    }
    lines <- converted
  }
  bytes <- charToRaw(paste0(lines, "\n", collapse = ""))
  if (grepl("-sig$", tolower(encoding))) {
    c(as.raw(c(0xef, 0xbb, 0xbf)), bytes)
  } else {
    bytes
  }
}

# Python's names are understood too.
iconv_name <- function(encoding) {
  sub("^latin-", "latin", sub("-sig$", "", tolower(encoding)))
}

as_text <- function(x, decimal = ".") {
  if (inherits(x, "POSIXt")) {
    # R's own format truncates: 0.3 s would become 0.299999.
    micros <- round(as.numeric(as.POSIXct(x)) * 1e6)
    whole <- as.POSIXct(micros %/% 1e6, origin = "1970-01-01", tz = "UTC")
    fraction <- sub("0+$", "", sprintf(".%06.0f", micros %% 1e6))
    text <- format(whole, "%Y-%m-%dT%H:%M:%S", tz = "UTC")
    return(paste0(text, ifelse(fraction == ".", "", fraction), "Z"))
  }
  if (is.double(x) && is.null(attr(x, "class"))) {
    texts <- sprintf("%.15g", x)
    finite <- which(is.finite(x))
    inexact <- finite[as.numeric(texts[finite]) != x[finite]]
    texts[inexact] <- sprintf("%.17g", x[inexact])
    return(sub(".", decimal, texts, fixed = TRUE))
  }
  known <- c("factor", "Date", "hms", "integer64", "haven_labelled")
  if (!is.atomic(x) || !(is.null(attr(x, "class")) || inherits(x, known))) {
    stop(fill(phrase("no_text"), list(class = class(x)[[1]])), call. = FALSE)
  }
  enc2utf8(as.character(x))
}
