# Datasets of the workspace: dataset, versions, files, as in the SDK.

new_dataset <- function(record) {
  id <- record$id
  owner <- record$workspace$slug
  new_object(
    "dataset",
    members = list(
      id = id,
      slug = record$slug,
      name = record$name,
      description = record$description,
      # The workspace that owned it may be gone.
      source_workspace_slug = if (is.null(owner)) NA_character_ else owner,
      create_version = function(name) create_version(id, name)
    ),
    properties = list(
      latest_version = function() latest_version(id),
      versions = function() list_versions(id)
    )
  )
}

#' @export
format.openhexa_dataset <- function(x, ...) {
  paste0("<OpenHEXA dataset ", x$slug, " of ", x$source_workspace_slug, ">")
}

list_datasets <- function() {
  query <- "query getWorkspaceDatasets($slug: String!, $page: Int, $perPage: Int) {
    workspace(slug: $slug) {
      datasets(page: $page, perPage: $perPage) {
        totalPages
        items { dataset { id slug name description workspace { slug } } }
      }
    }
  }"
  call <- rlang::current_env()
  need_server("the_datasets", call)
  slug <- env_require("slug", call)
  links <- all_pages(function(page) {
    variables <- list(slug = slug, page = page, perPage = 15L)
    need_workspace(graphql(query, variables, call)$workspace, call)$datasets
  })
  lapply(links, function(link) new_dataset(link$dataset))
}

get_dataset <- function(identifier, source_workspace_slug = NULL) {
  check_string(identifier)
  find_dataset(identifier, source_workspace_slug)
}

find_dataset <- function(identifier, workspace_slug, call = rlang::caller_env()) {
  query <- "query getDataset($datasetSlug: String!, $workspaceSlug: String!) {
    datasetLinkBySlug(datasetSlug: $datasetSlug, workspaceSlug: $workspaceSlug) {
      dataset { id slug name description workspace { slug } }
    }
  }"
  need_server("the_datasets", call)
  if (is.null(workspace_slug)) {
    workspace_slug <- env_require("slug", call)
  }
  variables <- list(datasetSlug = identifier, workspaceSlug = workspace_slug)
  link <- graphql(query, variables, call)$datasetLinkBySlug
  if (is.null(link)) {
    abort_contract(
      "dataset_not_found",
      identifier = identifier,
      slug = workspace_slug,
      call = call
    )
  }
  new_dataset(link$dataset)
}

create_dataset <- function(name, description = NULL) {
  query <- "mutation createDataset($input: CreateDatasetInput!) {
    createDataset(input: $input) { success errors dataset { slug } }
  }"
  check_string(name)
  need_server("the_datasets")
  slug <- env_require("slug")
  # The server wants the description, though it may be null.
  input <- list(workspaceSlug = slug, name = name, description = description)
  result <- graphql(query, list(input = input))$createDataset
  check_mutation(
    result,
    c(
      PERMISSION_DENIED = "permission_denied",
      WORKSPACE_NOT_FOUND = "workspace_not_found"
    ),
    list(action = phrase("create_dataset"), slug = slug, server = server_url())
  )
  find_dataset(result$dataset$slug, slug)
}

new_version <- function(record) {
  id <- record$id
  new_object(
    "dataset_version",
    members = list(
      id = id,
      name = record$name,
      created_at = record$createdAt,
      get_file = function(filename) get_dataset_file(id, filename),
      exists = function(filename) !is.null(ask_file(id, filename)),
      add_file = function(source, filename = NULL) add_file(id, source, filename)
    ),
    properties = list(files = function() list_files(id))
  )
}

#' @export
format.openhexa_dataset_version <- function(x, ...) {
  paste0("<OpenHEXA dataset version ", x$name, ">")
}

# NULL where there is none.
latest_version <- function(dataset_id) {
  query <- "query getLatestVersion($datasetId: ID!) {
    dataset(id: $datasetId) { latestVersion { id name createdAt } }
  }"
  call <- quote(dataset$latest_version)
  dataset <- graphql(query, list(datasetId = dataset_id), call)$dataset
  version <- need_dataset(dataset, dataset_id, call)$latestVersion
  if (!is.null(version)) new_version(version)
}

list_versions <- function(dataset_id) {
  query <- "query getDatasetVersions($datasetId: ID!, $page: Int!, $perPage: Int) {
    dataset(id: $datasetId) {
      versions(page: $page, perPage: $perPage) {
        items { id name createdAt } totalPages
      }
    }
  }"
  call <- quote(dataset$versions)
  versions <- all_pages(function(page) {
    variables <- list(datasetId = dataset_id, page = page, perPage = 10L)
    need_dataset(graphql(query, variables, call)$dataset, dataset_id, call)$versions
  })
  lapply(versions, new_version)
}

need_dataset <- function(dataset, id, call) {
  if (is.null(dataset)) {
    slug <- env_require("slug", call)
    abort_contract("dataset_not_found", identifier = id, slug = slug, call = call)
  }
  dataset
}

create_version <- function(dataset_id, name, call = rlang::caller_env()) {
  query <- "mutation createDatasetVersion($input: CreateDatasetVersionInput!) {
    createDatasetVersion(input: $input) {
      version { id name description createdAt } errors success
    }
  }"
  input <- list(datasetId = dataset_id, name = as.character(name))
  result <- graphql(query, list(input = input), call)$createDatasetVersion
  check_mutation(
    result,
    c(
      DUPLICATE_NAME = "duplicate_version",
      PERMISSION_DENIED = "permission_denied",
      DATASET_NOT_FOUND = "dataset_not_found"
    ),
    list(
      name = as.character(name),
      action = phrase("create_version"),
      identifier = dataset_id,
      slug = env_lookup("slug")
    ),
    call = call
  )
  new_version(result$version)
}

new_file <- function(record) {
  id <- record$id
  new_object(
    "dataset_file",
    members = list(
      id = id,
      uri = record$uri,
      filename = basename(record$uri),
      content_type = record$contentType,
      created_at = record$createdAt,
      download = function(path = NULL) download_file(record, path),
      read_raw = function() read_file_raw(record)
    ),
    properties = list(
      # A link lasts ten minutes: a new one at each asking.
      download_url = function() download_url(id, quote(file$download_url))
    )
  )
}

#' @export
format.openhexa_dataset_file <- function(x, ...) {
  paste0("<OpenHEXA dataset file ", x$filename, ">")
}

list_files <- function(version_id) {
  query <- "query getDatasetFiles($versionId: ID!, $page: Int!, $perPage: Int) {
    datasetVersion(id: $versionId) {
      files(page: $page, perPage: $perPage) {
        items { id uri filename contentType createdAt } totalPages
      }
    }
  }"
  call <- quote(version$files)
  files <- all_pages(function(page) {
    variables <- list(versionId = version_id, page = page, perPage = 50L)
    need_version(graphql(query, variables, call)$datasetVersion, call)$files
  })
  lapply(files, new_file)
}

ask_file <- function(version_id, filename, call = rlang::caller_env()) {
  query <- "query getDatasetFile($versionId: ID!, $filename: String!) {
    datasetVersion(id: $versionId) {
      fileByName(name: $filename) { id uri filename contentType createdAt }
    }
  }"
  check_string(filename, call = call)
  variables <- list(versionId = version_id, filename = filename)
  version <- graphql(query, variables, call)$datasetVersion
  need_version(version, call)$fileByName
}

get_dataset_file <- function(version_id, filename, call = rlang::caller_env()) {
  found <- ask_file(version_id, filename, call)
  if (is.null(found)) {
    place <- phrase("this_version")
    abort_contract("file_not_found", path = filename, place = place, call = call)
  }
  new_file(found)
}

need_version <- function(version, call) {
  if (is.null(version)) {
    abort_contract("version_not_found", call = call)
  }
  version
}

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
add_file <- function(version_id, source, filename = NULL, call = rlang::caller_env()) {
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
    versionId = version_id,
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
  new_file(upload_step("createDatasetVersionFile", fields, input, call)$file)
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
