# Web APIs of connections as requests of httr2, and their pages as data frames.

# A request that carries who asks. What a user adds to it and performs fails as httr2
# fails; str() and print() hide the header with the secret.
api_request <- function(url, peer, authorise, call) {
  request <- httr2::request(url)
  request <- httr2::req_user_agent(request, user_agent())
  request <- httr2::req_timeout(request, timeout_s(call))
  request <- httr2::req_retry(request, max_tries = TRIES)
  structure(
    authorise(request),
    # An environment: str() and dput() do not look into it.
    openhexa = list2env(list(peer = peer, authorise = authorise)),
    class = c("openhexa_request", class(request))
  )
}

#' @export
str.openhexa_request <- function(object, ...) print(object)

# The request must come from connect().
check_request_of <- function(conn, product, call) {
  kind <- attr(conn, "openhexa")
  if (is.null(kind) || kind$peer$product != product) {
    abort_contract(
      "invalid_argument",
      argument = "conn",
      expected = fill(phrase("an_open_connection"), list(type = product)),
      actual = describe_class(conn),
      call = call
    )
  }
  kind
}

# The JSON below a path, as lists. A token that ran out is renewed once.
api_get <- function(conn, path, query, call) {
  kind <- attr(conn, "openhexa")
  ask <- function(conn) {
    text <- query_text(query)
    url <- paste0(sub("/+$", "", conn$url), "/", sub("^/+", "", path))
    conn$url <- paste0(url, if (nzchar(text)) "?", text)
    conn <- httr2::req_options(once(conn), followlocation = 0L)
    conn <- httr2::req_timeout(conn, timeout_s(call))
    ask_service(function() conn, kind$peer, call = call)
  }
  response <- ask(conn)
  if (httr2::resp_status(response) == 401L && !is.null(kind$peer$renews)) {
    response <- ask(kind$authorise(conn))
  }
  json_answer(response, kind$peer, call)
}

# A query of names and values; a vector repeats its name, TRUE is `true`.
api_query <- function(values, call) {
  if (length(values) > 0 && !rlang::is_named2(values)) {
    abort_contract(
      "invalid_argument",
      argument = "...",
      expected = phrase("named_values"),
      actual = toString(vapply(values, describe_class, "")),
      call = call
    )
  }
  values <- lapply(values, function(value) {
    if (is.logical(value)) tolower(value) else as_text(value)
  })
  texts <- as.character(unlist(values))
  rlang::set_names(texts, rep(names(values), lengths(values)))
}

# The name of the only part of an answer that is an array, if there is one.
rows_name <- function(answer) {
  is_array <- function(part) is.list(part) && is.null(names(part))
  names <- names(Filter(is_array, answer))
  if (length(names) == 1) names
}

# Parts of parts stay what they are, in columns of lists; so does a field whose type
# differs between rows.
rows_frame <- function(rows) json_frame(rows, mixed = function(name, items) I(items))
