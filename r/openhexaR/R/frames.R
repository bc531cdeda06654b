#' Frames between R and Python
#'
#' `to_wire()` brings a data frame to the wire: an Arrow stream of plain types whose
#' metadata names the classes. `from_wire()` makes a data frame of it. With their twins
#' in Python, a round trip in either direction gives back the same classes and values.
#' The rules, type by type, are in the project's documentation.
#'
#' @param frame Data frame, `n_rows` x `n_columns`: also a tibble, data.table or sf.
#'   Column names may repeat. Row names of text are an error. Labels of haven, groups of
#'   dplyr and attributes that are plain vectors are kept.
#' @param strict `TRUE` makes an error of what would change or stay behind; else it is a
#'   warning.
#' @param stream A `nanoarrow_array_stream`, from Python, from `to_wire()` or elsewhere.
#' @returns
#'   * `to_wire()`: a `nanoarrow_array_stream`. Times are UTC, in microseconds
#'     (nanoseconds where they have finer digits); `NA` is Arrow's null, `NaN` stays.
#'   * `from_wire()`: a data frame, tibble, data.table or sf. Integers are `integer`
#'     where all fit, else `double` up to 2^53, else `integer64`, with one message.
#'   * `crossing_report()`: a data frame with a row for each column: `column`, `from`
#'     (its class), `to` (its class in pandas), `status` ("exact", "widened": the same
#'     values in another class, or "lossy"), `changed` (how many values) and `reason`.
#' @section Errors: `openhexa_error_unsupported_frame`, `_unsupported_column`,
#'   `_row_names`, `_column_names`, `_invalid_text`, `_embedded_nul`, `_crossing_lossy`,
#'   `_missing_package`; warnings of class `openhexa_warning_values_changed` and
#'   `openhexa_warning_left_behind`, a message of class
#'   `openhexa_message_integer64_used`.
#' @source Arrow columnar format,
#'   <https://arrow.apache.org/docs/format/Columnar.html>
#' @examples
#' if (requireNamespace("nanoarrow", quietly = TRUE)) {
#'   frame <- data.frame(year = c(2023L, NA), level = factor(c("high", "low")))
#'   print(crossing_report(frame))
#'   identical(from_wire(to_wire(frame)), frame)
#' }
#' @export
to_wire <- function(frame, strict = FALSE) {
  check_flag(strict)
  wire(frame, strict)
}

# `marks`: more metadata of the whole.
wire <- function(frame, strict = FALSE, marks = NULL, call = rlang::caller_env()) {
  crossings <- encode_columns(frame, call)
  changed <- vapply(crossings, `[[`, numeric(1), "changed")
  columns <- paste0(names(frame), " (", changed, ")")[changed > 0]
  left <- left_behind(frame, crossings)
  if (strict && length(c(columns, left)) > 0) {
    columns <- paste(c(columns, left), collapse = ", ")
    abort_contract("crossing_lossy", columns = columns, call = call)
  }
  if (length(columns) > 0) {
    warn_contract("values_changed", columns = paste(columns, collapse = ", "))
  }
  if (length(left) > 0) {
    warn_contract("left_behind", parts = paste(left, collapse = ", "))
  }
  marks <- c(
    marks,
    encode_frame_attributes(frame)$marks,
    python = attr(attr(frame, "openhexa"), "python"),
    wire = "1",
    r = frame_class(frame),
    geometry = if (inherits(frame, "sf")) attr(frame, "sf_column"),
    rows = if (length(frame) == 0) as.character(nrow(frame))
  )
  stream_of(mark(struct(crossings, names(frame), nrow(frame)), marks))
}

#' @rdname to_wire
#' @export
from_wire <- function(stream) {
  require_package("nanoarrow", phrase("cross_frames"))
  stream <- nanoarrow::as_nanoarrow_array_stream(stream)
  on.exit(stream$release())
  environment <- environment()
  schema <- stream$get_schema()
  batches <- nanoarrow::collect_array_stream(stream, schema = schema, validate = FALSE)
  marks <- marks_of(schema)
  is_ours <- !is.na(marks["wire"])
  # Once: each `$` makes all children anew.
  fields <- unname(schema$children)
  marks_of_fields <- lapply(fields, marks_of)
  parts <- lapply(batches, function(batch) batch$children)
  columns <- blame(
    environment,
    lapply(seq_along(fields), function(at) {
      arrays <- lapply(parts, `[[`, at)
      decode(arrays, fields[[at]], is_ours, marks_of_fields[[at]])
    })
  )
  names <- child_names(fields)
  # A table of no columns has no rows either, in Python's Arrow.
  counted <- length(columns) > 0 || is.na(marks["rows"])
  rows <- if (counted) sum_lengths(batches) else as.numeric(marks[["rows"]])
  asked <- vapply(marks_of_fields, function(marks) "integer64" %in% marks["r"], NA)
  tell_integer64(columns[!asked], names[!asked])
  memory <- remember(marks_of_fields, columns, names, marks)
  new_frame(columns, names, rows, marks, memory)
}

# Each column on the wire, with the marks that bring its class back in Python.
encode_columns <- function(frame, call = rlang::caller_env()) {
  require_package("nanoarrow", phrase("cross_frames"), call = call)
  if (!is.data.frame(frame)) {
    abort_contract("unsupported_frame", actual = class(frame)[[1]], call = call)
  }
  names <- names(frame)
  if (anyNA(names)) {
    abort_contract("column_names", name = "NA", type = "NA", call = call)
  }
  if (!all(validUTF8(enc2utf8(names)))) {
    abort_contract("invalid_text", column = "names(frame)", call = call)
  }
  check_row_names(frame, call)
  memory <- attr(frame, "openhexa")
  columns <- unclass_list(frame)
  keys <- memory_keys(names)
  blame(
    call,
    lapply(seq_along(columns), function(at) {
      x <- columns[[at]]
      known <- memory[[keys[[at]]]]
      crossing <- encode(x, names[[at]])
      if (NROW(x) > many_rows) {
        gc() # else R keeps all that was made on the way: as much again as the frame
      }
      if (identical(known$kind, memory_kind(x))) {
        mark(crossing, known$marks)
      } else {
        crossing
      }
    })
  )
}

many_rows <- 5e6 # from here a collection is fast beside the column

# An error below is one of the function that the user typed.
blame <- function(call, code) {
  tryCatch(code, openhexa_error = function(e) {
    e$call <- rlang::error_call(call)
    rlang::cnd_signal(e)
  })
}

# Names of rows would be lost; their numbers are none.
check_row_names <- function(frame, call) {
  if (is.character(attr(frame, "row.names")) && nrow(frame) > 0) {
    found <- paste(utils::head(attr(frame, "row.names"), 3), collapse = ", ")
    remedy <- "frame <- cbind(name = rownames(frame), frame, row.names = NULL)"
    abort_contract("row_names", names = found, remedy = remedy, call = call)
  }
}

# What each column was in Python: kept with the frame, as the column's own attributes
# would not survive `[`; used while the column is of the same kind.
remember <- function(marks_of_fields, columns, names, of_frame) {
  memory <- Map(
    function(marks, column) {
      marks <- marks[names(marks) %in% c("python", "arrow")]
      if (length(marks)) list(kind = memory_kind(column), marks = marks)
    },
    marks_of_fields,
    columns
  )
  names(memory) <- memory_keys(names)
  memory <- Filter(Negate(is.null), memory)
  python <- if (!is.na(of_frame["python"])) of_frame[["python"]]
  if (length(memory) || !is.null(python)) {
    structure(memory, class = "openhexa_memory", python = python)
  }
}

#' @export
str.openhexa_memory <- function(object, ...) {
  cat(" <classes in Python>\n")
}

# Columns of one name are told apart by counting them.
memory_keys <- function(names) {
  if (!anyDuplicated(names)) {
    return(sprintf("1 %s", names))
  }
  paste(stats::ave(seq_along(names), names, FUN = seq_along), names)
}

memory_kind <- function(x) {
  kind <- column_kind(x)
  if (identical(kind, "time")) paste(kind, attr(x, "tzone")[1]) else kind
}

tell_integer64 <- function(columns, names) {
  found <- vapply(columns, inherits, NA, "integer64")
  if (any(found)) {
    inform_contract("integer64_used", columns = toString(names[found]))
  }
}
