table <- function() {
  frame <- data.frame(
    district = c("Kaya", "Dori; \u00abNord\u00bb", NA),
    cases = c(12L, NA, -7L),
    rate = c(0.1, 1 / 3, NA),
    urban = c(TRUE, NA, FALSE),
    code = c("007", "010", "100")
  )
  frame$large <- bit64::as.integer64(c("9007199254740993", NA, "1"))
  frame
}

for (name in c("x.csv", "x.tsv", "x.csv.gz", "X.CSV", "x.rds")) {
  test_that(paste("a table comes back:", name), {
    root <- local_file_root()
    expect_equal(
      file_write(table(), file.path("results", name)),
      file.path(root, "results", name)
    )
    expect_equal(file_read(file.path("results", name)), table())
  })
}

for (name in c("x.json", "x.ndjson", "x.json.gz")) {
  test_that(paste("a table comes back:", name), {
    local_file_root()
    frame <- table()[names(table()) != "large"]
    file_write(frame, name)
    expect_equal(file_read(name), frame)
  })
}

test_that("integers of JSON beyond 2^53 become text", {
  local_file_root()
  writeLines("[{\"a\": 9007199254740993}, {\"a\": null}]", workspace_path("x.json"))
  expect_equal(file_read("x.json"), data.frame(a = c("9007199254740993", NA)))
})

test_that("JSON that is no table is a list, and comes back as it was", {
  local_file_root()
  value <- list(
    a = list(1L),
    b = list(b = NULL, c = 1 / 3, d = "\u00e9"),
    d = list(),
    e = list(list(f = "x"))
  )
  file_write(value, "x.json")
  expect_identical(file_read("x.json"), value)
  writeLines("[{\"a\": 1}, {\"a\": \"x\"}]", workspace_path("x.json"))
  expect_equal(file_read("x.json"), list(list(a = 1L), list(a = "x")))
  writeLines("{\"a\": [1, 2]}", workspace_path("x.json"))
  expect_equal(file_read("x.json", simplifyVector = TRUE), list(a = 1:2))
})

for (name in c("x.geojson", "x.gpkg", "x.shp")) {
  test_that(paste("a map comes back:", name), {
    root <- local_file_root()
    map <- sf::st_sf(
      name = c("\u00c9t\u00e9", "b"),
      geometry = sf::st_sfc(
        sf::st_point(c(-1.5, 12.25)),
        sf::st_point(c(2, 13)),
        crs = 4326
      )
    )
    file_write(map, name)
    file_write(map, name)
    found <- file_read(name)
    expect_s3_class(found, "sf")
    expect_equal(found$name, map$name)
    expect_equal(sf::st_coordinates(found), sf::st_coordinates(map))
    expect_equal(sf::st_crs(found)$epsg, 4326L)
    expect_length(list.files(root, "part$", all.files = TRUE), 0)
  })
}

test_that("Excel keeps text and numbers", {
  local_file_root()
  frame <- data.frame(iso2 = c("NA", "BF"), code = c("007", NA), n = c(1.5, NA))
  file_write(frame, "x.xlsx")
  expect_equal(file_read("x.xlsx"), frame)
})

test_that("every cell of a sheet is read, whatever the first ones are", {
  local_file_root()
  values <- c(as.character(seq_len(1500)), "x")
  book <- openxlsx::createWorkbook()
  openxlsx::addWorksheet(book, "a")
  openxlsx::writeData(book, "a", data.frame(mixed = seq_len(1500), late = NA_real_))
  openxlsx::writeData(book, "a", "x", startRow = 1502, colNames = FALSE)
  late <- as.Date("2024-03-01")
  openxlsx::writeData(book, "a", late, startCol = 2, startRow = 1502, colNames = FALSE)
  openxlsx::saveWorkbook(book, workspace_path("x.xlsx"))
  found <- file_read("x.xlsx")
  expect_equal(found$mixed, values)
  expect_equal(as.Date(found$late[[1501]]), late)
})

test_that("a sheet is named in both directions", {
  local_file_root()
  file_write(data.frame(a = " b "), "x.xlsx", sheet = "donn\u00e9es")
  expect_equal(file_read("x.xlsx", sheet = "donn\u00e9es"), data.frame(a = " b "))
})

test_that("JSON has numbers for numbers, times in UTC, and no infinity", {
  local_file_root()
  frame <- data.frame(
    large = bit64::as.integer64("9007199254740993"),
    sex = haven::labelled(1, c(femme = 1)),
    time = .POSIXct(1.5, tz = "Africa/Ouagadougou")
  )
  file_write(frame, "x.json")
  expect_equal(
    readLines(workspace_path("x.json"), warn = FALSE),
    "[{\"large\":9007199254740993,\"sex\":1,\"time\":\"1970-01-01T00:00:01.5Z\"}]"
  )
  expect_error(
    file_write(data.frame(x = Inf), "x.json"),
    class = "openhexa_error_file_unwritable"
  )
  writeLines("[{\"a\": 18446744073709551615}]", workspace_path("y.json"))
  expect_equal(file_read("y.json"), data.frame(a = "18446744073709551615"))
  writeLines(c("{\"a\":1}", "{\"a\":\"x\"}"), workspace_path("y.ndjson"))
  expect_error(file_read("y.ndjson"), class = "openhexa_error_file_unreadable")
})

test_that("a column that is a matrix, or no UTF-8, is refused", {
  local_file_root()
  frame <- data.frame(a = 1:3)
  frame$m <- matrix(1:6, 3)
  for (name in c("x.csv", "x.json")) {
    expect_error(file_write(frame, name), class = "openhexa_error_file_unwritable")
    expect_error(
      file_write(data.frame(x = "\xe9"), name),
      class = "openhexa_error_file_unwritable"
    )
  }
})

test_that("an option that is none is a mistake of the call", {
  local_file_root()
  file_write(data.frame(a = 1), "x.csv")
  expect_error(file_read("x.csv", Sep = ";"), class = "openhexa_error_invalid_argument")
  expect_error(file_read(NA_character_), class = "openhexa_error_invalid_argument")
  expect_error(file_read(c("a", "b")), class = "openhexa_error_invalid_argument")
})

for (name in c("x.dta", "x.sav")) {
  test_that(paste("labels of statistics packages come back:", name), {
    local_file_root()
    sex <- haven::labelled(c(1, 2), c(femme = 1, homme = 2), label = "Sexe")
    file_write(data.frame(sex = sex), name)
    found <- file_read(name)
    expect_equal(attr(found$sex, "labels"), c(femme = 1, homme = 2))
    expect_equal(attr(found$sex, "label"), "Sexe")
  })
}

test_that("parquet and arrow name the package they need", {
  local_file_root()
  local_installed()
  for (name in c("x.parquet", "x.arrow")) {
    expect_error(file_read(name), class = "openhexa_error_missing_package")
    expect_error(file_write(table(), name), class = "openhexa_error_missing_package")
  }
})

if (is_installed("arrow") || is_installed("nanoparquet")) {
  test_that("a table comes back from parquet with its types", {
    local_file_root()
    frame <- table()
    frame$day <- as.Date(c("1900-01-01", "2024-02-29", NA))
    frame$time <- as.POSIXct(c("2024-01-31 12:00:00", NA, "1960-01-01"), tz = "UTC")
    if (!is_installed("arrow")) {
      expect_error(
        file_write(frame, "x.parquet"),
        class = "openhexa_error_missing_package"
      )
      frame$large <- NULL
    }
    file_write(frame, "x.parquet")
    expect_equal(file_read("x.parquet"), frame)
  })
}

test_that("relative paths start at the root, never at the working directory", {
  local_file_root()
  withr::local_dir(withr::local_tempdir())
  writeLines(c("a", "1"), "x.csv")
  expect_error(file_read("x.csv"), class = "openhexa_error_file_missing")
  expect_equal(file_read(file.path(getwd(), "x.csv")), data.frame(a = 1L))
})

test_that("a failed write leaves the old file", {
  root <- local_file_root()
  writeLines("old", workspace_path("x.csv"))
  writeLines("old", workspace_path("x.shp"))
  expect_error(
    file_write(data.frame(a = "\u0141"), "x.csv", encoding = "latin1"),
    class = "openhexa_error_file_unwritable"
  )
  map <- sf::st_sf(long_name_of = 1, geometry = sf::st_sfc(sf::st_point(c(1, 2))))
  expect_error(file_write(map, "x.shp"), class = "openhexa_error_file_unwritable")
  expect_equal(readLines(workspace_path("x.csv")), "old")
  expect_equal(readLines(workspace_path("x.shp")), "old")
  expect_setequal(list.files(root, all.files = TRUE, no.. = TRUE), c("x.csv", "x.shp"))
})

test_that("row labels are never dropped, row numbers are none", {
  local_file_root()
  expect_error(file_write(mtcars, "x.csv"), class = "openhexa_error_row_names")
  frame <- data.frame(x = 1:3)
  file_write(frame[frame$x > 1, , drop = FALSE], "x.csv")
  expect_equal(file_read("x.csv"), data.frame(x = 2:3))
})

test_that("a link stays, and permissions too", {
  root <- local_file_root()
  real <- withr::local_tempfile(fileext = ".csv")
  file.create(real)
  Sys.chmod(real, "600", use_umask = FALSE)
  file.symlink(real, file.path(root, "x.csv"))
  file_write(data.frame(a = 1L), "x.csv")
  expect_equal(unname(Sys.readlink(file.path(root, "x.csv"))), real)
  expect_equal(readLines(real), c("a", "1"))
  expect_equal(format(file.mode(real)), "600")
})

test_that("a file that is not what it says is refused", {
  local_file_root()
  for (name in c(
    "x.json",
    "x.ndjson",
    "x.xlsx",
    "x.xls",
    "x.gpkg",
    "x.shp",
    "x.dta",
    "x.sav",
    "x.rds",
    "x.csv.gz"
  )) {
    writeBin(c(as.raw(1:3), charToRaw("no such format {")), workspace_path(name))
    expect_error(file_read(name), class = "openhexa_error_file_unreadable")
  }
})

test_that("a cut gzip is no result", {
  local_file_root()
  file_write(data.frame(a = runif(1e4)), "x.csv.gz")
  bytes <- readBin(workspace_path("x.csv.gz"), "raw", 1e6)
  writeBin(bytes[seq_len(length(bytes) / 2)], workspace_path("x.csv.gz"))
  expect_error(file_read("x.csv.gz"), class = "openhexa_error_file_unreadable")
})

test_that("errors are worded in both languages", {
  root <- local_file_root("/w")
  for (language in c("en", "fr")) {
    withr::local_envvar(HEXA_LANG = language)
    expect_snapshot(error = TRUE, {
      file_read("x.csv")
      file_read("x.foo")
      file_write(mtcars, "x.xls")
      file_write(mtcars, "x.csv")
      file_write(1, "x.csv")
      file_write(1, "x.json")
      file_read(3)
      file_read("../x.csv")
      abort_contract("file_unreadable", path = "x", format = "csv", reason = "r")
      abort_contract("file_unwritable", path = "x", reason = "r")
    })
  }
})

test_that("one table of formats", {
  has <- function(action) {
    names(Filter(function(entry) !is.null(entry$r[[action]]), contract()$formats))
  }
  expect_setequal(names(readers), has("read"))
  expect_setequal(names(writers), has("write"))
})

test_that("doubles come back from csv to the last bit", {
  local_file_root()
  set.seed(1)
  x <- c(stats::runif(3e5), stats::rnorm(1e5) * 10^stats::runif(1e5, -300, 300))
  file_write(data.frame(x = c(x, .Machine$double.xmax, 5e-324)), "x.csv")
  expect_identical(file_read("x.csv")$x, c(x, .Machine$double.xmax, 5e-324))
  writeLines(c("x", ".5", "-.25", "5.", "1.e2"), workspace_path("y.csv"))
  expect_identical(file_read("y.csv")$x, c(0.5, -0.25, 5, 100))
})
