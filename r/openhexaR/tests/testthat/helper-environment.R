# No test sees the machine's own workspace, language or database.
local_clean_env <- function(..., .frame = parent.frame()) {
  found <- names(Sys.getenv())
  ours <- grep(
    "^(WORKSPACE_|HEXA_(?!TEST)|JPY_|PG|LC_|LANG)",
    found,
    value = TRUE,
    perl = TRUE
  )
  withr::local_envvar(
    rlang::set_names(rep(NA, length(ours)), ours),
    .local_envir = .frame
  )
  withr::local_envvar(LANG = "C.UTF-8", HEXA_LANG = "en", .local_envir = .frame)
  values <- rlang::list2(...)
  if (length(values)) withr::local_envvar(.new = unlist(values), .local_envir = .frame)
}

# The variables of the database that the test run started, as HEXA_TEST_<NAME>.
local_database <- function(..., .frame = parent.frame()) {
  facts <- c("HOST", "PORT", "USERNAME", "PASSWORD", "DB_NAME")
  values <- Sys.getenv(paste0("HEXA_TEST_DATABASE_", facts))
  if (!all(nzchar(values))) {
    if (grepl("postgres", Sys.getenv("HEXA_TEST_REQUIRE"))) {
      stop("no database was given")
    }
    testthat::skip("no database was given")
  }
  names(values) <- paste0("WORKSPACE_DATABASE_", facts)
  local_clean_env(!!!as.list(values), ..., .frame = .frame)
}

# The connection behind `con` is forgotten before and after.
local_con <- function(.frame = parent.frame()) {
  forget <- function() {
    if (!is.null(the$con) && is_open(the$con)) {
      DBI::dbDisconnect(the$con)
    }
    the$con <- NULL
  }
  forget()
  withr::defer(forget(), envir = .frame)
}

# As if only these packages were installed.
local_installed <- function(..., .frame = parent.frame()) {
  namespace <- asNamespace("openhexaR")
  original <- namespace$is_installed
  bind <- function(value) {
    unlockBinding("is_installed", namespace)
    assign("is_installed", value, envir = namespace)
    lockBinding("is_installed", namespace)
  }
  bind(function(packages) packages %in% c(...))
  withr::defer(bind(original), envir = .frame)
}

# An empty workspace; gives the root of its files.
local_file_root <- function(
  root = withr::local_tempdir(.local_envir = .frame),
  .frame = parent.frame()
) {
  scratch <- withr::local_tempdir(.local_envir = .frame)
  local_clean_env(
    WORKSPACE_FILES_PATH = root,
    WORKSPACE_TMP_PATH = scratch,
    .frame = .frame
  )
  root
}

# What was said once in the session may be said again.
local_unwarned <- function(.frame = parent.frame()) {
  forget <- function() the$warned <- NULL
  forget()
  withr::defer(forget(), envir = .frame)
}

# Variables of a notebook, as papermill writes them.
local_injected <- function(..., .frame = parent.frame()) {
  values <- rlang::list2(...)
  list2env(values, envir = globalenv())
  withr::defer(rm(list = names(values), envir = globalenv()), envir = .frame)
}
