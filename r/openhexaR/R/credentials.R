# Where else an address and a password come from: the OpenHEXA server, and the
# connections of the workspace.

# A password may have been generated anew since this server started: OpenHEXA knows the
# one that holds. NULL where it has nothing new to say.
renew_credentials <- function(place) {
  if (!is_connected()) {
    return(NULL)
  }
  query <- "query databaseCredentials($slug: String!) {
    workspace(slug: $slug) { database { credentials { dbName username password } } }
  }"
  found <- tryCatch(
    graphql(query, list(slug = env_require("slug")))$workspace$database$credentials,
    openhexa_error = function(e) NULL
  )
  # Host and port stay: a server may see the database under another name than we do.
  renewed <- utils::modifyList(
    place,
    list(
      username = found$username,
      password = found$password
    )
  )
  same <- is.null(found) || !identical(found$dbName, place$name)
  if (!same && !identical(renewed, place)) renewed
}

# The database of a connection of the workspace.
open_connection <- function(connection, call = rlang::caller_env()) {
  need_type(connection, "POSTGRESQL", call)
  place <- list(
    host = connection$host,
    port = connection$port,
    username = connection$username,
    password = or_empty(connection$password),
    name = connection$database_name
  )
  open_place(place, NULL, FALSE, call)
}
