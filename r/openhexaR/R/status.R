#' Show what is primed, what is wrong and how to mend it
#'
#' Never shows a secret.
#'
#' @param full Logical: also ask the database and the OpenHEXA server, which give up
#'   after some seconds, and have `hexa-kernels doctor`, where it is installed, look at
#'   Python and start the kernels, for a minute at most. Else no connection is opened.
#' @returns An object of class `openhexa_status`, a list with `rows`, a data frame of
#'   `label` and `value`; `problems`, a list of conditions; `checks`, a data frame of
#'   `what`, `state` (`ok`, `warning`, `failed` or `skipped`), `found`, `remedy`,
#'   `is_command`, `name` and `code`; `steps_ms`, how long each step of the kernel's
#'   start took; and `full`. A notebook shows it as HTML.
#' @section Errors: `openhexa_error_invalid_argument`.
#' @examples
#' hexa_status()
#' @export
hexa_status <- function(full = FALSE) {
  check_flag(full)
  driver <- c(database_drivers[is_installed(database_drivers)], "-")[[1]]
  rows <- c(
    openhexaR = as.character(utils::packageVersion("openhexaR")),
    workspace = workspace_state(),
    con = con_state()
  )
  facts <- c(driver, or_dash(env_lookup("slug")), env_path("files_path"))
  facts <- c(facts, env_path("tmp_path"), database_label(), hub_server())
  names(facts) <- vapply(
    c(
      "row_driver",
      "row_slug",
      "row_files",
      "row_scratch",
      "row_database",
      "row_server"
    ),
    phrase,
    character(1)
  )[seq_along(facts)]
  rows <- c(rows, facts)
  structure(
    list(
      rows = data.frame(label = names(rows), value = unname(rows)),
      problems = c(startup_problems(), Filter(Negate(is.null), list(the$con_failure))),
      checks = examine(full),
      steps_ms = unlist(the$steps),
      full = full
    ),
    class = "openhexa_status"
  )
}

# `workspace` is ours alone once the user has not given the name to something else.
workspace_state <- function() {
  seen <- get0("workspace", globalenv())
  phrase(if (identical(seen, workspace)) "ready" else "replaced")
}

con_state <- function() {
  if (!is.null(the$con)) {
    return(paste0(phrase("open"), ", ", round(the$con_ms), " ms"))
  }
  phrase(if (is.null(the$con_failure)) "at_first_use" else "failed")
}

# The server that a hub started, with what restarts it in a terminal; else NULL.
hub_server <- function() {
  user <- env_lookup("hub_user")
  if (!is.null(user)) {
    paste0(user, "/", env_lookup("hub_server"), " (hexa-kernels server restart)")
  }
}

or_dash <- function(value) if (is.null(value)) "-" else value

#' @export
format.openhexa_status <- function(x, ...) {
  c(
    paste0(format(x$rows$label), "  ", x$rows$value),
    if (length(x$steps_ms)) {
      steps <- paste(names(x$steps_ms), round(x$steps_ms), collapse = ", ")
      c("", start_heading(x), paste0("  ", steps))
    },
    "",
    phrase("status_checks"),
    check_lines(x$checks),
    if (!x$full) paste0("  ", more_checks("hexa_status(full = TRUE)")),
    if (length(x$problems)) c("", phrase("status_problems")),
    vapply(x$problems, problem_line, character(1))
  )
}

start_heading <- function(status) {
  fill(phrase("status_start"), list(ms = round(sum(status$steps_ms))))
}

more_checks <- function(command) {
  sub("`{command}`", command, phrase("status_more"), fixed = TRUE)
}

problem_line <- function(problem) {
  code <- sub("^openhexa_(error|warning)_", "", class(problem)[[1]])
  if (!inherits(problem, c("openhexa_error", "openhexa_warning"))) {
    return(paste0("[", code, "] ", conditionMessage(problem)))
  }
  paste0("[", code, "] ", paste(contract_message(code, problem$values), collapse = " "))
}

#' @export
print.openhexa_status <- function(x, ...) {
  writeLines(format(x))
  invisible(x)
}

#' @exportS3Method repr::repr_html
repr_html.openhexa_status <- function(obj, ...) {
  cells <- paste0(
    "<tr><th>",
    escape_html(obj$rows$label),
    "</th><td>",
    escape_html(obj$rows$value),
    "</td></tr>",
    collapse = ""
  )
  html_block(
    "<table>",
    cells,
    "</table>",
    problem_list(obj$problems),
    heading(phrase("status_checks")),
    check_table(obj$checks),
    if (!obj$full) {
      command <- "<code>hexa_status(full = TRUE)</code>"
      paste0("<p>", more_checks(command), "</p>")
    },
    start_bars(obj)
  )
}

heading <- function(text) paste0("<h4>", text, "</h4>")

problem_list <- function(problems) {
  if (length(problems) == 0) {
    return("")
  }
  items <- vapply(problems, function(p) escape_html(problem_line(p)), character(1))
  items <- paste0("<li>", items, "</li>", collapse = "")
  paste0(
    heading(phrase("status_problems")),
    "<ul class=\"hexa-failed\">",
    items,
    "</ul>"
  )
}

# The start as bars, each as long as its step took.
start_bars <- function(status, longest_px = 240) {
  ms <- status$steps_ms
  if (length(ms) == 0) {
    return("")
  }
  rows <- sprintf(
    paste0(
      "<tr><th>%s</th><td>%.0f</td><td><span class='hexa-bar' ",
      "style='width:%.0fpx'></span></td></tr>"
    ),
    escape_html(names(ms)),
    ms,
    ms * longest_px / max(ms, 1)
  )
  rows <- paste(rows, collapse = "")
  paste0(heading(start_heading(status)), "<table>", rows, "</table>")
}
