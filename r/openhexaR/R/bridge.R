# The R side of a `%%R` cell in a Python notebook: names given and taken, by files that
# both processes see.

# Run one of the functions below. An error of ours travels as its code and values, and
# is raised as the same one in Python.
bridge_call <- function(name, ...) {
  tryCatch(
    invisible(do.call(name, list(...), envir = asNamespace("openhexaR"))),
    openhexa_error = function(e) {
      content <- list(
        code = sub("^openhexa_error_", "", class(e)[[1]]),
        values = e$values,
        text = gsub("\\s*\n\\s*", " ", conditionMessage(e))
      )
      stop(jsonlite::toJSON(content, auto_unbox = TRUE), call. = FALSE)
    }
  )
}

# Read what Python wrote and give it a name.
bridge_take <- function(path, name) {
  require_package("nanoarrow", phrase("cross_frames"))
  stream <- nanoarrow::read_nanoarrow(path)
  schema <- stream$get_schema()
  batches <- nanoarrow::collect_array_stream(stream, schema = schema, validate = FALSE)
  unlink(path) # so that memory holds the frame twice and not three times
  stream <- nanoarrow::basic_array_stream(batches, schema, validate = FALSE)
  batches <- NULL
  rlang::env_poke(globalenv(), name, from_python(stream))
}

# Write what a name stands for, for Python to read: to the first of the paths that has
# room for it.
bridge_give <- function(name, ...) {
  value <- global_value(name)
  require_package("nanoarrow", phrase("cross_frames"))
  for (path in c(...)) {
    stream <- to_python(value) # it can be read once
    problem <- write_stream(stream, path)
    stream$release()
    if (is.null(problem)) {
      # Python is about to make a frame of the file.
      if (file.size(path) > 1e8) {
        gc()
      }
      return(invisible())
    }
    unlink(path)
  }
  abort_contract("no_room_to_cross", folder = dirname(path), reason = problem)
}

# Set options for one cell; without any, put back what they were.
bridge_options <- function(...) {
  given <- list(...)
  if (length(given) == 0) {
    given <- the$options
    the$options <- NULL
    return(invisible(options(given)))
  }
  the$options <- options(given)
  invisible()
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
      suspendInterrupts(send(type, enc2utf8(as.character(json))))
    },
    handle_stdin = function() {
      answer <- ask(prompt)
      Sys.sleep(0) # lets an interrupt in
      answer
    },
    abort_queued_messages = function() NULL
  )
  interrupt_user_code_only()
}

# Python knows whether there was an interrupt; one that comes last lands here.
embedded_run <- function(code) {
  content <- list(code = code, silent = FALSE, store_history = FALSE)
  tryCatch(
    suspendInterrupts(the$executor$execute(list(content = content))),
    interrupt = function(e) NULL
  )
  invisible()
}

# Call one of the functions below; gives the text of an error, else an empty one.
embedded_call <- function(name, ...) {
  say <- function(condition) {
    text <- sub("\n?$", "\n", conditionMessage(condition))
    content <- list(name = "stderr", text = text)
    the$executor$send_response("stream", NULL, "iopub", content)
  }
  tryCatch(
    withCallingHandlers(
      {
        bridge_call(name, ...)
        ""
      },
      message = function(m) {
        say(m)
        invokeRestart("muffleMessage")
      },
      warning = function(w) {
        say(w)
        invokeRestart("muffleWarning")
      }
    ),
    error = function(e) paste("Error:", conditionMessage(e)),
    interrupt = function(e) ""
  )
}

# The stream that a frame crosses by; Python fills it.
embedded_open <- function() {
  require_package("nanoarrow", phrase("cross_frames"))
  the$stream <- nanoarrow::nanoarrow_allocate_array_stream()
}

embedded_address <- function() nanoarrow::nanoarrow_pointer_addr_chr(the$stream)

embedded_take <- function(name) {
  rlang::env_poke(globalenv(), name, from_python(the$stream))
}

embedded_give <- function(name) {
  value <- global_value(name)
  require_package("nanoarrow", phrase("cross_frames"))
  the$stream <- to_python(value)
}
