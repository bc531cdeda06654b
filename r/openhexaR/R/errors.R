# Every failure of ours: a condition of class openhexa_error_<code>, with the text of
# the contract, the hint in `body` and the named things in `values`.

abort_contract <- function(code, ..., parent = NULL, call = rlang::caller_env()) {
  values <- list(...)
  rlang::abort(
    contract_message(code, values),
    class = c(paste0("openhexa_error_", code), "openhexa_error"),
    values = values,
    parent = parent,
    call = call
  )
}

warn_contract <- function(code, ...) {
  values <- list(...)
  rlang::warn(
    contract_message(code, values),
    class = c(paste0("openhexa_warning_", code), "openhexa_warning"),
    values = values
  )
}

# For what must not stop an analysis: one warning a session of each kind.
warn_once <- function(code, ...) {
  if (code %in% the$warned) {
    return(invisible())
  }
  the$warned <- c(the$warned, code)
  # With options(warn = 2) a warning is an error.
  tryCatch(warn_contract(code, ...), error = function(e) message(conditionMessage(e)))
}

inform_contract <- function(code, ...) {
  values <- list(...)
  rlang::inform(
    contract_message(code, values),
    class = c(paste0("openhexa_message_", code), "openhexa_message"),
    values = values
  )
}

# The condition itself, for what is reported and not raised.
contract_condition <- function(code, ...) {
  tryCatch(abort_contract(code, ...), openhexa_error = identity)
}

# What may have been meant: up to three names, or "-".
similar_names <- function(name, candidates) {
  far <- utils::adist(name, candidates, ignore.case = TRUE)[1, ]
  similar <- candidates[order(far)][sort(far) <= max(2, nchar(name) %/% 3)]
  if (length(similar)) toString(utils::head(similar, 3)) else "-"
}

# A class; of a text that is none or many, what it is.
describe_class <- function(x) {
  if (is.character(x)) paste0("character [", length(x), "]") else class(x)[[1]]
}

check_string <- function(
  x,
  argument = rlang::caller_arg(x),
  call = rlang::caller_env()
) {
  if (missing(x) || !rlang::is_string(x)) {
    abort_contract(
      "invalid_argument",
      argument = argument,
      expected = phrase("a_string"),
      actual = if (missing(x)) phrase("nothing") else describe_class(x),
      call = call
    )
  }
}

check_flag <- function(x, argument = rlang::caller_arg(x), call = rlang::caller_env()) {
  if (!rlang::is_bool(x)) {
    abort_contract(
      "invalid_argument",
      argument = argument,
      expected = "TRUE / FALSE",
      actual = class(x)[[1]],
      call = call
    )
  }
}
