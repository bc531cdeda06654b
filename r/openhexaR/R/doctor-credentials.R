# What lapses while a notebook is open: the token, and the access to the files. Read
# from the credentials themselves; no value is ever shown.

SOON_S <- 15 * 60
# OpenHEXA's defaults: an administrator of the server may set others.
IDENTITY_LIFETIME_S <- 24 * 3600
STORAGE_LIFETIME_S <- 3600

# Whose token it is, and until when it holds where it says so. OpenHEXA signs with
# django.core.signing: JSON in base64, a time in base 62 where there is one, and the
# signature, with colons between them. Another server may give a JSON Web Token.
check_token <- function() {
  text <- or_empty(env_lookup("token"))
  if (!nzchar(text)) {
    return(finding("token", "token_none", variable = env_variable("token")))
  }
  is_signed <- grepl(":", text, fixed = TRUE)
  parts <- strsplit(text, if (is_signed) ":" else ".", fixed = TRUE)[[1]]
  payload <- token_payload(parts[[if (!is_signed && length(parts) == 3) 2 else 1]])
  until <- if (is.list(payload)) token_end(payload, parts)
  if (!is.null(until)) {
    return(until_finding("token", until))
  }
  finding("token", token_kind(payload))
}

# When a token lapses, where it says so.
token_end <- function(payload, parts) {
  if (is.numeric(payload$exp)) {
    return(payload$exp)
  }
  is_dated <- identical(payload$type, "identity") && length(parts) == 3
  begin <- if (is_dated) base62(parts[[2]]) else NA
  if (!is.na(begin)) begin + IDENTITY_LIFETIME_S
}

token_kind <- function(payload) {
  if (is.list(payload) && identical(payload$type, "identity")) {
    return("token_identity")
  }
  if (is_pipeline_run()) {
    return("token_run")
  }
  if (rlang::is_string(payload)) "token_member" else "token_unknown"
}

token_payload <- function(text) {
  tryCatch(
    jsonlite::parse_json(rawToChar(jsonlite::base64url_dec(text))),
    error = function(e) NULL
  )
}

base62 <- function(text) {
  digits <- match(strsplit(text, "")[[1]], c(0:9, LETTERS, letters)) - 1
  Reduce(function(number, digit) number * 62 + digit, digits, 0)
}

# Until when the mounted bucket lets us in; NULL where there is none.
check_storage <- function() {
  engine <- bucket_engine()
  if (is.null(engine)) {
    return(NULL)
  }
  sas <- url_parameters(paste0(
    "?",
    sub("^\\?", "", or_empty(env_lookup("azure_sas_token")))
  ))
  if ("se" %in% names(sas)) {
    formats <- c("%Y-%m-%dT%H:%M:%SZ", "%Y-%m-%dT%H:%MZ", "%Y-%m-%d")
    until <- as.POSIXct(sas[["se"]], "UTC", tryFormats = formats, optional = TRUE)
    if (is.na(until)) {
      return(finding("storage", "storage_unknown", engine = engine))
    }
    return(until_finding("storage", as.numeric(until), engine = engine))
  }
  fact <- if (engine == "gcp") "gcp_access_token" else "s3_session_token"
  if (is.null(env_lookup(fact))) {
    return(finding("storage", "storage_static", engine = engine))
  }
  until <- given_at(env_variable(fact)) + STORAGE_LIFETIME_S
  until_finding("storage", until, engine = engine)
}

# Of what has lapsed, what soon will, and what holds.
until_codes <- list(
  token = c("token_lapsed", "token_lapsing", "token_until"),
  storage = c("storage_lapsed", "storage_lapsing", "storage_until")
)

until_finding <- function(check, until, ...) {
  left <- until - as.numeric(Sys.time())
  code <- until_codes[[check]][[1 + (left > 0) + (left > SOON_S)]]
  time <- as.POSIXct(until, origin = "1970-01-01", tz = local_zone())
  finding(check, code, until = format(time, "%Y-%m-%d %H:%M %Z"), ...)
}

# The start of the oldest process above this one that has a variable. That is the
# Jupyter server: what it was given does not change while it runs.
given_at <- function(variable) {
  start <- as.numeric(Sys.time())
  pid <- as.character(Sys.getpid())
  while (pid != "0") {
    process <- process_start(pid)
    environ <- file.path("/proc", pid, "environ")
    variables <- tryCatch(
      suppressWarnings(server_variables(environ)),
      error = function(e) NULL # another account's, or not Linux
    )
    if (is.null(process) || !variable %in% names(variables)) {
      break
    }
    start <- process$start
    pid <- process$parent
  }
  start
}

# Fields 4 and 22 of proc(5); the second in hundredths of a second after the start of
# the system.
process_start <- function(pid) {
  file <- file.path("/proc", pid, "stat")
  if (!file.exists(file)) {
    return(NULL)
  }
  text <- sub("^.*\\) ", "", readLines(file, warn = FALSE)[[1]])
  fields <- strsplit(text, " ", fixed = TRUE)[[1]]
  uptime <- scan("/proc/uptime", quiet = TRUE)[[1]]
  begin <- as.numeric(Sys.time()) - uptime + as.numeric(fields[[20]]) / 100
  list(start = begin, parent = fields[[2]])
}
