#' Read and write files of the workspace
#'
#' Any table or map, in the format that the extension of the name says.
#'
#' `file_write()` makes the file appear at once and whole: it is written in scratch,
#' copied beside its place and renamed, also where the workspace is a mounted bucket.
#' (A shapefile is several files, of which the .shp comes last.)
#'
#' @param path String: relative to the workspace's root, never to the working
#'   directory; or absolute; or a key in the bucket of a connection,
#'   `s3://identifier/folder/cases.csv` or `gs://identifier/folder/cases.csv`.
#'   Extensions: csv, tsv, parquet, arrow, feather, json, ndjson, jsonl, geojson, gpkg,
#'   shp, xlsx, xls (read only), dta, sav, rds; csv.gz, tsv.gz, json.gz, ndjson.gz,
#'   geojson.gz.
#' @param ... Of csv and tsv: `sep`, `decimal`, `encoding` and `na` (what stands for a
#'   missing value, `c("", "NA")`), in place of what the file looks like; to read also
#'   `text`, names of columns to leave as text, or `TRUE` for all. A French Excel wants
#'   `decimal = ",", encoding = "utf-8-sig"`. Of xlsx and xls: `sheet`. All others go to
#'   the reader or writer: `arrow::read_parquet()` (else `nanoparquet::read_parquet()`),
#'   [jsonlite::fromJSON()], `sf::st_read()`, `readxl::read_excel()`,
#'   `openxlsx::write.xlsx()`, `haven::read_dta()`.
#' @param frame Data frame, `n_rows` x `n_columns`; an sf object for maps, a list for
#'   json, any object for rds. Row labels (character row names) are an error.
#' @returns `file_read()`: a data frame, of class sf where there is geometry. A csv
#'   column is logical, integer, double, Date or POSIXct (UTC) when every text in it is
#'   one: `007` stays text. Integers beyond 2^53 are `bit64::integer64`. JSON that is no
#'   table (an array of flat objects) is a list, in which objects are named lists and
#'   arrays unnamed ones. `file_write()`: the absolute path, or the
#'   path in the bucket (string), invisibly.
#' @section Errors: `openhexa_error_file_missing`, `openhexa_error_file_unreadable`,
#'   `openhexa_error_file_unwritable`, `openhexa_error_folder_not_writable`,
#'   `openhexa_error_path_outside`, `openhexa_error_format_unknown`,
#'   `openhexa_error_format_unsupported`, `openhexa_error_row_names`,
#'   `openhexa_error_missing_package`; of buckets those of [connect()].
#' @source RFC 4180 for csv, <https://www.rfc-editor.org/rfc/rfc4180>
#' @examples
#' Sys.setenv(WORKSPACE_FILES_PATH = tempdir(), WORKSPACE_TMP_PATH = tempdir())
#' cases <- data.frame(district = c("Kaya", "Dori"), cases = c(12L, NA))
#' file_write(cases, "results/cases.csv")
#' file_read("results/cases.csv")
#' @export
file_read <- function(path, ...) {
  check_string(path)
  if (is_bucket_path(path)) {
    return(read_bucket_path(path, list(...)))
  }
  read_path(file_path(path), path, list(...))
}

#' @rdname file_read
#' @export
file_write <- function(frame, path, ...) {
  check_string(path)
  if (is_bucket_path(path)) {
    return(invisible(write_bucket_path(frame, path, list(...))))
  }
  invisible(write_path(frame, file_path(path), path, list(...)))
}

# Read a file anywhere; `name` is what the user calls it.
read_path <- function(target, name, options = list(), call = rlang::caller_env()) {
  format <- format_of(target, "read", call)
  if (!utils::file_test("-f", target)) {
    abort_missing(target, name, call)
  }
  plain <- target
  on.exit(if (plain != target) unlink(plain))
  tryCatch(
    {
      if (file.access(target, 4) != 0) {
        stop(phrase("no_permission"), call. = FALSE)
      }
      check_options(format, options)
      plain <- unpacked(target)
      rlang::inject(readers[[format]](plain, !!!options))
    },
    error = function(e) {
      keep_ours(e, call)
      abort_contract(
        "file_unreadable",
        path = name,
        format = format,
        reason = error_line(e),
        parent = e,
        call = call
      )
    }
  )
}

# Write a file anywhere.
write_path <- function(
  frame,
  target,
  name,
  options = list(),
  call = rlang::caller_env()
) {
  format <- format_of(target, "write", call)
  frame <- check_writable(frame, format, call)
  if (!make_folder(dirname(target)) || file.access(dirname(target), 2) != 0) {
    abort_contract("folder_not_writable", path = dirname(target), call = call)
  }
  write <- function(draft) rlang::inject(writers[[format]](frame, draft, !!!options))
  write_whole(target, write, name, call)
  target
}

# What a text format does not know is a mistake of the call, not of the file.
check_options <- function(format, options) {
  known <- setdiff(names(formals(read_delimited)), "path")
  unknown <- setdiff(names(options), known)
  if (format %in% c("csv", "tsv") && length(unknown) > 0) {
    abort_contract(
      "invalid_argument",
      argument = unknown[[1]],
      expected = fill(phrase("one_of"), list(names = toString(known))),
      actual = class(options[[unknown[[1]]]])[[1]]
    )
  }
}

# An error of ours says it all: it is raised as it is, in the name of the user's call.
keep_ours <- function(error, call) {
  if (inherits(error, "openhexa_error")) {
    error$call <- rlang::error_call(call)
    rlang::cnd_signal(error)
  }
}

error_line <- function(error) {
  text <- sub(".*reason '(.*)'.*", "\\1", trimws(conditionMessage(error)))
  lines <- strsplit(text, "\n", fixed = TRUE)[[1]]
  sub("[.]$", "", c(lines, class(error)[[1]])[[1]])
}

abort_missing <- function(target, name, call) {
  found <- list.files(dirname(target), all.files = TRUE, no.. = TRUE)
  abort_contract(
    "file_missing",
    path = name,
    root = env_path("files_path"),
    similar = similar_names(basename(target), found),
    call = call
  )
}

# The absolute path of a file; a relative one starts at the workspace's root.
file_path <- function(path, call = rlang::caller_env()) {
  if (grepl("^(~?[/\\\\]|[A-Za-z]:)", path)) {
    return(path.expand(path))
  }
  path_inside(env_path("files_path"), path, call)
}

# The name of a file's format; R must know it and have its package.
format_of <- function(path, action, call = rlang::caller_env()) {
  formats <- contract()$formats
  packed <- grepl("[.]gz$", path, ignore.case = TRUE)
  extension <- tolower(tools::file_ext(sub("[.]gz$", "", path, ignore.case = TRUE)))
  is_it <- function(entry) {
    extension %in% entry$extensions && (!packed || isTRUE(entry$gzip))
  }
  found <- Filter(is_it, formats)
  if (length(found) == 0) {
    known <- unlist(lapply(formats, `[[`, "extensions"), use.names = FALSE)
    abort_contract(
      "format_unknown",
      path = basename(path),
      extensions = paste(known, collapse = ", "),
      call = call
    )
  }
  format <- names(found)
  purpose <- phrase(switch(action, read = "read_format", write = "write_format"))
  purpose <- fill(purpose, list(format = format))
  packages <- unlist(found[[1]]$r[[action]])
  if (is.null(packages)) {
    abort_contract(
      "format_unsupported",
      action = purpose,
      language = "R",
      instead = found[[1]]$instead,
      call = call
    )
  }
  if (!any(is_installed(packages))) {
    require_package(packages[[1]], purpose, call)
  }
  format
}

# What a writer takes: a data frame without row labels, or what json and rds hold.
check_writable <- function(frame, format, call = rlang::caller_env()) {
  if (format == "rds" || (format == "json" && rlang::is_bare_list(frame))) {
    return(frame)
  }
  if (!is.data.frame(frame)) {
    expected <- phrase(if (format == "json") "a_frame_or_list" else "a_frame")
    abort_contract(
      "invalid_argument",
      argument = "frame",
      expected = expected,
      actual = class(frame)[[1]],
      call = call
    )
  }
  check_row_names(frame, call)
  frame
}

unpacked <- function(path) {
  if (!grepl("[.]gz$", path, ignore.case = TRUE)) {
    return(path)
  }
  extension <- tools::file_ext(sub("[.]gz$", "", path, ignore.case = TRUE))
  plain <- tempfile("read-", tmp_path(), paste0(".", extension))
  copy_bytes(gzfile(path, "rb"), file(plain, "wb"))
  # R reads a cut file to where it ends, and one that is no gzip as it is. The last four
  # bytes are the size of what was packed.
  bytes <- readBin(path, "raw", file.size(path))
  size <- sum(as.integer(utils::tail(bytes, 4)) * 256^(0:3))
  if (
    !identical(bytes[1:2], as.raw(c(0x1f, 0x8b))) || size != file.size(plain) %% 2^32
  ) {
    unlink(plain)
    stop(phrase("cut_gzip"), call. = FALSE)
  }
  plain
}

copy_bytes <- function(from, to) {
  on.exit({
    close(from)
    close(to)
  })
  while (length(bytes <- readBin(from, "raw", 1048576L)) > 0) {
    writeBin(bytes, to)
  }
}

# `write(draft)` writes to a path in scratch; what is there then takes the target's
# place at once. A bucket's mount is slow to seek in and has no locks, which some
# formats need, but it copies and renames as any disk.
write_whole <- function(target, write, name, call) {
  folder <- tempfile("write-", tmpdir = tmp_path())
  dir.create(folder)
  on.exit(unlink(folder, recursive = TRUE))
  tryCatch(
    {
      draft <- file.path(folder, sub("[.]gz$", "", basename(target)))
      without_warnings(write(draft))
      if (basename(draft) != basename(target)) {
        packed <- file.path(folder, basename(target))
        copy_bytes(file(draft, "rb"), gzfile(packed, "wb"))
        unlink(draft)
      }
      # A link is followed: it stays, and what it points to is replaced.
      real <- normalizePath(target, mustWork = FALSE)
      parts <- list.files(folder, all.files = TRUE, no.. = TRUE)
      for (part in setdiff(parts, basename(target))) {
        replace_file(file.path(dirname(real), part), file.path(folder, part))
      }
      replace_file(real, file.path(folder, basename(target)))
    },
    error = function(e) {
      keep_ours(e, call)
      reason <- error_line(e)
      abort_contract(
        "file_unwritable",
        path = name,
        reason = reason,
        parent = e,
        call = call
      )
    }
  )
}

replace_file <- function(target, new) {
  aside <- tempfile(".", dirname(target), ".part")
  on.exit(unlink(aside))
  if (!without_warnings(file.copy(new, aside, copy.mode = FALSE))) {
    stop(phrase("no_copy"), call. = FALSE)
  }
  if (file.exists(target)) {
    Sys.chmod(aside, file.mode(target), use_umask = FALSE)
  }
  if (!without_warnings(file.rename(aside, target))) {
    stop(phrase("no_copy"), call. = FALSE)
  }
}
