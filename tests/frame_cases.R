# Columns and frames of every class of R, for the conformance suite.

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
  "hms long" = structure(
    c(-1, NA, 90000),
    units = "secs",
    class = c("hms", "difftime")
  ),
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
  "rows" = list(
    list(a = 1L, b = list(1:2)),
    NULL,
    list(a = NA_integer_, b = list(NULL))
  ),
  labelled = haven::labelled(
    c(1, 2, NA),
    c(oui = 1, non = 2.5),
    label = "R\u00e9ponse"
  ),
  "labelled integer" = haven::labelled(c(1L, NA), c(oui = 1L)),
  "labelled character" = haven::labelled(c("o", NA), c(oui = "o")),
  labelled_spss = haven::labelled_spss(
    c(1, 9, NA),
    c(refus = 9),
    na_range = c(8, Inf)
  ),
  "integer with a label" = structure(c(1L, NA), label = "\u00c2ge"),
  "Date with attributes" = structure(
    as.Date("2024-02-29"),
    label = "Jour",
    units_of = c(a = 0.1, b = NA, c = NaN),
    checked = TRUE
  ),
  data.frame = data.frame(a = c(1L, NA), b = c("x", "y")),
  tibble = tibble::tibble(a = c(1L, NA), b = list(1L, NULL)),
  sfc = sf::st_sfc(sf::st_point(c(1, 2)), sf::st_point(), crs = 4326),
  "sfc Z" = sf::st_sfc(sf::st_point(c(1, 2, 3)), crs = 4979),
  "sfc mixed" = sf::st_sfc(
    sf::st_point(c(1, 2)),
    sf::st_linestring(matrix(c(1, 2, 3, 4), 2)),
    sf::st_geometrycollection(),
    crs = 2154
  ),
  "sfc precision" = sf::st_sfc(sf::st_point(c(1, 2)), precision = 1000)
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
  "sf agr" = sf::st_sf(
    a = 1:2,
    b = 3:4,
    g = sf::st_sfc(sf::st_point(c(1, 2)), sf::st_point()),
    agr = c(a = "constant", b = NA)
  ),
  groups = dplyr::group_by(tibble::tibble(a = c("x", "y"), b = 1:2), a),
  "groups without rows" = dplyr::group_by(
    tibble::tibble(a = factor("x", c("x", "y")), b = 1L),
    a,
    .drop = FALSE
  ),
  rowwise = dplyr::rowwise(tibble::tibble(a = 1:2, b = 3:4), a),
  attributes = structure(data.frame(a = 1:2), label = "Enqu\u00eate", wave = 2:3),
  "no columns" = data.frame(a = 1:3)[, 0],
  nothing = data.frame(),
  names = stats::setNames(data.frame(1, 2, 3, 4), c("a", "a", "", "\u00e9t\u00e9 1"))
)

one_column <- function(x) as_frame(list(x = x))

as_frame <- function(columns) {
  rows <- .set_row_names(NROW(columns[[1]]))
  structure(columns, class = "data.frame", row.names = rows)
}

without_rows <- function(columns) {
  as_frame(lapply(columns, function(x) if (is.data.frame(x)) x[0, ] else x[0]))
}

# What an analyst sees of a class.
class_name <- function(x) {
  switch(class(x)[[1]], sfc_POINT = , sfc_GEOMETRY = "sfc", class(x)[[1]])
}

differences <- function(frame, back) {
  if (data.table::is.data.table(frame)) {
    data.table::setattr(frame, ".internal.selfref", NULL)
    data.table::setattr(back, ".internal.selfref", NULL)
  }
  # Coordinates of an empty point are NA in sf and NaN in WKB.
  is_geometry <- any(vapply(frame, inherits, NA, "sfc"))
  if (identical(frame, back) || (is_geometry && isTRUE(all.equal(frame, back)))) {
    return("none")
  }
  c(
    "they differ",
    as.character(all.equal(frame, back)),
    utils::capture.output(str(back))
  )
}

# Asked for by name, as any variable is.
makeActiveBinding("class_of_x", function() class_name(frame$x), globalenv())
makeActiveBinding("difference", function() differences(frame, back), globalenv())
makeActiveBinding(
  "report",
  function() {
    crossing <- openhexaR:::encode_columns(frame)[[1]]
    names <- list(key = openhexaR:::crossing_reason(crossing), class = class_of_x)
    c(as.list(crossing_report(frame)), names)
  },
  globalenv()
)
