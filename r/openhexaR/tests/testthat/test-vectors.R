# The vectors that Python runs too, through the SDK.

vectors <- jsonlite::read_json("contract/vectors.json", simplifyVector = FALSE)
prefixes <- jsonlite::read_json(
  "contract/constcase-vectors.json",
  simplifyVector = FALSE
)

fill_dir <- function(value, dir) {
  if (is.character(value)) {
    return(gsub("{dir}", dir, value, fixed = TRUE))
  }
  if (is.list(value)) {
    value[] <- lapply(value, fill_dir, dir)
  }
  value
}

# What a call prints, without the time of a log line; NULL for nothing.
line <- function(code) {
  printed <- paste(capture.output(code), collapse = "\n")
  printed <- sub(
    "^\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d\\+00:00 ",
    "",
    printed,
    perl = TRUE
  )
  if (nzchar(printed)) printed
}

# A parameter in a notebook, where papermill wrote it or not.
parameter <- function(name, default, ...) {
  if (...length()) {
    assign(name, ..1, envir = globalenv())
    withr::defer(rm(list = name, envir = globalenv()))
  }
  notebook_parameter(name, default)
}

run_call <- function(call) {
  arguments <- call[-1]
  switch(
    call[[1]],
    get = workspace[[arguments[[1]]]],
    connection = workspace[[arguments[[1]]]](arguments[[2]]),
    workspace_path = do.call(workspace_path, arguments),
    tmp_path = do.call(tmp_path, arguments),
    notebook_dir = notebook_dir(),
    run_id = current_run$id(),
    log = line(current_run[[arguments[[1]]]](arguments[[2]])),
    add_file_output = {
      withr::local_dir(workspace$files_path)
      line(current_run$add_file_output(arguments[[1]]))
    },
    add_database_output = line(current_run$add_database_output(arguments[[1]])),
    run_log = line(do.call(run_log, arguments)),
    notebook_parameter = do.call(parameter, arguments),
    stop("unknown verb ", call[[1]])
  )
}

for (vector in vectors) {
  test_that(paste("vector:", vector$name), {
    dir <- withr::local_tempdir()
    vector <- fill_dir(vector, normalizePath(dir))
    do.call(local_clean_env, c(vector$env, list(.frame = environment())))
    code <- if (is.null(vector$error_r)) vector$error else vector$error_r
    if (!is.null(code) && is.null(vector$expect_r)) {
      class <- paste0("openhexa_error_", code)
      condition <- expect_error(run_call(vector$call), class = class)
      values <- vector$values
      expect_equal(condition$values[names(values)], values)
    } else {
      name <- if ("expect_r" %in% names(vector)) "expect_r" else "expect"
      result <- run_call(vector$call)
      expected <- vector[[name]]
      if (vector$call[[1]] == "connection") {
        for (field in names(expected)) {
          expect_equal(result[[field]], expected[[field]])
        }
      } else {
        expect_equal(result, expected)
      }
    }
  })
}

test_that("prefixes are the SDK's", {
  found <- vapply(prefixes, function(v) connection_prefix(v$identifier), character(1))
  expect_equal(found, vapply(prefixes, `[[`, character(1), "prefix"))
})

test_that("prefixes do not depend on the locale", {
  withr::local_locale(LC_CTYPE = "C")
  expect_equal(connection_prefix("caf\u00e9"), "CAF\u00c9")
  expect_equal(connection_prefix("polio-test"), "POLIO_TEST")
})
