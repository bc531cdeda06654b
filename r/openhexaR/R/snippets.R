#' Print how something is written in Python and in R
#'
#' Exact equivalents, for a fixed catalogue.
#'
#' @param name String: one of the catalogue; without it, the catalogue is listed.
#' @param language `"python"` or `"r"` alone; else both.
#' @returns Invisibly, what is printed: a character vector, one element a line.
#' @section Errors: `openhexa_error_invalid_argument` if there is no such snippet or
#'   language; the message names those there are.
#' @examples
#' hexa_snippet()
#' hexa_snippet("database")
#' hexa_snippet("database", "python")
#' @export
hexa_snippet <- function(name = NULL, language = NULL) {
  file <- system.file("snippets.json", package = "openhexaR", mustWork = TRUE)
  catalogue <- jsonlite::read_json(file)
  languages <- c(python = "Python", r = "R")
  if (is.null(name)) {
    titles <- vapply(catalogue, `[[`, "", message_language())
    lines <- paste0(format(names(catalogue)), "  ", titles)
  } else {
    check_choice(name, names(catalogue))
    if (!is.null(language)) {
      languages <- languages[check_choice(language, names(languages))]
    }
    code <- lapply(names(languages), function(one) unlist(catalogue[[name]][[one]]))
    if (is.null(language)) {
      heads <- paste("#", languages)
      lines <- c(heads[[1]], code[[1]], "", heads[[2]], code[[2]])
    } else {
      lines <- code[[1]]
    }
  }
  writeLines(lines)
  invisible(lines)
}
