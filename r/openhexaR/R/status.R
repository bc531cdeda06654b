#' Show what is primed, what is wrong and how to mend it
#'
#' Opens no connection and never shows a secret.
#'
#' @returns An object of class `openhexa_status`: a list with `rows`, a data frame of
#'   `label` and `value`, and `problems`, a list of conditions.
#' @examples
#' hexa_status()
#' @export
hexa_status <- function() {
  driver <- c(database_drivers[is_installed(database_drivers)], "-")[[1]]
  problems <- c(startup_problems(), Filter(Negate(is.null), list(the$con_failure)))
  rows <- c(
    openhexaR = as.character(utils::packageVersion("openhexaR")),
    R = as.character(getRversion()),
    workspace = phrase("ready"),
    con = con_state(),
    driver = driver,
    slug = or_dash(env_lookup("slug")),
    files = env_path("files_path"),
    scratch = env_path("tmp_path"),
    database = database_label(),
    start = start_times(),
    problems = if (length(problems)) length(problems) else phrase("none")
  )
  structure(
    list(
      rows = data.frame(label = names(rows), value = unname(rows)),
      problems = problems
    ),
    class = "openhexa_status"
  )
}

con_state <- function() {
  if (!is.null(the$con)) {
    return(paste0(phrase("open"), ", ", round(the$con_ms), " ms"))
  }
  phrase(if (is.null(the$con_failure)) "at_first_use" else "failed")
}

or_dash <- function(value) if (is.null(value)) "-" else value

start_times <- function() {
  if (is.null(the$steps)) {
    return("-")
  }
  paste0(names(the$steps), " ", round(unlist(the$steps)), " ms", collapse = ", ")
}

#' @export
format.openhexa_status <- function(x, ...) {
  c(
    paste0(format(x$rows$label), "  ", x$rows$value),
    vapply(x$problems, problem_line, character(1))
  )
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
  escape <- function(text) {
    text <- gsub("&", "&amp;", text, fixed = TRUE)
    gsub("<", "&lt;", text, fixed = TRUE)
  }
  left <- "style='text-align:left'"
  cells <- paste0(
    "<tr><th ",
    left,
    ">",
    escape(obj$rows$label),
    "</th><td ",
    left,
    ">",
    escape(obj$rows$value),
    "</td></tr>",
    collapse = ""
  )
  items <- vapply(obj$problems, function(p) escape(problem_line(p)), character(1))
  list <- if (length(items)) {
    paste0("<ul>", paste0("<li>", items, "</li>", collapse = ""), "</ul>")
  }
  paste0("<table>", cells, "</table>", list)
}
