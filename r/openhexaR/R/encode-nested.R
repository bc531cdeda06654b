# Columns that hold other columns: lists, data frames, geometry.

# A list column is a list of vectors (NULL is missing), of raw vectors (binary), of data
# frames (a list of structs), or of rows: named lists as as.list() makes them of one
# row, which is a struct that may itself be missing.
encode_list <- function(x, where) {
  is_blob <- inherits(x, "blob")
  reason <- if (is_blob || !is.object(x)) "same_class" else "as_plain_list"
  attributes(x) <- NULL
  missing <- vapply(x, is.null, logical(1))
  present <- x[!missing]
  if (is_blob || every(present, is.raw)) {
    return(crossing(encode_binary(x)))
  }
  if (every(present, is_row)) {
    return(encode_rows(present, missing, where))
  }
  child <- encode_items(present, where)
  if (sum(vapply(present, size_of, numeric(1))) > integer_max) {
    abort_column(x, where)
  }
  schema <- list_schema(child)
  offsets <- list(as.integer(c(0, cumsum(vapply(x, size_of, numeric(1))))))
  array <- new_array(schema, length(x), missing, offsets, list(child$array))
  crossing(array, reason = reason, changed = child$changed)
}

# As Arrow itself names an item, which may be missing.
list_schema <- function(child) {
  item <- list(name = "item", flags = 2L)
  item <- nanoarrow::nanoarrow_schema_modify(schema_of(child), item)
  nanoarrow::na_list(item)
}

encode_items <- function(parts, where) {
  if (length(parts) == 0) {
    return(crossing(nanoarrow::nanoarrow_array_init(nanoarrow::na_na())))
  }
  encode(flatten(parts, where), where)
}

every <- function(parts, test) {
  length(parts) > 0 && all(vapply(parts, test, logical(1)))
}

is_row <- function(x) is.list(x) && !is.object(x) && !is.null(names(x))

size_of <- function(x) if (is.data.frame(x)) nrow(x) else length(x)

encode_binary <- function(x) {
  is_large <- sum(lengths(x)) > integer_max
  schema <- if (is_large) nanoarrow::na_large_binary() else nanoarrow::na_binary()
  nanoarrow::as_nanoarrow_array(x, schema = schema)
}

# The elements of a list column, one after the other. c() would turn numbers among
# texts into text: only elements of one kind are taken. An NA that nobody gave a type
# fits any.
flatten <- function(parts, where) {
  untyped <- vapply(parts, function(x) is.logical(x) && all(is.na(x)), logical(1))
  kinds <- unique(lapply(parts[!untyped], column_kind))
  named <- vapply(
    parts,
    function(x) !is.data.frame(x) && !is.null(names(x)),
    logical(1)
  )
  if (length(kinds) > 1 || list("factor") %in% kinds || any(named)) {
    classes <- unique(vapply(parts, function(x) class(x)[[1]], character(1)))
    type <- paste0("list (", paste(classes, collapse = ", "), ")")
    abort_column(parts, where, type)
  }
  if (any(untyped) && !all(untyped)) {
    typed <- parts[[which.min(untyped)]]
    parts[untyped] <- lapply(parts[untyped], function(x) {
      take(typed, rep(NA_integer_, length(x)))
    })
  }
  bind(parts)
}

bind <- function(parts) {
  if (is.data.frame(parts[[1]])) do.call(rbind, parts) else do.call(c, parts)
}

take <- function(x, rows) if (is.data.frame(x)) x[rows, , drop = FALSE] else x[rows]

encode_rows <- function(present, missing, where) {
  names <- names(present[[1]])
  regular <- vapply(
    present,
    function(row) identical(names(row), names) && all(lengths(row) == 1L),
    logical(1)
  )
  if (!all(regular)) {
    abort_column(present, where, "list (list)")
  }
  rows <- ifelse(missing, NA_integer_, cumsum(!missing))
  columns <- lapply(names, function(name) {
    take(flatten(lapply(present, `[[`, name), where), rows)
  })
  struct(lapply(columns, encode, where = where), names, length(missing), missing)
}

encode_struct <- function(x, where) {
  children <- Map(
    function(column, name) encode(column, paste0(where, "$", name)),
    as.list(x),
    names(x)
  )
  mark(struct(children, names(x), nrow(x)), c(r = frame_class(x)))
}

# Encoded columns side by side: a struct of `n` rows.
struct <- function(children, names, n, missing = NULL) {
  children <- unname(children)
  schemas <- lapply(children, schema_of)
  names(schemas) <- enc2utf8(names)
  arrays <- lapply(children, `[[`, "array")
  changed <- sum(vapply(children, `[[`, numeric(1), "changed"))
  array <- new_array(nanoarrow::na_struct(schemas), n, missing, children = arrays)
  crossing(array, changed = changed)
}

# The classes of a data frame that come back.
frame_class <- function(x) {
  known <- c("sf", "data.table", "grouped_df", "rowwise_df")
  known <- c(known, "tbl_df", "tbl", "data.frame")
  paste(intersect(class(x), known), collapse = " ")
}

# WKB, with the marks of GeoArrow.
encode_geometry <- function(x) {
  require_package("sf", phrase("read_geometry"), call = NULL)
  crs <- sf::st_crs(x)
  metadata <- if (is.na(crs)) "{}" else geoarrow_crs(crs)
  crossing(
    encode_binary(unclass(sf::st_as_binary(x, EWKB = FALSE))),
    `ARROW:extension:name` = "geoarrow.wkb",
    `ARROW:extension:metadata` = metadata
  )
}

geoarrow_crs <- function(crs) {
  projjson <- crs$ProjJson
  if (is.null(projjson) || is.na(projjson)) {
    wkt <- jsonlite::toJSON(crs$wkt, auto_unbox = TRUE)
    return(paste0("{\"crs\":", wkt, ",\"crs_type\":\"wkt2:2019\"}"))
  }
  paste0("{\"crs\":", gsub("\n *", "", projjson), ",\"crs_type\":\"projjson\"}")
}
