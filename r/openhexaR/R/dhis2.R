#' Read from DHIS2
#'
#' All pages of a resource of its web API.
#'
#' @param conn What [connect()] gives for a connection of type DHIS2.
#' @param resource String: a path below `api/`, such as `"organisationUnits"`,
#'   `"dataValueSets"` or `"analytics"`.
#' @param fields Strings: the fields wanted, `c("id", "name", "parent[id]")`.
#' @param filter Strings: conditions, `c("level:eq:2", "name:ilike:ka")`.
#' @param ... Further parameters of the request by their names, such as
#'   `pageSize = 5000` or `paging = FALSE`; a vector repeats its name.
#' @returns A data frame with a row for each item, `n_items` x `n_fields`; what is
#'   nested stays as it is, in columns of lists. Of analytics, the table: dimensions as
#'   text, numbers as double. Of what is no list (`"system/info"`,
#'   `"organisationUnits/ID"`), the answer as a list.
#' @section Errors: `openhexa_error_connection_refused`,
#'   `openhexa_error_connection_unreachable`, `openhexa_error_connection_answer`,
#'   `openhexa_error_request_refused` with the server's own words,
#'   `openhexa_error_rate_limited`, `openhexa_error_server_status`,
#'   `openhexa_error_invalid_argument`.
#' @source DHIS2 Web API, <https://docs.dhis2.org/en/develop/using-the-api/home.html>
#' @examples
#' \dontrun{
#' dhis2 <- connect("dhis2-play")
#' dhis2_get(dhis2, "organisationUnits", fields = c("id", "name"))
#' wanted <- c("dx:fbfJHSPpUQD", "pe:2023", "ou:LEVEL-2")
#' dhis2_get(dhis2, "analytics", dimension = wanted)
#' }
#' @export
dhis2_get <- function(conn, resource, fields = NULL, filter = NULL, ...) {
  call <- rlang::current_env()
  check_request_of(conn, "DHIS2", call)
  check_string(resource)
  query <- dhis2_query(resource, fields, filter, list(...), call)
  rows <- list()
  repeat {
    answer <- api_get(conn, resource, query, call)
    name <- dhis2_rows_name(answer)
    if (is.null(name)) {
      return(dhis2_value(answer))
    }
    rows <- c(rows, answer[[name]])
    page <- dhis2_next_page(answer)
    if (is.null(page)) {
      return(rows_frame(rows))
    }
    query <- c(query[names(query) != "page"], page = page)
  }
}

# In pages of 1000 unless asked otherwise; the tracker counts them only on request.
dhis2_query <- function(resource, fields, filter, more, call) {
  values <- list(pageSize = 1000)
  if (grepl("^/?tracker", resource)) {
    values <- c(values, page = 1, totalPages = TRUE)
  }
  values <- utils::modifyList(values, more[rlang::have_name(more)])
  if (!is.null(fields)) {
    values$fields <- paste(fields, collapse = ",")
  }
  values$filter <- filter
  api_query(c(values, more[!rlang::have_name(more)]), call)
}

# What is no page: a table of analytics, an array or one thing.
dhis2_value <- function(answer) {
  if (!is.null(answer$headers)) {
    return(analytics_frame(answer))
  }
  if (is.null(names(answer))) rows_frame(answer) else answer
}

# A page of items, or an array alone.
dhis2_rows_name <- function(answer) {
  is_page <- !is.null(answer$pager) || !is.null(answer$page)
  if (is_page || length(answer) == 1) rows_name(answer)
}

# Metadata have a pager; the tracker counts pages beside the items.
dhis2_next_page <- function(answer) {
  pager <- answer$pager %||% answer
  last <- pager$pageCount
  is_more <- if (is.null(last)) !is.null(pager$nextPage) else pager$page < last
  if (isTRUE(is_more)) pager$page + 1
}

analytics_frame <- function(answer) {
  names <- vapply(answer$headers, `[[`, "", "name")
  kinds <- vapply(answer$headers, function(header) header$valueType %||% "TEXT", "")
  columns <- lapply(seq_along(names), function(i) {
    texts <- vapply(answer$rows, function(row) as.character(row[[i]] %||% NA), "")
    if (grepl("NUMBER|INTEGER|PERCENTAGE", kinds[[i]])) as.numeric(texts) else texts
  })
  names(columns) <- names
  as.data.frame(columns, optional = TRUE)
}

dhis2_peer <- function(record, call) {
  need_complete(record, call)
  url <- sub("/api$", "", service_url(record, call))
  new_peer(record, url, record$username, "DHIS2")
}

open_dhis2 <- function(record, call) {
  peer <- dhis2_peer(record, call)
  authorise <- function(request) {
    httr2::req_auth_basic(request, record$username, record$password)
  }
  api_request(paste0(peer$url, "/api"), peer, authorise, call)
}

# Clients of other packages, with their own way of signing in. The last two keep it for
# the session, and have functions that need no object.
dhis2_clients <- list(
  dhis2r = function(record, call) {
    client <- getExportedValue("dhis2r", "Dhis2r")
    client$new(dhis2_peer(record, call)$url, record$username, record$password)
  },
  khisr = function(record, call) {
    sign_in <- getExportedValue("khisr", "khis_cred")
    server <- dhis2_peer(record, call)$url
    sign_in(record$username, record$password, server = server)
  },
  datimutils = function(record, call) {
    sign_in <- getExportedValue("datimutils", "loginToDATIM")
    sign_in(
      username = record$username,
      password = record$password,
      base_url = paste0(dhis2_peer(record, call)$url, "/"),
      d2_session_envir = globalenv()
    )
    get("d2_default_session", globalenv())
  }
)

dhis2_steps <- function(record, call) {
  list(
    check_server = function() probe(dhis2_peer(record, call), call),
    check_credentials = function() {
      me <- api_get(open_dhis2(record, call), "me", c(fields = "username"), call)
      fill(phrase("account_accepted"), list(account = me$username %||% record$username))
    },
    check_content = function() {
      conn <- open_dhis2(record, call)
      fields <- c(fields = "name,organisationUnits[name]")
      me <- api_get(conn, "me", fields, call)
      units <- vapply(me$organisationUnits, function(unit) unit$name %||% unit$id, "")
      values <- list(
        version = api_get(conn, "system/info", NULL, call)$version,
        user = me$name %||% record$username,
        units = if (length(units)) some_names(units) else "-"
      )
      fill(phrase("dhis2_content"), values)
    }
  )
}
