# Bytes of a dataset's files: down to disk, up to the store.

download_url <- function(record, call) {
  query <- "mutation getDownloadUrl($input: PrepareVersionFileDownloadInput!) {
    prepareVersionFileDownload(input: $input) { downloadUrl success errors }
  }"
  input <- list(fileId = record$id)
  result <- graphql(query, list(input = input), call, changes = FALSE)
  result <- result$prepareVersionFileDownload
  check_mutation(
    result,
    c(
      PERMISSION_DENIED = "permission_denied",
      FILE_NOT_FOUND = "file_not_found",
      FILE_NOT_UPLOADED = "file_not_found"
    ),
    list(
      action = phrase("download_file"),
      path = file_name(record),
      place = phrase("this_version")
    ),
    call = call
  )
  result$downloadUrl
}

# Stream a file to disk: into scratch, unless a path is given.
download_file <- function(record, path = NULL, call = rlang::caller_env()) {
  path <- download_path(record, path, call)
  need <- function(done) {
    if (!done) {
      abort_contract("folder_not_writable", path = dirname(path), call = call)
    }
  }
  part <- tempfile(".part-", dirname(path))
  need(make_folder(dirname(path)) && file.create(part, showWarnings = FALSE))
  on.exit(unlink(part))
  for (attempt in 1:2) {
    # A link may have run out by the time it is used: once more, with a new one.
    url <- download_url(record, call)
    request <- with_progress(transfer_request(url, call), file_name(record))
    response <- perform(request, path = part, tries = TRIES, call = call)
    status <- httr2::resp_status(response)
    if (status < 300) {
      break
    }
  }
  if (status >= 300) {
    server <- server_name(url)
    abort_contract("server_status", status = status, server = server, call = call)
  }
  need(suppressWarnings(file.rename(part, path)))
  path
}

# Where to: a path, or a folder, which exists; without either, scratch.
download_path <- function(record, path, call) {
  name <- file_name(record)
  if (!l10n_info()$`UTF-8` && .Platform$OS.type == "unix") {
    # A locale without accents: the bytes of the name are taken as they are.
    name <- iconv(name, "UTF-8", "UTF-8", mark = FALSE)
  }
  if (is.null(path)) {
    # Not as a part of the path: a file may be called "~x".
    return(file.path(dirname(tmp_path("datasets", record$id, "file")), name))
  }
  check_string(path, call = call)
  is_folder <- dir.exists(path) || grepl("/$", path)
  if (is_folder) file.path(sub("/+$", "", path), name) else path
}

# Transfers carry no token. The limit is on the silence of the other side: a large file
# takes as long as it takes.
transfer_request <- function(url, call) unlimited(http_request(url, call), call)

unlimited <- function(request, call) {
  httr2::req_options(
    request,
    timeout_ms = if (is.finite(time_left_s())) ceiling(1000 * timeout_s(call)) else 0L,
    connecttimeout_ms = ceiling(1000 * timeout_s(call)),
    low_speed_limit = 1L,
    low_speed_time = ceiling(timeout_s(call))
  )
}

read_file_raw <- function(record, call = rlang::caller_env()) {
  path <- download_file(record, tempfile(), call)
  on.exit(unlink(path))
  readBin(path, "raw", file.size(path))
}

# A bar for what is larger than a few MB, where somebody watches.
with_progress <- function(request, label) {
  bar <- NULL
  show <- function(down, up) {
    if (is.null(bar) && interactive() && down[[1]] > 4e6) {
      message(label)
      bar <<- utils::txtProgressBar(max = down[[1]], style = 3, file = stderr())
    }
    if (!is.null(bar)) {
      utils::setTxtProgressBar(bar, down[[2]])
      if (down[[2]] >= down[[1]]) close(bar)
    }
    TRUE
  }
  httr2::req_options(request, noprogress = FALSE, progressfunction = show)
}

# Three steps: ask for a link, put the bytes there, register the file. The same content
# type goes into each, because some stores sign it.
add_file <- function(version, source, filename = NULL, call = rlang::caller_env()) {
  if (is.data.frame(source) && !is.null(filename)) {
    return(add_frame(version, source, filename, list(), call))
  }
  is_path <- rlang::is_string(source)
  if (is.null(filename)) {
    if (!is_path) {
      abort_contract("missing_filename", call = call)
    }
    filename <- basename(source)
  }
  check_string(filename, call = call)
  if (!is_source(source)) {
    abort_contract(
      "invalid_argument",
      argument = "source",
      expected = phrase("a_source"),
      actual = class(source)[[1]],
      call = call
    )
  }
  if (is_path && !utils::file_test("-f", source)) {
    abort_contract("path_not_found", path = source, folder = getwd(), call = call)
  }
  input <- list(
    versionId = version$id,
    contentType = if (is_path) content_type(source) else "application/octet-stream",
    uri = filename
  )
  link <- upload_step("generateDatasetUploadUrl", "uploadUrl headers", input, call)
  headers <- link$headers
  if (length(headers) == 0) {
    headers <- list(`Content-Type` = input$contentType)
  }
  upload(link$uploadUrl, source_bytes(source), headers, call)
  fields <- "file { id filename uri contentType createdAt }"
  added <- upload_step("createDatasetVersionFile", fields, input, call)
  new_file(added$file, version)
}

# Write a data frame in the format of the file's name, then add that file.
add_frame <- function(version, frame, filename, options, call) {
  check_string(filename, call = call)
  folder <- tempfile("add-", tmpdir = tmp_path())
  on.exit(unlink(folder, recursive = TRUE))
  path <- write_path(
    frame,
    file.path(folder, basename(filename)),
    filename,
    options,
    call
  )
  add_file(version, path, filename, call)
}

# Download a file and read it in the format of its name.
read_dataset_file <- function(record, options, call = rlang::caller_env()) {
  name <- file_name(record)
  folder <- tempfile("read-", tmpdir = tmp_path())
  make_folder(folder)
  on.exit(unlink(folder, recursive = TRUE))
  path <- download_file(record, file.path(folder, name), call)
  read_path(path, name, options, call)
}

upload_step <- function(mutation, fields, input, call) {
  type <- paste0(toupper(substr(mutation, 1, 1)), substring(mutation, 2), "Input!")
  query <- sprintf(
    "mutation %s($input: %s) { %s(input: $input) { %s success errors } }",
    mutation,
    type,
    mutation,
    fields
  )
  # Asking for a link changes nothing on the server.
  changes <- mutation != "generateDatasetUploadUrl"
  result <- graphql(query, list(input = input), call, changes)[[mutation]]
  check_mutation(
    result,
    c(
      LOCKED_VERSION = "version_locked",
      ALREADY_EXISTS = "file_exists",
      PERMISSION_DENIED = "permission_denied",
      VERSION_NOT_FOUND = "version_not_found"
    ),
    list(path = input$uri, action = phrase("add_file")),
    call = call
  )
}

is_source <- function(source) {
  if (inherits(source, "connection")) {
    return(!isOpen(source) || summary(source)$text == "binary")
  }
  rlang::is_string(source) || is.raw(source)
}

# A path stays one, to be streamed; everything else becomes raw.
source_bytes <- function(source) {
  if (is.raw(source) || is.character(source)) {
    return(source)
  }
  if (!isOpen(source)) {
    open(source, "rb")
    on.exit(close(source))
  }
  parts <- list()
  while (length(part <- readBin(source, "raw", 1048576L)) > 0) {
    parts[[length(parts) + 1L]] <- part
  }
  unlist(c(list(raw()), parts))
}

# Read piece by piece. A redirected PUT would lose its bytes, so none is followed.
upload <- function(url, source, headers, call) {
  content <- if (is.raw(source)) rawConnection(source) else file(source, "rb")
  on.exit(close(content))
  request <- httr2::req_method(transfer_request(url, call), "PUT")
  request <- rlang::inject(httr2::req_headers(request, !!!headers))
  request <- httr2::req_options(
    request,
    post = TRUE,
    readfunction = function(n, ...) readBin(content, "raw", n),
    postfieldsize_large = if (is.raw(source)) length(source) else file.size(source),
    followlocation = 0L
  )
  status <- httr2::resp_status(perform(request, call = call))
  if (status >= 300) {
    code <- if (status == 413) "file_too_large" else "server_status"
    abort_contract(code, status = status, server = server_name(url), call = call)
  }
}

# Fixed, where Python's guess depends on the machine.
content_type <- function(path) {
  types <- contract()$content_types
  found <- types[[tolower(tools::file_ext(path))]]
  if (is.null(found)) "application/octet-stream" else found
}
