# Texts of SQL: names, statements and their parameters, taken apart, never run.

# Quoted texts and comments, in which nothing has a meaning of its own.
QUOTED <- paste(
  "\\b[eE]'(?:[^'\\\\]|\\\\.|'')*+'",
  "'(?:[^']|'')*+'",
  "\"(?:[^\"]|\"\")*+\"",
  "\\$(\\w*)\\$.*?\\$\\1\\$",
  sep = "|"
)
COMMENT <- "--[^\n]*|/\\*.*?\\*/"

# A name, or a statement that gives rows; `sql` has no semicolon at its end.
parse_source <- function(text, call = rlang::caller_env()) {
  name <- parse_name(text)
  if (!is.null(name)) {
    return(list(name = name, sql = paste("TABLE", quote_name(name))))
  }
  # Quotes are matched only to be left as they are.
  bare <- gsub(
    paste0("(?s)(?:", QUOTED, ")(*SKIP)(*FAIL)|", COMMENT),
    " ",
    text,
    perl = TRUE
  )
  if (!grepl("^[\\s(]*(SELECT|WITH|VALUES|TABLE)\\b", bare, TRUE, perl = TRUE)) {
    abort_contract(
      "invalid_argument",
      argument = "table_or_sql",
      expected = phrase("a_table_or_query"),
      actual = substr(text, 1, 60),
      call = call
    )
  }
  ended <- grepl(";\\s*$", bare)
  list(name = NULL, sql = if (ended) sub("[;\\s]+$", "", bare, perl = TRUE) else text)
}

# `table` or `schema.table`, each quoted or without blanks, as a vector of one or two
# names; NULL for anything else. Letters keep their case, quoted or not.
parse_name <- function(text) {
  part <- "(?:\"(?:[^\"]|\"\")+\"|[^\\s\".,;:()'$]+)"
  whole <- sprintf("^\\s*%s(?:\\.%s)?\\s*$", part, part)
  if (!grepl(whole, text, perl = TRUE)) {
    return(NULL)
  }
  parts <- regmatches(text, gregexpr(part, text, perl = TRUE))[[1]]
  quoted <- startsWith(parts, "\"")
  parts[quoted] <- gsub("\"\"", "\"", gsub("^\"|\"$", "", parts[quoted]), fixed = TRUE)
  parts
}

need_name <- function(text, argument, call = rlang::caller_env()) {
  name <- parse_name(text)
  if (is.null(name)) {
    abort_contract(
      "invalid_argument",
      argument = argument,
      expected = phrase("a_table_name"),
      actual = text,
      call = call
    )
  }
  check_name_sizes(name, call)
  name
}

# PostgreSQL would cut a longer name, and two that differ late would meet.
check_name_sizes <- function(names, call) {
  size <- nchar(enc2utf8(names), "bytes")
  if (any(size > 63)) {
    at <- which(size > 63)[[1]]
    abort_contract("name_too_long", name = names[[at]], size = size[[at]], call = call)
  }
}

quote_name <- function(parts) paste(quote_names(parts), collapse = ".")

quote_names <- function(names) {
  paste0("\"", gsub("\"", "\"\"", enc2utf8(names), fixed = TRUE), "\"", recycle0 = TRUE)
}

show_name <- function(parts) paste(parts, collapse = ".")

# Replace each `:name` by the number of a value that the server binds. RPostgreSQL
# cannot bind a missing value; the word NULL says the same.
bind_params <- function(sql, params, call = rlang::caller_env()) {
  if (is.null(params)) {
    return(list(sql = sql, values = character()))
  }
  pattern <- paste0(
    sprintf("(?s)(?:%s|%s)(*SKIP)(*FAIL)", QUOTED, COMMENT),
    "|(?<![:\\w]):[A-Za-z_]\\w*"
  )
  found <- gregexpr(pattern, sql, perl = TRUE)
  used <- substring(regmatches(sql, found)[[1]], 2)
  named <- if (is.list(params) || is.atomic(params)) names(params)
  if (!setequal(used, named) || anyDuplicated(named)) {
    abort_contract(
      "invalid_argument",
      argument = "params",
      expected = fill(
        phrase("values_by_name"),
        list(names = toString(unique(used)))
      ),
      actual = if (is.null(named)) describe_class(params) else toString(named),
      call = call
    )
  }
  texts <- vapply(unique(used), function(name) param_text(params[[name]]), "")
  given <- names(texts)[!is.na(texts)]
  numbers <- ifelse(used %in% given, paste0("$", match(used, given)), "NULL")
  regmatches(sql, found) <- list(numbers)
  list(sql = sql, values = unname(texts[given]))
}

# One value as the server reads it; several values, or I(x), as an array.
param_text <- function(x) {
  if (is.null(x)) {
    return(NA_character_)
  }
  texts <- sql_text(without_asis(x))
  if (length(x) == 1 && !inherits(x, "AsIs")) texts else array_text(texts)
}

array_text <- function(texts) {
  quoted <- paste0("\"", gsub("([\"\\\\])", "\\\\\\1", texts), "\"", recycle0 = TRUE)
  quoted[is.na(texts)] <- "NULL"
  paste0("{", paste(quoted, collapse = ","), "}")
}
