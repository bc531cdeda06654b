# The R side of a `%%R` cell in a Python notebook: names given and taken, by files that
# both processes see.

# Read what Python wrote and give it a name.
bridge_take <- function(path, name) {
  value <- from_python(nanoarrow::read_nanoarrow(path))
  rlang::env_poke(globalenv(), name, value)
}

# Write what a name stands for, for Python to read.
bridge_give <- function(name, path) {
  nanoarrow::write_nanoarrow(to_python(global_value(name)), path)
}

# A data frame, or a value that is none.
to_python <- function(value) {
  if (is.data.frame(value)) to_wire(value) else value_to_wire(value)
}

from_python <- function(stream) {
  marks <- marks_of(stream$get_schema())
  if ("value" %in% names(marks)) value_from_wire(stream) else from_wire(stream)
}

global_value <- function(name, call = rlang::caller_env()) {
  if (!exists(name, envir = globalenv())) {
    abort_contract("name_not_found", name = name, language = "R", call = call)
  }
  get(name, envir = globalenv())
}

# Of the engine inside the notebook's own process: IRkernel's executor without its
# kernel, so that a cell shows the same as in a process of R's own. `send(type, json)`
# gets each message, `ask(prompt)` answers readline().
embedded_start <- function(send, ask) {
  attach_self()
  prompt <- ""
  the$executor <- asNamespace("IRkernel")$Executor$new(
    send_response = function(type, request, channel, content) {
      if (type == "input_request") {
        prompt <<- content$prompt
      }
      json <- jsonlite::toJSON(content, auto_unbox = TRUE, digits = 10, force = TRUE)
      send(type, enc2utf8(as.character(json)))
    },
    handle_stdin = function() ask(prompt),
    abort_queued_messages = function() NULL
  )
}

# Whether the code was interrupted.
embedded_run <- function(code) {
  content <- list(code = code, silent = FALSE, store_history = FALSE)
  the$executor$execute(list(content = content))
  the$executor$interrupted
}

# The stream that a frame crosses by, and its address. Python fills an empty one.
embedded_stream <- function(new = FALSE) {
  if (new) {
    the$stream <- nanoarrow::nanoarrow_allocate_array_stream()
  }
  nanoarrow::nanoarrow_pointer_addr_chr(the$stream)
}

embedded_take <- function(name) {
  rlang::env_poke(globalenv(), name, from_python(the$stream))
}

embedded_give <- function(name) {
  the$stream <- to_python(global_value(name))
  invisible()
}
