# Columns of every class of R, and a loop that runs the lines of the conformance suite.

encode_columns <- openhexaR:::encode_columns
crossing_reason <- openhexaR:::crossing_reason

zoned <- function(x, zone) as.POSIXct(x, tz = "UTC") |> structure(tzone = zone)

cases <- list(
  logical = c(TRUE, NA, FALSE),
  "logical missing" = c(NA, NA),
  integer = c(1L, NA, -.Machine$integer.max),
  double = c(0.1, NA, Inf, -0, 5e-324),
  "double NaN" = c(1.5, NaN, NA),
  integer64 = bit64::as.integer64(c("9007199254740993", NA, "1")),
  character = c("", NA, "Ab\u00e9ch\u00e9", strrep("x", 2^20)),
  "character missing" = c(NA_character_, NA),
  "character AsIs" = I(c("a", NA)),
  factor = factor(c("b", NA, "\u00e9"), levels = c("b", "\u00e9", "unused")),
  ordered = factor(c("b", NA), levels = c("b", "a"), ordered = TRUE),
  Date = as.Date(c("1853-02-28", NA, "2024-02-29")),
  "Date integer" = structure(c(1L, NA), class = "Date"),
  IDate = data.table::as.IDate(c("1853-02-28", NA)),
  POSIXct = zoned(c("2024-10-27 00:30", "2024-10-27 01:30", NA), "Europe/Paris"),
  "POSIXct local" = structure(c(1e9 + 0.25, NA), class = c("POSIXct", "POSIXt")),
  "POSIXct blank" = zoned(c("1899-12-31 23:59:59.5", NA), ""),
  "POSIXct fine" = structure(
    c(1732484123.1234567, NA),
    class = c("POSIXct", "POSIXt"),
    tzone = "UTC"
  ),
  "difftime secs" = as.difftime(c(0.000001, NA), units = "secs"),
  "difftime days" = as.difftime(c(-1.5, NA), units = "days"),
  hms = structure(c(0, NA, 86399.999999), units = "secs", class = c("hms", "difftime")),
  "hms long" = structure(c(-1, NA, 90000), units = "secs", class = c("hms", "difftime")),
  ITime = data.table::as.ITime(c("23:59:59", NA)),
  raw = list(as.raw(c(0, 255)), NULL, raw()),
  blob = blob::blob(as.raw(0), NULL, raw()),
  list = list(1:2, NULL, integer(), NA_integer_),
  "list of character" = list(c("a", NA), NULL),
  "list of Date" = list(as.Date("1960-01-01"), NULL),
  "list of lists" = list(list(1.5, NULL), NULL, list()),
  "list of data frames" = list(data.frame(a = 1:2, b = c("x", NA)), NULL),
  "list of tibbles" = list(tibble::tibble(a = 1L), NULL, tibble::tibble(a = 2:3)),
  "list missing" = list(NULL, NULL),
  "rows" = list(list(a = 1L, b = list(1:2)), NULL, list(a = NA_integer_, b = list(NULL))),
  data.frame = data.frame(a = c(1L, NA), b = c("x", "y")),
  tibble = tibble::tibble(a = c(1L, NA), b = list(1L, NULL)),
  sfc = sf::st_sfc(sf::st_point(c(1, 2)), sf::st_point(), crs = 4326),
  "sfc Z" = sf::st_sfc(sf::st_point(c(1, 2, 3)), crs = 4979),
  "sfc mixed" = sf::st_sfc(
    sf::st_point(c(1, 2)),
    sf::st_linestring(matrix(c(1, 2, 3, 4), 2)),
    sf::st_geometrycollection(),
    crs = 2154
  )
)

frames <- list(
  data.frame = data.frame(a = 1:2),
  tibble = tibble::tibble(a = 1:2, `a b` = list(1L, NULL)),
  data.table = data.table::data.table(a = 1:2),
  sf = sf::st_sf(
    a = 1:2,
    one = sf::st_sfc(sf::st_point(c(1, 2)), sf::st_point(c(3, 4)), crs = 4326),
    two = sf::st_sfc(sf::st_point(c(1, 2)), sf::st_point(c(3, 4)), crs = 2154),
    sf_column_name = "two",
    sfc_last = FALSE
  ),
  "sf tibble" = sf::st_sf(
    tibble::tibble(g = sf::st_sfc(sf::st_point(c(1, 2))), a = 1L)
  ),
  "no columns" = data.frame(a = 1:3)[, 0],
  nothing = data.frame(),
  names = stats::setNames(data.frame(1, 2, 3, 4), c("a", "a", "", "\u00e9t\u00e9 1"))
)

one_column <- function(x, rows = NULL) {
  frame <- structure(
    list(x = x),
    class = "data.frame",
    row.names = .set_row_names(NROW(x))
  )
  if (is.null(rows)) frame else frame[seq_len(rows), , drop = FALSE]
}

put <- function(frame, path) {
  nanoarrow::write_nanoarrow(to_wire(frame), path)
  path
}
get_frame <- function(path) from_wire(nanoarrow::read_nanoarrow(path))

# What an analyst sees of a class.
class_name <- function(x) {
  switch(class(x)[[1]], sfc_POINT = , sfc_GEOMETRY = "sfc", class(x)[[1]])
}

cross <- function(from, to) {
  frame <- get_frame(from)
  put(frame, to)
  as.list(vapply(frame, class_name, ""))
}

differences <- function(frame, path) {
  back <- get_frame(path)
  if (data.table::is.data.table(frame)) {
    data.table::setattr(frame, ".internal.selfref", NULL)
    data.table::setattr(back, ".internal.selfref", NULL)
  }
  # Coordinates of an empty point are NA in sf and NaN in WKB.
  is_geometry <- any(vapply(frame, inherits, NA, "sfc"))
  if (identical(frame, back) || (is_geometry && isTRUE(all.equal(frame, back)))) {
    return("none")
  }
  c("they differ", as.character(all.equal(frame, back)), utils::capture.output(str(back)))
}

serve <- function() {
  input <- file("stdin", "r")
  while (length(line <- readLines(input, 1)) > 0) {
    answer <- tryCatch(
      list(value = eval(parse(text = jsonlite::fromJSON(line)))),
      error = function(e) {
        list(error = class(e)[[1]], values = e$values, message = conditionMessage(e))
      }
    )
    cat(jsonlite::toJSON(answer, auto_unbox = TRUE, null = "null"), "\n", sep = "")
  }
}
