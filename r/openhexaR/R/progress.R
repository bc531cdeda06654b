# A line that says how far long work is: rows, and rows per second.

PROGRESS_DELAY_S <- 2 # shorter work shows nothing
PROGRESS_STEP_S <- 1

# A function to be called with the rows that are done; NULL ends the line, if there is
# one. A message, because IRkernel shows nothing of what goes to stderr().
progress <- function(name) {
  seconds <- function() proc.time()[["elapsed"]]
  watched <- is_watched()
  begin <- seconds()
  due <- begin + PROGRESS_DELAY_S
  is_shown <- FALSE
  function(rows) {
    now <- seconds()
    if (is.null(rows)) {
      if (is_shown) message()
    } else if (watched && now > due) {
      due <<- now + PROGRESS_STEP_S
      is_shown <<- TRUE
      shown <- format(c(rows, round(rows / (now - begin))), big.mark = " ")
      shown <- list(rows = trimws(shown[[1]]), rate = trimws(shown[[2]]))
      message("\r", fill(phrase(name), shown), appendLF = FALSE)
    }
  }
}

# Whether somebody looks on: at a terminal or a notebook, and not at a pipeline's log.
is_watched <- function() {
  kind <- toupper(env_lookup("environment"))
  !endsWith(kind, "PIPELINE") && (interactive() || isNamespaceLoaded("IRkernel"))
}
