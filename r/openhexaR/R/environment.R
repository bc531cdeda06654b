# The only reader of the environment: variables by their name in the contract.
# Everything is read at the moment of asking, so that Sys.setenv() counts.

env_variable <- function(fact) contract()$variables[[fact]]$name

# The value of a fact, else its default, else NULL. An empty value counts as absent
# where it could never be useful (paths, URLs).
env_lookup <- function(fact) {
  entry <- contract()$variables[[fact]]
  value <- Sys.getenv(entry$name, unset = NA)
  if (is.na(value) || (isTRUE(entry$empty_is_absent) && !nzchar(value))) {
    return(entry$default)
  }
  enc2utf8(value)
}

env_require <- function(fact, call = rlang::caller_env()) {
  value <- env_lookup(fact)
  if (is.null(value)) {
    abort_contract("missing_variable", variable = env_variable(fact), call = call)
  }
  value
}

# Whether a fact is given, and not its default.
env_is_set <- function(fact) nzchar(Sys.getenv(env_variable(fact)))

# The kind of bucket that holds the workspace's files, or NULL.
bucket_engine <- function() {
  engine <- env_lookup("storage_engine")
  if (!is.null(engine) && !engine %in% c("local", "dummy")) engine
}

env_path <- function(fact) {
  path <- env_lookup(fact)
  if (grepl("^/+$", path)) path else sub("/+$", "", path)
}

# An integer between 1 and 65535, or an error that names the variable.
as_port <- function(text, variable, call = rlang::caller_env()) {
  port <- suppressWarnings(as.integer(trimws(text)))
  if (!grepl("^[0-9]+$", trimws(text)) || is.na(port) || port < 1L || port > 65535L) {
    abort_contract("invalid_port", variable = variable, value = text, call = call)
  }
  port
}

# A number above 0, or an error that names the variable.
env_positive_number <- function(fact, call = rlang::caller_env()) {
  text <- env_lookup(fact)
  value <- suppressWarnings(as.numeric(text))
  if (is.na(value) || value <= 0 || is.infinite(value)) {
    variable <- env_variable(fact)
    abort_contract("invalid_number", variable = variable, value = text, call = call)
  }
  value
}

# Identifiers, as HEXA_EXPORT_CONNECTIONS=a,b names them.
exported_connections <- function() {
  names <- trimws(strsplit(env_lookup("export_connections") %||% "", ",")[[1]])
  names[nzchar(names)]
}

# Where S3 is, or NULL for Amazon's own; in which region. As Amazon's tools read it.
s3_endpoint <- function() env_lookup("aws_endpoint_s3") %||% env_lookup("aws_endpoint")

aws_region <- function() {
  env_lookup("aws_region") %||% env_lookup("aws_default_region") %||% "us-east-1"
}

# Where Google Cloud Storage is; as Google's tools read it, with or without a scheme.
gcs_endpoint <- function() {
  emulator <- env_lookup("storage_emulator_host")
  if (is.null(emulator)) {
    return("https://storage.googleapis.com")
  }
  sub("/+$", "", sub("^(?!https?://)", "http://", emulator, perl = TRUE))
}

# A text with the names of variables in place of the secrets that it repeats.
hide_secrets <- function(text) {
  for (entry in Filter(function(entry) isTRUE(entry$secret), contract()$variables)) {
    value <- Sys.getenv(entry$name)
    if (nzchar(value)) {
      text <- gsub(value, paste0("<", entry$name, ">"), text, fixed = TRUE)
    }
  }
  text
}

# The notebook's path as the Jupyter server tells it to a kernel, or "".
session_notebook <- function() Sys.getenv("JPY_SESSION_NAME")

# HEXA_LANG, else the locale's language, else English.
message_language <- function() {
  settings <- Sys.getenv(c("LC_ALL", "LC_MESSAGES", "LANG"))
  chosen <- env_lookup("language")
  if (is.null(chosen)) {
    chosen <- c(settings[nzchar(settings)], "")[[1]]
  }
  if (startsWith(tolower(chosen), "fr")) "fr" else "en"
}

# Name of the session's time zone. Sys.timezone() starts a program that complains where
# no systemd runs, as in a container.
local_zone <- function() {
  link <- normalizePath("/etc/localtime", mustWork = FALSE)
  candidates <- c(sub("^:", "", Sys.getenv("TZ")), sub(".*/zoneinfo/", "", link))
  known <- candidates[candidates %in% OlsonNames()]
  zone <- if (length(known) == 0) Sys.timezone() else known[[1]]
  if (is.na(zone)) "UTC" else zone
}

# What is set to a value that cannot work, as conditions. Reads variables only.
env_problems <- function() {
  problems <- list()
  port <- env_lookup("database_port")
  if (!is.null(port)) {
    invalid <- tryCatch(
      as_port(port, env_variable("database_port")),
      openhexa_error = identity
    )
    if (inherits(invalid, "error")) problems <- list(invalid)
  }
  kind <- tryCatch(env_kind(), openhexa_error = identity)
  if (inherits(kind, "error")) {
    problems <- c(problems, list(kind))
  }
  problems
}

# The kind of place this is, in capitals: one of the contract's environments.
env_kind <- function(call = rlang::caller_env()) {
  kind <- env_lookup("environment")
  choices <- unlist(contract()$environments)
  if (!toupper(kind) %in% choices) {
    abort_contract(
      "invalid_environment",
      variable = env_variable("environment"),
      value = kind,
      choices = paste(choices, collapse = ", "),
      call = call
    )
  }
  toupper(kind)
}

# Whether this is the run of a pipeline that a server is told about.
is_pipeline_run <- function() {
  is_connected() && toupper(env_lookup("environment")) == "CLOUD_PIPELINE"
}

# All variables, without those that are no text in UTF-8. One of them is enough for
# Sys.getenv() to fail, but for the plainest locale.
readable_variables <- function() {
  all <- tryCatch(suppressWarnings(Sys.getenv()), error = function(e) {
    locale <- Sys.getlocale("LC_CTYPE")
    on.exit(Sys.setlocale("LC_CTYPE", locale))
    Sys.setlocale("LC_CTYPE", "C")
    Sys.getenv()
  })
  values <- unclass(all)
  names <- names(values)
  readable <- validUTF8(values) & validUTF8(names)
  values <- as.list(enc2utf8(unname(values[readable])))
  Encoding(names) <- "UTF-8"
  rlang::set_names(values, names[readable])
}
