# Runs calls of openhexaR for the test that compares it with the SDK: one JSON object a
# line comes in, with `env` and `code`; one goes out, with `value`, or with `error`, the
# classes of the condition, and `message`.
library(openhexaR)

plain <- function(x) {
  if (inherits(x, "openhexa_connection")) {
    return(sapply(names(x), function(name) x[[name]], simplify = FALSE))
  }
  if (inherits(x, "openhexa_object")) {
    fields <- sapply(ls(x), function(name) {
      if (bindingIsActive(name, x)) NULL else x[[name]]
    }, simplify = FALSE)
    return(Filter(function(field) !is.function(field) && !is.environment(field), fields))
  }
  if (is.data.frame(x)) {
    return(lapply(seq_len(nrow(x)), function(row) as.list(x[row, , drop = FALSE])))
  }
  if (is.list(x)) {
    return(lapply(x, plain))
  }
  if (is.raw(x)) rawToChar(x) else x
}

input <- file("stdin", open = "r", encoding = "UTF-8")
while (length(line <- readLines(input, n = 1)) > 0) {
  job <- jsonlite::parse_json(line)
  before <- grep("^(HEXA|WORKSPACE)_", names(Sys.getenv()), value = TRUE)
  Sys.unsetenv(before)
  do.call(Sys.setenv, job$env)
  answer <- tryCatch(
    list(value = plain(eval(parse(text = job$code, encoding = "UTF-8"), new.env()))),
    error = function(e) list(error = class(e), message = conditionMessage(e))
  )
  writeLines(jsonlite::toJSON(answer,
    auto_unbox = TRUE, null = "null", na = "null", digits = I(17)
  ))
  flush(stdout())
}
