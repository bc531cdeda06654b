# Texts and the values they stand for: the rule by which csv is typed, and back.

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
    # JSON has no .5 and no 5.
    numbers <- sub("^(-?)[.]", "\\10.", pointed(texts))
    return(exact_doubles(sub("[.](?=[eE]|$)", "", numbers, perl = TRUE)))
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

# The double nearest to each text, which R's as.numeric() misses now and then by the
# last bit; jsonlite reads by the C library. JSON has no NaN and no infinity.
exact_doubles <- function(texts) {
  values <- suppressWarnings(as.numeric(texts))
  finite <- is.finite(values)
  json <- paste0("[", paste(texts[finite], collapse = ","), "]")
  values[finite] <- as.numeric(jsonlite::fromJSON(json))
  values
}

DATE <- "^[0-9]{4}-[0-9]{2}-[0-9]{2}$"
TIME <- "^[0-9]{4}-[0-9]{2}-[0-9]{2}[ T][0-9]{2}:[0-9]{2}(:[0-9]{2}([.][0-9]{1,6})?)?$"
ZONED <- sub("$", "(Z|[+-][0-9]{2}:?[0-9]{2})$", sub("[$]$", "", TIME))

# As POSIXct, shown in `zone`, which is that of texts without one.
parse_time <- function(text, zone) {
  # R 4.2 reads +0100, and neither +01:00 nor Z.
  text <- sub("Z$", "+0000", sub(" ", "T", text, fixed = TRUE))
  text <- sub("([+-][0-9]{2}):([0-9]{2})$", "\\1\\2", text)
  zoned <- grepl("T.*[+-]", text)
  text <- sub("^([^T]*)$", "\\1T00:00", text)
  text <- sub("T([0-9]{2}:[0-9]{2})($|[+-])", "T\\1:00\\2", text)
  format <- paste0("%Y-%m-%dT%H:%M:%OS", ifelse(zoned, "%z", ""))
  as.POSIXct(strptime(text, format, tz = zone), tz = zone)
}

# One text for each value, or an error: numbers with all the digits they need,
# times in UTC.
as_text <- function(x, decimal = ".") {
  if (length(dim(x)) > 1) {
    stop(fill(phrase("no_text"), list(class = class(x)[[1]])), call. = FALSE)
  }
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
    inexact <- which(exact_doubles(texts) != x)
    texts[inexact] <- sprintf("%.17g", x[inexact])
    return(sub(".", decimal, texts, fixed = TRUE))
  }
  known <- c("factor", "Date", "hms", "integer64", "haven_labelled")
  if (!is.atomic(x) || !(is.null(attr(x, "class")) || inherits(x, known))) {
    stop(fill(phrase("no_text"), list(class = class(x)[[1]])), call. = FALSE)
  }
  texts <- as.character(x)
  if (!all(validUTF8(texts) | Encoding(texts) == "latin1")) {
    stop(fill(phrase("not_encoded"), list(encoding = "UTF-8")), call. = FALSE)
  }
  enc2utf8(texts)
}
