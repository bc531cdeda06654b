# Runs calls of openhexaR for tests: one JSON object a line comes in, with `env` and
# `code`; one goes out, with `value`, or with `error`, the classes of the condition, and
# `message`. `said` holds the class and text of messages and warnings, if any.
library(openhexaR)

plain <- function(x) {
  if (inherits(x, "openhexa_connection")) {
    return(sapply(names(x), function(name) x[[name]], simplify = FALSE))
  }
  if (inherits(x, "openhexa_object")) {
    stored <- Filter(function(name) !bindingIsActive(name, x), ls(x))
    fields <- sapply(stored, function(name) x[[name]], simplify = FALSE)
    return(Filter(function(field) !is.function(field) && !is.environment(field), fields))
  }
  if (is.data.frame(x)) {
    return(lapply(seq_len(nrow(x)), function(row) as.list(x[row, , drop = FALSE])))
  }
  if (is.list(x)) {
    return(lapply(x, plain))
  }
  if (is.raw(x)) paste(x, collapse = "") else x
}

# What a user may see of a condition: also its trace.
shown <- function(e) paste(c(conditionMessage(e), format(e)), collapse = "\n")

run <- function(code) {
  said <- list()
  note <- function(restart) {
    function(e) {
      said[[length(said) + 1]] <<- list(class = class(e)[[1]], text = shown(e))
      invokeRestart(restart)
    }
  }
  answer <- tryCatch(
    withCallingHandlers(
      list(value = plain(eval(parse(text = code, encoding = "UTF-8"), new.env()))),
      warning = note("muffleWarning"),
      message = note("muffleMessage")
    ),
    error = function(e) {
      list(error = class(e), message = conditionMessage(e), shown = shown(e))
    }
  )
  c(answer, if (length(said)) list(said = said))
}

input <- file("stdin", open = "r", encoding = "UTF-8")
while (length(line <- readLines(input, n = 1)) > 0) {
  job <- jsonlite::parse_json(line)
  before <- grep("^(HEXA|WORKSPACE)_", names(Sys.getenv()), value = TRUE)
  Sys.unsetenv(before)
  do.call(Sys.setenv, job$env)
  answer <- jsonlite::toJSON(run(job$code),
    auto_unbox = TRUE, null = "null", na = "null", digits = I(17)
  )
  writeLines(enc2utf8(answer), useBytes = TRUE)
  flush(stdout())
}
