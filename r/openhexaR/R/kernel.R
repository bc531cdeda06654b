#' Start the OpenHEXA R kernel
#'
#' What the kernelspec `openhexa-r` runs: it loads IRkernel, repairs what a plain R
#' start leaves wrong, sources the user's own profile, attaches this package and serves
#' Jupyter until the kernel is shut down. Whatever fails on the way is kept for
#' [hexa_status()], and shown as one line in the first cell.
#'
#' Differences to a plain start: no `.RData` is restored; a profile that stops with an
#' error does not stop the kernel; a `.Renviron` cannot replace a `WORKSPACE_*` or
#' `HEXA_*` variable that the server has set; text is UTF-8 in any locale; a cell that
#' is refused because one before it failed is over, and no longer shown as running.
#'
#' @param connection_file String: path of the connection file that Jupyter wrote.
#' @returns Does not return before the kernel is shut down.
#' @section Errors: `openhexa_error_missing_package` if IRkernel is not installed.
#' @examples
#' \dontrun{
#' kernel_main("kernel-1234.json")
#' }
#' @export
kernel_main <- function(connection_file = commandArgs(TRUE)[[1]]) {
  # The kernelspec switches the compiler off for the start, which it would slow down.
  Sys.unsetenv("R_ENABLE_JIT")
  compiler::enableJIT(3L)
  the$steps$R <- proc.time()[["elapsed"]] * 1000 # counted from R's own start
  require_package("IRkernel", phrase("serve_jupyter"))
  startup_step("IRkernel", loadNamespace("IRkernel"))
  startup_step("locale", repair_locale())
  startup_step("variables", restore_variables())
  startup_step("libraries", set_library_paths())
  startup_step("profile", source_profile())
  startup_step("workspace", attach_self())
  run_kernel(connection_file)
}

# Run one step of the start; keep its time, and its failure for hexa_status().
startup_step <- function(name, code) {
  begin <- proc.time()[["elapsed"]]
  tryCatch(
    withCallingHandlers(code, warning = function(w) {
      add_problem(w)
      tryInvokeRestart("muffleWarning")
    }),
    error = add_problem,
    interrupt = add_problem
  )
  the$steps[[name]] <- (proc.time()[["elapsed"]] - begin) * 1000
}

add_problem <- function(condition) {
  the$problems <- c(the$problems, list(condition))
}

repair_locale <- function() {
  for (locale in c("C.UTF-8", "en_US.UTF-8", "UTF-8")) {
    if (l10n_info()[["UTF-8"]]) {
      return(invisible())
    }
    suppressWarnings(Sys.setlocale("LC_CTYPE", locale))
  }
  if (!l10n_info()[["UTF-8"]]) warn_contract("locale_not_utf8")
}

# R reads .Renviron of the working directory before anything of ours runs. On a shared
# folder that is anybody's file: what the server has set wins.
restore_variables <- function(environ = "/proc/self/environ", renviron = ".Renviron") {
  if (file.exists(environ)) {
    return(set_env(server_variables(environ)))
  }
  lines <- if (file.exists(renviron)) readLines(renviron, warn = FALSE) else character()
  found <- regmatches(lines, regexpr("^\\s*(export\\s+)?(WORKSPACE|HEXA)_\\w+", lines))
  if (length(found) > 0) {
    warn_contract(
      "renviron_overrides",
      variables = paste(sub("^\\s*(export\\s+)?", "", found), collapse = ", "),
      path = normalizePath(renviron)
    )
  }
}

# The WORKSPACE_* and HEXA_* variables of the process as its parent started it.
server_variables <- function(environ) {
  raw <- readBin(environ, "raw", 4194304L)
  end <- which(raw == as.raw(0L))
  begin <- c(1L, end + 1L)[seq_along(end)]
  pairs <- mapply(function(from, to) rawToChar(raw[seq2(from, to)]), begin, end - 1L)
  pairs <- grep("^(WORKSPACE|HEXA)_[^=]*=", pairs, value = TRUE, useBytes = TRUE)
  values <- sub("^[^=]*=", "", pairs, useBytes = TRUE)
  names(values) <- sub("=.*", "", pairs, useBytes = TRUE)
  values
}

seq2 <- function(from, to) if (from > to) integer() else seq.int(from, to)

# Where the images keep what sf and reticulate look for; never over a user's choice.
set_library_paths <- function(prefix = conda_prefix()) {
  candidates <- c(
    PROJ_LIB = file.path(prefix, "share/proj"),
    PROJ_DATA = file.path(prefix, "share/proj"),
    GDAL_DATA = file.path(prefix, "share/gdal"),
    RETICULATE_PYTHON = file.path(prefix, "bin/python")
  )
  unset <- is.na(Sys.getenv(names(candidates), unset = NA))
  set_env(candidates[unset & file.exists(candidates)])
}

conda_prefix <- function() {
  given <- Sys.getenv(c("CONDA_DIR", "CONDA_PREFIX"))
  c(given[nzchar(given)], "/opt/conda")[[1]]
}

# The file that R itself would have chosen, without --no-init-file.
profile_path <- function() {
  chosen <- Sys.getenv("R_PROFILE_USER")
  if (nzchar(chosen)) {
    return(path.expand(chosen))
  }
  Find(file.exists, c(".Rprofile", path.expand("~/.Rprofile")))
}

source_profile <- function() {
  path <- profile_path()
  if (is.null(path) || !file.exists(path)) {
    return(invisible())
  }
  # What a profile prints would end up in the output of `papermill in -`.
  sink(stderr())
  on.exit(sink())
  tryCatch(
    {
      sys.source(path, envir = globalenv(), keep.source = FALSE)
      first <- get0(".First", globalenv(), mode = "function", inherits = FALSE)
      if (!is.null(first)) first() # as R does after a profile
    },
    error = function(e) {
      abort_contract(
        "profile_failed",
        path = normalizePath(path),
        reason = sub("\\.$", "", conditionMessage(e)),
        call = NULL
      )
    }
  )
}

attach_self <- function() {
  if (!"package:openhexaR" %in% search()) attachNamespace("openhexaR")
}

# IRkernel::main(), and what it has no hook for, so that functions of its executor are
# replaced: one line in the first cell when something is wrong, and interrupts that land
# outside the user's code, where they would end R, or while it waits for an answer.
run_kernel <- function(connection_file) {
  interrupt_user_code_only()
  problems <- startup_problems()
  begin <- proc.time()[["elapsed"]]
  kernel <- environment(IRkernel::main)$Kernel$new(connection_file = connection_file)
  answer <- kernel$executor$send_response
  queued <- list()
  kernel$executor$send_response <- function(type, request, channel, content) {
    suspendInterrupts({
      # One that came before this cell is not meant for it.
      if (type == "execute_input") {
        forget_interrupt()
      }
      # Before this reply, upon which a client may send its next cell.
      if (type == "execute_reply" && content$status != "ok") {
        queued <<- queued_after(kernel, request)
      }
      answer(type, request, channel, content)
      if (
        length(problems) > 0 &&
          type == "execute_input" &&
          !isTRUE(request$content$silent)
      ) {
        text <- paste0(startup_line(problems[[1]]), "\n")
        problems <<- NULL
        answer("stream", request, "iopub", list(name = "stderr", text = text))
      }
    })
  }
  kernel$executor$abort_queued_messages <- function() refuse(kernel, queued)
  kernel$executor$handle_stdin <- function() read_answer(kernel)
  the$steps$kernel <- (proc.time()[["elapsed"]] - begin) * 1000
  suspendInterrupts(kernel$run())
}

# What waits behind a cell that failed; nothing where the cell asks to go on, of which
# IRkernel knows nothing.
queued_after <- function(kernel, request) {
  queued <- list()
  if (isFALSE(request$content$stop_on_error)) {
    return(queued)
  }
  while (!is.null(waiting <- waiting_message(kernel, kernel$sockets$shell))) {
    queued <- c(queued, list(waiting))
  }
  queued
}

# IRkernel does not say that they are over: who waits for that, waits for ever.
refuse <- function(kernel, requests) {
  for (request in requests) {
    say <- function(state) {
      kernel$send_response("status", request, "iopub", list(execution_state = state))
    }
    reply <- sub("_request$", "_reply", request$header$msg_type)
    say("busy")
    kernel$send_response(reply, request, "shell", list(status = "aborted"))
    say("idle")
  }
}

# A message that is there within some milliseconds, else NULL.
waiting_message <- function(kernel, socket, timeout_ms = 0L) {
  zmq <- parent.env(asNamespace("IRkernel")) # where it has the functions of pbdZMQ
  zmq$zmq.poll(c(socket), zmq$ZMQ.PO()$POLLIN, timeout_ms)
  if (bitwAnd(zmq$zmq.poll.get.revents(1), zmq$ZMQ.PO()$POLLIN)) {
    kernel$wire_to_msg(zmq$zmq.recv.multipart(socket, unserialize = FALSE))
  }
}

# The answer to readline(). IRkernel's own wait for it cannot be interrupted.
read_answer <- function(kernel) {
  repeat {
    answer <- suspendInterrupts(waiting_message(kernel, kernel$sockets$stdin, 250L))
    if (!is.null(answer)) {
      return(answer$content$value)
    }
    Sys.sleep(0) # lets an interrupt in
  }
}

# Elsewhere it would cut a message in two, or end R. IRkernel runs the user's code, in
# the global environment, by a function of package evaluate; also a line of its own.
interrupt_user_code_only <- function() {
  imports <- parent.env(asNamespace("IRkernel"))
  evaluate <- getExportedValue("evaluate", "evaluate")
  rlang::env_binding_unlock(imports, "evaluate")
  imports$evaluate <- function(input, envir = NULL, ...) {
    if (is.null(envir)) {
      return(evaluate(input, ...))
    }
    export_mentioned(input, list(...)$output_handler$message)
    allowInterrupts({
      value <- evaluate(input, envir, ...)
      Sys.sleep(0) # lets an interrupt in that came during the last call, in C
      value
    })
  }
  rlang::env_binding_lock(imports, "evaluate")
}

forget_interrupt <- function() {
  tryCatch(allowInterrupts(Sys.sleep(0)), interrupt = function(e) NULL)
}

startup_line <- function(problem) {
  text <- strsplit(conditionMessage(problem), "\n", fixed = TRUE)[[1]][[1]]
  values <- list(problem = text, command = "hexa_status()")
  paste(contract_message("startup_problem", values), collapse = " ")
}

startup_problems <- function() c(the$problems, env_problems())
