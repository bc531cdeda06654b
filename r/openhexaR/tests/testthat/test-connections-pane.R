local_observer <- function(.frame = parent.frame()) {
  seen <- new.env()
  observer <- list(
    connectionOpened = function(...) seen$opened <- list(...),
    connectionClosed = function(...) seen$closed <- c(...),
    connectionUpdated = function(...) NULL
  )
  withr::local_options(connectionObserver = observer, .local_envir = .frame)
  seen
}

test_that("con shows itself, its tables and columns, and no secret", {
  local_database()
  local_con()
  seen <- local_observer()
  db_write(data.frame(a = 1L, b = "x"), "browsed", if_exists = "replace")
  opened <- seen$opened
  expect_equal(opened$connectCode, "library(openhexaR)\ncon")
  secret <- Sys.getenv("WORKSPACE_DATABASE_PASSWORD")
  shown <- paste(unlist(Filter(is.character, opened)), collapse = " ")
  expect_no_match(shown, secret, fixed = TRUE)
  expect_true("public" %in% opened$listObjects()$name)
  expect_true("browsed" %in% opened$listObjects(schema = "public")$name)
  columns <- opened$listColumns(schema = "public", table = "browsed")
  expect_equal(
    columns,
    data.frame(name = c("a", "b"), field.type = c("integer", "text"))
  )
  preview <- opened$previewObject(10L, schema = "public", table = "browsed")
  expect_equal(preview$a, 1L)
  expect_named(opened$listObjectTypes()$schema$contains$table, "contains")
  opened$disconnect()
  expect_equal(seen$closed, c("OpenHEXA", opened$host))
})

test_that("an observer that fails keeps nobody from the database", {
  local_database()
  local_con()
  withr::local_options(
    connectionObserver = list(connectionOpened = function(...) stop("no"))
  )
  expect_equal(db_read("SELECT 1 AS one")$one, 1L)
})
