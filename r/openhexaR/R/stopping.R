# An interrupt while a query of the workspace database runs. RPostgres sees it and
# cancels the query. RPostgreSQL waits in C, where nothing of R's runs: a shell beside
# our kernel, which Jupyter interrupts with it, has another R cancel the query then. In
# a `%%R` cell, Python does so.

# The shell sleeps in `read` until R, which holds the other end of the pipe, is gone;
# some shells also come back from it after an interrupt. It notes when that came, as the
# time of a file: later queries are of another cell.
WATCHER <- paste(
  "trap 'true >\"$0\"; (exec \"$@\") >/dev/null 2>&1; again=1' INT;",
  "again=1; while [ $again ]; do again=; read -r line; done"
)

watch_interrupts <- function() {
  is_needed <- !is.null(the$steps) &&
    is.null(env_lookup("r_process")) &&
    .Platform$OS.type == "unix" &&
    !is_installed("RPostgres")
  if (!is_needed || is_watched_over()) {
    return(invisible())
  }
  # Not from R's generator of random numbers, whose state is the user's.
  unique <- sub("Rtmp", "", basename(tempdir()), fixed = TRUE)
  the$process <- sprintf("hexa-r-%d-%s", Sys.getpid(), unique)
  stamp <- tempfile("interrupt-")
  code <- sprintf(
    ".libPaths(%s); openhexaR:::cancel_queries(\"%s\", %s)",
    deparse1(.libPaths()),
    the$process,
    deparse1(stamp)
  )
  # A .Renviron here is anybody's file; what it may set, this process has.
  cancel <- c(file.path(R.home("bin"), "R"), "--vanilla", "--no-echo", "-e", code)
  command <- paste(shQuote(c("sh", "-c", WATCHER, stamp, cancel)), collapse = " ")
  the$watcher <- pipe(paste("exec", command), "w")
}

is_watched_over <- function() {
  tryCatch(isOpen(the$watcher), error = function(e) FALSE) # closed by the user
}

# What the database knows this process by, or NULL.
process_name <- function() {
  given <- env_lookup("r_process")
  if (is.null(given)) the$process else given
}

# Cancel what a process asks the workspace database since before the time of a file.
cancel_queries <- function(name, stamp) {
  sql <- paste(
    "SELECT pg_cancel_backend(pid) AS done FROM pg_stat_activity",
    "WHERE usename = current_user AND state = 'active'",
    "AND starts_with(application_name, $1)",
    "AND query_start < clock_timestamp() - make_interval(secs => $2::float8)"
  )
  suspendInterrupts({
    connection <- open_database()
    age_s <- as.numeric(Sys.time()) - as.numeric(file.mtime(stamp))
    send_sql(connection, sql, c(name, as_text(age_s)))
    DBI::dbDisconnect(connection)
  })
}
