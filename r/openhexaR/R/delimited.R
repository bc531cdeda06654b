# Delimited text, as analysts meet it: any encoding, any separator, no type lost.

# Read a table; see file_read(). Every record has as many fields as the header: nothing
# is left out or filled up.
read_delimited <- function(
  path,
  sep = NULL,
  decimal = NULL,
  encoding = NULL,
  na = c("", "NA"),
  text = character()
) {
  lines <- read_text(path, encoding)
  first <- utils::head(lines[nzchar(lines)], 1)
  if (length(first) && grepl("^sep=.$", first)) {
    # What Excel is told.
    if (is.null(sep)) {
      sep <- substring(first, 5)
    }
    lines <- lines[-match(first, lines)]
  }
  if (is.null(sep)) {
    sep <- find_separator(lines)
  }
  fields <- split_records(lines, sep)
  if (length(fields$counts) == 0) {
    stop(phrase("no_columns"), call. = FALSE)
  }
  header <- fields$values[seq_len(fields$counts[[1]])]
  columns <- as_columns(fields, length(header))
  unnamed <- !nzchar(header)
  header[unnamed] <- paste0("column_", seq_along(header))[unnamed]
  if (is.null(decimal)) {
    decimal <- find_decimal(lines, sep)
  }
  columns <- lapply(seq_along(columns), function(at) {
    texts <- columns[[at]]
    texts[texts %in% na] <- NA
    if (isTRUE(text) || header[[at]] %in% text) texts else typed(texts, decimal)
  })
  names(columns) <- header
  structure(columns, class = "data.frame", row.names = seq_along(fields$counts[-1]))
}

# The lines of a text file: UTF-8 or UTF-16 as its first bytes say, UTF-8 when all of it
# is, else Windows-1252, which contains Latin-1.
read_text <- function(path, encoding = NULL) {
  start <- readBin(path, "raw", 3L)
  is_wide <- paste(utils::head(start, 2), collapse = "") %in% c("fffe", "feff")
  if (is.null(encoding)) {
    encoding <- if (is_wide) "UTF-16" else "UTF-8"
    guessed <- TRUE
  } else {
    encoding <- toupper(iconv_name(encoding))
    guessed <- FALSE
  }
  if (startsWith(encoding, "UTF-16")) {
    bytes <- readBin(path, "raw", file.size(path))
    text <- iconv(list(bytes), encoding, "UTF-8", toRaw = TRUE)[[1]]
    text <- if (is.null(text)) NA_character_ else rawToChar(text)
    Encoding(text) <- "UTF-8"
    lines <- strsplit(text, "\r\n|\n|\r")[[1]]
  } else {
    connection <- file(path, "rb")
    on.exit(close(connection))
    lines <- without_warnings(readLines(connection, warn = TRUE, encoding = "UTF-8"))
    if (!all(validUTF8(lines)) || encoding != "UTF-8") {
      lines <- iconv(lines, if (guessed) "CP1252" else encoding, "UTF-8")
    }
  }
  if (anyNA(lines)) {
    stop(fill(phrase("not_encoded"), list(encoding = encoding)), call. = FALSE)
  }
  sub("^\ufeff", "", lines)
}

# The most frequent candidate of the header, outside quotes.
find_separator <- function(lines) {
  header <- gsub("\"[^\"]*\"", "", c(lines[nzchar(lines)], "")[[1]])
  separators <- c(",", ";", "\t", "|")
  counts <- vapply(
    separators,
    function(sep) sum(utf8ToInt(header) == utf8ToInt(sep)),
    numeric(1)
  )
  separators[[which.max(counts)]]
}

# A comma where more fields of the first lines look like 1,5 than like 1.5.
find_decimal <- function(lines, sep) {
  fields <- unlist(strsplit(utils::head(lines, 1000)[-1], sep, fixed = TRUE))
  fields <- gsub("^\"+|\"+$", "", fields)
  commas <- sum(grepl("^-?[0-9]+,[0-9]+$", fields))
  points <- sum(grepl("^-?[0-9]+[.][0-9]+$", fields))
  if (sep != "," && commas > points) "," else "."
}

# The fields of all records, one after the other, and how many each record has. A quote
# opens a field only where the field begins: inside, it is a sign like any other.
split_records <- function(lines, sep) {
  records <- join_open(lines, sep)
  # Without a last separator, an empty last field would be none.
  fields <- strsplit(paste0(records, sep, recycle0 = TRUE), sep, fixed = TRUE)
  # Cut at each separator; wrong only where one is inside quotes.
  quoted <- which(grepl("\"", records, fixed = TRUE))
  hard <- quoted[has_inner(fields[quoted])]
  # Each field with the separator before it.
  pattern <- paste0("(^|", literal(sep), ")", field_pattern(sep))
  places <- gregexpr(pattern, records[hard], perl = TRUE)
  start <- unlist(places)
  end <- start + unlist(lapply(places, attr, "match.length")) - 1L
  record <- rep(seq_along(hard), lengths(places))
  texts <- substring(records[hard][record], start + (start > 1L), end)
  fields[hard] <- split(texts, record)
  values <- as.character(unlist(fields))
  whole <- startsWith(values, "\"") # after has_inner(), it ends with one too
  values[whole] <- gsub(
    "\"\"",
    "\"",
    substring(values[whole], 2, nchar(values[whole]) - 1),
    fixed = TRUE
  )
  list(values = values, counts = lengths(fields))
}

# Which records have a quoted field that was cut in two.
has_inner <- function(fields) {
  values <- as.character(unlist(fields))
  inner <- gsub("\"\"", "", values, fixed = TRUE)
  # What is left of a whole quoted field is a quote at each end, or nothing of "".
  whole <- grepl("^\"[^\"]*\"$", inner) | (!nzchar(inner) & nzchar(values))
  cut <- startsWith(values, "\"") & !whole
  record <- rep(seq_along(fields), lengths(fields))
  seq_along(fields) %in% record[cut]
}

# Lines that belong together, because a quote is open at the end of the first, as one.
# Blank lines between records are none.
join_open <- function(lines, sep) {
  pattern <- field_pattern(sep)
  whole <- paste0("^", pattern, "(", literal(sep), pattern, ")*$")
  is_whole <- function(x) grepl(whole, x, perl = TRUE)
  open <- which(grepl("\"", lines, fixed = TRUE))
  open <- open[!is_whole(lines[open])]
  taken <- logical(length(lines))
  for (begin in open) {
    if (taken[[begin]]) {
      next
    }
    end <- begin
    repeat {
      end <- end + 1L
      if (end > length(lines)) {
        stop(fill(phrase("open_quote"), list(line = begin)), call. = FALSE)
      }
      joined <- paste(lines[begin:end], collapse = "\n")
      if (grepl("\"", lines[[end]], fixed = TRUE) && is_whole(joined)) {
        break
      }
    }
    lines[[begin]] <- joined
    taken[(begin + 1L):end] <- TRUE
  }
  lines[!taken & nzchar(lines)]
}

# Possessive quantifiers: a long field must not be tried again and again.
field_pattern <- function(sep) {
  bare <- paste0("[^\"", class_of(sep), "][^", class_of(sep), "]*+")
  paste0("(?:\"[^\"]*+(?:\"\"[^\"]*+)*+\"|", bare, "|)")
}

literal <- function(sep) paste0("\\Q", sep, "\\E")

class_of <- function(sep) {
  if (sep %in% c("]", "^", "-", "\\")) paste0("\\", sep) else sep
}

# The columns of all records but the header, as text. A separator at the end of each
# record is no column.
as_columns <- function(fields, width) {
  counts <- fields$counts[-1]
  values <- fields$values[-seq_len(width)]
  if (length(counts) && all(counts == width + 1L)) {
    last <- seq_along(counts) * (width + 1L)
    if (!any(nzchar(values[last]))) {
      values <- values[-last]
      counts <- counts - 1L
    }
  }
  wrong <- which(counts != width)
  if (length(wrong) > 0) {
    found <- counts[[wrong[[1]]]]
    values <- list(record = wrong[[1]], found = found, wanted = width)
    stop(fill(phrase("record_length"), values), call. = FALSE)
  }
  lapply(seq_len(width), function(at) {
    values[seq.int(at, by = width, length.out = length(counts))]
  })
}

# A warning of a reader means that it left something out: that is no result. But a last
# line without its end is whole.
without_warnings <- function(code) {
  withCallingHandlers(code, warning = function(w) {
    text <- conditionMessage(w)
    if (grepl("embedded nul", text, fixed = TRUE)) {
      text <- phrase("nul_byte")
    }
    if (!grepl("incomplete final line", text, fixed = TRUE)) {
      stop(text, call. = FALSE)
    }
    tryInvokeRestart("muffleWarning")
  })
}

# Write a table: RFC 4180, numbers with all the digits that tell them apart.
write_delimited <- function(
  frame,
  path,
  sep = if (decimal == ",") ";" else ",",
  decimal = ".",
  encoding = "UTF-8",
  na = ""
) {
  quoted <- function(x) {
    risky <- grepl("[\"\r\n]", x) | grepl(sep, x, fixed = TRUE)
    x[risky] <- paste0("\"", gsub("\"", "\"\"", x[risky], fixed = TRUE), "\"")
    x
  }
  column <- function(x) {
    texts <- quoted(as_text(x, decimal))
    texts[is.na(x)] <- na
    # Of a single column, an empty line would be none.
    if (length(frame) == 1) ifelse(nzchar(texts), texts, "\"\"") else texts
  }
  rows <- if (nrow(frame)) do.call(paste, c(unname(lapply(frame, column)), sep = sep))
  lines <- c(paste(quoted(enc2utf8(names(frame))), collapse = sep), rows)
  writeBin(encoded(lines, encoding), path)
}

# Lines as bytes of an encoding; "utf-8-sig" begins with a byte order mark, by which
# Excel knows UTF-8.
encoded <- function(lines, encoding) {
  target <- iconv_name(encoding)
  if (target != "utf-8") {
    text <- paste0(lines, "\n", collapse = "")
    bytes <- iconv(text, "UTF-8", target, toRaw = TRUE)[[1]]
    if (is.null(bytes)) {
      stop(fill(phrase("not_encoded"), list(encoding = encoding)), call. = FALSE)
    }
    return(bytes)
  }
  bytes <- charToRaw(paste0(lines, "\n", collapse = ""))
  if (grepl("-sig$", tolower(encoding))) {
    c(as.raw(c(0xef, 0xbb, 0xbf)), bytes)
  } else {
    bytes
  }
}

# Python's names are understood too.
iconv_name <- function(encoding) {
  sub("^latin-", "latin", sub("-sig$", "", tolower(encoding)))
}
