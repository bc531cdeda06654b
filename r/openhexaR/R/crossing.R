#' @rdname to_wire
#' @export
crossing_report <- function(frame) {
  crossings <- encode_columns(frame)
  left <- left_behind(frame, crossings)
  if (length(left) > 0) {
    warn_contract("left_behind", parts = paste(left, collapse = ", "))
  }
  text_of <- function(f) vapply(crossings, f, character(1), USE.NAMES = FALSE)
  classes <- vapply(frame, function(x) paste(class(x), collapse = " "), character(1))
  report <- data.frame(
    column = names(frame),
    from = unname(classes),
    to = text_of(pandas_class),
    status = text_of(crossing_status),
    changed = vapply(crossings, `[[`, numeric(1), "changed"),
    reason = text_of(function(one) phrase(crossing_reason(one)))
  )
  structure(report, class = c("openhexa_crossing_report", "data.frame"))
}

crossing_reason <- function(crossing) {
  if (crossing$changed > 0) {
    return("rounded")
  }
  if (length(crossing$left) > 0) "attributes_left" else crossing$reason
}

crossing_status <- function(crossing) {
  if (crossing$changed > 0) {
    return("lossy")
  }
  if (crossing_reason(crossing) == "same_class") "exact" else "widened"
}

# The class that pandas gives to a column of the wire.
pandas_class <- function(crossing) {
  marks <- crossing$marks
  if (!is.na(marks["python"])) {
    return(marks[["python"]])
  }
  if (crossing$reason == "nan_apart") {
    return("double[pyarrow]")
  }
  schema <- nanoarrow::infer_nanoarrow_schema(crossing$array)
  parsed <- nanoarrow::nanoarrow_schema_parse(schema)
  kind <- if ("levels" %in% names(marks)) {
    "factor"
  } else if ("ARROW:extension:name" %in% names(marks)) {
    "geometry"
  } else {
    sub("^large_|^na$", "", parsed$type)
  }
  entry <- contract()$columns[[if (nzchar(kind)) kind else "null"]]
  missing <- crossing$array$null_count > 0 && !is.null(entry$pandas_missing)
  class <- if (missing) entry$pandas_missing else entry$pandas
  sub("us, zone", paste0(parsed$time_unit, ", ", parsed$timezone), class, fixed = TRUE)
}

#' @export
print.openhexa_crossing_report <- function(x, ...) {
  shown <- as.data.frame(x)
  class(shown) <- "data.frame"
  shown$status <- vapply(shown$status, phrase, character(1))
  heads <- c("column", "r", "python", "crossing", "values_changed", "why")
  names(shown) <- vapply(paste0("head_", heads), phrase, character(1))
  print(shown, right = FALSE, row.names = FALSE)
  invisible(x)
}
