# Each file of a dataset, read where its link points to.
version <- openhexa$workspace$get_dataset("snt-routine")$latest_version
routine <- arrow::read_parquet(version$get_file("routine.parquet")$download_url)
link <- version$get_file("pyramid.csv")$download_url
pyramid <- readr::read_csv(link, col_types = "c")
model <- readRDS(url(version$get_file("model.rds")$download_url))

read_areas <- function(address) sf::st_read(address, quiet = TRUE)
areas <- read_areas(version$get_file("areas.geojson")$download_url)
population <- read.csv("https://data.example.org/population.csv")

# Links that are only shown, or kept, are no downloads.
links <- data.frame(file = "pyramid.csv", link = link)
cat("Fichier :", link, "\n")
httr::POST("https://hooks.example.org/x", body = list(link = link))
