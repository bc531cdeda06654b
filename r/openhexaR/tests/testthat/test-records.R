test_that("a refusal is worded in both languages", {
  for (language in c("en", "fr")) {
    local_server(HEXA_LANG = language)
    expect_errors({
      workspace$get_file("nope.txt")
      workspace$get_file(1)
      workspace$get_webapp("nope")
      workspace$configuration <- "text"
    })
    local_server(HEXA_LANG = language, HEXA_WORKSPACE = "nope")
    expect_errors(workspace$configuration)
    local_server(HEXA_LANG = language, caller = "viewer")
    expect_errors(workspace$configuration <- list(x = "y"))
  }
})

test_that("records show what they are", {
  local_server()
  expect_snapshot({
    workspace$get_file("readme.txt")
    workspace$get_webapp("carte-sanitaire")
    workspace$countries[c("code", "name", "alpha_3")]
  })
})

test_that("set_configuration() leaves no copy of workspace", {
  local_server()
  set <- function() workspace$set_configuration(list())
  expect_equal(set(), rlang::set_names(list(), character()))
  expect_false(exists("workspace", envir = environment(), inherits = FALSE))
})
