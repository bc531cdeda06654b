# Connections of the workspace, as records that keep their secrets to themselves.

# The prefix of a connection's variables: each `-`, `.` or white space becomes `_`, all
# in capitals. Case is mapped as Unicode says, in no particular language, which base R
# does for ASCII only. White space is Python's: str.isspace().
connection_prefix <- function(identifier, call = rlang::caller_env()) {
  space <- paste0(
    "[-.\u0009-\u000d\u001c-\u0020\u0085\u00a0\u1680\u2000-\u200a\u2028\u2029",
    "\u202f\u205f\u3000]"
  )
  if (!grepl("[^ -~\t-\r\x1c-\x1f]", identifier, useBytes = TRUE)) {
    return(toupper(gsub("[-. \t-\r\x1c-\x1f]", "_", identifier)))
  }
  require_package("stringi", phrase("map_case"), call)
  lower <- stringi::stri_trans_tolower(enc2utf8(identifier), locale = "root")
  stringi::stri_trans_toupper(gsub(space, "_", lower, perl = TRUE), locale = "root")
}

connection_types <- function() names(contract()$connections)

# A connection of any type: from the environment, else from the server.
get_connection <- function(identifier) {
  check_string(identifier)
  find_connection(identifier)
}

# `known` gives the identifiers that a mistyped one is compared with.
find_connection <- function(
  identifier,
  call = rlang::caller_env(),
  known = env_identifiers
) {
  connection <- connection_from_env(identifier, call)
  asked <- is.null(connection) && is_connected() && nzchar(identifier)
  if (asked) {
    connection <- connection_from_api(identifier, call)
  }
  if (is.null(connection)) {
    abort_contract(
      "connection_not_found",
      identifier = identifier,
      variable = connection_prefix(identifier, call),
      types = paste(tolower(connection_types()), collapse = ", "),
      asked = phrase(if (asked) "server_asked" else "server_not_asked"),
      similar = similar_names(identifier, known()),
      call = call
    )
  }
  connection
}

env_identifiers <- function() list_connections()$identifier

# Those of the environment and of the server. What cannot be had is left out: there is
# an error to tell already.
known_identifiers <- function() {
  query <- "query connectionSlugs($slug: String!) {
    workspace(slug: $slug) { connections { slug } }
  }"
  found <- if (is_connected()) {
    tryCatch(
      graphql(query, list(slug = env_require("slug")))$workspace$connections,
      openhexa_error = function(e) NULL
    )
  }
  unique(c(vapply(found, `[[`, character(1), "slug"), env_identifiers()))
}

# By one way alone, or NULL.
connection_from_env <- function(identifier, call = rlang::current_env()) {
  check_string(identifier, call = call)
  prefix <- connection_prefix(identifier, call)
  type <- if (nzchar(prefix)) toupper(Sys.getenv(prefix)) else ""
  if (!type %in% connection_types()) {
    return(NULL)
  }
  fields <- if (type == "CUSTOM") {
    custom_fields(prefix)
  } else {
    typed_fields(type, prefix, call)
  }
  new_connection(type, identifier, fields)
}

connection_from_api <- function(identifier, call = rlang::current_env()) {
  check_string(identifier, call = call)
  found <- ask_connection(identifier, call)
  if (!is.null(found)) {
    new_connection(found$type, identifier, server_fields(found, identifier, call))
  }
}

# The server compares slugs exactly. Most are in lower case, whatever the user types.
ask_connection <- function(identifier, call) {
  query <- "query getConnection($workspaceSlug: String!, $connectionSlug: String!) {
    connectionBySlug(workspaceSlug: $workspaceSlug, connectionSlug: $connectionSlug) {
      __typename type fields { code value }
    }
  }"
  slug <- env_require("slug", call)
  for (candidate in unique(c(tolower(identifier), identifier))) {
    variables <- list(workspaceSlug = slug, connectionSlug = candidate)
    found <- graphql(query, variables, call)$connectionBySlug
    if (!is.null(found)) {
      return(found)
    }
  }
  NULL
}

# Values that the caller may not see are null. A type that this version does not know
# is read as a custom one.
server_fields <- function(found, identifier, call) {
  values <- lapply(found$fields, `[[`, "value")
  names(values) <- vapply(found$fields, `[[`, character(1), "code")
  entries <- contract()$connections[[found$type]]$fields
  if (length(entries) == 0) {
    return(values)
  }
  fields <- lapply(entries, function(entry) {
    value <- values[[tolower(entry$suffix)]]
    if (is.null(value) || !identical(entry$type, "integer")) {
      return(value)
    }
    as_port(value, paste0(identifier, "$", entry$name), call)
  })
  names(fields) <- vapply(entries, `[[`, character(1), "name")
  fields
}

# dhis2_connection() and its siblings.
typed_accessors <- function() {
  types <- connection_types()
  names(types) <- paste0(tolower(types), "_connection")
  lapply(types, function(type) {
    force(type)
    function(identifier) {
      check_string(identifier)
      need_type(find_connection(identifier), type)
    }
  })
}

need_type <- function(connection, type, call = rlang::caller_env()) {
  actual <- attr(connection, "type")
  if (actual != type) {
    abort_contract(
      "connection_type",
      identifier = connection$identifier,
      expected = type,
      actual = actual,
      call = call
    )
  }
  connection
}

typed_fields <- function(type, prefix, call) {
  entries <- contract()$connections[[type]]$fields
  values <- lapply(entries, function(entry) {
    variable <- paste0(prefix, "_", entry$suffix)
    value <- Sys.getenv(variable, unset = NA)
    if (identical(entry$type, "integer")) {
      if (is.na(value)) {
        abort_contract("missing_variable", variable = variable, call = call)
      }
      return(as_port(value, variable, call))
    }
    if (is.na(value)) NULL else enc2utf8(value)
  })
  names(values) <- vapply(entries, `[[`, character(1), "name")
  values
}

# Every variable below the prefix, its name in lower case; without those of another
# connection whose prefix begins with this one (`polio` and `polio-test`).
custom_fields <- function(prefix) {
  all <- readable_variables()
  begin <- paste0(prefix, "_")
  mine <- all[startsWith(names(all), begin)]
  types <- names(mine)[toupper(unlist(mine)) %in% connection_types()]
  for (other in types) {
    family <- startsWith(names(mine), paste0(other, "_"))
    if (any(family)) mine <- mine[!family & names(mine) != other]
  }
  names(mine) <- tolower(substring(names(mine), nchar(begin) + 1L))
  mine[order(names(mine))]
}

# The connections that environment variables describe.
list_connections <- function() {
  types <- toupper(unlist(readable_variables()))
  types <- types[types %in% connection_types()]
  found <- data.frame(
    identifier = gsub("_", "-", tolower(names(types)), fixed = TRUE),
    type = unname(types)
  )
  found[order(found$identifier), , drop = FALSE]
}
