# Requests to the servers of connections: with time limits, tried again where that may
# help, and with errors that name the connection and none of its secrets.

# Who is asked: the connection, the account that is shown, and what must never be.
new_peer <- function(record, url, account, product) {
  secrets <- unlist(mget(ls(attr(record, "secrets")), attr(record, "secrets")))
  list(
    identifier = record$identifier,
    url = url,
    account = account,
    product = product,
    hide = function(text) hide_values(text, secrets)
  )
}

# A server may repeat what it was sent.
hide_values <- function(text, secrets) {
  for (secret in secrets[nzchar(secrets)]) {
    text <- gsub(secret, "<hidden>", text, fixed = TRUE)
  }
  text
}

# The host and port of an address, without the scheme, a user or a path.
host_of <- function(url) sub("^[a-z]+://", "", server_name(url), ignore.case = TRUE)

# The address of a record, without a "/" at its end.
service_url <- function(record, call) {
  url <- trimws(record$url)
  if (!grepl("^https?://[^/?#]", url, ignore.case = TRUE)) {
    abort_contract(
      "url_scheme_missing",
      identifier = record$identifier,
      url = sub("^[^/?#]*@", "", sub("^([a-z]+://)[^/?#]*@", "\\1", url)),
      call = call
    )
  }
  sub("/+$", "", url)
}

# Answers of any status come back; a large body takes as long as it takes. No redirect
# is followed: it would lose a body, and it leads to a page for people.
service_request <- function(method, url, headers = NULL, call = rlang::caller_env()) {
  request <- plain_request(url, call)
  request <- httr2::req_method(unlimited(request, call), method)
  request <- rlang::inject(httr2::req_headers(request, !!!as.list(headers)))
  # As they are stored: also what is compressed, and names with "..".
  httr2::req_options(
    request,
    followlocation = 0L,
    http_content_decoding = 0L,
    path_as_is = 1L
  )
}

# Ask, and ask again after what passes: a cut, 502 to 504, and, when the server says how
# long to wait, 429. `build()` makes the request anew, since some are signed by time.
ask_service <- function(build, peer, tries = TRIES, call = rlang::caller_env()) {
  for (try in seq_len(tries)) {
    response <- tryCatch(httr2::req_perform(build()), error = identity)
    wait <- pause_before_next(response, try, peer, call)
    if (is.null(wait) || try == tries) {
      break
    }
    Sys.sleep(wait)
  }
  if (inherits(response, "openhexa_error")) {
    rlang::cnd_signal(response)
  }
  if (inherits(response, "error")) {
    abort_unreachable(response, peer, call)
  }
  if (httr2::resp_status(response) == 429L) {
    abort_rate_limited(response, peer, call)
  }
  response
}

MAX_WAIT_S <- 120

# Seconds to wait before another try, or NULL when none would help.
pause_before_next <- function(response, try, peer, call) {
  if (inherits(response, "openhexa_error")) {
    return(NULL)
  }
  if (!inherits(response, "error") && httr2::resp_status(response) == 429L) {
    wait <- retry_after_s(response)
    return(if (wait <= min(MAX_WAIT_S, time_left_s())) wait)
  }
  wait <- 0.3 * 2^(try - 1)
  if (is_passing(response) && wait < time_left_s()) wait
}

# What the header says: seconds, or a date. Without it, one.
retry_after_s <- function(response) {
  text <- httr2::resp_header(response, "retry-after")
  if (is.null(text)) {
    return(1)
  }
  if (grepl("^[0-9]+$", text)) {
    return(as.numeric(text))
  }
  date <- http_time(text)
  if (is.na(date)) 1 else max(0, as.numeric(date) - as.numeric(Sys.time()))
}

# Names of months are English, whatever the locale.
http_time <- function(text) {
  parts <- strsplit(text, "[ ,]+")[[1]]
  month <- match(parts[3], month.abb)
  as.POSIXct(
    paste(parts[2], month, parts[4], parts[5]),
    format = "%d %m %Y %H:%M:%S",
    tz = "UTC"
  )
}

abort_rate_limited <- function(response, peer, call) {
  abort_contract(
    "rate_limited",
    host = host_of(peer$url),
    seconds = ceiling(retry_after_s(response)),
    call = call
  )
}

abort_unreachable <- function(error, peer, call) {
  text <- curl_reason(error)
  reason <- if (grepl("resolve host", text)) {
    phrase("no_such_host")
  } else if (grepl("Couldn't connect|Failed to connect|refused", text)) {
    fill(phrase("nothing_listens"), list(port = port_of(peer$url)))
  } else if (grepl("certificate|SSL", text)) {
    phrase("no_trusted_certificate")
  } else if (grepl("^(Timeout|Operation|Connection timed)", text)) {
    fill(phrase("no_answer_in_time"), list(seconds = format(timeout_s(call))))
  }
  abort_contract(
    "connection_unreachable",
    host = host_of(peer$url),
    identifier = peer$identifier,
    reason = if (is.null(reason)) peer$hide(text) else reason,
    was_cut = is.null(reason),
    call = call
  )
}

port_of <- function(url) {
  host <- host_of(url)
  if (grepl(":[0-9]+$", host)) {
    return(sub(".*:", "", host))
  }
  if (grepl("^http:", url, ignore.case = TRUE)) "80" else "443"
}

abort_refused <- function(peer, reason, call) {
  abort_contract(
    "connection_refused",
    host = host_of(peer$url),
    identifier = peer$identifier,
    account = peer$account,
    reason = reason,
    call = call
  )
}

# What a status of 300 and more means. `said` is the server's own explanation.
abort_status <- function(response, peer, said = NULL, call = rlang::caller_env()) {
  status <- httr2::resp_status(response)
  if (status == 401) {
    abort_refused(peer, phrase("wrong_credentials"), call)
  }
  if (status == 403) {
    abort_refused(peer, phrase("no_right"), call)
  }
  if (status < 400 || (status == 404 && is.null(said))) {
    abort_answer(peer, call)
  }
  if (status < 500 && !is.null(said)) {
    reason <- sub("[.]$", "", peer$hide(said))
    abort_contract("request_refused", reason = reason, call = call)
  }
  server <- server_name(peer$url)
  abort_contract("server_status", status = status, server = server, call = call)
}

abort_answer <- function(peer, call) {
  abort_contract(
    "connection_answer",
    host = host_of(peer$url),
    identifier = peer$identifier,
    product = peer$product,
    call = call
  )
}

# The JSON of an answer, or an error in the name of the connection.
json_answer <- function(response, peer, call) {
  answer <- tryCatch(
    parse_exactly(body_text(response)),
    error = function(e) NULL
  )
  if (httr2::resp_status(response) >= 300) {
    said <- if (is.list(answer)) {
      Find(rlang::is_string, list(answer$message, answer$detail, answer$error))
    }
    abort_status(response, peer, said, call)
  }
  if (!is.list(answer)) {
    abort_answer(peer, call)
  }
  answer
}

# Every field must have a value; a viewer of the workspace gets none for secrets.
need_complete <- function(record, call = rlang::caller_env()) {
  entries <- contract()$connections[[attr(record, "type")]]$fields
  names <- vapply(entries, `[[`, character(1), "name")
  is_empty <- function(name) !nzchar(paste0(record[[name]], ""))
  missing <- Filter(is_empty, names)
  if (length(missing) > 0) {
    abort_contract(
      "connection_incomplete",
      identifier = record$identifier,
      type = attr(record, "type"),
      fields = toString(missing),
      call = call
    )
  }
  record
}
