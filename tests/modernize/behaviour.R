# Run code that arrives on standard input, a line of JSON each, twice in the global
# environment, as a cell is run again; answer with what its variables are after each, a
# line of JSON. All begin without openhexaR, folders and variables. Run by
# test_behaviour.py.

local({
  the <- openhexaR:::the
  run <- function(code) {
    rm(list = ls(globalenv(), all.names = TRUE), envir = globalenv())
    if ("package:openhexaR" %in% search()) {
      detach("package:openhexaR", character.only = TRUE)
    }
    the$defaults <- NULL
    unlink(path.expand(c("~/workspace", "~/tmp")), recursive = TRUE)
    lapply(1:2, function(time) {
      utils::capture.output(suppressWarnings(suppressMessages(
        eval(parse(text = code, keep.source = FALSE), globalenv())
      )))
      values <- mget(ls(globalenv(), pattern = "^v[0-9]+$"), globalenv())
      lapply(values, function(x) gsub("\\s+", "", paste(deparse(x), collapse = "")))
    })
  }
  input <- file("stdin", "r", encoding = "UTF-8")
  while (length(line <- readLines(input, 1L)) == 1L) {
    code <- jsonlite::fromJSON(line)
    values <- tryCatch(run(code), error = function(e) list(paste("error:", conditionMessage(e))))
    cat(jsonlite::toJSON(values, auto_unbox = TRUE), "\n", sep = "")
    flush(stdout())
  }
})
