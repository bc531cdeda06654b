# A bucket as an object of few verbs. What a request to S3 or to Google Cloud Storage
# looks like is known to a store (s3.R, gcs.R); what is made of requests is here.

PART_BYTES <- 16 * 1024^2

new_bucket <- function(store) {
  new_object(
    "bucket",
    list(
      bucket_name = store$bucket,
      identifier = store$identifier,
      list = function(prefix = "") {
        check_string(prefix)
        list_objects(store, prefix)
      },
      download = function(key, path = NULL, recursive = FALSE) {
        check_string(key)
        check_flag(recursive)
        if (is.null(path)) {
          path <- tmp_path("buckets", store$identifier, basename(key))
        }
        check_string(path)
        download_objects(store, key, file_path(path), recursive)
      },
      upload = function(path, key) {
        check_string(path)
        check_string(key)
        upload_files(store, file_path(path), key)
      },
      read = function(key, ...) {
        check_string(key)
        read_object(store, key, list(...))
      },
      write = function(frame, key, ...) {
        check_string(key)
        write_object(store, frame, key, list(...))
      },
      delete = function(key) {
        check_string(key)
        need_object(store, key)
        store$delete(key, rlang::current_env())
        invisible(key)
      }
    )
  )
}

#' @export
format.openhexa_bucket <- function(x, ...) {
  paste0("<Bucket ", x$bucket_name, " of connection ", x$identifier, ">")
}

# What a page of a list holds, in the types of R.
object_rows <- function(keys, sizes, times) {
  data.frame(
    key = keys,
    size = as.numeric(sizes),
    modified = parse_time(times, "UTC")
  )
}

list_objects <- function(store, prefix, call = rlang::caller_env()) {
  pages <- list()
  token <- NULL
  repeat {
    page <- store$page(prefix, token, call)
    pages[[length(pages) + 1]] <- page$rows
    token <- page$token
    if (is.null(token)) {
      return(do.call(rbind, pages))
    }
  }
}

# A store lists in the order of keys: the key itself comes before those it begins.
need_object <- function(store, key, call = rlang::caller_env()) {
  if (!key %in% store$page(key, NULL, call, limit = 1)$rows$key) {
    abort_object_missing(store, key, call)
  }
}

# The keys beside it, or those of the whole bucket, in the order of likeness.
abort_object_missing <- function(store, key, call) {
  folder <- sub("[^/]*/?$", "", key)
  found <- store$page(folder, NULL, call)$rows$key
  if (length(found) == 0) {
    found <- store$page("", NULL, call)$rows$key
  }
  abort_contract(
    "object_missing",
    bucket = store$bucket,
    key = key,
    similar = similar_names(key, found),
    call = call
  )
}

abort_bucket_missing <- function(store, call) {
  abort_contract(
    "bucket_missing",
    bucket = store$bucket,
    identifier = store$peer$identifier,
    call = call
  )
}

# Seconds by which our clock is ahead of the server's, or NA.
clock_skew_s <- function(response) {
  date <- httr2::resp_header(response, "date")
  if (is.null(date)) NA else round(as.numeric(Sys.time()) - as.numeric(http_time(date)))
}

abort_clock_skew <- function(response, peer, call) {
  abort_contract(
    "clock_skew",
    host = host_of(peer$url),
    seconds = abs(clock_skew_s(response)),
    call = call
  )
}

# Downloads --------------------------------------------------------------------------

# One object to a path, or those below a prefix to a folder.
download_objects <- function(store, key, path, recursive, call = rlang::caller_env()) {
  if (!recursive && !grepl("/$", key)) {
    is_folder <- dir.exists(path) || grepl("/$", path)
    target <- if (is_folder) file.path(sub("/+$", "", path), basename(key)) else path
    download_object(store, key, target, call)
    return(invisible(target))
  }
  prefix <- sub("/*$", if (nzchar(key)) "/" else "", key)
  keys <- list_objects(store, prefix, call)$key
  if (length(keys) == 0) {
    abort_object_missing(store, key, call)
  }
  path <- sub("/+$", "", path)
  for (one in grep("/$", keys, value = TRUE, invert = TRUE)) {
    rest <- substring(one, nchar(prefix) + 1)
    download_object(store, one, path_inside(path, rest, call), call)
  }
  invisible(path)
}

# In ranges: memory is bounded, and after a cut the next request goes on where the last
# one ended, provided that the object is still the same. The file appears when it is
# whole.
download_object <- function(store, key, target, call) {
  need <- function(done) {
    if (!done) {
      abort_contract("folder_not_writable", path = dirname(target), call = call)
    }
  }
  need(make_folder(dirname(target)) && file.access(dirname(target), 2) == 0)
  part <- tempfile(".part-", dirname(target))
  output <- file(part, "wb")
  on.exit({
    if (!is.null(output)) {
      close(output)
    }
    unlink(part)
  })
  done <- 0
  version <- NULL
  bar <- NULL
  repeat {
    piece <- read_range(store, key, done, version, call)
    writeBin(piece$bytes, output)
    done <- done + length(piece$bytes)
    version <- piece$version
    bar <- bar %||% byte_bar(key, piece$size)
    bar(done)
    if (done >= piece$size) {
      break
    }
  }
  close(output)
  output <- NULL
  need(file.size(part) == done && suppressWarnings(file.rename(part, target)))
}

# The next bytes, the size of the whole object and its version.
read_range <- function(store, key, from, version, call) {
  range <- sprintf("bytes=%.0f-%.0f", from, from + PART_BYTES - 1)
  response <- cut_of(key, store$get(key, range, version, call), call)
  status <- httr2::resp_status(response)
  if (status == 404L) {
    abort_object_missing(store, key, call)
  }
  if (status == 416L && from == 0) {
    return(list(bytes = raw(), size = 0)) # an empty object has no range
  }
  found <- httr2::resp_header(response, store$version_header)
  need_same_version(status, version, found, key, call)
  if (status >= 300L || (status == 200L && from > 0)) {
    store$abort(response, call)
  }
  bytes <- if (is.raw(response$body)) response$body else raw()
  total <- httr2::resp_header(response, "content-range") %||% length(bytes)
  list(bytes = bytes, size = as.numeric(sub(".*/", "", total)), version = found)
}

# Not every store heeds the condition that it is sent.
need_same_version <- function(status, version, found, key, call) {
  is_other <- status < 300L && !is.null(version) && !identical(found, version)
  if (status == 412L || is_other) {
    reason <- phrase("object_changed")
    abort_contract("transfer_cut", path = key, reason = reason, call = call)
  }
}

# A server that answered and was then gone has cut a transfer.
cut_of <- function(path, code, call) {
  tryCatch(code, openhexa_error_connection_unreachable = function(e) {
    if (!e$values$was_cut) {
      rlang::cnd_signal(e)
    }
    abort_contract("transfer_cut", path = path, reason = e$values$reason, call = call)
  })
}

# Uploads ----------------------------------------------------------------------------

# A file to a key, or to its own name below a prefix; a folder to a prefix.
upload_files <- function(store, path, key, call = rlang::caller_env()) {
  if (!file.exists(path)) {
    abort_missing(path, path, call)
  }
  if (!dir.exists(path)) {
    if (!nzchar(key) || grepl("/$", key)) {
      key <- paste0(key, basename(path))
    }
    upload_file(store, path, key, call)
    return(invisible(key))
  }
  prefix <- sub("/*$", if (nzchar(key)) "/" else "", key)
  for (file in list.files(path, all.files = TRUE, recursive = TRUE)) {
    upload_file(store, file.path(path, file), paste0(prefix, file), call)
  }
  invisible(prefix)
}

upload_file <- function(store, path, key, call) {
  size <- file.size(path)
  input <- file(path, "rb")
  on.exit(close(input))
  type <- content_type(path)
  # Stores take 10,000 parts at most; Google wants multiples of 256 KB.
  unit <- 256 * 1024
  part <- max(PART_BYTES, unit * ceiling(size / 10000 / unit))
  if (size <= part) {
    return(cut_of(key, store$put(key, readBin(input, "raw", size), type, call), call))
  }
  bar <- byte_bar(key, size)
  sent <- 0
  next_part <- function() {
    bar(sent)
    bytes <- readBin(input, "raw", part)
    sent <<- sent + length(bytes)
    bytes
  }
  source <- list(size = size, type = type, next_part = next_part)
  cut_of(key, store$put_parts(key, source, call), call)
}

# A function that shows how many bytes are through, where somebody watches and it takes
# a while.
byte_bar <- function(label, size_bytes) {
  is_watched <- interactive() || isNamespaceLoaded("IRkernel")
  if (!is_watched || size_bytes <= PART_BYTES) {
    return(function(done) NULL)
  }
  message(label, " (", format_size(size_bytes), ")")
  bar <- utils::txtProgressBar(max = size_bytes, style = 3, file = stderr())
  function(done) {
    utils::setTxtProgressBar(bar, done)
    if (done >= size_bytes) close(bar)
  }
}

format_size <- function(bytes) {
  format(structure(bytes, class = "object_size"), units = "MB", standard = "SI")
}
