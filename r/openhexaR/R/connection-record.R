# The record of a connection: an object whose secrets no way of showing it shows.

# Open fields are the record's elements; secret ones live in an environment, which
# print(), str(), dput(), unlist() and as.list() do not look into.
new_connection <- function(type, identifier, fields) {
  entries <- contract()$connections[[type]]$fields
  is_open <- vapply(entries, function(e) !isTRUE(e$secret), logical(1))
  open <- vapply(entries[is_open], `[[`, character(1), "name")
  secret <- if (type == "CUSTOM") names(fields) else setdiff(names(fields), open)
  structure(
    c(list(identifier = identifier), fields[intersect(names(fields), open)]),
    fields = names(fields),
    type = type,
    secrets = list2env(fields[secret], parent = emptyenv()),
    class = c(paste0("openhexa_", tolower(type), "_connection"), "openhexa_connection")
  )
}

# `$fields` is every field by its name, also where that name is `fields` or `api-key`.
#' @export
`$.openhexa_connection` <- function(x, name) {
  if (name == "fields") new_fields(x) else x[[name]]
}

#' @export
`[[.openhexa_connection` <- function(x, i, ...) {
  if (is.character(i) && i %in% attr(x, "fields")) {
    secrets <- attr(x, "secrets")
    if (exists(i, envir = secrets, inherits = FALSE)) {
      return(get(i, envir = secrets, inherits = FALSE))
    }
  }
  if (inherits(x, "openhexa_postgresql_connection") && identical(i, "url")) {
    return(postgresql_url(x))
  }
  plain <- unclass(x)
  check_field(x, i)
  plain[[i]]
}

# Composed as the SDK does, but percent-encoded and without the text "None".
postgresql_url <- function(x) {
  encode <- function(text) utils::URLencode(text, reserved = TRUE)
  paste0(
    "postgresql://",
    encode(x$username),
    if (!is.null(x$password)) paste0(":", encode(x$password)),
    "@",
    x$host,
    ":",
    x$port,
    "/",
    encode(x$database_name)
  )
}

# A custom connection may or may not have a field; of the others we know them all.
check_field <- function(x, i, call = rlang::caller_env(2)) {
  known <- c(names(unclass(x)), attr(x, "fields"))
  if (is.character(i) && attr(x, "type") != "CUSTOM" && !i %in% known) {
    abort_contract(
      "field_not_found",
      field = i,
      identifier = unclass(x)$identifier,
      fields = paste(names(x), collapse = ", "),
      call = call
    )
  }
}

#' @export
`$<-.openhexa_connection` <- function(x, name, value) {
  abort_contract("record_read_only", identifier = unclass(x)$identifier)
}

#' @export
`[[<-.openhexa_connection` <- `$<-.openhexa_connection`

#' @export
length.openhexa_connection <- function(x) length(names(x))

#' @export
names.openhexa_connection <- function(x) c("identifier", attr(x, "fields"))

#' @importFrom utils .DollarNames
#' @export
.DollarNames.openhexa_connection <- function(x, pattern = "") {
  grep(pattern, names(x), value = TRUE)
}

#' @export
format.openhexa_connection <- function(x, ...) {
  shown <- unclass(x)
  hidden <- ls(attr(x, "secrets"))
  values <- vapply(
    attr(x, "fields"),
    function(name) {
      if (name %in% hidden) "<hidden>" else as.character(or_dash(shown[[name]]))
    },
    character(1)
  )
  c(
    paste0("<", attr(x, "type"), " connection ", shown$identifier, ">"),
    paste0(format(attr(x, "fields")), "  ", values, recycle0 = TRUE)
  )
}

#' @export
print.openhexa_connection <- function(x, ...) {
  writeLines(format(x))
  invisible(x)
}

#' @export
summary.openhexa_connection <- function(object, ...) object

#' @export
str.openhexa_connection <- function(object, ...) writeLines(format(object))

#' @export
as.list.openhexa_connection <- function(x, ...) {
  plain <- unclass(x)
  names <- names(plain)
  attributes(plain) <- NULL
  names(plain) <- names
  plain
}

# The fields of a connection by their names, whatever these are: `conn$fields[["1st"]]`.
# An environment, which print(), str(), dput() and unlist() do not look into.
new_fields <- function(record) {
  names <- attr(record, "fields")
  values <- lapply(rlang::set_names(names), function(name) record[[name]])
  structure(
    list2env(Filter(Negate(is.null), values), parent = emptyenv()),
    fields = names,
    identifier = record$identifier,
    class = "openhexa_fields"
  )
}

#' @export
`$.openhexa_fields` <- function(x, name) x[[name]]

#' @export
`[[.openhexa_fields` <- function(x, i, ...) {
  if (!i %in% names(x)) {
    abort_contract(
      "field_not_found",
      field = i,
      identifier = attr(x, "identifier"),
      fields = toString(names(x)),
      call = NULL
    )
  }
  get0(i, envir = x, inherits = FALSE)
}

#' @export
names.openhexa_fields <- function(x) attr(x, "fields")

#' @export
length.openhexa_fields <- function(x) length(names(x))

#' @export
as.list.openhexa_fields <- function(x, ...) as.list(names(x))

#' @export
.DollarNames.openhexa_fields <- .DollarNames.openhexa_connection

#' @export
format.openhexa_fields <- function(x, ...) {
  paste0("<", fill(phrase("field_names"), list(names = toString(names(x)))), ">")
}

#' @export
print.openhexa_fields <- print.openhexa_connection

#' @export
summary.openhexa_fields <- function(object, ...) object

#' @export
str.openhexa_fields <- str.openhexa_connection
