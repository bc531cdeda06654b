test_that("every code has a class, a text and a hint in both languages", {
  for (code in names(contract()$errors)) {
    entry <- contract()$errors[[code]]
    if (identical(entry$only, "python")) {
      next
    }
    texts <- paste(unlist(entry[c("en", "fr")]), collapse = " ")
    names <- unique(regmatches(
      texts,
      gregexpr("(?<=\\{)[a-z_]+(?=\\})", texts, perl = TRUE)
    )[[1]])
    values <- rlang::set_names(as.list(toupper(names)), names)
    for (language in c("en", "fr")) {
      local_clean_env(HEXA_LANG = language)
      condition <- rlang::inject(contract_condition(code, !!!values))
      expect_s3_class(condition, paste0("openhexa_error_", code))
      expect_s3_class(condition, "openhexa_error")
      expect_false(grepl("[{}]", conditionMessage(condition)))
      expect_equal(unlist(condition$values), unlist(values))
    }
  }
})

test_that("errors are worded in both languages", {
  for (language in c("en", "fr")) {
    local_clean_env(
      HEXA_LANG = language,
      POLIO = "dhis2",
      STORE = "postgresql",
      STORE_PORT = "x",
      WORKSPACE_DATABASE_PORT = "abc",
      WORKSPACE_FILES_PATH = "/w"
    )
    expect_snapshot(error = TRUE, {
      workspace$slug
      workspace$database_port
      workspace$get_connection("malaria")
      workspace$s3_connection("polio")
      workspace$postgresql_connection("store")
      workspace$dhis2_connection(3)
      workspace_path("..", "x")
      hexa_require("stats", "not.there", "nor.there")
      database_connection(read_only = "yes")
    })
  }
})

test_that("a value that holds braces is left as it is", {
  local_clean_env()
  condition <- contract_condition("missing_variable", variable = "{variable} {.emph x}")
  expect_match(
    conditionMessage(condition),
    "variable {variable} {.emph x} is",
    fixed = TRUE
  )
})

test_that("the locale chooses the language, HEXA_LANG before it", {
  local_clean_env(HEXA_LANG = "", LANG = "fr_FR.UTF-8")
  expect_equal(message_language(), "fr")
  local_clean_env(HEXA_LANG = "en", LANG = "fr_FR.UTF-8")
  expect_equal(message_language(), "en")
  local_clean_env(HEXA_LANG = "", LANG = "de_DE.UTF-8")
  expect_equal(message_language(), "en")
})
