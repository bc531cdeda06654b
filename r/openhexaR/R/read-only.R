# Connections that may not write, whatever stands before the server.

READ_ONLY <- "-c default_transaction_read_only=on"

# `open(read_only)` gives a connection, or the text of why there is none. A pooler may
# refuse the option that would make the session read-only, or drop it.
open_read_only <- function(open) {
  found <- open(TRUE)
  if (is.character(found)) {
    return(if (grepl("startup parameter", found)) set_read_only(open) else found)
  }
  setting <- "SELECT current_setting('transaction_read_only') AS only"
  if (send_sql(found, setting)$only == "on") {
    return(found)
  }
  DBI::dbDisconnect(found)
  set_read_only(open)
}

# Said to the session itself. Where a pooler gives it to others between transactions, it
# would be they who may not write, and not we.
set_read_only <- function(open) {
  found <- open()
  if (is.character(found)) {
    return(found)
  }
  if (!keeps_session(found, open)) {
    DBI::dbDisconnect(found)
    return(phrase("pooler_shares"))
  }
  set <- "SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY"
  send_sql(found, set, immediate = TRUE)
  found
}

# Whether a connection has one session of the server, for itself: also while another one
# takes a session, and after it gave that back.
keeps_session <- function(connection, open) {
  session <- function(one) {
    send_sql(one, "SELECT pg_backend_pid() AS pid", immediate = TRUE)$pid
  }
  first <- session(connection)
  other <- open()
  if (is.character(other)) {
    return(FALSE)
  }
  on.exit(DBI::dbDisconnect(other))
  send_sql(other, "BEGIN", immediate = TRUE)
  taken <- session(other)
  during <- session(connection)
  send_sql(other, "COMMIT", immediate = TRUE)
  after <- c(session(connection), session(connection))
  taken != first && all(c(during, after) == first)
}
