# What a notebook needs on this machine, whether it is there, and what mends it: the
# checks, in the order in which they are shown.

quick_steps <- function() {
  list(
    r = check_r,
    r_packages = check_packages,
    files = check_files,
    scratch = function() check_folder("scratch", env_path("tmp_path")),
    place = check_place,
    shared_memory = check_memory,
    token = check_token,
    storage = check_storage,
    proj = function() check_data("proj", c("proj_data", "proj_lib"), "proj.db"),
    gdal = function() check_data("gdal", "gdal_data", "gdalvrt.xsd"),
    locale = check_locale
  )
}

# These wait for others; each gives up by itself.
slow_steps <- function() {
  list(database = check_database, server = check_server, python = check_python)
}

# Run all, one after the other; one that breaks stops no other.
examine <- function(full) {
  steps <- c(quick_steps(), if (full) slow_steps())
  checks <- lapply(names(steps), function(name) {
    found <- run_check(check_title(name), steps[[name]])
    if (!is.null(found) && !any(nzchar(found$name))) {
      found$name <- name
    }
    found
  })
  do.call(rbind, checks)
}

check_title <- function(name) contract()$checks[[name]][[message_language()]]

# What a check found: the contract's texts, filled in, with the remedy. That is R's
# where R itself is to change, such as its working directory, else the shell's.
finding <- function(check, code, ...) {
  values <- list(...)
  entry <- contract()$findings[[code]]
  language <- message_language()
  quote <- if (is.null(entry$r)) shQuote else function(text) deparse(text)
  # Where the command does nothing, as without a hub, there is the advice.
  here <- is.null(entry$where) || !is.null(env_lookup(entry$where))
  command <- if (here) entry$r %||% entry$command
  quoted <- lapply(values, function(value) {
    if (inherits(value, "AsIs")) value else quote(as.character(value))
  })
  advice <- entry$advice[[language]]
  remedy <- if (is.null(advice)) "" else fill(advice, values)
  new_check(
    check_title(check),
    entry$state,
    fill(entry[[language]], values),
    if (is.null(command)) remedy else fill(command, quoted),
    is_command = !is.null(command),
    name = check,
    code = code
  )
}

check_r <- function() {
  program <- file.path(R.home("bin"), "R")
  finding("r", "r_fine", version = as.character(getRversion()), path = program)
}

needed_packages <- c(
  "DBI",
  "httr2",
  "jsonlite",
  "rlang",
  "IRkernel",
  "nanoarrow",
  "bit64"
)

check_packages <- function() {
  driver <- c(database_drivers[is_installed(database_drivers)], "")[[1]]
  missing <- needed_packages[!is_installed(needed_packages)]
  missing <- c(missing, if (!nzchar(driver)) database_drivers[[1]])
  if (length(missing) > 0) {
    packages <- paste(missing, collapse = ", ")
    names <- I(quoted_packages(missing))
    return(finding(
      "r_packages",
      "packages_missing",
      packages = packages,
      names = names
    ))
  }
  finding(
    "r_packages",
    "packages_fine",
    version = as.character(utils::packageVersion("openhexaR")),
    driver = driver,
    library = dirname(system.file(package = "openhexaR"))
  )
}

check_data <- function(check, facts, file) {
  paths <- unlist(lapply(rlang::set_names(facts), env_lookup))
  for (fact in names(paths)) {
    folders <- strsplit(paths[[fact]], .Platform$path.sep, fixed = TRUE)[[1]]
    if (!any(file.exists(file.path(folders, file)))) {
      return(finding(
        check,
        "data_wrong",
        variable = env_variable(fact),
        path = paths[[fact]],
        file = file
      ))
    }
  }
  if (length(paths) == 0) {
    return(finding(check, "data_unset", variable = env_variable(facts[[1]])))
  }
  finding(check, "data_fine", path = paths[[1]])
}

check_locale <- function() {
  known <- l10n_info()
  charset <- if (known[["UTF-8"]]) "UTF-8" else c(known$codeset, "?")[[1]]
  code <- if (known[["UTF-8"]]) "locale_fine" else "locale_not_utf8"
  finding("locale", code, charset = charset)
}

# Python and the kernels, of which the command knows; NULL where it is not installed.
check_python <- function() {
  program <- Sys.which("hexa-kernels")
  if (!nzchar(program)) {
    return(NULL)
  }
  before <- Sys.getenv("LD_LIBRARY_PATH", NA)
  Sys.unsetenv("LD_LIBRARY_PATH") # R's own, by which Python would find another one
  on.exit(if (!is.na(before)) Sys.setenv(LD_LIBRARY_PATH = before))
  lines <- suppressWarnings(
    system2(program, c("doctor", "--json"), stdout = TRUE, stderr = FALSE, timeout = 90)
  )
  found <- jsonlite::fromJSON(lines)$checks
  found[found$name %in% c("python", "kernels", "kernel_start"), ]
}

check_database <- function() {
  if (is.null(env_lookup("database_host"))) {
    variable <- env_variable("database_host")
    return(finding("database", "database_none", variable = variable))
  }
  place <- sub("^[^@]*@", "", database_label())
  connection <- tryCatch(
    open_database(),
    openhexa_error_database_unreachable = identity
  )
  if (inherits(connection, "error")) {
    folder <- dirname(env_path("files_path"))
    if (!file.exists(file.path(folder, "workspace.yaml"))) {
      rlang::cnd_signal(connection)
    }
    return(finding("database", "database_stopped", place = place, folder = folder))
  }
  on.exit(DBI::dbDisconnect(connection))
  version <- DBI::dbGetQuery(connection, "SHOW server_version")[[1]]
  times <- replicate(3, duration_ms(DBI::dbGetQuery(connection, "SELECT 1")))
  ms <- sprintf("%.1f", stats::median(times))
  finding("database", "database_fine", version = version, place = place, ms = ms)
}

duration_ms <- function(code) {
  begin <- Sys.time()
  force(code)
  as.numeric(difftime(Sys.time(), begin, units = "secs")) * 1000
}

check_server <- function() {
  for (fact in c("server_url", "token", "slug")) {
    if (is.null(env_lookup(fact))) {
      return(finding("server", "server_none", variable = env_variable(fact)))
    }
  }
  before <- options(openhexaR.timeout_s = 10)
  on.exit(options(before))
  slug <- env_lookup("slug")
  query <- "query Doctor($slug: String!) { workspace(slug: $slug) { slug name } }"
  ms <- duration_ms(workspace <- graphql(query, list(slug = slug))$workspace)
  if (is.null(workspace)) {
    return(finding("server", "server_refuses", server = server_name(), slug = slug))
  }
  server <- server_name()
  finding(
    "server",
    "server_fine",
    server = server,
    ms = round(ms),
    name = workspace$name
  )
}
