#' A parameter of the notebook, with its default
#'
#' The value that papermill injected, else the default.
#'
#' `year <- notebook_parameter("year", 2024L)` may be run again with another default: a
#' variable that still holds the default given before was not injected.
#'
#' @param name String: name of the parameter, that is of a variable in the global
#'   environment. papermill takes leading underscores off.
#' @param default The value without papermill, and the type that an injected one must
#'   have. `NULL` takes anything.
#' @returns The injected value, of the type of `default`: a whole number becomes an
#'   integer, an integer a double, and ISO 8601 text a `Date` or `POSIXct` where the
#'   default is one, in the default's time zone. papermill writes a list as `list(...)`:
#'   it becomes a vector where the default is one, with `NA` for its nulls. `NULL` and
#'   functions are no values: the default takes their place.
#' @section Errors: `openhexa_error_parameter_type` if the injected value is of another
#'   type. The elements of a list are looked at only where they become a vector.
#' @source papermill 2.7, <https://papermill.readthedocs.io>: it translates values to R.
#' @examples
#' notebook_parameter("year", 2024L)
#' notebook_parameter("districts", c("Bobo", "Dori"))
#' @export
notebook_parameter <- function(name, default = NULL) {
  check_string(name)
  value <- injected_value(name)
  if (is.null(value)) {
    the$defaults[[name]] <- list(default) # of its own, so that NULL can be kept
    return(default)
  }
  converted <- like_default(value, default)
  if (is.null(converted)) {
    abort_contract(
      "parameter_type",
      parameter = name,
      expected = describe_default(default),
      actual = describe_value(value)
    )
  }
  converted
}

injected_value <- function(name) {
  bare <- sub("^_+", "", name)
  value <- if (nzchar(bare)) globalenv()[[bare]]
  given_before <- identical(list(value), the$defaults[[name]])
  if (is.function(value) || given_before) NULL else repair_text(value)
}

# papermill writes é as "\xe9", which R takes for a byte: as it happens, of Latin-1.
repair_text <- function(value) {
  if (is.character(value)) {
    broken <- !validUTF8(value)
    value[broken] <- iconv(value[broken], "latin1", "UTF-8")
  } else if (is.list(value) && !is.object(value)) {
    value[] <- lapply(value, repair_text)
    if (is_dict(value)) names(value) <- repair_text(names(value))
  }
  value
}

# The value in the default's type, or NULL.
like_default <- function(value, default) {
  if (is.null(default)) {
    return(value)
  }
  if (!is_vector(default)) {
    same_kind <- identical(class(value), class(default)) &&
      (is_dict(value) == is_dict(default) || 0 %in% lengths(list(value, default)))
    return(if (same_kind) value)
  }
  if (is.list(value)) flatten_value(value, default) else convert_value(value, default)
}

# What papermill's lists become: vectors without a class, dates and times.
is_vector <- function(x) {
  is.atomic(x) && (!is.object(x) || inherits(x, c("Date", "POSIXct")))
}

is_dict <- function(x) !is.null(names(x))

flatten_value <- function(value, default) {
  if (length(value) == 0) {
    return(default[0])
  }
  elements <- lapply(value, function(element) {
    if (is.null(element)) {
      return(default[NA_integer_])
    }
    if (is.atomic(element) && length(element) == 1) convert_value(element, default)
  })
  if (is_dict(value) != is_dict(default) || any(vapply(elements, is.null, NA))) {
    return(NULL)
  }
  do.call(c, elements)
}

convert_value <- function(value, default) {
  if (identical(class(value), class(default))) {
    return(value)
  }
  if (is.object(default)) {
    return(if (is.character(value)) parse_iso(value, default))
  }
  if (fits(value, typeof(default))) {
    storage.mode(value) <- typeof(default) # which keeps names
    value
  }
}

# Whether numbers stay what they are in a type.
fits <- function(value, type) {
  if (!is.numeric(value) || is.object(value)) {
    return(FALSE)
  }
  whole <- value == trunc(value) & abs(value) <= .Machine$integer.max
  switch(type, double = TRUE, integer = all(whole | is.na(value)), FALSE)
}

# Text as a Date or POSIXct, or NULL when some of it is none.
parse_iso <- function(text, default) {
  if (inherits(default, "Date")) {
    valid <- grepl(DATE, text)
    time <- as.Date(text[all(valid)], format = "%Y-%m-%d")
  } else {
    valid <- grepl(DATE, text) | grepl(TIME, text) | grepl(ZONED, text)
    time <- parse_time(text[all(valid)], c(attr(default, "tzone"), "")[[1]])
  }
  if (all(valid) && !anyNA(time)) time
}

describe_default <- function(default) {
  if (inherits(default, "Date")) {
    return(phrase("an_iso_date"))
  }
  if (inherits(default, "POSIXct")) {
    return(phrase("an_iso_datetime"))
  }
  describe_value(default)
}

# A class; for a list also whether it has names, and the classes of its elements.
describe_value <- function(value) {
  if (!is.list(value) || is.object(value)) {
    return(class(value)[[1]])
  }
  classes <- unique(vapply(value, function(element) class(element)[[1]], ""))
  if (is_dict(value)) {
    classes <- paste("name =", classes)
  }
  paste0("list(", paste(classes, collapse = ", "), ")")
}
