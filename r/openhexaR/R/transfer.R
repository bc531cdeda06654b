# Bytes of a dataset's files: down to disk, up to the store.

download_url <- function(file_id, call) {
  query <- "mutation getDownloadUrl($input: PrepareVersionFileDownloadInput!) {
    prepareVersionFileDownload(input: $input) { downloadUrl success errors }
  }"
  result <- graphql(query, list(input = list(fileId = file_id)), call)
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
      path = file_id,
      place = phrase("this_version")
    ),
    call = call
  )
  result$downloadUrl
}

# Stream a file to disk: into scratch, unless a path is given. No token goes along.
download_file <- function(record, path = NULL, call = rlang::caller_env()) {
  if (is.null(path)) {
    path <- tmp_path("datasets", record$id, basename(record$uri))
  }
  part <- paste0(path, ".part")
  on.exit(unlink(part))
  request <- http_request(download_url(record$id, call))
  # The limit is on the silence of the server: a large file takes as long as it takes.
  request <- httr2::req_options(
    with_progress(request, basename(record$uri)),
    timeout_ms = 0L,
    connecttimeout = TIMEOUT_S,
    low_speed_limit = 1L,
    low_speed_time = TIMEOUT_S
  )
  response <- perform(request, path = part, tries = TRIES, call = call)
  status <- httr2::resp_status(response)
  if (status >= 300) {
    abort_contract(
      "server_status",
      status = status,
      server = server_url(call),
      call = call
    )
  }
  # An empty answer makes no file.
  if (!file.exists(part)) {
    file.create(part)
  }
  file.rename(part, path)
  path
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
  if (is_path && !file.exists(source)) {
    place <- phrase("this_machine")
    abort_contract("file_not_found", path = source, place = place, call = call)
  }
  input <- list(
    versionId = version$id,
    contentType = if (is_path) content_type(source) else "application/octet-stream",
    uri = filename
  )
  link <- upload_step("generateDatasetUploadUrl", "uploadUrl headers", input, call)
  headers <- link$headers
  if (is.null(headers)) {
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
  name <- basename(record$uri)
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
  result <- graphql(query, list(input = input), call)[[mutation]]
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

# A path stays one, to be streamed; everything else becomes raw.
source_bytes <- function(source) {
  if (is.raw(source) || is.character(source)) {
    return(source)
  }
  if (!isOpen(source)) {
    open(source, "rb")
    on.exit(close(source))
  }
  bytes <- raw()
  while (length(part <- readBin(source, "raw", 1048576L)) > 0) {
    bytes <- c(bytes, part)
  }
  bytes
}

upload <- function(url, source, headers, call) {
  request <- httr2::req_method(http_request(url), "PUT")
  request <- rlang::inject(httr2::req_headers(request, !!!headers))
  request <- httr2::req_options(request, timeout_ms = 0L, connecttimeout = TIMEOUT_S)
  request <- if (is.raw(source)) {
    httr2::req_body_raw(request, source)
  } else {
    httr2::req_body_file(request, source)
  }
  status <- httr2::resp_status(perform(request, call = call))
  if (status >= 300) {
    code <- if (status == 413) "file_too_large" else "server_status"
    server <- sub("^([a-z]+://[^/?]*).*", "\\1", url)
    abort_contract(code, status = status, server = server, call = call)
  }
}

# Fixed, where Python's guess depends on the machine.
content_type <- function(path) {
  types <- contract()$content_types
  found <- types[[tolower(tools::file_ext(path))]]
  if (is.null(found)) "application/octet-stream" else found
}
