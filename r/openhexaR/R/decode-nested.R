# Columns of the wire that hold other columns; see encode-nested.R for the rules.

decode_binary <- function(arrays, schema, marks) {
  classes <- c("blob", "vctrs_list_of", "vctrs_vctr", "list")
  blob <- structure(list(), class = classes, ptype = raw())
  values <- convert(arrays, schema, blob)
  if ("blob" %in% marks["r"]) values else unclass_list(values)
}

unclass_list <- function(x) {
  attributes(x) <- NULL
  x
}

decode_lists <- function(arrays, schema, is_ours) {
  parts <- lapply(arrays, decode_list, schema = schema, is_ours = is_ours)
  do.call(c, c(list(list()), parts))
}

# One batch: its items as one column, cut at the offsets.
decode_list <- function(array, schema, is_ours) {
  items <- decode(array$children[1], schema$children[[1]], is_ours)
  n <- array$length
  rows <- array$offset + seq_len(n)
  parsed <- nanoarrow::nanoarrow_schema_parse(schema)
  if (parsed$type == "fixed_size_list") {
    begin <- (rows - 1) * parsed$fixed_size
    end <- begin + parsed$fixed_size
  } else {
    offsets <- as.vector(nanoarrow::convert_buffer(array$buffers[[2]]))
    begin <- offsets[rows]
    end <- offsets[rows + 1]
  }
  values <- .mapply(
    function(from, to) take(items, seq.int(from + 1, length.out = to - from)),
    list(begin, end),
    NULL
  )
  values[which_missing(array)] <- list(NULL)
  values
}

# Positions of the missing values of an array, from its validity bitmap.
which_missing <- function(array) {
  if (array$null_count == 0) {
    return(integer())
  }
  bits <- rawToBits(as.raw(array$buffers[[1]]))[array$offset + seq_len(array$length)]
  which(bits == as.raw(0L))
}

decode_struct <- function(arrays, schema, marks, is_ours) {
  parts <- lapply(arrays, function(array) array$children)
  within <- lapply(arrays, function(array) array$offset + seq_len(array$length))
  columns <- lapply(seq_along(schema$children), function(at) {
    slices <- lapply(parts, `[`, at)
    child <- schema$children[[at]]
    if (length(arrays) == 0) {
      return(decode(list(), child, is_ours))
    }
    bind(lapply(seq_along(arrays), function(batch) {
      take(decode(slices[[batch]], child, is_ours), within[[batch]])
    }))
  })
  frame <- new_frame(columns, child_names(schema$children), sum_lengths(arrays), marks)
  starts <- cumsum(c(0, vapply(arrays, function(array) array$length, numeric(1))))
  missing <- unlist(Map(
    function(array, start) start + which_missing(array),
    arrays,
    starts[seq_along(arrays)]
  ))
  if (length(missing) == 0) {
    return(frame)
  }
  rows <- lapply(seq_len(nrow(frame)), function(row) {
    lapply(unclass_frame(frame), take, row)
  })
  rows[missing] <- list(NULL)
  rows
}

unclass_frame <- function(frame) as.list.data.frame(frame)

child_names <- function(fields) {
  vapply(fields, function(field) field$name, character(1), USE.NAMES = FALSE)
}

# A data frame of these columns, of the class that its marks name. data.table comes
# after all else: it cannot be changed by others.
new_frame <- function(columns, names, rows, marks, memory = NULL) {
  frame <- structure(
    columns,
    names = names,
    class = "data.frame",
    row.names = .set_row_names(rows)
  )
  classes <- if (!is.na(marks["r"])) strsplit(marks[["r"]], " ")[[1]]
  if ("tbl_df" %in% classes) {
    class(frame) <- c("tbl_df", "tbl", "data.frame")
  }
  if (!is.na(marks["attributes"])) {
    attributes(frame) <- c(attributes(frame), decode_attributes(marks[["attributes"]]))
  }
  if (!is.na(marks["groups"])) {
    frame <- restore_groups(frame, marks)
  }
  attr(frame, "openhexa") <- memory
  if ("data.table" %in% classes) {
    require_package("data.table", phrase("cross_frames"), call = NULL)
    data.table::setDT(frame)
  }
  is_geometry <- vapply(columns, inherits, logical(1), "sfc")
  if (!any(is_geometry) || !(is.null(classes) || "sf" %in% classes)) {
    return(frame)
  }
  active <- if (is.na(marks["geometry"])) {
    names[is_geometry][[1]]
  } else {
    marks[["geometry"]]
  }
  frame <- sf::st_sf(frame, sf_column_name = active, sfc_last = FALSE)
  if (is.na(marks["agr"])) frame else restore_agr(frame, marks[["agr"]])
}

decode_geometry <- function(arrays, schema, marks) {
  if (marks[["ARROW:extension:name"]] != "geoarrow.wkb") {
    type <- marks[["ARROW:extension:name"]]
    abort_contract("unsupported_column", column = schema$name, type = type, call = NULL)
  }
  require_package("sf", phrase("read_geometry"), call = NULL)
  wkb <- decode_binary(arrays, schema, character())
  crs <- sf::NA_crs_
  if (!is.na(marks["ARROW:extension:metadata"])) {
    crs <- read_geoarrow_crs(marks[["ARROW:extension:metadata"]])
  }
  missing <- vapply(wkb, is.null, logical(1))
  wkb[missing] <- list(empty_wkb)
  geometry <- sf::st_as_sfc(structure(wkb, class = "WKB"), EWKB = FALSE)
  # Cut, as sf's reader leaves attributes of its own.
  sf::st_set_crs(geometry[seq_along(wkb)], crs)
}

# An empty collection: sf has no missing geometry.
empty_wkb <- as.raw(c(1, 7, 0, 0, 0, 0, 0, 0, 0))

read_geoarrow_crs <- function(metadata) {
  crs <- jsonlite::fromJSON(metadata, simplifyVector = FALSE)$crs
  if (is.null(crs)) {
    return(sf::NA_crs_)
  }
  if (!is.list(crs)) {
    return(sf::st_crs(crs))
  }
  json <- jsonlite::toJSON(crs, auto_unbox = TRUE, digits = NA, null = "null")
  found <- sf::st_crs(as.character(json))
  # By its short name where that means the same: it is what users see.
  short <- sf::st_crs(paste0(crs$id$authority, ":", crs$id$code))
  if (is.null(crs$id) || is.na(short) || short != found) found else short
}
