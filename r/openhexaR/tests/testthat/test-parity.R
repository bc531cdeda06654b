test_that("the SDK's objects are the package's own", {
  local_clean_env()
  expect_identical(openhexa$workspace, workspace)
  expect_identical(openhexa$current_run, current_run)
  expect_error(openhexa$workspace <- 1)
  expect_snapshot(openhexa)
})

parity <- sdk_parity()

test_that("each member has a status, and a reason where it is not mirrored", {
  expect_named(parity, c("member", "status", "r", "reason"))
  expect_false(anyDuplicated(parity$member) > 0)
  expect_true(all(parity$status %in% c("mirrored", "renamed", "left out")))
  expect_equal(is.na(parity$r), parity$status == "left out")
  expect_false(any(is.na(parity$reason) & parity$status != "mirrored"))
  expect_true(all(grepl("^[A-Z].*[.]$", parity$reason[!is.na(parity$reason)])))
})

test_that("what is mirrored has its own name, what is renamed another", {
  last <- function(name) sub(".*[.$]", "", name)
  same <- last(parity$member) == last(parity$r)
  expect_true(all(same[parity$status == "mirrored"]))
  expect_false(any(same[parity$status == "renamed"]))
})

test_that("only decorators, their helpers and the generated client are left out", {
  left_out <- parity$member[parity$status == "left out"]
  top <- unique(sub("[.].*", "", left_out))
  expect_setequal(
    top,
    c(
      "pipeline",
      "parameter",
      "Secret",
      "DHIS2Widget",
      "IASOWidget",
      "OpenHexaClient"
    )
  )
})

# Objects of every kind, without a server. The records that a server sends (File,
# Webapp, Country) are in tests/test_parity.py.
objects <- list(
  workspace = workspace,
  current_run = new_run(),
  current_pipeline = new_pipeline(),
  Dataset = new_dataset(list(id = "1")),
  DatasetVersion = new_version(list(id = "1")),
  DatasetFile = new_file(list(id = "1", uri = "d/v/x.csv"))
)
for (kind in grep("Connection$", parity$member, value = TRUE)) {
  type <- toupper(sub("Connection", "", kind, fixed = TRUE))
  fields <- vapply(contract()$connections[[type]]$fields, `[[`, "", "name")
  objects[[kind]] <- new_connection(
    type,
    "x",
    rlang::set_names(as.list(fields), fields)
  )
}

is_there <- function(place, object) {
  if (startsWith(place, "openhexa_")) {
    return(inherits(object, place))
  }
  if (!grepl("$", place, fixed = TRUE)) {
    return(place %in% getNamespaceExports("openhexaR"))
  }
  name <- sub(".*[$]", "", place)
  # A connection refuses a field that it does not know.
  if (is.environment(object)) name %in% ls(object) else !is.null(object[[name]])
}

test_that("every member is where the table says", {
  kinds <- sub("[.].*", "", parity$member)
  rows <- which(kinds %in% names(objects) & parity$status != "left out")
  expect_gt(length(rows), 75)
  for (row in rows) {
    found <- is_there(parity$r[[row]], objects[[kinds[[row]]]])
    expect_true(found, info = parity$member[[row]])
  }
})
