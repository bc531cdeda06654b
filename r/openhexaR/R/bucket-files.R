# Tables and maps in a bucket: file_read("s3://identifier/cases.csv") and its sibling.

BUCKET_PATH <- "^(s3|gs)://([^/]*)/(.+)$"

is_bucket_path <- function(path) grepl("^(s3|gs)://", path)

# The store and the key that a path names.
bucket_place <- function(path, call) {
  parts <- regmatches(path, regexec(BUCKET_PATH, path))[[1]]
  if (length(parts) == 0) {
    abort_contract(
      "invalid_argument",
      argument = "path",
      expected = phrase("a_bucket_path"),
      actual = path,
      call = call
    )
  }
  type <- if (parts[[2]] == "s3") "S3" else "GCS"
  record <- find_connection(parts[[3]], call, known_identifiers)
  need_type(record, type, call)
  open <- if (type == "S3") s3_store else gcs_store
  list(store = open(record, call), key = parts[[4]])
}

read_bucket_path <- function(path, options, call = rlang::caller_env()) {
  place <- bucket_place(path, call)
  read_object(place$store, place$key, options, call)
}

write_bucket_path <- function(frame, path, options, call = rlang::caller_env()) {
  place <- bucket_place(path, call)
  write_object(place$store, frame, place$key, options, call)
  path
}

# Into scratch, and read there. A shapefile is several files of one name.
read_object <- function(store, key, options, call = rlang::caller_env()) {
  format <- format_of(key, "read", call)
  folder <- scratch_folder()
  on.exit(unlink(folder, recursive = TRUE))
  keys <- key
  if (format == "shapefile") {
    stem <- tools::file_path_sans_ext(key)
    found <- store$page(paste0(stem, "."), NULL, call)$rows$key
    keys <- union(key, found[tools::file_path_sans_ext(found) == stem])
  }
  for (one in keys) {
    download_object(store, one, file.path(folder, basename(one)), call)
  }
  read_path(file.path(folder, basename(key)), key, options, call)
}

# Written in scratch, then sent; of several files the one with the given name last.
write_object <- function(store, frame, key, options, call = rlang::caller_env()) {
  folder <- scratch_folder()
  on.exit(unlink(folder, recursive = TRUE))
  main <- file.path(folder, basename(key))
  write_path(frame, main, key, options, call)
  place <- sub("[^/]*$", "", key)
  for (name in c(setdiff(list.files(folder), basename(key)), basename(key))) {
    upload_file(store, file.path(folder, name), paste0(place, name), call)
  }
  invisible(key)
}

scratch_folder <- function() {
  folder <- tempfile("bucket-", tmpdir = tmp_path())
  dir.create(folder)
  folder
}
