# What the server knows of the workspace: configuration, countries, files, web apps.

ask_workspace <- function(what, call) {
  query <- "query Workspace($slug: String!) {
    workspace(slug: $slug) {
      slug name description dockerImage configuration
      countries { code flag name alpha3 }
      permissions { delete update manageMembers }
    }
  }"
  need_server(what, call)
  variables <- list(slug = env_require("slug", call))
  need_workspace(graphql(query, variables, call)$workspace, call)
}

# The configuration as JSON has it: objects are named lists, arrays unnamed ones. NULL
# where there is no server, as in the SDK.
get_configuration <- function() {
  if (!is_connected()) {
    return(NULL)
  }
  ask_workspace("the_configuration", quote(workspace$configuration))$configuration
}

set_configuration <- function(value) {
  write_configuration(value, rlang::current_env())
}

write_configuration <- function(value, call) {
  query <- "mutation UpdateWorkspace($input: UpdateWorkspaceInput!) {
    updateWorkspace(input: $input) {
      success
      workspace {
        slug name description configuration countries { code alpha3 name }
      }
      errors
    }
  }"
  need_server("the_configuration", call)
  if (is.null(value) || !is.list(value)) {
    abort_contract(
      "invalid_argument",
      argument = "value",
      expected = phrase("a_list"),
      actual = class(value)[[1]],
      call = call
    )
  }
  if (length(value) == 0) {
    value <- rlang::set_names(list(), character())
  } # an object
  slug <- env_require("slug", call)
  input <- list(slug = slug, configuration = value)
  result <- graphql(query, list(input = input), call)$updateWorkspace
  action <- fill(phrase("change_configuration"), list(slug = slug))
  check_mutation(
    result,
    c(PERMISSION_DENIED = "permission_denied", NOT_FOUND = "workspace_not_found"),
    list(action = action, slug = slug, server = server_name()),
    call = call
  )
  invisible(result$workspace$configuration)
}

get_countries <- function() {
  found <- ask_workspace("the_countries", quote(workspace$countries))$countries
  column <- function(name) vapply(found, `[[`, character(1), name)
  data.frame(
    code = column("code"),
    flag = column("flag"),
    name = column("name"),
    alpha_3 = column("alpha3")
  )
}

get_file <- function(path) {
  query <- "query getFileByPath($workspaceSlug: String!, $path: String!) {
    getFileByPath(workspaceSlug: $workspaceSlug, path: $path) {
      key name path size type
    }
  }"
  check_string(path)
  need_server("a_file_record")
  slug <- env_require("slug")
  variables <- list(workspaceSlug = slug, path = path)
  found <- graphql(query, variables)$getFileByPath
  if (is.null(found)) {
    place <- fill(phrase("the_workspace"), list(slug = slug))
    abort_contract("file_not_found", path = path, place = place)
  }
  new_object(
    "file",
    list(
      name = found$name,
      path = paste0(env_path("files_path"), "/", found$key),
      size = as.numeric(found$size),
      type = found$type
    )
  )
}

#' @export
format.openhexa_file <- function(x, ...) {
  paste0("<OpenHEXA file ", x$name, ": ", x$path, ">")
}

get_webapp <- function(webapp_slug) {
  query <- "query getWebappBySlug($workspaceSlug: String!, $webappSlug: String!) {
    webapp(workspaceSlug: $workspaceSlug, slug: $webappSlug) {
      id name description url icon isFavorite
      createdBy { id displayName email }
      workspace { slug name }
      permissions { update delete }
    }
  }"
  check_string(webapp_slug)
  need_server("a_webapp")
  slug <- env_require("slug")
  variables <- list(workspaceSlug = slug, webappSlug = webapp_slug)
  found <- graphql(query, variables)$webapp
  if (is.null(found)) {
    abort_contract("webapp_not_found", identifier = webapp_slug, slug = slug)
  }
  author <- found$createdBy
  new_object(
    "webapp",
    list(
      id = found$id,
      name = found$name,
      description = found$description,
      url = found$url,
      icon = found$icon,
      is_favorite = found$isFavorite,
      created_by = list(
        id = author$id,
        display_name = author$displayName,
        email = author$email
      ),
      workspace = found$workspace,
      permissions = found$permissions
    )
  )
}

#' @export
format.openhexa_webapp <- function(x, ...) {
  paste0("<OpenHEXA web app ", x$name, ": ", x$url, ">")
}

need_server <- function(what, call = rlang::caller_env()) {
  if (!is_connected()) abort_contract("not_connected", what = phrase(what), call = call)
}
