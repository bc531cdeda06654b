# Ids of the recordings.
cases <- "275ac107-1d6e-4373-a701-30bea615dabe"
latest <- "191f7bf1-6a6f-405c-8ad8-9c77f61dd204"
a_version <- function(id) new_version(list(id = id, name = "v1"))

test_that("a refused dataset or version is worded in both languages", {
  for (language in c("en", "fr")) {
    local_server(HEXA_LANG = language)
    dataset <- new_dataset(list(id = cases))
    hidden <- new_dataset(list(id = "c2d688f2-3f1c-4c2e-993d-4cf42d67a51d"))
    expect_errors({
      workspace$get_dataset("nope")
      workspace$create_dataset(42)
      dataset$create_version("premi\u00e8re")
      hidden$create_version("x")
    })
    local_server(HEXA_LANG = language, HEXA_WORKSPACE = "no-such-workspace")
    expect_errors({
      workspace$list_datasets()
      workspace$create_dataset("x", "y")
    })
    local_server(HEXA_LANG = language, caller = "viewer")
    expect_errors({
      workspace$create_dataset("x", "y")
      dataset$create_version("x")
    })
  }
})

test_that("a refused file is worded in both languages", {
  withr::local_dir(withr::local_tempdir())
  writeLines("x", "x.txt")
  for (language in c("en", "fr")) {
    local_server(HEXA_LANG = language)
    version <- a_version(latest)
    locked <- a_version("2851ac52-55bb-4c96-9ba9-a9999f25f3fc")
    hidden <- a_version("5c507c9e-ebed-4cf2-a3f7-9bb3d385322f")
    other <- a_version("82ff7f70-0d52-497a-898b-ad1cac137b1d")
    unsent <- new_file(list(
      id = "0d607272-a4ff-4670-bc2f-bd56f5e9ac6b",
      uri = "dataset/version/ghost.csv"
    ))
    expect_errors({
      other$get_file("notes.txt")
      unsent$download_url
      version$add_file(charToRaw("x"))
      version$add_file(42, "x.txt")
      version$add_file("nowhere/x.txt")
      version$add_file(charToRaw("again"), "hello.txt")
      version$add_file(raw(6 * 1024^2), "big.bin")
      locked$add_file(charToRaw("x"), "late.txt")
      hidden$add_file("x.txt")
      a_version("not-a-uuid")$add_file("x.txt")
    })
    local_server(HEXA_LANG = language, caller = "viewer")
    expect_errors(version$add_file(charToRaw("x"), "viewer.txt"))
  }
})

test_that("datasets, versions and files show what they are", {
  local_server()
  expect_snapshot({
    workspace$get_dataset("malaria-cases")
    a_version(latest)
    a_version("82ff7f70-0d52-497a-898b-ad1cac137b1d")$get_file("cases.csv")
  })
})

test_that("a dataset of another workspace needs no workspace of one's own", {
  local_server(HEXA_WORKSPACE = NA)
  dataset <- workspace$get_dataset("shared-population", "partner-workspace")
  expect_equal(dataset$slug, "shared-population")
  hidden <- new_dataset(list(id = "c2d688f2-3f1c-4c2e-993d-4cf42d67a51d"))
  expect_error(hidden$create_version("x"), class = "openhexa_error_dataset_not_found")
})
