# Utilities that the notebooks of the programme source.

# Paths -----------------------------------------------------------------------
SNT_ROOT <- "~/workspace"
CONFIG_FILE <- file.path(SNT_ROOT, "configuration", "SNT_config.json")

# Environment -----------------------------------------------------------------
bootstrap_context <- function(root_path = "~/workspace", load_openhexa = TRUE) {
  Sys.setenv(PROJ_LIB = "/opt/conda/share/proj")
  Sys.setenv(GDAL_DATA = "/opt/conda/share/gdal")
  if (load_openhexa) {
    openhexa <- reticulate::import("openhexa.sdk")
    assign("openhexa", openhexa, envir = .GlobalEnv)
  }
  config <- jsonlite::fromJSON(file.path(root_path, "configuration", "SNT_config.json"))
  list(root_path = root_path, config = config)
}

# Log -------------------------------------------------------------------------
log_msg <- function(msg, level = "info") {
  print(msg)
  if (!is.null(openhexa$current_run)) {
    switch(
      level,
      info = openhexa$current_run$log_info(msg),
      warning = openhexa$current_run$log_warning(msg),
      error = openhexa$current_run$log_error(msg)
    )
  }
}

export_data <- function(data, path) {
  dir.create(dirname(path), showWarnings = FALSE, recursive = TRUE)
  if (grepl("parquet$", path)) arrow::write_parquet(data, path)
  if (grepl("csv$", path)) write.csv(data, path, row.names = FALSE)
  log_msg(paste("Exported:", path))
}
