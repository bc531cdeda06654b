#' Read from IASO
#'
#' All pages of a resource of its web API.
#'
#' @param conn What [connect()] gives for a connection of type IASO.
#' @param resource String: a path below `api/`, such as `"projects"`, `"orgunits"`,
#'   `"forms"` or `"instances"`.
#' @param ... Parameters of the request by their names, such as `limit = 500` (items a
#'   page, 1000 unless given) or `form_id = 12`; a vector repeats its name.
#' @returns A data frame with a row for each item, `n_items` x `n_fields`; what is
#'   nested stays as it is, in columns of lists. Of what is no list (`"orgunits/12"`),
#'   the answer as a list.
#' @section Errors: Those of [dhis2_get()].
#' @source IASO, <https://github.com/BLSQ/iaso>
#' @examples
#' \dontrun{
#' iaso <- connect("iaso-prod")
#' iaso_get(iaso, "orgunits", validation_status = "VALID")
#' }
#' @export
iaso_get <- function(conn, resource, ...) {
  call <- rlang::current_env()
  check_request_of(conn, "IASO", call)
  check_string(resource)
  values <- list(...)
  values$limit <- values$limit %||% 1000
  values$page <- values$page %||% 1
  path <- paste0(sub("/+$", "", resource), "/")
  rows <- list()
  repeat {
    answer <- api_get(conn, path, api_query(values, call), call)
    name <- rows_name(answer)
    if (is.null(name) || (is.null(answer$has_next) && length(answer) > 1)) {
      return(answer)
    }
    rows <- c(rows, answer[[name]])
    if (!isTRUE(answer$has_next)) {
      return(rows_frame(rows))
    }
    values$page <- values$page + 1
  }
}

iaso_peer <- function(record, call) {
  need_complete(record, call)
  url <- sub("/api$", "", service_url(record, call))
  peer <- new_peer(record, url, record$username, "IASO")
  peer$renews <- TRUE
  peer
}

open_iaso <- function(record, call) {
  peer <- iaso_peer(record, call)
  authorise <- function(request) {
    httr2::req_auth_bearer_token(request, iaso_token(record, peer, call))
  }
  api_request(paste0(peer$url, "/api"), peer, authorise, call)
}

iaso_token <- function(record, peer, call) {
  credentials <- list(username = record$username, password = record$password)
  build <- function() {
    request <- service_request("POST", paste0(peer$url, "/api/token/"), call = call)
    httr2::req_body_raw(request, to_json(credentials), type = "application/json")
  }
  answer <- json_answer(ask_service(build, peer, call = call), peer, call)
  if (!rlang::is_string(answer$access)) {
    abort_answer(peer, call)
  }
  answer$access
}

iaso_steps <- function(record, call) {
  conn <- NULL
  list(
    check_server = function() probe(iaso_peer(record, call), call),
    check_credentials = function() {
      conn <<- open_iaso(record, call)
      fill(phrase("account_accepted"), list(account = record$username))
    },
    check_content = function() {
      page <- c(limit = 3, page = 1)
      projects <- api_get(conn, "projects/", page, call)
      names <- vapply(projects[[rows_name(projects)]], `[[`, "", "name")
      values <- list(
        projects = if (length(names)) toString(names) else "-",
        count = api_get(conn, "orgunits/", c(limit = 1, page = 1), call)$count %||% "?"
      )
      fill(phrase("iaso_content"), values)
    }
  )
}
