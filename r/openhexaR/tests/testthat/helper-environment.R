# No test sees the machine's own workspace, language or database.
local_clean_env <- function(..., .frame = parent.frame()) {
  found <- names(Sys.getenv())
  ours <- grep(
    "^(WORKSPACE_|HEXA_(?!TEST)|JPY_|JUPYTERHUB_|PG|LC_|LANG)",
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
  driver <- Sys.getenv("HEXA_TEST_DRIVER")
  if (nzchar(driver)) {
    namespace <- asNamespace("openhexaR")
    original <- namespace$is_installed
    others <- setdiff(database_drivers, driver)
    local_is_installed(
      function(packages) !packages %in% others & original(packages),
      .frame
    )
  }
}

# The server that the test run started: it answers from recordings. A token stands for
# who asks: "admin", "viewer", or "nobody", whose token is made up.
local_server <- function(..., caller = "admin", .frame = parent.frame()) {
  url <- Sys.getenv("HEXA_TEST_SERVER_URL")
  if (!nzchar(url)) {
    if (grepl("server", Sys.getenv("HEXA_TEST_REQUIRE"))) {
      stop("no server was given")
    }
    testthat::skip("no server was given")
  }
  tokens <- c(
    admin = "token-workspace-member,-role-admin",
    viewer = "token-workspace-member,-role-viewer",
    nobody = "token-no-valid-login"
  )
  variables <- list(
    HEXA_SERVER_URL = url,
    HEXA_TOKEN = tokens[[caller]],
    HEXA_WORKSPACE = "demo-workspace"
  )
  variables <- utils::modifyList(variables, list(...))
  local_clean_env(!!!variables, .frame = .frame)
}

# A snapshot of errors without what differs from run to run.
expect_errors <- function(code) {
  same <- function(lines) {
    lines <- gsub("127.0.0.1:[0-9]+", "127.0.0.1:8000", lines)
    lines <- gsub(getwd(), "<folder>", lines, fixed = TRUE)
    gsub("(port 1) after.*", "\\1.", lines)
  }
  quoted <- rlang::enquo(code)
  rlang::inject(testthat::expect_snapshot(!!quoted, error = TRUE, transform = same))
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
  local_is_installed(function(packages) packages %in% c(...), .frame)
}

local_is_installed <- function(value, .frame) {
  namespace <- asNamespace("openhexaR")
  original <- namespace$is_installed
  bind <- function(value) {
    unlockBinding("is_installed", namespace)
    assign("is_installed", value, envir = namespace)
    lockBinding("is_installed", namespace)
  }
  bind(value)
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

# Messages name a folder that is another one at each run.
hide_folder <- function(lines) gsub("(/\\S+)?/shared_frames", "<scratch>", lines)
