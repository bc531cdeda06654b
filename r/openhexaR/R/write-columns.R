# Which type a column of R gets in a new table, and whether it fits one that is there.

# `memory`: what db_read() remembers of the columns.
new_type <- function(x, where, known) {
  kind <- column_kind(x)
  if (is.null(kind)) {
    abort_column(x, where)
  }
  if (!is.null(known$postgres) && identical(known$kind, memory_kind(x))) {
    whole <- kind != "number" || all(are_whole(x))
    if (whole) {
      return(known$postgres)
    }
  }
  x <- without_asis(x)
  switch(
    kind,
    logical = "boolean",
    number = number_type(x),
    text = ,
    factor = "text",
    date = "date",
    time = "timestamptz",
    duration = "interval",
    time_of_day = if (is_clock(x)) "time" else "interval",
    list = list_type(x, where),
    geometry = geometry_type(x, where),
    abort_column(x, where)
  )
}

number_type <- function(x) {
  if (inherits(x, "integer64")) {
    "bigint"
  } else if (is.integer(x)) {
    "integer"
  } else {
    "double precision"
  }
}

list_type <- function(x, where) {
  x <- unclass_list(x)
  if (is_raw_list(x)) {
    return("bytea")
  }
  paste0(new_type(list_elements(x, where), where, NULL), "[]")
}

geometry_type <- function(x, where) {
  present <- x[!(sf::st_is_empty(x) & sf::st_geometry_type(x) == "GEOMETRYCOLLECTION")]
  kinds <- unique(as.character(sf::st_geometry_type(present)))
  kind <- if (length(kinds) == 1) kinds else "GEOMETRY"
  dimensions <- unique(vapply(present, function(one) class(one)[[1]], ""))
  if (length(dimensions) > 1) {
    return("geometry") # PostGIS has no type for both
  }
  suffix <- sub("^XY", "", c(dimensions, "XY")[[1]])
  sprintf("geometry(%s%s, %d)", kind, suffix, crs_number(x, where))
}

is_clock <- function(x) {
  seconds <- as.double(unclass(x))
  all(is.na(seconds) | (seconds >= 0 & seconds < 86400))
}

are_whole <- function(x) {
  if (!is.double(x) || inherits(x, "integer64")) {
    return(TRUE)
  }
  x <- as.vector(x)
  (is.na(x) & !is.nan(x)) | (is.finite(x) & x == floor(x))
}

# The kinds of R's columns that each type of PostgreSQL takes.
TAKES <- list(
  bool = "logical",
  int2 = "number",
  int4 = "number",
  int8 = "number",
  float4 = "number",
  float8 = "number",
  numeric = c("number", "text"),
  text = c("text", "factor"),
  varchar = c("text", "factor"),
  bpchar = c("text", "factor"),
  date = "date",
  timestamp = "time",
  timestamptz = "time",
  time = "time_of_day",
  interval = c("duration", "time_of_day", "text"),
  bytea = "list",
  geometry = "geometry",
  geography = "geometry"
)

# The limits of integers, which the server would name without their column.
LIMITS <- c(int2 = 2^15, int4 = 2^31, int8 = 2^63)

# The column as its type takes it, or NULL where it does not fit.
fit_column <- function(x, type, where) {
  kind <- column_kind(x)
  if (is.null(kind)) {
    abort_column(x, where)
  }
  x <- without_asis(x)
  if (inherits(x, "integer64")) {
    require_package("bit64", phrase("hold_big_integers"), call = NULL)
  }
  if (kind == "logical" && type$name != "bool" && all(is.na(x))) {
    return(rep(NA_character_, length(x)))
  }
  if (!kind %in% kinds_taken(type) || !values_fit(x, kind, type$name)) {
    return(NULL)
  }
  check_range(x, type, where)
  x
}

check_range <- function(x, type, where) {
  if (type$name %in% names(LIMITS)) {
    check_limits(x, type$name, where)
  }
  if (type$name == "numeric") {
    check_decimals(x, type$shown, where)
  }
}

# Enumerations, json, uuid and the like are read from text, by the server.
kinds_taken <- function(type) {
  known <- TAKES[[type$name]]
  if (!is.null(known)) {
    return(known)
  }
  if (nzchar(type$element)) "list" else c("text", "factor")
}

DECIMAL <- "^-?(([0-9]+[.]?[0-9]*|[.][0-9]+)|NaN|Inf.*)$"

values_fit <- function(x, kind, type) {
  if (type %in% names(LIMITS)) {
    return(all(are_whole(x)))
  }
  if (type == "numeric" && kind == "text") {
    return(all(is.na(x) | grepl(DECIMAL, x)))
  }
  type != "bytea" || is_raw_list(x)
}

check_limits <- function(x, type, where) {
  if (inherits(x, "integer64")) {
    if (type == "int8") {
      return(invisible())
    }
    x <- suppressWarnings(bit64::as.double.integer64(x)) # rounded, far outside
  }
  limit <- LIMITS[[type]]
  values <- as.vector(x)
  outside <- !is.na(values) & (values < -limit | values >= limit)
  if (any(outside)) {
    found <- unique(values[outside])
    wider <- if (type == "int8") "numeric" else "bigint"
    abort_out_of_range(where, type, sprintf("%.0f", found), wider)
  }
}

abort_out_of_range <- function(where, type, found, wider) {
  abort_contract(
    "value_out_of_range",
    column = where,
    type = type,
    values = toString(utils::head(found, 3)),
    remedy = sprintf("dtype = c(%s = \"%s\")", where, wider),
    call = NULL
  )
}

# The server rounds to a declared scale, and says nothing. One below zero counts the
# digits before the point that are zero.
check_decimals <- function(x, type, where) {
  scale <- regmatches(type, regexec("^numeric\\([0-9]+,(-?[0-9]+)\\)$", type))[[1]][2]
  if (is.na(scale)) {
    return(invisible())
  }
  scale <- as.integer(scale)
  if (is.double(x) && !inherits(x, "integer64")) {
    x <- as.vector(x)
    changes <- is.finite(x) & round(x, scale) != x
    found <- sprintf("%.15g", x[changes])
  } else {
    x <- as.character(x)
    changes <- !is.na(x) & count_decimals(x) > scale
    found <- x[changes]
  }
  if (any(changes)) {
    abort_out_of_range(where, type, unique(found), "numeric")
  }
}

# The decimals that numbers need, as text: below zero, the zeros that end a whole one.
count_decimals <- function(text) {
  fraction <- sub("0+$", "", sub("^[^.]*[.]?", "", text))
  whole <- sub("[.].*", "", text)
  zeros <- nchar(whole) - nchar(sub("0+$", "", whole))
  is_zero <- !grepl("[1-9]", whole)
  ifelse(nzchar(fraction), nchar(fraction), ifelse(is_zero, -Inf, -zeros))
}

# The frame's columns in the table's types and order, or one error for all that do not
# fit. `table`: a row for each column of the table.
fit_frame <- function(frame, table, name, call) {
  columns <- unclass_list(frame)
  names <- enc2utf8(names(frame))
  places <- match(names, table$column)
  fitted <- vector("list", length(columns))
  problems <- character()
  for (at in seq_along(columns)) {
    type <- table[places[[at]], ]
    if (is.na(places[[at]])) {
      problem <- fill(phrase("column_unknown"), list(name = names[[at]]))
      problems <- c(problems, problem)
      next
    }
    value <- blame(call, fit_column(columns[[at]], type, names[[at]]))
    if (is.null(value)) {
      given <- list(
        name = names[[at]],
        wanted = type$shown,
        given = class(columns[[at]])[[1]]
      )
      problems <- c(problems, fill(phrase("column_wanted"), given))
    } else {
      fitted[[at]] <- value
    }
  }
  required <- setdiff(table$column[table$required], names)
  for (column in required) {
    problems <- c(problems, fill(phrase("column_required"), list(name = column)))
  }
  if (length(problems) > 0) {
    shown <- toString(problems)
    abort_contract(
      "column_mismatch",
      table = show_name(name),
      columns = shown,
      call = call
    )
  }
  list(columns = fitted, table = table[places, , drop = FALSE])
}
