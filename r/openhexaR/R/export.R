#' Put a connection's fields into the environment
#'
#' As the recipes of OpenHEXA's notebook guide read them:
#' `Sys.getenv("BUCKET_CONNECTION_ACCESS_KEY_ID")` after
#' `export_connection("bucket-connection")`.
#'
#' In the OpenHEXA kernels, `HEXA_EXPORT_CONNECTIONS=bucket-connection,polio` does so by
#' itself, just before the first cell that has such a name in quotes; variables that are
#' set already stay.
#'
#' @param identifier String: the connection's identifier.
#' @returns Strings: the names of the variables that are set now, never their values:
#'   `<PREFIX>_<FIELD>` with today's and older names (`_API_URL` of DHIS2 and IASO,
#'   `_URL` and `_DATABASE` of PostgreSQL).
#' @section Errors: `openhexa_error_connection_not_found`,
#'   `openhexa_error_connection_incomplete`.
#' @examples
#' Sys.setenv(BUCKET = "s3", BUCKET_BUCKET_NAME = "data")
#' Sys.setenv(BUCKET_ACCESS_KEY_ID = "made", BUCKET_ACCESS_KEY_SECRET = "up")
#' export_connection("bucket")
#' @export
export_connection <- function(identifier) {
  check_string(identifier)
  call <- rlang::current_env()
  record <- find_connection(identifier, call, known_identifiers)
  variables <- connection_variables(need_complete(record, call))
  set_env(variables)
  sort(names(variables))
}

# The variables of a connection, but for the one of its type: with that one set,
# get_connection() would read these copies from then on.
connection_variables <- function(record) {
  type <- contract()$connections[[attr(record, "type")]]
  prefix <- paste0(connection_prefix(record$identifier), "_")
  values <- if (length(type$fields) > 0) {
    lapply(type$fields, function(entry) {
      suffixes <- c(entry$suffix, entry$older)
      rlang::set_names(rep(list(record[[entry$name]]), length(suffixes)), suffixes)
    })
  } else {
    names <- attr(record, "fields")
    list(rlang::set_names(lapply(names, function(name) record[[name]]), toupper(names)))
  }
  values <- unlist(values, recursive = FALSE)
  if (!is.null(type$url_suffix)) {
    values[[type$url_suffix]] <- postgresql_url(record)
  }
  values <- unlist(Filter(Negate(is.null), values))
  if (length(values)) rlang::set_names(values, paste0(prefix, names(values)))
}

# Before a cell runs: the connections of HEXA_EXPORT_CONNECTIONS that a text in it names
# a variable of. `tell` takes the warning of one that cannot be had.
export_mentioned <- function(code, tell) {
  identifiers <- setdiff(exported_connections(), the$exported)
  if (length(identifiers) == 0) {
    return(invisible())
  }
  texts <- text_constants(code)
  for (identifier in identifiers) {
    mention <- paste0("(?<!\\w)\\Q", connection_prefix(identifier), "_\\E")
    if (any(grepl(mention, texts, perl = TRUE))) {
      tryCatch(export_unset(identifier), openhexa_error = function(e) {
        tell(contract_condition(
          "connection_not_exported",
          identifier = identifier,
          problem = conditionMessage(e),
          variable = env_variable("export_connections")
        ))
      })
    }
  }
}

export_unset <- function(identifier) {
  variables <- connection_variables(need_complete(find_connection(identifier)))
  set_env(variables[is.na(Sys.getenv(names(variables), unset = NA))])
  the$exported <- c(the$exported, identifier)
}

# Texts in quotes; none of code that R cannot parse, which its own error will tell.
text_constants <- function(code) {
  constants <- function(node) {
    if (is.character(node)) {
      return(node)
    }
    if (is.call(node) || is.expression(node) || is.pairlist(node)) {
      # An empty argument, as in x[, 1], cannot even be looked at.
      parts <- lapply(as.list(node), function(part) if (!missing(part)) constants(part))
      unlist(parts, use.names = FALSE)
    }
  }
  constants(tryCatch(parse(text = code), error = function(e) NULL))
}
