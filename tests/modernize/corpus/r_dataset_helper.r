# Reads the newest file of a dataset; sourced by every notebook.
get_latest <- function(dataset_id, filename) {
  version <- openhexa$workspace$get_dataset(dataset_id)$latest_version
  message("Version: ", version$name)
  link <- version$get_file(filename)$download_url
  target <- tempfile(fileext = paste0(".", tools::file_ext(filename)))
  utils::download.file(link, target, mode = "wb")
  if (grepl("geojson$", filename)) {
    return(sf::read_sf(target))
  }
  read.csv(target)
}

# An ordinary download: no dataset.
get_population <- function() {
  target <- tempfile(fileext = ".csv")
  utils::download.file("https://data.example.org/population.csv", target)
  read.csv(target)
}
