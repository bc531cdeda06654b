# One measurement of database.py: `Rscript database.R CASE ROWS` prints seconds.
# Made-up data of realistic texts: long runs of digits would collapse R's string cache.

arguments <- commandArgs(TRUE)
case <- arguments[[1]]
n <- as.integer(arguments[[2]])
suppressMessages(library(openhexaR))
set.seed(1)
places <- c("Abéché", "Kaya", "Dori", "N'Djamena", "Bobo-Dioulasso", "Sarh", "Mongo")
frame <- data.frame(
  id = seq_len(n),
  cases = sample(c(NA, 1:500), n, TRUE),
  rate = rnorm(n),
  share = runif(n),
  name = paste(sample(places, n, TRUE), sample(places, n, TRUE), sample(1e5, n, TRUE)),
  district = sample(places, n, TRUE),
  day = as.Date("2020-01-01") + sample(1000, n, TRUE),
  at = as.POSIXct("2020-01-01", tz = "UTC") + round(runif(n) * 1e8)
)
driver <- if (startsWith(case, "RPostgres ")) {
  RPostgres::Postgres()
} else {
  RPostgreSQL::PostgreSQL()
}
place <- function(name) Sys.getenv(paste0("WORKSPACE_DATABASE_", name))
connection <- DBI::dbConnect(
  driver,
  host = place("HOST"),
  port = place("PORT"),
  user = place("USERNAME"),
  password = place("PASSWORD"),
  dbname = place("DB_NAME")
)
# The first use of both loads code; a small table does that for the measurement.
db_write(frame[1:10, ], "warm", if_exists = "replace", connection = connection)
invisible(db_read("warm", connection = connection))
invisible(suppressWarnings(DBI::dbReadTable(connection, "warm")))
run <- switch(
  sub("^[A-Za-z]+ ", "", case),
  db_write = quote(db_write(frame, "ours", if_exists = "replace", connection = connection)),
  dbWriteTable = quote(DBI::dbWriteTable(
    connection,
    "theirs",
    frame,
    row.names = FALSE,
    overwrite = TRUE
  )),
  db_read = quote(db_read("data", connection = connection)),
  dbReadTable = quote(DBI::dbReadTable(connection, "data")),
  prepare = quote(db_write(frame, "data", if_exists = "replace", connection = connection))
)
invisible(gc())
cat(system.time(value <- eval(run))[["elapsed"]])
if (grepl("db_read", case)) {
  value <- as.data.frame(value[order(value$id), ])
  attr(value, "openhexa") <- NULL
  stopifnot(identical(value, frame))
}
invisible(DBI::dbDisconnect(connection))
