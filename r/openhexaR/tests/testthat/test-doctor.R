# Break a thing, look, run the remedy that is shown, look again.

found_by <- function(name, steps = quick_steps()) {
  found <- run_check(check_title(name), steps[[name]])
  found[c("state", "code", "found", "remedy", "is_command")]
}

expect_broken <- function(name, state, code) {
  found <- found_by(name)
  expect_equal(c(found$state, found$code), c(state, code))
  expect_true(found$is_command)
  found$remedy
}

test_that("an absent folder is made by the remedy", {
  folder <- file.path(withr::local_tempdir(), "l'\u00e9t\u00e9 \u00e0 Bobo")
  local_clean_env(WORKSPACE_FILES_PATH = folder, WORKSPACE_TMP_PATH = folder)
  for (name in c("files", "scratch")) {
    expect_equal(system(expect_broken(name, "failed", "folder_absent")), 0)
    expect_equal(found_by(name)$state, "ok")
    unlink(folder, recursive = TRUE)
  }
})

test_that("a workspace that is not open is found, and none is made by the remedy", {
  folder <- normalizePath(withr::local_tempdir())
  withr::local_dir(folder)
  local_clean_env()
  look <- function() check_folder("files", file.path(folder, "home/hexa/workspace"))
  found <- look()
  expect_equal(c(found$state, found$code), c("failed", "workspace_none"))
  expect_equal(found$remedy, "hexa-kernels init my-workspace && cd my-workspace")
  file.create("workspace.yaml")
  dir.create("workspace")
  withr::local_dir("workspace")
  found <- look()
  expect_equal(c(found$state, found$code), c("failed", "workspace_closed"))
  expect_equal(found$remedy, paste("hexa-kernels lab", shQuote(folder)))
})

test_that("in a pipeline the notebook is the one that runs", {
  folder <- withr::local_tempdir()
  local_clean_env(WORKSPACE_FILES_PATH = folder)
  withr::local_dir(folder)
  expect_match(found_by("place")$found, "^working directory /")
  withr::local_envvar(HEXA_NOTEBOOK_PATH = "reports/malaria.ipynb")
  expect_match(found_by("place")$found, "reports/malaria.ipynb", fixed = TRUE)
})

test_that("a working directory that vanishes is left by the remedy", {
  folder <- withr::local_tempdir()
  withr::local_dir(withr::local_tempdir())
  local_clean_env(WORKSPACE_FILES_PATH = folder)
  expect_equal(found_by("place")$code, "place_elsewhere")
  local_clean_env(WORKSPACE_FILES_PATH = folder, HEXA_ENVIRONMENT = "CLOUD_JUPYTER")
  remedy <- expect_broken("place", "warning", "place_directory")
  eval(parse(text = remedy))
  expect_equal(found_by("place")$code, "place_fine")
})

test_that("a notebook that vanishes is copied by the remedy", {
  folder <- withr::local_tempdir()
  withr::local_dir(folder)
  notebook <- withr::local_tempfile(fileext = ".ipynb", lines = "{}")
  local_clean_env(
    WORKSPACE_FILES_PATH = folder,
    HEXA_ENVIRONMENT = "CLOUD_JUPYTER",
    JPY_SESSION_NAME = notebook
  )
  expect_equal(system(expect_broken("place", "warning", "place_notebook")), 0)
  withr::local_envvar(JPY_SESSION_NAME = file.path(folder, basename(notebook)))
  expect_true(file.exists(file.path(folder, basename(notebook))))
  expect_equal(found_by("place")$code, "place_fine")
})

test_that("a bucket that is not mounted is said", {
  local_clean_env(
    WORKSPACE_FILES_PATH = withr::local_tempdir(),
    HEXA_ENVIRONMENT = "CLOUD_JUPYTER",
    WORKSPACE_STORAGE_ENGINE = "s3"
  )
  expect_equal(found_by("files")$code, "folder_not_mounted")
})

test_that("a mounted bucket and a read-only mount are told from a disk", {
  folder <- normalizePath(withr::local_tempdir())
  table <- withr::local_tempfile(
    lines = c(
      "24 1 8:1 / / rw - ext4 /dev/sda1 rw",
      paste("25 24 0:44 /", folder, "ro,nosuid - fuse.gcsfuse demo rw,user_id=0")
    )
  )
  expect_equal(
    mount_of(folder, table),
    list(place = folder, type = "fuse.gcsfuse", is_read_only = TRUE)
  )
  expect_equal(mount_of(dirname(folder), table)$type, "ext4")
})

test_that("data of PROJ and GDAL that are not there are given up by the remedy", {
  variables <- c(proj = "PROJ_LIB", proj = "PROJ_DATA", gdal = "GDAL_DATA")
  withr::local_envvar(PROJ_LIB = NA, PROJ_DATA = NA, GDAL_DATA = NA)
  for (i in seq_along(variables)) {
    do.call(Sys.setenv, rlang::set_names(list("/nowhere"), variables[[i]]))
    remedy <- expect_broken(names(variables)[[i]], "failed", "data_wrong")
    eval(parse(text = remedy))
    expect_equal(found_by(names(variables)[[i]])$code, "data_unset")
  }
})

test_that("a locale that loses accents is replaced by the remedy", {
  withr::local_locale(LC_CTYPE = "C")
  remedy <- expect_broken("locale", "warning", "locale_not_utf8")
  eval(parse(text = remedy))
  expect_equal(found_by("locale")$code, "locale_fine")
})

test_that("packages that are missing are named with R's own command", {
  local_clean_env()
  expect_equal(found_by("r_packages")$code, "packages_fine")
  missing <- c("nanoarrow", "bit64")
  local_is_installed(function(packages) !packages %in% missing, environment())
  remedy <- expect_broken("r_packages", "failed", "packages_missing")
  expect_equal(remedy, "install.packages(c(\"nanoarrow\", \"bit64\"))")
})

test_that("little shared memory is a warning", {
  local_clean_env()
  expect_equal(check_memory()$code, "memory_fine")
  expect_equal(check_memory("/nowhere")$code, "memory_none")
})

test_that("whose token it is, is said as in Python", {
  vectors <- jsonlite::read_json(test_path("contract", "tokens.json"))
  for (vector in vectors) {
    local_clean_env(HEXA_TOKEN = vector$token, !!!vector$env)
    found <- found_by("token")
    expect_equal(found$code, vector$code, info = vector$name)
    shown <- paste(found$found, found$remedy)
    if (nzchar(vector$token)) expect_no_match(shown, vector$token, fixed = TRUE)
  }
})

test_that("storage credentials say until when they hold", {
  utc <- function(hours) {
    time <- as.POSIXct(Sys.time() + hours * 3600)
    gsub(":", "%3A", format(time, "%Y-%m-%dT%H:%M:%SZ", tz = "UTC"), fixed = TRUE)
  }
  codes <- c(storage_lapsed = -1, storage_lapsing = 0.1, storage_until = 9)
  for (code in names(codes)) {
    local_clean_env(
      WORKSPACE_STORAGE_ENGINE = "azure",
      WORKSPACE_STORAGE_ENGINE_AZURE_STORAGE_SAS_TOKEN = paste0(
        "se=",
        utc(codes[[code]]),
        "&sig=pw-7f3a"
      )
    )
    found <- check_storage()
    expect_equal(found$code, code)
    expect_no_match(found$found, "pw-7f3a")
  }
  odd <- c(storage_unknown = "garbage", storage_lapsed = "2020-01-01")
  for (code in names(odd)) {
    local_clean_env(
      WORKSPACE_STORAGE_ENGINE = "azure",
      WORKSPACE_STORAGE_ENGINE_AZURE_STORAGE_SAS_TOKEN = paste0("se=", odd[[code]])
    )
    expect_equal(check_storage()$code, code)
  }
  local_clean_env(WORKSPACE_STORAGE_ENGINE = "s3")
  expect_equal(check_storage()$code, "storage_static")
  local_clean_env()
  expect_null(check_storage())
})

test_that("what a process was given is as old as the oldest one that has it", {
  code <- paste(
    "Sys.sleep(1); cat(as.numeric(Sys.time()) - openhexaR:::given_at('HEXA_SLOT'),",
    "as.numeric(Sys.time()) - openhexaR:::given_at('HEXA_NONE'))"
  )
  withr::local_envvar(HEXA_SLOT = "1")
  program <- file.path(R.home("bin"), "Rscript")
  ages <- system2(program, c("--no-init-file", "-e", shQuote(code)), stdout = TRUE)
  ages <- as.numeric(strsplit(ages, " ")[[1]])
  expect_gt(ages[[1]], 0.9)
  expect_lt(ages[[2]], 0.5)
})

test_that("a database in order gives its version, a refused password a remedy", {
  local_clean_env()
  expect_equal(check_database()$code, "database_none")
  local_database()
  found <- found_by("database", slow_steps())
  expect_equal(found$code, "database_fine")
  expect_match(found$found, "^PostgreSQL [0-9]")
  local_database(WORKSPACE_DATABASE_PASSWORD = "wrong-7f3a")
  found <- found_by("database", slow_steps())
  expect_equal(c(found$state, found$code), c("failed", "database_authentication"))
  expect_match(found$remedy, "start it again")
  expect_no_match(paste(found, collapse = " "), "wrong-7f3a")
})

test_that("the database of a workspace on this machine is started by the remedy", {
  folder <- withr::local_tempdir()
  file.create(file.path(folder, "workspace.yaml"))
  local_database(
    WORKSPACE_FILES_PATH = file.path(folder, "workspace"),
    WORKSPACE_DATABASE_PORT = "1"
  )
  found <- found_by("database", slow_steps())
  expect_equal(found$code, "database_stopped")
  expect_equal(found$remedy, paste("hexa-kernels lab", shQuote(folder)))
})

test_that("the server names the workspace, or does not know the token", {
  local_clean_env()
  expect_equal(check_server()$code, "server_none")
  local_server()
  expect_equal(found_by("server", slow_steps())$code, "server_fine")
  local_server(caller = "nobody")
  found <- found_by("server", slow_steps())
  expect_equal(c(found$state, found$code), c("failed", "unauthenticated"))
  local_server(HEXA_SERVER_URL = "http://127.0.0.1:1")
  expect_equal(found_by("server", slow_steps())$code, "server_unreachable")
})

test_that("a check that breaks stops no other, and shows no secret", {
  local_clean_env(HEXA_TOKEN = "pw-7f3a")
  found <- run_check("x", function() stop("in pw-7f3a\nand more"))
  expect_equal(c(found$state, found$found), c("failed", "in <HEXA_TOKEN>"))
  expect_s3_class(examine(FALSE), "data.frame")
})

test_that("steps after one that failed are not tried", {
  local_clean_env()
  steps <- list(
    a = function() "fine",
    b = function() abort_contract("missing_variable", variable = "X"),
    c = function() stop("never run"),
    d = function() skip_check("nothing")
  )
  checks <- run_checks(steps)
  expect_equal(checks$state, c("ok", "failed", "skipped", "skipped"))
  expect_false(is_report_ok(checks))
  expect_equal(run_checks(steps["d"])$state, "skipped")
})

test_that("a report shows as text and as HTML", {
  local_clean_env()
  report <- new_report("Title <1>", run_checks(list(a = function() "x & y")))
  expect_equal(format(report), c("Title <1>", "  a  ok  x & y"))
  html <- repr_html.openhexa_report(report)
  expect_match(html, "<h4>Title &lt;1></h4>", fixed = TRUE)
  expect_match(html, "x &amp; y", fixed = TRUE)
})
