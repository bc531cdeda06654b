# A report that tells the run how far it is, where there is one.
run <- openhexa$current_run
if (!is.null(run)) run$log_info("Lecture") else cat("Lecture\n")

districts <- c("Dori", "Kaya")
for (district in districts) {
  if (is.null(run)) {
    message(paste("District", district))
  } else {
    run$log_warning(paste("District", district))
  }
}
tryCatch(run$log_info("Fin"), error = function(e) print("Fin"))

# These print something else, or nothing.
if (!is.null(run)) run$log_info("Fini") else cat("Fini, sans pipeline\n")
if (!is.null(run)) run$log_info(paste(length(districts), "districts"))

# No log.
if (!is.null(run)) run$add_file_output("rapport.html")
