# What both languages share: the facts and messages of contract.json, read once.
contract <- function() {
  if (is.null(the$contract)) {
    file <- system.file("contract.json", package = "openhexaR", mustWork = TRUE)
    the$contract <- jsonlite::read_json(file, simplifyVector = FALSE)
  }
  the$contract
}

# What is wrong (unnamed) and what to do ("i"), as rlang::abort() lays it out.
contract_message <- function(code, values, language = message_language()) {
  texts <- contract()$errors[[code]][[language]]
  c(fill(texts$message, values), i = fill(texts$hint, values))
}

# One pass over the placeholders: a value that holds braces is left as it is.
fill <- function(text, values) {
  found <- gregexpr("\\{[a-z_]+\\}", text)
  names <- regmatches(text, found)[[1]]
  regmatches(text, found) <- list(vapply(
    names,
    function(name) {
      as.character(values[[substr(name, 2, nchar(name) - 1)]])
    },
    character(1)
  ))
  enc2utf8(text)
}

# A word or two that messages and reports are put together from.
phrase <- function(name) contract()$phrases[[name]][[message_language()]]
