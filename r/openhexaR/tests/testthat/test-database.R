test_that("a connection is the driver's own, and works", {
  local_database()
  connection <- database_connection()
  withr::defer(DBI::dbDisconnect(connection))
  expect_s4_class(connection, "DBIConnection")
  table <- data.frame(id = 1:3, name = c("a", "\u00e9t\u00e9", NA))
  DBI::dbWriteTable(
    connection,
    "openhexar_test",
    table,
    row.names = FALSE,
    overwrite = TRUE
  )
  expect_equal(DBI::dbReadTable(connection, "openhexar_test"), table)
  DBI::dbRemoveTable(connection, "openhexar_test")
})

test_that("a read-only connection refuses to write", {
  local_database()
  connection <- database_connection(read_only = TRUE)
  withr::defer(DBI::dbDisconnect(connection))
  answer <- DBI::dbGetQuery(connection, "SHOW default_transaction_read_only")
  expect_equal(answer[[1]], "on")
  expect_null(suppressWarnings(
    tryCatch(
      DBI::dbExecute(connection, "CREATE TABLE no (x int)"),
      error = function(e) NULL
    )
  ))
  expect_false(DBI::dbExistsTable(connection, "no"))
})

test_that("parameters of the URL are passed on, and no variable stays set", {
  url <- "postgresql://u:p@h:1/d?application_name=notebook%2Fuser%2Fada"
  local_database(WORKSPACE_DATABASE_URL = url)
  connection <- database_connection()
  withr::defer(DBI::dbDisconnect(connection))
  answer <- DBI::dbGetQuery(connection, "SHOW application_name")
  expect_equal(answer[[1]], "notebook/user/ada")
  expect_false(any(nzchar(Sys.getenv(c(
    "PGAPPNAME",
    "PGCONNECT_TIMEOUT",
    "PGOPTIONS"
  )))))
})

test_that("con opens once, and again after it was closed", {
  local_database()
  local_con()
  first <- startup_connection()
  expect_identical(startup_connection(), first)
  DBI::dbDisconnect(first)
  second <- startup_connection()
  expect_equal(DBI::dbGetQuery(second, "SELECT 1 AS one")$one, 1)
})

test_that("con that the server dropped is opened again, with a warning", {
  local_database()
  local_con()
  pid <- DBI::dbGetQuery(startup_connection(), "SELECT pg_backend_pid() AS pid")$pid
  other <- database_connection()
  DBI::dbGetQuery(other, paste("SELECT pg_terminate_backend(", pid, ")"))
  DBI::dbDisconnect(other)
  the$con_checked <- the$con_checked - 31
  expect_warning(
    connection <- startup_connection(),
    class = "openhexa_warning_database_reopened"
  )
  expect_equal(DBI::dbGetQuery(connection, "SELECT 1 AS one")$one, 1)
})

test_that("an aborted transaction is not taken for a lost connection", {
  local_database()
  local_con()
  connection <- startup_connection()
  pid <- DBI::dbGetQuery(connection, "SELECT pg_backend_pid() AS pid")$pid
  DBI::dbExecute(connection, "BEGIN")
  suppressWarnings(try(DBI::dbExecute(connection, "SELECT 1/0"), silent = TRUE))
  the$con_checked <- the$con_checked - 31
  expect_identical(startup_connection(), connection)
  DBI::dbExecute(connection, "ROLLBACK")
  expect_equal(DBI::dbGetQuery(connection, "SELECT pg_backend_pid() AS pid")$pid, pid)
})

test_that("a wrong password, a missing database and a silent host are told apart", {
  local_database(WORKSPACE_DATABASE_PASSWORD = "pw-7f3a")
  condition <- expect_error(
    database_connection(),
    class = "openhexa_error_database_authentication"
  )
  expect_no_match(conditionMessage(condition), "pw-7f3a")
  local_database(WORKSPACE_DATABASE_DB_NAME = "nowhere")
  condition <- expect_error(
    database_connection(),
    class = "openhexa_error_database_refused"
  )
  expect_match(condition$values$reason, "nowhere")
  local_database(WORKSPACE_DATABASE_PORT = "1")
  expect_error(database_connection(), class = "openhexa_error_database_unreachable")
})

test_that("without a driver the message names one", {
  local_clean_env(
    WORKSPACE_DATABASE_HOST = "h",
    WORKSPACE_DATABASE_PORT = "1",
    WORKSPACE_DATABASE_USERNAME = "u",
    WORKSPACE_DATABASE_DB_NAME = "d"
  )
  local_installed()
  condition <- expect_error(
    database_connection(),
    class = "openhexa_error_missing_package"
  )
  expect_equal(condition$values$command, "install.packages(\"RPostgres\")")
})

test_that("completing a name opens nothing", {
  local_clean_env(
    WORKSPACE_DATABASE_HOST = "127.0.0.1",
    WORKSPACE_DATABASE_PORT = "1",
    WORKSPACE_DATABASE_USERNAME = "u",
    WORKSPACE_DATABASE_DB_NAME = "d"
  )
  local_con()
  complete <- utils:::.completeToken
  utils:::.assignLinebuffer("con")
  utils:::.assignEnd(3L)
  utils:::.guessTokenFromLine()
  expect_no_error(complete())
  expect_true("con" %in% utils:::.retrieveCompletions())
  expect_null(the$con)
})

test_that("a result that is being fetched is not taken for a lost connection", {
  local_database()
  local_con()
  connection <- startup_connection()
  result <- DBI::dbSendQuery(connection, "SELECT generate_series(1, 100) AS x")
  DBI::dbFetch(result, 10)
  the$con_checked <- the$con_checked - 31
  expect_identical(startup_connection(), connection)
  expect_equal(nrow(DBI::dbFetch(result, 5)), 5)
  DBI::dbClearResult(result)
})

test_that("mentions do not put the next check off", {
  local_database()
  local_con()
  startup_connection()
  checked <- the$con_checked
  the$con_checked <- checked - 20
  startup_connection()
  expect_equal(the$con_checked, checked - 20)
})

test_that("con keeps its class inside of a generic, and shows no trace", {
  local_database(WORKSPACE_DATABASE_PORT = "1")
  local_con()
  withr::defer(the$con_failure <- NULL)
  makeActiveBinding("con", startup_binding, environment())
  caught <- tryCatch(
    DBI::dbGetQuery(con, "SELECT 1"),
    openhexa_error_database_unreachable = identity
  )
  expect_equal(caught$values$port, 1L)
  text <- conditionMessage(expect_error(DBI::dbGetQuery(con, "SELECT 1")))
  expect_match(text, "No database answers")
  expect_lt(nchar(text), 500)
  expect_match(format(hexa_status()), "database_unreachable", all = FALSE)
})

test_that("what the server answers is told apart from silence", {
  local_clean_env()
  code <- function(text) {
    condition <- tryCatch(abort_connection(text, "h", 1L, "u", NULL), error = identity)
    class(condition)[[1]]
  }
  expect_equal(
    code("connection to server at \"h\" failed: fe_sendauth: no password supplied"),
    "openhexa_error_database_authentication"
  )
  expect_equal(
    code("failed: server does not support SSL, but SSL was required"),
    "openhexa_error_database_refused"
  )
  expect_equal(
    code("connection to server at \"h\", port 1 failed: Connection refused"),
    "openhexa_error_database_unreachable"
  )
})

test_that("detaching takes away the package and `con`, and nothing else", {
  code <- paste(
    "before <- search()",
    "suppressMessages(library(openhexaR))",
    "stopifnot(bindingIsActive('con', as.environment('openhexa:startup')))",
    "detach('package:openhexaR')",
    "stopifnot(identical(search(), before))",
    "suppressMessages(library(openhexaR))",
    "cat('openhexa:startup' %in% search())",
    sep = "; "
  )
  program <- file.path(R.home("bin"), "Rscript")
  shown <- system2(program, c("--no-init-file", "-e", shQuote(code)), stdout = TRUE)
  expect_equal(shown, "TRUE")
})
