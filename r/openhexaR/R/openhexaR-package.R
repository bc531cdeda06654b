#' @keywords internal
"_PACKAGE"

# State of the session: what was read once, and the open connection behind `con`.
the <- new.env(parent = emptyenv())

.onLoad <- function(libname, pkgname) {
  # An environment with active bindings cannot be stored when the package is built.
  assign("workspace", new_workspace(), envir = topenv())
}

.onAttach <- function(libname, pkgname) {
  # Next to the exported names, so that rm(list = ls()) keeps it and detach() takes
  # it away. Without this mark, library() would open the database to see whether
  # `con` is a function that masks another.
  package <- as.environment(paste0("package:", pkgname))
  assign(".conflicts.OK", TRUE, envir = package)
  makeActiveBinding("con", function() startup_connection(), package)
}
