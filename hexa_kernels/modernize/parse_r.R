# Parse R code that arrives on standard input: a line with a number of bytes, then as
# many bytes of UTF-8; again and again. Answer each with one line: the line number of
# the error, or `-`, then, separated by tabs, the tokens and what getParseData() says
# of them, one column after the other. Run by r_syntax.py.

columns <- c("line1", "col1", "line2", "col2", "id", "parent")

describe <- function(code) {
  parsed <- tryCatch(parse(text = code, keep.source = TRUE), error = identity)
  if (inherits(parsed, "error")) {
    place <- regmatches(
      conditionMessage(parsed),
      regexpr("(?<=<text>:)[0-9]+", conditionMessage(parsed), perl = TRUE)
    )
    return(if (length(place) == 0) "1" else place)
  }
  data <- utils::getParseData(parsed, includeText = FALSE)
  numbers <- vapply(data[columns], paste, "", collapse = " ")
  paste(c("-", paste(data$token, collapse = " "), numbers), collapse = "\t")
}

input <- file("stdin", "rb", raw = TRUE)
while (length(size <- readLines(input, 1L)) == 1L) {
  code <- readChar(input, as.integer(size), useBytes = TRUE)
  Encoding(code) <- "UTF-8"
  cat(describe(code), "\n", sep = "")
  flush(stdout())
}
