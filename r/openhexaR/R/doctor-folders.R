# Where files are written: the workspace, scratch, the notebook's place, memory.

ENOUGH_BYTES <- 1e9
ENOUGH_MEMORY_BYTES <- 256 * 2^20

check_files <- function() {
  path <- env_path("files_path")
  is_bucket <- is_cloud() && !is.null(bucket_engine())
  if (is_bucket && dir.exists(path) && mount_of(path)$place != normalizePath(path)) {
    return(finding("files", "folder_not_mounted", path = path))
  }
  check_folder("files", path)
}

is_cloud <- function() startsWith(toupper(env_lookup("environment")), "CLOUD_")

check_folder <- function(check, path) {
  if (!dir.exists(path)) {
    return(absent(check, path))
  }
  mount <- mount_of(path)
  reason <- reason_not_written(path)
  if (!is.null(reason)) {
    return(unwritable(check, path, mount, reason))
  }
  if (startsWith(mount$type, "fuse")) {
    # Which says of free space whatever it likes.
    return(finding(check, "folder_mounted", path = path, type = mount$type))
  }
  free <- disk_bytes(path)[["free"]]
  code <- if (free < ENOUGH_BYTES) "folder_full" else "folder_fine"
  finding(check, code, path = path, free = sprintf("%.1f", free / 1e9))
}

# A folder that is to be made, or a workspace that is to be opened.
absent <- function(check, path) {
  if (file.exists(path)) {
    fact <- if (check == "scratch") "tmp_path" else "files_path"
    variable <- env_variable(fact)
    return(finding(check, "folder_is_file", path = path, variable = variable))
  }
  if (env_is_set("files_path") || is_cloud()) {
    return(finding(check, "folder_absent", path = path))
  }
  folder <- nearest_workspace()
  if (is.null(folder)) {
    return(finding(check, "workspace_none", path = path))
  }
  finding(check, "workspace_closed", path = path, folder = folder)
}

# The first folder, at or above the working directory, with a workspace.yaml.
nearest_workspace <- function(folder = getwd()) {
  while (!file.exists(file.path(folder, "workspace.yaml"))) {
    if (dirname(folder) == folder) {
      return(NULL)
    }
    folder <- dirname(folder)
  }
  folder
}

unwritable <- function(check, path, mount, reason) {
  if (mount$is_read_only) {
    return(finding(check, "folder_mount_read_only", path = path, mount = mount$place))
  }
  if (disk_bytes(path)[["free"]] == 0) {
    return(finding(check, "folder_full", path = path, free = "0.0"))
  }
  about <- file.info(path)
  if (file.access(path, 2L) != 0L && !startsWith(mount$type, "fuse")) {
    if (about$uname %in% Sys.info()[["effective_user"]]) {
      return(finding(check, "folder_closed", path = path))
    }
    if (!is_cloud()) {
      # On OpenHEXA, nobody may give folders away.
      owner <- if (is.na(about$uname)) about$uid else about$uname
      return(finding(check, "folder_others", path = path, owner = owner))
    }
  }
  finding(check, "folder_unusable", path = path, reason = reason)
}

# NULL where a file could be written, else what the system says.
reason_not_written <- function(path) {
  probe <- tempfile(".hexa-", path)
  on.exit(unlink(probe))
  tryCatch(
    {
      writeLines("", probe)
      NULL
    },
    warning = error_line,
    error = error_line
  )
}

# The mount that holds a folder, and the kind of its file system.
mount_of <- function(path, table = "/proc/self/mountinfo") {
  best <- list(place = "/", type = "", is_read_only = FALSE)
  if (!file.exists(table)) {
    return(best) # not Linux
  }
  path <- paste0(sub("/$", "", normalizePath(path)), "/")
  for (line in strsplit(readLines(table, warn = FALSE), " ", fixed = TRUE)) {
    # proc(5): a space in a place is written \040.
    place <- gsub("\\040", " ", line[[5]], fixed = TRUE)
    # Of two mounts on one place, the later one is seen.
    inside <- startsWith(path, paste0(sub("/$", "", place), "/"))
    if (inside && nchar(place) >= nchar(best$place)) {
      options <- strsplit(line[[6]], ",", fixed = TRUE)[[1]]
      type <- line[[match("-", line) + 1L]]
      best <- list(place = place, type = type, is_read_only = "ro" %in% options)
    }
  }
  best
}

# Bytes in all and free, by POSIX's df; NA where there is none.
disk_bytes <- function(path) {
  if (!nzchar(Sys.which("df"))) {
    return(c(size = NA, free = NA))
  }
  lines <- system2("df", c("-Pk", shQuote(path)), stdout = TRUE, timeout = 5)
  numbers <- regmatches(lines[[2]], regexpr("( +[0-9]+){3} +[0-9]+%", lines[[2]]))
  fields <- as.numeric(strsplit(trimws(numbers), " +")[[1]][c(1, 3)]) * 1024
  c(size = fields[[1]], free = fields[[2]])
}

# Whether the notebook, and its working directory, outlive the server.
check_place <- function() {
  files <- env_path("files_path")
  kept <- normalizePath(c(files, env_path("tmp_path")), mustWork = FALSE)
  is_outside <- function(path) {
    path <- paste0(normalizePath(path, mustWork = FALSE), "/")
    !any(startsWith(path, paste0(kept, "/")))
  }
  name <- env_lookup("notebook_path") %||% session_notebook()
  notebook <- if (nzchar(name)) file.path(notebook_dir(), basename(name))
  shown <- notebook %||% fill(phrase("working_directory"), list(path = getwd()))
  if (!is_cloud()) {
    code <- if (is_outside(getwd())) "place_elsewhere" else "place_fine"
    return(finding("place", code, path = shown))
  }
  if (!is.null(notebook) && is_outside(notebook)) {
    return(finding("place", "place_notebook", path = notebook, files = files))
  }
  if (is_outside(getwd())) {
    return(finding("place", "place_directory", path = getwd(), files = files))
  }
  finding("place", "place_fine", path = shown)
}

check_memory <- function(path = "/dev/shm") {
  if (!dir.exists(path)) {
    return(finding("shared_memory", "memory_none"))
  }
  bytes <- disk_bytes(path)
  if (bytes[["size"]] < ENOUGH_MEMORY_BYTES) {
    size <- bytes[["size"]] %/% 1e6
    return(finding("shared_memory", "memory_small", path = path, size = size))
  }
  free <- sprintf("%.1f", bytes[["free"]] / 1e9)
  finding("shared_memory", "memory_fine", path = path, free = free)
}
