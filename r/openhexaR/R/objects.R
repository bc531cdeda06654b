# Objects in the shape of the SDK's: locked environments whose properties are read at
# each access. `members` are values and functions, `properties` functions to call.
# A property given as a list of two functions, `read` and `write`, may be assigned to.
new_object <- function(class, members = list(), properties = list()) {
  self <- new.env(parent = emptyenv())
  list2env(members, envir = self)
  for (name in names(properties)) {
    makeActiveBinding(name, property_binding(properties[[name]]), self)
  }
  lockEnvironment(self)
  writable <- names(Filter(is.list, properties))
  for (name in setdiff(ls(self), writable)) {
    lockBinding(name, self)
  }
  structure(self, class = c(paste0("openhexa_", class), "openhexa_object"))
}

property_binding <- function(property) {
  if (is.function(property)) {
    return(function() property())
  }
  function(value) if (missing(value)) property$read() else property$write(value)
}

# A name that is mistyped is no NULL.
#' @export
`$.openhexa_object` <- function(x, name) x[[name]]

#' @export
`[[.openhexa_object` <- function(x, i, ...) {
  if (!exists(i, envir = x, inherits = FALSE)) {
    abort_contract(
      "member_not_found",
      member = i,
      object = format(x)[[1]],
      members = paste(ls(x), collapse = ", "),
      call = NULL
    )
  }
  get(i, envir = x, inherits = FALSE)
}

#' @export
print.openhexa_object <- function(x, ...) {
  writeLines(format(x))
  invisible(x)
}

#' @export
summary.openhexa_object <- function(object, ...) object

#' @importFrom utils str
#' @export
str.openhexa_object <- function(object, ...) writeLines(format(object))
