# The OpenHEXA server: one GraphQL endpoint, over HTTP with a bearer token.

TRIES <- 3L

# Whether there is a server to ask.
is_connected <- function() !is.null(env_lookup("server_url"))

server_url <- function(call = rlang::caller_env()) {
  sub("/+$", "", env_require("server_url", call))
}

# What may be shown of an address: no password before the host, no signed link after.
server_name <- function(url = server_url()) {
  sub("^([a-z]+://)([^/?#]*@)?([^/?#]*).*", "\\1\\3", url, ignore.case = TRUE)
}

# After so many seconds of silence a server counts as gone.
timeout_s <- function(call = rlang::caller_env()) {
  limit <- getOption("openhexaR.timeout_s", 30)
  if (!is.numeric(limit) || !isTRUE(limit > 0 & limit < Inf)) {
    abort_contract(
      "invalid_argument",
      argument = "openhexaR.timeout_s",
      expected = phrase("seconds"),
      actual = class(limit)[[1]],
      call = call
    )
  }
  min(limit, max(1, time_left_s()))
}

# test_connection() has little time; everything else as much as it takes.
time_left_s <- function() {
  if (is.null(the$deadline)) Inf else the$deadline - proc.time()[["elapsed"]]
}

# Run a query or mutation and give its data, a list named by root field. JSON stays as
# it is: arrays are unnamed lists, objects named ones. What changes nothing is tried
# again when the server cannot be reached or is briefly out of order.
graphql <- function(
  query,
  variables = list(),
  call = rlang::caller_env(),
  changes = startsWith(trimws(query), "mutation")
) {
  token <- env_require("token", call)
  url <- paste0(server_url(call), "/graphql/")
  body <- to_json(list(query = query, variables = variables))
  request <- http_request(url, call)
  request <- httr2::req_headers(request, Authorization = paste("Bearer", token))
  request <- httr2::req_body_raw(request, body, type = "application/json")
  # A redirected POST would become a GET.
  request <- httr2::req_options(request, followlocation = 0L)
  response <- perform(request, tries = if (changes) 1L else TRIES, call = call)
  graphql_data(response, call)
}

graphql_data <- function(response, call) {
  status <- httr2::resp_status(response)
  answer <- tryCatch(parse_answer(response), error = function(e) NULL)
  if (is.null(answer) || !any(c("data", "errors") %in% names(answer))) {
    # A redirect or a missing page: the address leads elsewhere.
    code <- if (status < 400 || status == 404) "server_answer" else "server_status"
    abort_contract(code, status = status, server = server_name(), call = call)
  }
  if (length(answer$errors) > 0) {
    abort_graphql(answer$errors, call)
  }
  answer$data
}

parse_answer <- function(response) {
  jsonlite::parse_json(body_text(response), simplifyVector = FALSE)
}

body_text <- function(response) {
  text <- rawToChar(if (is.raw(response$body)) response$body else raw())
  Encoding(text) <- "UTF-8"
  text
}

abort_graphql <- function(errors, call) {
  errors <- lapply(errors, function(error) {
    if (is.list(error)) error else list(message = error)
  })
  codes <- unlist(lapply(errors, function(error) error$extensions$code))
  if ("UNAUTHENTICATED" %in% codes) {
    abort_contract("unauthenticated", server = server_name(), call = call)
  }
  texts <- unlist(lapply(errors, function(error) error$message))
  reason <- sub("[.]$", "", without_token(paste(texts, collapse = "; ")))
  abort_contract("graphql_error", reason = reason, call = call)
}

# A server may repeat what it was sent.
without_token <- function(text) {
  token <- env_lookup("token")
  if (isTRUE(nzchar(token))) gsub(token, "<token>", text, fixed = TRUE) else text
}

# A request with our name and a time limit; an answer of any status is no error.
plain_request <- function(url, call = rlang::caller_env()) {
  request <- httr2::request(url)
  request <- httr2::req_user_agent(request, user_agent())
  request <- httr2::req_timeout(request, timeout_s(call))
  once(request)
}

# Tries are ours: httr2 0.2 sleeps after a failed one, also after the last, and for as
# long as a server that is busy says.
once <- function(request) {
  request <- httr2::req_error(request, is_error = function(response) FALSE)
  httr2::req_retry(
    request,
    max_tries = 1L,
    is_transient = function(response) FALSE,
    backoff = function(tries) 0
  )
}

# The same with the TLS rule of the contract, for OpenHEXA itself.
http_request <- function(url, call = rlang::caller_env()) {
  request <- plain_request(url, call)
  if (tolower(Sys.getenv(env_variable("verify_ssl"))) %in% c("0", "false")) {
    warn_once(
      "certificate_unverified",
      server = server_name(url),
      variable = env_variable("verify_ssl")
    )
    request <- httr2::req_options(request, ssl_verifypeer = 0L, ssl_verifyhost = 0L)
  }
  request
}

user_agent <- function() {
  paste0("openhexaR/", utils::packageVersion("openhexaR"))
}

# Perform a request; answers of any status are given back. `path` streams the body into
# a file.
perform <- function(request, path = NULL, tries = 1L, call = rlang::caller_env()) {
  for (try in seq_len(tries)) {
    response <- tryCatch(
      httr2::req_perform(request, path = path),
      error = function(e) e
    )
    if (try == tries || !is_passing(response)) {
      break
    }
    Sys.sleep(0.3 * 2^(try - 1))
  }
  if (inherits(response, "error")) {
    reason <- curl_reason(response)
    # The URL of a signed link is a secret: only the host is named, and no parent kept.
    abort_contract(
      if (grepl("certificate", reason)) "certificate_refused" else "server_unreachable",
      server = server_name(request$url),
      reason = reason,
      call = call
    )
  }
  response
}

# Whether another try may help: not where the whole time limit went by in silence.
is_passing <- function(response) {
  if (inherits(response, "error")) {
    return(!grepl("^Timeout|certificate", curl_reason(response)))
  }
  httr2::resp_status(response) %in% c(502L, 503L, 504L)
}

# What curl says, without the address it repeats.
curl_reason <- function(error) {
  cause <- if (is.null(error$parent)) error else error$parent
  text <- strsplit(conditionMessage(cause), "\n", fixed = TRUE)[[1]][[1]]
  sub("[.]$", "", gsub("https?://[^ ]*", "", text))
}

# JSON in which a vector of length one is a value and a list an array, all digits kept.
to_json <- function(value) {
  value <- if (is.list(value)) {
    rapply(value, exact_json, classes = "numeric", how = "replace")
  } else {
    exact_json(value)
  }
  enc2utf8(as.character(jsonlite::toJSON(
    value,
    auto_unbox = TRUE,
    null = "null",
    na = "null",
    digits = I(15),
    json_verbatim = TRUE,
    POSIXt = "ISO8601",
    UTC = TRUE,
    force = TRUE
  )))
}

# jsonlite writes 15 digits of a number; some need 17.
exact_json <- function(x) {
  if (!is.numeric(x) || is.object(x) || all(as.numeric(sprintf("%.15g", x)) %in% x)) {
    return(x)
  }
  texts <- ifelse(is.finite(x), as_text(x), "null")
  text <- paste(texts, collapse = ",")
  structure(if (length(x) == 1) text else paste0("[", text, "]"), class = "json")
}

# A mutation answers `success` and `errors`, a list of codes. `conditions` names ours.
check_mutation <- function(result, conditions, values, call = rlang::caller_env()) {
  if (isTRUE(result$success)) {
    return(invisible(result))
  }
  code <- c(unlist(result$errors), "?")[[1]]
  ours <- conditions[code]
  if (is.na(ours)) {
    abort_contract("request_refused", reason = without_token(code), call = call)
  }
  rlang::inject(abort_contract(ours, !!!values, call = call))
}

# Walk all pages: `ask(page)` gives a page with `items` and `totalPages`.
all_pages <- function(ask) {
  items <- list()
  page <- 1L
  repeat {
    answer <- ask(page)
    items <- c(items, answer$items)
    if (page >= answer$totalPages) {
      return(items)
    }
    page <- page + 1L
  }
}

# The workspace of an answer; null means that it is unknown or the token no good.
need_workspace <- function(workspace, call = rlang::caller_env()) {
  if (is.null(workspace)) {
    abort_contract(
      "workspace_not_found",
      slug = env_require("slug", call),
      server = server_name(),
      call = call
    )
  }
  workspace
}
