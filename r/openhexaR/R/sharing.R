#' Hand a data frame to other notebooks
#'
#' `receive_frame(name)` in another notebook of this server, in R or Python, returns
#' what `share_frame()` was given. A share of the same name is replaced at once, goes
#' away after a day or with the server, and is not seen by pipelines, which run in
#' containers of their own.
#'
#' @param frame Data frame, `n_rows` x `n_columns`; crosses as [to_wire()] says.
#' @param name String: letters without accents, digits, `_` and `-`; 1 to 64 characters.
#' @returns
#'   * `share_frame()`: invisibly, the path (string) of an Arrow IPC stream, not
#'     compressed, under `workspace$tmp_path`.
#'   * `receive_frame()`: a data frame, tibble, data.table or sf, as [from_wire()] makes
#'     it.
#'   * `shared_frames()`: a data frame with `name`, `size_bytes`, `age_s` (seconds since
#'     it was shared), `language` ("Python" or "R"), `pid` and `notebook` of the kernel
#'     that shared it; newest first.
#' @section Errors: `openhexa_error_share_name_invalid`, `_share_not_found` (also when
#'   it has expired), `_shares_full` if all shares together would exceed
#'   `HEXA_SHARED_FRAMES_MAX_GB` (8 without), `_share_not_written` if the disk is full,
#'   `_share_unreadable` if the file is damaged or vanishes while it is read; those of
#'   [to_wire()].
#' @source Arrow IPC streaming format,
#'   <https://arrow.apache.org/docs/format/Columnar.html>
#' @examples
#' if (requireNamespace("nanoarrow", quietly = TRUE)) {
#'   Sys.setenv(WORKSPACE_TMP_PATH = tempdir())
#'   share_frame(data.frame(year = c(2023L, 2024L)), "cases")
#'   dim(receive_frame("cases"))
#' }
#' @export
share_frame <- function(frame, name) {
  path <- share_path(name)
  origin <- list(language = "R", pid = Sys.getpid(), notebook = session_notebook())
  origin <- as.character(jsonlite::toJSON(origin, auto_unbox = TRUE))
  stream <- wire(frame, marks = c(origin = origin))
  # Aside, then renamed: nobody ever reads half a frame.
  aside <- tempfile(tmpdir = dirname(path), fileext = ".part")
  on.exit(unlink(aside))
  problem <- write_stream(stream, aside)
  if (is.null(problem)) {
    check_room(name, file.size(aside), path)
    if (!file.rename(aside, path)) problem <- "rename"
  }
  if (!is.null(problem)) {
    abort_contract("share_not_written", path = path, reason = problem)
  }
  invisible(path)
}

#' @rdname share_frame
#' @export
receive_frame <- function(name) {
  path <- share_path(name)
  require_package("nanoarrow", phrase("cross_frames"))
  if (!file.exists(path)) {
    known <- paste(share_names(share_paths()), collapse = ", ")
    known <- if (nzchar(known)) known else "-"
    abort_contract("share_not_found", name = name, known = known)
  }
  tryCatch(
    from_wire(nanoarrow::read_nanoarrow(path)),
    openhexa_error = function(e) rlang::cnd_signal(e),
    error = function(e) {
      reason <- sub("\\.$", "", conditionMessage(e))
      abort_contract("share_unreadable", path = path, reason = reason)
    }
  )
}

#' @rdname share_frame
#' @export
shared_frames <- function() {
  require_package("nanoarrow", phrase("cross_frames"))
  paths <- share_paths()
  origins <- lapply(paths, share_origin)
  status <- file.info(paths)
  value <- function(key, default) {
    vapply(
      origins,
      function(origin) c(origin[[key]], default)[[1]],
      default
    )
  }
  shares <- data.frame(
    name = share_names(paths),
    size_bytes = status$size,
    age_s = as.numeric(Sys.time()) - as.numeric(status$mtime),
    language = value("language", NA_character_),
    pid = value("pid", NA_integer_),
    notebook = value("notebook", NA_character_)
  )
  found <- !vapply(origins, is.null, logical(1))
  shares <- shares[found, ][order(shares$age_s[found]), ]
  row.names(shares) <- NULL
  shares
}

# The origin of a share; NULL for one that is gone since, or is not ours.
share_origin <- function(path) {
  tryCatch(
    {
      stream <- suppressWarnings(nanoarrow::read_nanoarrow(path))
      on.exit(stream$release())
      origin <- stream$get_schema()$metadata[["openhexa:origin"]]
      if (is.null(origin)) list() else jsonlite::fromJSON(origin)
    },
    error = function(e) NULL
  )
}

share_path <- function(name, call = rlang::caller_env()) {
  if (!rlang::is_string(name) || !grepl(contract()$sharing$name, name)) {
    abort_contract("share_name_invalid", name = format(name), call = call)
  }
  expire_shares()
  file.path(share_folder(), paste0(name, contract()$sharing$suffix))
}

share_folder <- function() dirname(tmp_path(contract()$sharing$folder, "x"))

share_paths <- function() {
  expire_shares()
  files <- list.files(share_folder(), full.names = TRUE)
  files[endsWith(files, contract()$sharing$suffix)]
}

share_names <- function(paths) {
  names <- basename(paths)
  substr(names, 1, nchar(names) - nchar(contract()$sharing$suffix))
}

# Delete what is older than a day, and what a process that died left behind.
expire_shares <- function() {
  paths <- list.files(share_folder(), full.names = TRUE)
  age <- as.numeric(Sys.time()) - as.numeric(file.mtime(paths))
  unlink(paths[!is.na(age) & age > contract()$sharing$expires_after_s])
}

check_room <- function(name, size, path, call = rlang::caller_env()) {
  limit <- env_positive_number("shared_frames_max_gb", call)
  others <- setdiff(share_paths(), path)
  used <- sum(file.size(others), na.rm = TRUE)
  if (used + size > limit * 1e9) {
    abort_contract(
      "shares_full",
      name = name,
      size = format(size / 1e9, digits = 3),
      used = format(used / 1e9, digits = 3),
      limit = format(limit),
      folder = dirname(path),
      variable = env_variable("shared_frames_max_gb"),
      call = call
    )
  }
}

# NULL, or why it failed: a full disk is no more than a warning to a connection of R.
write_stream <- function(stream, path) {
  problem <- connection <- NULL
  on.exit(if (!is.null(connection)) suppressWarnings(close(connection)))
  keep <- function(condition) {
    problem <<- sub("\\.$", "", trimws(conditionMessage(condition)))
    tryInvokeRestart("muffleWarning")
  }
  tryCatch(
    withCallingHandlers(
      {
        connection <- file(path, "wb")
        nanoarrow::write_nanoarrow(stream, connection)
        closing <- connection
        connection <- NULL
        close(closing)
      },
      warning = keep
    ),
    error = keep
  )
  problem
}
