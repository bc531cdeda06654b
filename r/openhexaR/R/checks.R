# Checks and their report: what was looked at, how it is, what was found, and what
# mends it. A check that fails says why in an error of ours.

# `steps`: functions by what they check, each of which gives what it found. After one
# that fails the others are not tried.
run_checks <- function(steps) {
  checks <- data.frame()
  failed <- FALSE
  for (what in names(steps)) {
    check <- if (failed) {
      new_check(what, "skipped", phrase("step_before_failed"))
    } else {
      run_check(what, function() step_check(what, steps[[what]]()))
    }
    failed <- failed || check$state == "failed"
    checks <- rbind(checks, check)
  }
  checks
}

step_check <- function(what, found) {
  state <- if (inherits(found, "openhexa_skipped")) "skipped" else "ok"
  new_check(what, state, paste(found, collapse = ", "))
}

# What a function of checks gives, or why it could not.
run_check <- function(what, look) {
  tryCatch(
    look(),
    openhexa_error = function(e) {
      code <- sub("^openhexa_error_", "", class(e)[[1]])
      texts <- contract_message(code, e$values)
      new_check(what, "failed", texts[[1]], texts[["i"]], code = code)
    },
    error = function(e) new_check(what, "failed", hide_secrets(error_line(e)))
  )
}

# What a step gives that there was nothing to look at for.
skip_check <- function(found) structure(found, class = "openhexa_skipped")

# `is_command`: whether the remedy is to be typed as it is. `name` and `code` are those
# of the check and of what it found in every language.
new_check <- function(what, state, found, remedy = "", ...) {
  more <- utils::modifyList(list(is_command = FALSE, name = "", code = ""), list(...))
  data.frame(what = what, state = state, found = found, remedy = unname(remedy), more)
}

new_report <- function(title, checks) {
  structure(list(title = title, checks = checks), class = "openhexa_report")
}

is_report_ok <- function(checks) !any(checks$state == "failed")

state_name <- function(states) {
  known <- c(
    ok = phrase("ok"),
    warning = phrase("warning"),
    failed = phrase("failed"),
    skipped = phrase("skipped")
  )
  unname(known[states])
}

#' @export
format.openhexa_report <- function(x, ...) c(x$title, check_lines(x$checks))

# Checks as lines of a table, each remedy below what it mends.
check_lines <- function(checks) {
  state <- format(state_name(checks$state))
  lines <- paste0("  ", format(checks$what), "  ", state, "  ", checks$found)
  remedies <- ifelse(nzchar(checks$remedy), paste0("\n    \u2192 ", checks$remedy), "")
  paste0(lines, remedies)
}

#' @export
print.openhexa_report <- function(x, ...) {
  writeLines(format(x))
  invisible(x)
}

#' @exportS3Method repr::repr_html
repr_html.openhexa_report <- function(obj, ...) {
  html_block("<h4>", escape_html(obj$title), "</h4>", check_table(obj$checks))
}

# Checks as a table of HTML.
check_table <- function(checks) {
  heads <- vapply(
    c("head_check", "head_state", "head_found", "head_remedy"),
    phrase,
    character(1)
  )
  remedy <- escape_html(checks$remedy)
  remedy <- ifelse(checks$is_command, paste0("<code>", remedy, "</code>"), remedy)
  rows <- paste0(
    "<tr><td>",
    escape_html(checks$what),
    "</td><td class=\"hexa-",
    checks$state,
    "\">",
    escape_html(state_name(checks$state)),
    "</td><td>",
    escape_html(checks$found),
    "</td><td>",
    remedy,
    "</td></tr>",
    collapse = ""
  )
  head <- paste0("<th>", escape_html(heads), "</th>", collapse = "")
  paste0("<table><tr>", head, "</tr>", rows, "</table>")
}

# The style that both languages share around HTML. Its colours are those of JupyterLab's
# theme, and of the page where there is none.
html_block <- function(...) {
  style <- contract()$report_style
  paste0("<div class=\"hexa-report\"><style>", style, "</style>", ..., "</div>")
}

escape_html <- function(text) {
  text <- gsub("&", "&amp;", text, fixed = TRUE)
  gsub("<", "&lt;", text, fixed = TRUE)
}
