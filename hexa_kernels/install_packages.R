# Install what openhexaR needs and this machine lacks into the first library. Fail when
# the kernel would not run; only say so when data frames would not cross to Python. Run
# by r_packages.py.

present <- function(package) nzchar(system.file(package = package))

missing_packages <- function() {
  wanted <- c("DBI", "httr2", "jsonlite", "openssl", "rlang", "xml2", "IRkernel")
  drivers <- c("RPostgres", "RPostgreSQL") # one is enough
  c(Filter(Negate(present), wanted), if (!any(sapply(drivers, present))) drivers[[1]])
}

missing_for_frames <- function() Filter(Negate(present), c("nanoarrow", "bit64"))

report <- function(packages) {
  names <- tolower(sub("RPostgres$", "RPostgreSQL", packages))
  debian <- paste0("r-cran-", names, collapse = " ")
  paste0("not available: ", toString(packages), "; on Debian: apt-get install ", debian)
}

install_from_cran <- function(packages) {
  repos <- getOption("repos")
  repos[repos == "@CRAN@"] <- "https://cloud.r-project.org"
  try(install.packages(packages, lib = .libPaths()[[1]], repos = repos))
}

# Debian 12 lacks nanoarrow, and its next release has the source. Asked for in lists of
# our own, in a folder that goes away, so that no account but this one's is needed and
# the machine's package lists stay as they are.
install_from_debian <- function(package) {
  apt <- function(...) system2("apt-get", c(...), stdout = TRUE)
  query <- c("--format", "'$(REPO_URI)'", "'Created-By: Packages'", "'Label: Debian'")
  address <- apt("indextargets", query)
  if (length(address) == 0) {
    return(message("No Debian to take the source of ", package, " from"))
  }
  folder <- tempfile("debian")
  dir.create(file.path(folder, "lists", "partial"), recursive = TRUE)
  before <- setwd(folder)
  on.exit({
    setwd(before)
    unlink(folder, recursive = TRUE)
  })
  writeLines(paste("deb-src", address[[1]], "trixie main"), "sources.list")
  options <- paste0("-o", c(
    paste0("Dir::Etc::SourceList=", file.path(folder, "sources.list")),
    "Dir::Etc::SourceParts=/dev/null",
    paste0("Dir::State::Lists=", file.path(folder, "lists")),
    paste0("Dir::Cache=", folder)
  ))
  message("Taking the source of ", package, " from Debian")
  apt("update", "-q", options)
  apt("source", "-q", "--tar-only", options, paste0("r-cran-", tolower(package)))
  archive <- list.files(pattern = "[.]orig[.]tar[.]", full.names = TRUE)
  if (length(archive) > 0) {
    try(install.packages(archive, lib = .libPaths()[[1]], repos = NULL))
  }
}

wanted <- c(missing_packages(), missing_for_frames())
if (length(wanted) > 0) {
  message("Installing ", toString(wanted))
  install_from_cran(wanted)
}
if (length(missing_packages()) > 0) {
  stop(report(missing_packages()))
}
if (!present("nanoarrow") && nzchar(Sys.which("apt-get"))) {
  install_from_debian("nanoarrow")
}
if (length(missing_for_frames()) > 0) {
  message("Data frames will not cross to Python: ", report(missing_for_frames()))
}
