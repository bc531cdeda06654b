# What can be written: data frames, streams of them, Parquet files and folders.

# A function that gives one data frame after the other, then NULL.
frame_source <- function(frame, call) {
  if (rlang::is_string(frame)) {
    frame <- parquet_frames(frame, call)
  }
  if (is.function(frame)) {
    return(function() check_frame(frame(), call))
  }
  if (inherits(frame, "nanoarrow_array_stream")) {
    require_package("nanoarrow", phrase("cross_frames"), call)
    return(function() stream_frame(frame))
  }
  rest <- list(check_frame(frame, call))
  function() {
    one <- rest[1][[1]]
    rest <<- list(NULL)
    one
  }
}

stream_frame <- function(stream) {
  schema <- stream$get_schema()
  batch <- stream$get_next(schema, validate = FALSE)
  if (!is.null(batch)) {
    from_wire(nanoarrow::basic_array_stream(list(batch), schema, validate = FALSE))
  }
}

# A data frame whose names a table can have, or the NULL after the last one.
check_frame <- function(frame, call) {
  if (is.null(frame)) {
    return(NULL)
  }
  if (!is.data.frame(frame)) {
    abort_contract("unsupported_frame", actual = class(frame)[[1]], call = call)
  }
  check_row_names(frame, call)
  if (anyNA(names(frame))) {
    abort_contract("column_names", name = "NA", type = "NA", call = call)
  }
  check_name_sizes(names(frame), call)
  frame
}

# A function that reads one file after the other: memory holds one at a time.
parquet_frames <- function(path, call) {
  root <- file_path(path, call)
  format_of("x.parquet", "read", call) # its package
  files <- parquet_files(root, path, call)
  partitions <- hive_columns(files, root)
  at <- 0
  function() {
    if (at == length(files)) {
      return(NULL)
    }
    at <<- at + 1
    file <- files[[at]]
    frame <- read_path(file, file, call = call)
    types <- ifelse(names(frame) %in% parquet_integers(file), "int8", "")
    plan <- list(names = names(frame), types = types)
    memory <- remember_types(plan, unclass_list(frame))
    for (key in setdiff(names(partitions), names(frame))) {
      frame[[key]] <- rep(partitions[[key]][[at]], nrow(frame))
    }
    structure(frame, openhexa = memory)
  }
}

# The file itself, or those below a folder; names that begin with `_` or `.` are notes
# of whoever wrote the folder.
parquet_files <- function(root, path, call) {
  if (!file.exists(root)) {
    abort_missing(root, path, call)
  }
  files <- root
  if (dir.exists(root)) {
    files <- sort(list.files(root, recursive = TRUE), method = "radix")
    files <- file.path(root, files[!grepl("(^|/)_", files)], fsep = "/")
  }
  files <- files[grepl("[.]parquet$", files, ignore.case = TRUE)]
  if (length(files) == 0) {
    abort_contract(
      "invalid_argument",
      argument = "frame",
      expected = phrase("parquet_path"),
      actual = path,
      call = call
    )
  }
  files
}

# The columns that folders stand for, as Hive names them: `year=2024/part.parquet`.
hive_columns <- function(files, root) {
  folders <- strsplit(dirname(substring(files, nchar(root) + 2)), "/", fixed = TRUE)
  pairs <- lapply(folders, grep, pattern = "=", fixed = TRUE, value = TRUE)
  keys <- unique(sub("=.*", "", as.character(unlist(pairs))))
  values <- lapply(keys, function(key) {
    texts <- vapply(
      pairs,
      function(pair) pair[startsWith(pair, paste0(key, "="))][1],
      ""
    )
    texts <- vapply(sub("^[^=]*=", "", texts), utils::URLdecode, "", USE.NAMES = FALSE)
    texts[texts %in% c("NA", "__HIVE_DEFAULT_PARTITION__")] <- NA
    known <- texts[!is.na(texts)]
    are_whole <- length(known) > 0 && all(grepl(INTEGER, known))
    if (are_whole) exact_integers(texts) else texts
  })
  rlang::set_names(values, keys)
}
