# The Connections pane of RStudio and Positron: both offer an observer as an option, and
# call back for what they show. What is shown there holds no secret: `con` opens itself.

PANE_TYPE <- "OpenHEXA"

pane_host <- function(con) {
  found <- send_sql(
    con,
    paste(
      "SELECT current_database()::text AS name, session_user::text AS username,",
      "coalesce(host(inet_server_addr()), 'local') AS host, inet_server_port() AS port"
    )
  )
  sprintf("%s@%s:%s/%s", found$username, found$host, found$port, mark_utf8(found$name))
}

# Tell the pane of `con`. A pane that fails is no reason to be without a database.
show_in_pane <- function(con) {
  observer <- getOption("connectionObserver")
  if (is.null(observer)) {
    return(invisible())
  }
  host <- try(pane_host(con), silent = TRUE)
  if (inherits(host, "try-error")) {
    return(invisible())
  }
  the$pane_host <- host
  try(
    observer$connectionOpened(
      type = PANE_TYPE,
      host = host,
      displayName = paste("OpenHEXA", sub(".*/", "", host)),
      connectCode = "library(openhexaR)\ncon",
      disconnect = function() {
        if (is_open(con)) {
          DBI::dbDisconnect(con)
        }
        hide_from_pane()
      },
      listObjectTypes = function() {
        kinds <- c("table", "view", "materialized view", "foreign table")
        kinds <- stats::setNames(rep(list(list(contains = "data")), 4), kinds)
        list(schema = list(contains = kinds))
      },
      listObjects = function(schema = NULL, ...) pane_objects(con, schema),
      listColumns = function(...) pane_columns(con, list(...)),
      previewObject = function(rowLimit, ...) {
        sql <- sprintf("SELECT * FROM %s LIMIT %d", pane_name(list(...)), rowLimit)
        db_read(sql, connection = con)
      },
      connectionObject = con
    ),
    silent = TRUE
  )
  invisible()
}

hide_from_pane <- function() {
  observer <- getOption("connectionObserver")
  if (!is.null(observer) && !is.null(the$pane_host)) {
    try(observer$connectionClosed(PANE_TYPE, the$pane_host), silent = TRUE)
    the$pane_host <- NULL
  }
}

# Schemas, and what is in one.
pane_objects <- function(con, schema) {
  found <- list_tables(con, schema)
  if (is.null(schema)) {
    schemas <- unique(c("public", found$schema))
    return(data.frame(name = schemas, type = rep("schema", length(schemas))))
  }
  data.frame(name = found$name, type = found$kind)
}

# Both panes name the object by its kind: `table = "cases", schema = "public"`.
pane_name <- function(parts) {
  object <- parts[setdiff(names(parts), c("schema", ""))]
  quote_name(c(parts$schema, object[[1]]))
}

pane_columns <- function(con, parts) {
  sql <- paste(
    "SELECT attname::text AS name, format_type(atttypid, atttypmod) AS type FROM",
    "pg_attribute WHERE attrelid = to_regclass($1) AND attnum > 0 AND",
    "NOT attisdropped ORDER BY attnum"
  )
  found <- run_sql(con, sql, pane_name(parts))
  data.frame(name = mark_utf8(found$name), field.type = found$type)
}
