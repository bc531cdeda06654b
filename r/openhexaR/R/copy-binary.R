# Columns laid out as the rows of PostgreSQL's binary COPY: a count of fields, then each
# field's size and bytes. The order of columns is free: those of a fixed size without a
# missing value come first and make one block, in which no position is computed.

BINARY_HEADER <- as.raw(c(
  0x50,
  0x47,
  0x43,
  0x4f,
  0x50,
  0x59,
  0x0a,
  0xff,
  0x0d,
  0x0a,
  0x00,
  rep(0, 8)
))
BINARY_END <- as.raw(c(0xff, 0xff))

encode_rows_binary <- function(columns, types, names, rows) {
  fields <- Map(binary_field, columns, types, names)
  plain <- vapply(fields, function(field) is.matrix(field$bytes) && !field$holes, NA)
  order <- c(which(plain), which(!plain))
  block <- do.call(
    rbind,
    c(
      list(constant_rows(length(fields), 2L, rows)),
      unlist(
        lapply(fields[plain], function(field) {
          size <- nrow(field$bytes)
          list(constant_rows(size, 4L, rows), field$bytes)
        }),
        recursive = FALSE
      )
    )
  )
  list(bytes = interleave(block, fields[!plain], rows), order = order)
}

constant_rows <- function(value, size, rows) {
  matrix(writeBin(as.integer(value), raw(), size = size, endian = "big"), size, rows)
}

# `sizes`: bytes of each value, NA where missing; `bytes`: those of the others, a matrix
# where all have one size.
binary_field <- function(x, type, where) {
  if (type %in% c("text", "varchar", "bpchar")) {
    return(text_field(plain_text(x, where)))
  }
  if (inherits(x, "sfc")) {
    x <- ewkb(x, where)
  }
  if (is.list(x)) {
    x <- unclass_list(x)
    sizes <- lengths(x)
    sizes[vapply(x, is.null, NA)] <- NA
    return(list(sizes = sizes, bytes = as.raw(unlist(x)), holes = TRUE))
  }
  missing <- is_missing(x)
  holes <- any(missing)
  if (all(missing)) {
    return(list(sizes = rep(NA_integer_, length(x)), bytes = raw(), holes = TRUE))
  }
  bytes <- BINARY[[type]](if (holes) x[!missing] else x)
  sizes <- rep(nrow(bytes), length(x))
  sizes[missing] <- NA
  list(sizes = sizes, bytes = bytes, holes = holes)
}

# NaN of a number is a value; of a date or time it is none.
is_missing <- function(x) {
  if (inherits(x, "integer64")) {
    return(bit64::is.na.integer64(x))
  }
  if (is.double(x) && !is.object(x)) is.na(x) & !is.nan(x) else is.na(x)
}

# Each text ends in a NUL here, which interleave() writes over: to take it out, or to
# paste the texts, would take as long as all the rest.
text_field <- function(x) {
  missing <- is.na(x)
  sizes <- nchar(x, "bytes")
  sizes[missing] <- NA
  bytes <- writeBin(if (any(missing)) x[!missing] else x, raw())
  list(sizes = sizes, bytes = bytes, holes = TRUE, ends = TRUE)
}

# Put the fields behind the block of each row, with what begins and ends it all. Texts
# first, then all that stands behind one.
interleave <- function(block, fields, rows) {
  width <- nrow(block)
  sizes <- lapply(fields, function(field) {
    sizes <- field$sizes
    sizes[is.na(sizes)] <- 0L
    sizes
  })
  row_sizes <- rep.int(width + 4L * length(fields), rows)
  ends <- length(BINARY_HEADER) + cumsum(Reduce(`+`, sizes, row_sizes))
  begin <- c(length(BINARY_HEADER), ends[-rows])
  at <- list(begin + width)
  for (field in seq_along(fields)) {
    at[[field + 1]] <- at[[field]] + 4L + sizes[[field]]
  }
  out <- raw(ends[[rows]] + length(BINARY_END))
  is_text <- vapply(fields, function(field) isTRUE(field$ends), NA)
  for (field in c(which(is_text), which(!is_text))) {
    filled <- !is.na(fields[[field]]$sizes)
    from <- at[[field]] + 5L
    n <- sizes[[field]] + is_text[[field]]
    out[sequence(n[filled], from[filled])] <- fields[[field]]$bytes
  }
  out[sequence(rep.int(width, rows), begin + 1L)] <- block
  for (field in seq_along(fields)) {
    shown <- fields[[field]]$sizes
    shown[is.na(shown)] <- -1L
    out[sequence(rep.int(4L, rows), at[[field]] + 1L)] <- big_endian(shown, 4L)
  }
  out[seq_along(BINARY_HEADER)] <- BINARY_HEADER
  out[ends[[rows]] + seq_along(BINARY_END)] <- BINARY_END
  out
}
