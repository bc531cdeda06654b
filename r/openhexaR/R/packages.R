#' Name every package that a notebook needs
#'
#' One message for all that are missing, with the command that installs them. Nothing is
#' installed and nothing is attached.
#'
#' @param ... Strings: names of packages.
#' @returns `TRUE`, invisibly.
#' @section Errors: `openhexa_error_missing_packages`, with the names in
#'   `values$packages`.
#' @examples
#' hexa_require("stats", "utils")
#' @export
hexa_require <- function(...) {
  packages <- c(...)
  if (!(is.null(packages) || is.character(packages)) || anyNA(packages)) {
    abort_contract(
      "invalid_argument",
      argument = "...",
      expected = phrase("package_names"),
      actual = class(packages)[[1]]
    )
  }
  missing <- packages[!is_installed(packages)]
  if (length(missing) > 0) {
    abort_contract(
      "missing_packages",
      packages = paste(missing, collapse = ", "),
      command = install_command(missing)
    )
  }
  invisible(TRUE)
}

require_package <- function(package, purpose, call = rlang::caller_env()) {
  if (!is_installed(package)) {
    abort_contract(
      "missing_package",
      package = package,
      purpose = purpose,
      command = install_command(package),
      call = call
    )
  }
}

# Whether each package can be found, without loading it.
is_installed <- function(packages) {
  vapply(
    packages,
    function(package) {
      isNamespaceLoaded(package) || nzchar(system.file(package = package))
    },
    logical(1),
    USE.NAMES = FALSE
  )
}

install_command <- function(packages) {
  paste0("install.packages(", quoted_packages(packages), ")")
}

quoted_packages <- function(packages) {
  names <- paste0("\"", packages, "\"", collapse = ", ")
  if (length(packages) > 1) paste0("c(", names, ")") else names
}
