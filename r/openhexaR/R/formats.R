# The formats that file_read() and file_write() know: one reader and one writer each.

as_plain_frame <- function(x) as.data.frame(x, stringsAsFactors = FALSE)

read_parquet <- function(path, ...) {
  if (is_installed("arrow")) {
    return(narrowed(as_plain_frame(arrow::read_parquet(path, ...))))
  }
  frame <- as_plain_frame(nanoparquet::read_parquet(path, ...))
  # nanoparquet gives 64-bit integers as double.
  schema <- nanoparquet::read_parquet_schema(path)
  large <- schema$name[which(schema$type == "INT64" & schema$r_type == "double")]
  beyond <- vapply(frame[large], function(x) any(abs(x) >= 2^53, na.rm = TRUE), NA)
  if (any(beyond)) {
    require_package("arrow", phrase("read_integer64"))
  }
  frame
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
    stop(fill(phrase("not_encoded"), list(encoding = "UTF-8")), call. = FALSE)
  }
  sub("^\ufeff", "", text)
}

read_ndjson <- function(path) {
  lines <- strsplit(json_text(path), "\r?\n")[[1]]
  lines <- lines[nzchar(trimws(lines))]
  json_frame(lapply(lines, parse_exactly))
}

# Integers beyond 2^53 become text.
parse_exactly <- function(text) {
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

json_frame <- function(rows) {
  names <- unique(unlist(lapply(rows, names)))
  columns <- lapply(names, function(name) {
    items <- lapply(rows, `[[`, name)
    if (any(vapply(items, is.list, NA))) {
      return(I(items))
    }
    items[vapply(items, is.null, NA)] <- NA
    unlist(items)
  })
  names(columns) <- names
  as.data.frame(columns, optional = TRUE, stringsAsFactors = FALSE)
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
  } else if (!is.numeric(x) || is.object(x)) {
    values <- unique(texts)
    texts <- vapply(values, to_json, character(1))[match(texts, values)]
  }
  texts[is.na(x) | (is.numeric(x) & !is.finite(x))] <- "null"
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

readers <- list(
  csv = function(path, ...) read_delimited(path, ...),
  tsv = function(path, sep = "\t", ...) read_delimited(path, sep = sep, ...),
  parquet = read_parquet,
  arrow = read_arrow,
  json = read_json,
  ndjson = read_ndjson,
  geojson = read_map,
  geopackage = read_map,
  shapefile = read_map,
  # Text stays text: NA is Namibia. An empty cell is missing.
  xlsx = function(path, ...) as_plain_frame(readxl::read_excel(path, ...)),
  xls = function(path, ...) as_plain_frame(readxl::read_excel(path, ...)),
  stata = function(path, ...) as_plain_frame(haven::read_dta(path, ...)),
  spss = function(path, ...) as_plain_frame(haven::read_sav(path, ...)),
  rds = function(path, ...) readRDS(path, ...)
)

writers <- list(
  csv = function(frame, path, ...) write_delimited(frame, path, ...),
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
  xlsx = function(frame, path, ...) openxlsx::write.xlsx(frame, path, ...),
  stata = function(frame, path, ...) haven::write_dta(frame, path, ...),
  spss = function(frame, path, ...) haven::write_sav(frame, path, ...),
  rds = function(frame, path, ...) saveRDS(frame, path, ...)
)
