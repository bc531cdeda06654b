# Datasets of the workspace: dataset, versions, files, as in the SDK.

new_dataset <- function(record) {
  owner <- record$workspace$slug
  self <- new_object(
    "dataset",
    members = list(
      id = record$id,
      slug = record$slug,
      name = record$name,
      description = record$description,
      # The workspace that owned it may be gone.
      source_workspace_slug = if (is.null(owner)) NA_character_ else owner,
      create_version = function(name) create_version(self, name)
    ),
    properties = list(
      latest_version = function() latest_version(self),
      versions = function() list_versions(self)
    )
  )
  self
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
  if (!is.null(source_workspace_slug)) {
    check_string(source_workspace_slug)
  }
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
  if (!is.null(description)) {
    check_string(description)
  }
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
    list(action = phrase("create_dataset"), slug = slug, server = server_name())
  )
  find_dataset(result$dataset$slug, slug)
}

new_version <- function(record, dataset = NULL) {
  self <- new_object(
    "dataset_version",
    members = list(
      id = record$id,
      name = record$name,
      dataset = dataset,
      created_at = record$createdAt,
      get_file = function(filename) get_dataset_file(self, filename),
      exists = function(filename) !is.null(ask_file(self, filename)),
      add_file = function(source, filename = NULL) add_file(self, source, filename),
      read = function(filename, ...) {
        call <- rlang::current_env()
        read_dataset_file(need_file(self, filename, call), list(...), call)
      },
      write = function(frame, filename, ...) {
        add_frame(self, frame, filename, list(...), rlang::current_env())
      }
    ),
    properties = list(files = function() list_files(self))
  )
  self
}

#' @export
format.openhexa_dataset_version <- function(x, ...) {
  paste0("<OpenHEXA dataset version ", x$name, ">")
}

# NULL where there is none.
latest_version <- function(dataset) {
  query <- "query getLatestVersion($datasetId: ID!) {
    dataset(id: $datasetId) { latestVersion { id name createdAt } }
  }"
  call <- quote(dataset$latest_version)
  found <- graphql(query, list(datasetId = dataset$id), call)$dataset
  version <- need_dataset(found, dataset$id, call)$latestVersion
  if (!is.null(version)) new_version(version, dataset)
}

list_versions <- function(dataset) {
  query <- "query getDatasetVersions($datasetId: ID!, $page: Int!, $perPage: Int) {
    dataset(id: $datasetId) {
      versions(page: $page, perPage: $perPage) {
        items { id name createdAt } totalPages
      }
    }
  }"
  call <- quote(dataset$versions)
  versions <- all_pages(function(page) {
    variables <- list(datasetId = dataset$id, page = page, perPage = 10L)
    need_dataset(graphql(query, variables, call)$dataset, dataset$id, call)$versions
  })
  lapply(versions, new_version, dataset = dataset)
}

need_dataset <- function(found, id, call) {
  if (is.null(found)) {
    slug <- or_dash(env_lookup("slug"))
    abort_contract("dataset_not_found", identifier = id, slug = slug, call = call)
  }
  found
}

create_version <- function(dataset, name, call = rlang::caller_env()) {
  query <- "mutation createDatasetVersion($input: CreateDatasetVersionInput!) {
    createDatasetVersion(input: $input) {
      version { id name description createdAt } errors success
    }
  }"
  name <- as.character(name) # a number is one too, as in the SDK
  check_string(name, call = call)
  input <- list(datasetId = dataset$id, name = name)
  result <- graphql(query, list(input = input), call)$createDatasetVersion
  check_mutation(
    result,
    c(
      DUPLICATE_NAME = "duplicate_version",
      PERMISSION_DENIED = "permission_denied",
      DATASET_NOT_FOUND = "dataset_not_found"
    ),
    list(
      name = name,
      action = phrase("create_version"),
      identifier = dataset$id,
      slug = or_dash(env_lookup("slug"))
    ),
    call = call
  )
  new_version(result$version, dataset)
}

new_file <- function(record, version = NULL) {
  id <- record$id
  new_object(
    "dataset_file",
    members = list(
      id = id,
      version = version,
      uri = record$uri,
      filename = file_name(record),
      content_type = record$contentType,
      created_at = record$createdAt,
      download = function(path = NULL) download_file(record, path),
      read = function(...) read_dataset_file(record, list(...)),
      read_raw = function() read_file_raw(record)
    ),
    properties = list(
      # A link lasts ten minutes: a new one at each asking.
      download_url = function() download_url(record, quote(file$download_url))
    )
  )
}

# basename() stops at an accent where the locale has none.
file_name <- function(record) sub(".*/", "", record$uri)

#' @export
format.openhexa_dataset_file <- function(x, ...) {
  paste0("<OpenHEXA dataset file ", x$filename, ">")
}

list_files <- function(version) {
  query <- "query getDatasetFiles($versionId: ID!, $page: Int!, $perPage: Int) {
    datasetVersion(id: $versionId) {
      files(page: $page, perPage: $perPage) {
        items { id uri filename contentType createdAt } totalPages
      }
    }
  }"
  call <- quote(version$files)
  files <- all_pages(function(page) {
    variables <- list(versionId = version$id, page = page, perPage = 50L)
    need_version(graphql(query, variables, call)$datasetVersion, call)$files
  })
  lapply(files, new_file, version = version)
}

ask_file <- function(version, filename, call = rlang::caller_env()) {
  query <- "query getDatasetFile($versionId: ID!, $filename: String!) {
    datasetVersion(id: $versionId) {
      fileByName(name: $filename) { id uri filename contentType createdAt }
    }
  }"
  check_string(filename, call = call)
  variables <- list(versionId = version$id, filename = filename)
  found <- graphql(query, variables, call)$datasetVersion
  need_version(found, call)$fileByName
}

get_dataset_file <- function(version, filename, call = rlang::caller_env()) {
  new_file(need_file(version, filename, call), version)
}

need_file <- function(version, filename, call) {
  found <- ask_file(version, filename, call)
  if (is.null(found)) {
    place <- phrase("this_version")
    abort_contract("file_not_found", path = filename, place = place, call = call)
  }
  found
}

need_version <- function(version, call) {
  if (is.null(version)) {
    abort_contract("version_not_found", call = call)
  }
  version
}
