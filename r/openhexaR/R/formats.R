# The formats that file_read() and file_write() know: one reader and one writer each.

as_plain_frame <- function(x) as.data.frame(x, stringsAsFactors = FALSE)

read_parquet <- function(path, ...) {
  if (is_installed("arrow")) {
    return(narrowed(as_plain_frame(arrow::read_parquet(path, ...))))
  }
  frame <- as_plain_frame(nanoparquet::read_parquet(path, ...))
  beyond <- vapply(
    frame[parquet_integers(path)],
    function(x) any(abs(x) >= 2^53, na.rm = TRUE),
    NA
  )
  if (any(beyond)) {
    require_package("arrow", phrase("read_integer64"))
  }
  frame
}

# Names of the columns of 64-bit integers, which nanoparquet gives as double, and arrow
# as integer where they fit.
parquet_integers <- function(path) {
  if (is_installed("arrow")) {
    fields <- arrow::open_dataset(path)$schema$fields
    is_large <- vapply(fields, function(field) field$type$ToString() == "int64", NA)
    return(vapply(fields[is_large], function(field) field$name, ""))
  }
  schema <- nanoparquet::read_parquet_schema(path)
  schema$name[which(schema$type == "INT64" & schema$r_type == "double")]
}

write_parquet <- function(frame, path, ...) {
  if (is_installed("arrow")) {
    return(arrow::write_parquet(frame, path, ...))
  }
  if (any(vapply(frame, inherits, NA, "integer64"))) {
    require_package("arrow", phrase("read_integer64"))
  }
  nanoparquet::write_parquet(frame, path, ...)
}

# arrow gives integer64 for any value beyond 2^31: double is exact up to 2^53.
narrowed <- function(frame) {
  large <- vapply(frame, inherits, NA, "integer64")
  frame[large] <- lapply(frame[large], function(x) {
    if (all(is.na(x) | abs(x) <= bit64::as.integer64(2^53))) as.double(x) else x
  })
  frame
}

read_arrow <- function(path, ...) {
  is_stream <- !identical(readBin(path, "raw", 6L), charToRaw("ARROW1"))
  read <- if (is_stream) arrow::read_ipc_stream else arrow::read_feather
  narrowed(as_plain_frame(read(path, ...)))
}

# JSON as it is, unless it is a table: an array of flat objects whose fields keep their
# type.
read_json <- function(path, ...) {
  text <- json_text(path)
  if (...length() > 0) {
    return(jsonlite::fromJSON(text, ...))
  }
  value <- parse_exactly(text)
  if (is_json_table(value)) json_frame(value) else value
}

json_text <- function(path) {
  text <- rawToChar(readBin(path, "raw", file.size(path)))
  Encoding(text) <- "UTF-8"
  if (!validUTF8(text)) {
    stop(phrase("not_utf8"), call. = FALSE)
  }
  sub("^\ufeff", "", text)
}

read_ndjson <- function(path) {
  lines <- strsplit(json_text(path), "\r?\n")[[1]]
  lines <- lines[nzchar(trimws(lines))]
  json_frame(lapply(lines, parse_exactly))
}

# Integers beyond 2^53 become text. (Those beyond 64 bits are no integers to jsonlite.)
parse_exactly <- function(text) {
  huge <- "\"(?:[^\"\\\\]|\\\\.)*+\"(*SKIP)(*FAIL)|(?<![\\w.])(-?[0-9]{19,})(?![\\w.])"
  text <- gsub(huge, "\"\\1\"", text, perl = TRUE)
  jsonlite::parse_json(text, simplifyVector = FALSE, bigint_as_char = TRUE)
}

is_json_table <- function(value) {
  is_row <- function(row) is.list(row) && length(row) > 0 && !is.null(names(row))
  if (length(value) == 0 || !is.null(names(value)) || !all(vapply(value, is_row, NA))) {
    return(FALSE)
  }
  items <- unlist(value, recursive = FALSE)
  kinds <- vapply(items, function(item) if (is.null(item)) "" else mode(item), "")
  by_name <- lapply(split(kinds, names(items)), function(kind) {
    setdiff(unique(kind), "")
  })
  all(lengths(by_name) <= 1) && !any(kinds == "list")
}

# `mixed`: what becomes of a field whose type differs between rows.
json_frame <- function(rows, mixed = abort_mixed) {
  names <- unique(unlist(lapply(rows, names)))
  columns <- lapply(names, function(name) {
    items <- lapply(rows, `[[`, name)
    if (any(vapply(items, is.list, NA))) {
      return(I(items))
    }
    present <- items[!vapply(items, is.null, NA)]
    if (length(unique(vapply(present, mode, ""))) > 1) {
      return(mixed(name, items))
    }
    items[vapply(items, is.null, NA)] <- NA
    unlist(items)
  })
  names(columns) <- names
  as.data.frame(columns, optional = TRUE, stringsAsFactors = FALSE)
}

abort_mixed <- function(name, items) {
  stop(fill(phrase("mixed_types"), list(name = name)), call. = FALSE)
}

write_json <- function(value, path, ...) {
  text <- if (is.data.frame(value)) {
    paste0("[", paste(json_rows(value), collapse = ",\n"), "]")
  } else {
    to_json(value)
  }
  writeBin(charToRaw(enc2utf8(text)), path)
}

write_ndjson <- function(frame, path) {
  writeBin(charToRaw(paste0(json_rows(frame), "\n", collapse = "")), path)
}

# One JSON object a row: missing is null, times are ISO 8601 in UTC.
json_rows <- function(frame) {
  fields <- Map(
    function(name, column) paste0(to_json(name), ":", json_values(column)),
    names(frame),
    frame
  )
  paste0("{", do.call(paste, c(unname(fields), sep = ",")), "}", recycle0 = TRUE)
}

json_values <- function(x) {
  if (is.list(x)) {
    return(vapply(x, to_json, character(1)))
  }
  texts <- as_text(x)
  if (is.logical(x)) {
    texts <- tolower(texts)
  } else if (!is.numeric(x) || inherits(x, c("Date", "POSIXt", "difftime"))) {
    values <- unique(texts)
    texts <- vapply(values, to_json, character(1))[match(texts, values)]
  } else if (is.double(x) && any(is.infinite(x))) {
    stop(phrase("infinite_json"), call. = FALSE)
  }
  texts[is.na(x)] <- "null"
  texts
}

read_map <- function(path, ...) sf::st_read(path, ..., quiet = TRUE)

write_map <- function(frame, path, ...) {
  long <- setdiff(names(frame)[nchar(names(frame)) > 10], attr(frame, "sf_column"))
  if (grepl("[.]shp$", path, ignore.case = TRUE) && length(long) > 0) {
    stop(fill(phrase("long_names"), list(names = toString(long))), call. = FALSE)
  }
  sf::st_write(frame, path, ..., quiet = TRUE)
}

# Cell by cell, each with its own type: a guess from the first rows would lose the
# others. Text stays text: NA is Namibia. An empty cell is missing.
read_sheet <- function(path, sheet = NULL, ...) {
  cells <- without_warnings(readxl::read_excel(
    path,
    sheet = sheet,
    ...,
    col_types = "list",
    trim_ws = FALSE,
    .name_repair = "minimal"
  ))
  unnamed <- !nzchar(names(cells))
  names(cells)[unnamed] <- paste0("column_", seq_along(cells))[unnamed]
  columns <- lapply(cells, typed_cells)
  structure(columns, class = "data.frame", row.names = seq_len(nrow(cells)))
}

# One type for a column; text where its cells differ.
typed_cells <- function(cells) {
  missing <- vapply(cells, function(cell) length(cell) == 0 || is.na(cell), NA)
  kinds <- unique(vapply(cells[!missing], function(cell) class(cell)[[1]], ""))
  cells[missing] <- list(NA)
  if (length(kinds) <= 1) {
    values <- unlist(cells)
    return(if (identical(kinds, "POSIXct")) .POSIXct(values, tz = "UTC") else values)
  }
  cells[!missing] <- lapply(cells[!missing], function(cell) {
    sub("T00:00:00Z$", "", as_text(cell))
  })
  unlist(cells)
}

write_sheet <- function(frame, path, sheet = "Sheet1", ...) {
  frame[] <- lapply(narrowed(frame), function(column) {
    if (inherits(column, "integer64")) {
      as.character(column) # Excel has no such number
    } else if (inherits(column, "haven_labelled")) {
      as.vector(unclass(column))
    } else {
      column
    }
  })
  openxlsx::write.xlsx(frame, path, sheetName = sheet, ...)
}

readers <- list(
  csv = read_delimited,
  tsv = function(path, sep = "\t", ...) read_delimited(path, sep = sep, ...),
  parquet = read_parquet,
  arrow = read_arrow,
  json = read_json,
  ndjson = read_ndjson,
  geojson = read_map,
  geopackage = read_map,
  shapefile = read_map,
  xlsx = read_sheet,
  xls = read_sheet,
  stata = function(path, ...) as_plain_frame(haven::read_dta(path, ...)),
  spss = function(path, ...) as_plain_frame(haven::read_sav(path, ...)),
  rds = function(path, ...) readRDS(path, ...)
)

writers <- list(
  csv = write_delimited,
  tsv = function(frame, path, sep = "\t", ...) {
    write_delimited(frame, path, sep = sep, ...)
  },
  parquet = write_parquet,
  arrow = function(frame, path, ...) arrow::write_feather(frame, path, ...),
  json = write_json,
  ndjson = write_ndjson,
  geojson = write_map,
  geopackage = write_map,
  shapefile = write_map,
  xlsx = write_sheet,
  stata = function(frame, path, ...) haven::write_dta(frame, path, ...),
  spss = function(frame, path, ...) haven::write_sav(frame, path, ...),
  rds = function(frame, path, ...) saveRDS(frame, path, ...)
)
