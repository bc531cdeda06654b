# The OpenHEXA server: one GraphQL endpoint, over HTTP with a bearer token.

TIMEOUT_S <- 30
TRIES <- 3L

# Whether there is a server to ask.
is_connected <- function() !is.null(env_lookup("server_url"))

server_url <- function(call = rlang::caller_env()) {
  sub("/+$", "", env_require("server_url", call))
}

# Run a query or mutation and give its data, a list named by root field. JSON stays as
# it is: arrays are unnamed lists, objects named ones. Queries, which change nothing,
# are tried again when the server cannot be reached or is briefly out of order.
graphql <- function(query, variables = list(), call = rlang::caller_env()) {
  token <- env_require("token", call)
  url <- paste0(server_url(call), "/graphql/")
  body <- to_json(list(query = query, variables = variables))
  request <- http_request(url)
  request <- httr2::req_headers(request, Authorization = paste("Bearer", token))
  request <- httr2::req_body_raw(request, body, type = "application/json")
  # A redirected POST would become a GET.
  request <- httr2::req_options(request, followlocation = 0L)
  tries <- if (startsWith(trimws(query), "mutation")) 1L else TRIES
  response <- perform(request, tries = tries, call = call)
  graphql_data(response, call)
}

graphql_data <- function(response, call) {
  status <- httr2::resp_status(response)
  answer <- tryCatch(
    jsonlite::parse_json(rawToChar(response_body(response)), simplifyVector = FALSE),
    error = function(e) NULL
  )
  if (is.null(answer) || !any(c("data", "errors") %in% names(answer))) {
    if (status >= 300) {
      abort_contract(
        "server_status",
        status = status,
        server = server_url(),
        call = call
      )
    }
    abort_contract("server_answer", server = server_url(), call = call)
  }
  if (length(answer$errors) > 0) {
    abort_graphql(answer$errors, call)
  }
  answer$data
}

abort_graphql <- function(errors, call) {
  codes <- vapply(errors, function(e) c(e$extensions$code, "")[[1]], character(1))
  texts <- vapply(errors, function(e) c(e$message, "")[[1]], character(1))
  if ("UNAUTHENTICATED" %in% codes) {
    abort_contract("unauthenticated", server = server_url(), call = call)
  }
  reason <- sub("[.]$", "", paste(texts, collapse = "; "))
  abort_contract("graphql_error", reason = reason, call = call)
}

response_body <- function(response) {
  if (is.raw(response$body)) response$body else raw()
}

# A request with our name, a time limit and the TLS rule of the contract.
http_request <- function(url) {
  request <- httr2::request(url)
  request <- httr2::req_user_agent(request, user_agent())
  request <- httr2::req_timeout(request, TIMEOUT_S)
  request <- httr2::req_error(request, is_error = function(response) FALSE)
  if (tolower(Sys.getenv(env_variable("verify_ssl"))) %in% c("0", "false")) {
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
    failed <- inherits(response, "error") ||
      httr2::resp_status(response) %in% c(502L, 503L, 504L)
    if (!failed) {
      return(response)
    }
    if (try < tries) Sys.sleep(0.3 * 2^(try - 1))
  }
  if (inherits(response, "error")) {
    # The URL of a signed link is a secret: only the host is named, and no parent kept.
    abort_contract(
      "server_unreachable",
      server = sub("^([a-z]+://[^/?]*).*", "\\1", request$url),
      reason = curl_reason(response),
      call = call
    )
  }
  response
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
    abort_contract("request_refused", reason = code, call = call)
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
      server = server_url(call),
      call = call
    )
  }
  workspace
}
