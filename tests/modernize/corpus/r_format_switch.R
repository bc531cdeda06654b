# Reads a table whatever its format.
read_any <- function(path) {
  ext <- tolower(tools::file_ext(path))
  switch(
    ext,
    csv = read.csv(path),
    xls = ,
    xlsx = readxl::read_excel(path),
    stop("Format inconnu : ", ext)
  )
}

# Neither a raster nor what is written is any of file_read().
read_map <- function(path) {
  if (grepl("[.]tif$", path)) terra::rast(path) else sf::read_sf(path)
}
write_any <- function(data, path) {
  if (endsWith(path, ".csv")) write.csv(data, path) else saveRDS(data, path)
}
