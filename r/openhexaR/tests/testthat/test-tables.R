# Of every class a column, with what is awkward in it.
awkward_frame <- function() {
  frame <- data.frame(
    flag = c(TRUE, NA, FALSE),
    whole = c(1L, NA, -.Machine$integer.max),
    real = c(0.1, NaN, NA),
    extreme = c(Inf, -Inf, 5e-324),
    text = c("\u00e9\\N\t\n\r\b'\";$1:a\u4e2d\U0001f600", "", NA),
    day = .Date(c(-42676, -735160, NA)),
    at = .POSIXct(c(-0.123456, 1e9 + 0.25, NA), "UTC")
  )
  frame$long_ago <- .POSIXct(c(-6e10, Inf, NA), "UTC")
  frame$endless <- .Date(c(Inf, -Inf, NA))
  frame$clock <- structure(
    c(0, NA, 86399.999999),
    class = c("hms", "difftime"),
    units = "secs"
  )
  frame$span <- as.difftime(c(1.5, NA, -90061.000001), units = "secs")
  frame$bytes <- list(as.raw(0:255), NULL, raw())
  frame$big <- bit64::as.integer64(c("9007199254740993", NA, "-9223372036854775807"))
  frame$list <- list(1:2, NULL, c(NA, 3L))
  frame$texts <- list(c("a\"\\{},", NA), character(), NULL)
  frame$reals <- list(c(0.1, NaN, Inf, NA), 1.5, NULL)
  frame
}

local_connection <- function(..., .frame = parent.frame()) {
  connection <- database_connection(...)
  withr::defer(DBI::dbDisconnect(connection), envir = .frame)
  connection
}

plain <- function(frame) {
  attr(frame, "openhexa") <- NULL
  as.data.frame(frame)
}

read_quietly <- function(...) suppressMessages(plain(db_read(...)))

test_that("every class comes back with its values", {
  local_database()
  local_con()
  frame <- awkward_frame()
  expect_equal(db_write(frame, "awkward", if_exists = "replace"), 3)
  expect_identical(read_quietly("awkward"), frame)
  # By the other way of COPY, columns alone that it has no need for.
  without <- setdiff(names(frame), c("list", "texts", "reals", "long_ago"))
  db_write(frame[without], "awkward", if_exists = "replace")
  expect_identical(read_quietly("awkward"), frame[without])
})

test_that("random frames come back exactly", {
  local_database()
  local_con()
  set.seed(20240131)
  letters <- c(0x9:0xd, 0x20:0x7e, 0xe9, 0x4e2d, 0x1f600)
  word <- function() intToUtf8(sample(letters, sample(0:12, 1), TRUE))
  holes <- function(x, share) {
    x[stats::runif(length(x)) < share] <- NA
    x
  }
  for (round in 1:30) {
    n <- sample(c(0, 1, 7, 500), 1)
    share <- sample(c(0, 0.3, 1), 1)
    frame <- data.frame(
      a = holes(sample(.Machine$integer.max, n, TRUE), share),
      b = holes(stats::rnorm(n) * 10^sample(-300:300, n, TRUE), share),
      c = holes(vapply(seq_len(n), function(i) word(), ""), share),
      d = holes(stats::runif(n) > 0.5, share),
      e = .Date(holes(as.double(sample(-1e6:1e6, n, TRUE)), share)),
      f = .POSIXct(holes(round(stats::runif(n, -8e9, 8e9) * 1e6) / 1e6, share), "UTC")
    )
    frame$g <- lapply(seq_len(n), function(i) {
      as.raw(sample(0:255, sample(0:5, 1), TRUE))
    })
    db_write(frame, "random", if_exists = "replace")
    expect_identical(read_quietly("random"), frame)
    texts <- frame
    texts$h <- rep(list("x"), n) # no binary form: all goes as text
    db_write(texts, "random", if_exists = "replace")
    expect_identical(read_quietly("random")[names(frame)], frame)
  }
})

test_that("types of PostgreSQL come as the classes of the documentation", {
  local_database()
  local_con()
  run_sql(startup_connection(), "SET timezone TO 'America/Bogota'", immediate = TRUE)
  read_one <- function(value) read_quietly(paste("SELECT", value, "AS x"))$x
  expect_identical(read_one("(-32768)::int2"), -32768L)
  expect_identical(read_one("(-2147483648)::int4"), -2147483648)
  expect_identical(read_one("9007199254740991::int8"), 9007199254740991)
  expect_identical(
    read_one("9007199254740993::int8"),
    bit64::as.integer64("9007199254740993")
  )
  expect_identical(read_one("(-9223372036854775808)::int8"), "-9223372036854775808")
  expect_identical(read_one("1.50::numeric(38, 10)"), 1.5)
  expect_identical(read_one("123456789012345678.5::numeric"), "123456789012345678.5")
  expect_identical(read_one("'NaN'::numeric"), NaN)
  expect_identical(read_one("0.1::float4"), 0.10000000149011612)
  expect_identical(read_one("'a  '::char(4)"), "a   ")
  expect_identical(read_one("'0044-03-15 BC'::date"), .Date(-735160))
  noon <- as.POSIXct("2024-01-31 12:00:00.123456", tz = "UTC")
  expect_identical(read_one("'2024-01-31 12:00:00.123456'::timestamp"), noon)
  expect_identical(read_one("'2024-01-31 07:00:00.123456-05'::timestamptz"), noon)
  expect_identical(read_one("'1 mon 2 days'::interval"), "1 mon 2 days")
  uuid <- "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"
  expect_identical(read_one(sprintf("'%s'::uuid", uuid)), uuid)
  expect_identical(read_one("'{\"a\": 1}'::jsonb"), "{\"a\": 1}")
  expect_identical(read_one("'{1,NULL}'::int8[]"), list(c(1L, NA)))
  expect_identical(
    read_one("'{{1,2},{3,4}}'::int4[]"),
    list(list(list(1L, 2L), list(3L, 4L)))
  )
  expect_identical(read_one("ARRAY['2024-01-31'::date]"), list(as.Date("2024-01-31")))
})

test_that("two columns of one name, none, and no rows are read", {
  local_database()
  local_con()
  expect_equal(names(db_read("SELECT 1 AS a, 2 AS a")), c("a", "a"))
  expect_equal(dim(db_read("SELECT FROM generate_series(1, 2)")), c(0, 0))
  expect_identical(
    vapply(read_quietly("SELECT 1 AS a, 'x' AS b, now() AS c WHERE false"), typeof, ""),
    c(a = "integer", b = "character", c = "double")
  )
})

test_that("enumerations, json, uuid and numeric take the text that they were read as", {
  local_database()
  local_con()
  con <- startup_connection()
  run_sql(con, "DROP TABLE IF EXISTS odd; DROP TYPE IF EXISTS mood", immediate = TRUE)
  run_sql(con, "CREATE TYPE mood AS ENUM ('sad', 'ok')")
  run_sql(con, "CREATE DOMAIN pg_temp.percent AS int4 CHECK (value <= 100)")
  run_sql(
    con,
    paste(
      "CREATE TABLE odd (a mood, b jsonb, c uuid, d numeric(30, 2), e varchar(3), f",
      "int8[], g pg_temp.percent, h timestamp)"
    )
  )
  frame <- data.frame(
    a = factor("ok"),
    b = "{\"a\": 1}",
    c = "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11",
    d = "1234567890123456789.25",
    e = "\u00e9t\u00e9",
    f = I(list(c(1, NA))),
    g = 99,
    h = as.POSIXct("2024-01-31", tz = "UTC")
  )
  db_write(frame, "odd", if_exists = "append")
  again <- read_quietly("odd")
  expect_identical(again$d, frame$d)
  expect_identical(again$f, list(c(1L, NA)))
  db_write(again, "odd", if_exists = "append")
  expect_equal(nrow(db_read("odd")), 2)
  expect_error(
    db_write(transform(again, a = "glad"), "odd", if_exists = "append"),
    class = "openhexa_error_sql_failed"
  )
  expect_equal(nrow(db_read("odd")), 2)
})

test_that("what was bigint or without a zone is that again in a copy", {
  local_database()
  local_con()
  frame <- db_read("SELECT 1::int8 AS a, '2024-01-31'::timestamp AS b, 1.5 AS c")
  db_write(frame, "copied", if_exists = "replace")
  types <- table_columns(startup_connection(), "copied", NULL)$shown
  expect_equal(types, c("bigint", "timestamp without time zone", "double precision"))
})

test_that("an append is checked column by column before the first row", {
  local_database()
  local_con()
  run_sql(startup_connection(), "DROP TABLE IF EXISTS strict")
  run_sql(
    startup_connection(),
    "CREATE TABLE strict (a int4, b text NOT NULL, c date, d serial NOT NULL)"
  )
  append <- function(...) db_write(data.frame(...), "strict", if_exists = "append")
  e <- expect_error(append(a = 1.5, z = 1), class = "openhexa_error_column_mismatch")
  expect_equal(
    e$values$columns,
    paste(
      "a (integer wanted, numeric given), z (not in the table),",
      "b (missing, and the table needs it)"
    )
  )
  expect_error(append(a = 3e9, b = "x"), class = "openhexa_error_value_out_of_range")
  append(c = NA, b = factor("x"), a = 2)
  expect_identical(
    read_quietly("strict"),
    data.frame(a = 2L, b = "x", c = as.Date(NA), d = 1L)
  )
})

test_that("numbers that a declared precision would round are refused", {
  local_database()
  local_con()
  write <- function(x, type) {
    db_write(data.frame(x = x), "exact", if_exists = "replace", dtype = c(x = type))
  }
  fits <- list(
    list("numeric(6, 2)", c(0.1, 1.25, NA, NaN)),
    list("numeric(6, 2)", c("0.250", "-7", "NaN", NA)),
    list("numeric(4, -2)", c(12300, 0)),
    list("numeric(4, -2)", c("12300.0", "0")),
    list("numeric(6, 2)", 3L)
  )
  for (case in fits) {
    expect_no_error(write(case[[2]], case[[1]]))
  }
  changes <- list(
    list("numeric(6,2)", c(0.25, 0.125), "0.125"),
    list("numeric(6,2)", c(".25", "-0.125"), "-0.125"),
    list("numeric(4,-2)", 12340, "12340"),
    list("numeric(4,-2)", c("12300.5", "12340"), "12300.5, 12340"),
    list("numeric(4,-2)", 12340L, "12340")
  )
  for (case in changes) {
    e <- expect_error(
      write(case[[2]], case[[1]]),
      class = "openhexa_error_value_out_of_range"
    )
    expect_equal(e$values$values, case[[3]])
    expect_equal(e$values$type, case[[1]])
  }
  expect_identical(read_quietly("exact")$x, 3)
})

test_that("a failed write leaves what was there, within a transaction too", {
  local_database()
  local_con()
  connection <- local_connection()
  db_write(data.frame(a = 1:3), "kept", if_exists = "replace")
  twice <- data.frame(a = c(5L, 5L))
  fails <- function(...) {
    expect_error(db_write(twice, "kept", ...), class = "openhexa_error_sql_failed")
  }
  fails(if_exists = "replace", key = "a")
  expect_equal(db_read("kept")$a, 1:3)
  expect_error(db_write(twice, "kept"), class = "openhexa_error_table_exists")
  run_sql(connection, "BEGIN", immediate = TRUE)
  db_write(data.frame(a = 4L), "kept", if_exists = "append", connection = connection)
  fails(if_exists = "replace", key = "a", connection = connection)
  expect_equal(db_read("kept", connection = connection)$a, 1:4)
  expect_equal(db_read("kept")$a, 1:3)
  run_sql(connection, "ROLLBACK", immediate = TRUE)
  expect_equal(db_read("kept", connection = connection)$a, 1:3)
})

test_that("batches go out and in, and an error in between leaves nothing", {
  local_database()
  local_con()
  at <- 0
  pieces <- function() {
    at <<- at + 1
    if (at <= 3) data.frame(id = (at - 1) * 40000 + seq_len(40000))
  }
  expect_equal(db_write(pieces, "pieces", if_exists = "replace"), 120000)
  rows <- numeric()
  total <- db_read(
    "SELECT * FROM pieces ORDER BY id",
    batches = function(batch) rows <<- c(rows, nrow(batch), batch$id[[1]])
  )
  expect_equal(total, 120000)
  expect_equal(rows, c(50000, 1, 50000, 50001, 20000, 100001))
  expect_error(db_read("pieces", batches = function(batch) stop("enough")), "enough")
  expect_equal(nrow(db_read("SELECT * FROM pieces LIMIT 2")), 2)
  at <- 2
  bad <- function() {
    at <<- at + 1
    if (at == 3) data.frame(id = 1) else data.frame(id = "x")
  }
  expect_error(
    db_write(bad, "pieces", if_exists = "append"),
    class = "openhexa_error_column_mismatch"
  )
  expect_equal(db_read("SELECT count(*) AS n FROM pieces")$n, 120000L)
})

test_that("every batch has the same classes, whatever its values", {
  local_database()
  local_con()
  columns <- paste(
    "%s::int8 AS big, %s::numeric AS exact, %s::int4 AS whole,",
    "ARRAY[%s::int8] AS list, interval '%s' AS span FROM generate_series(1, %d)"
  )
  small <- sprintf(columns, "1", "1.5", "1", "1", "1 hour", BATCH_ROWS)
  large <- sprintf(
    columns,
    "9007199254740993",
    "123456789.123456789",
    "2",
    "9007199254740993",
    "1 month",
    1L
  )
  seen <- list()
  expect_message(
    db_read(
      sprintf("SELECT %s UNION ALL SELECT %s", small, large),
      batches = function(part) seen[[length(seen) + 1]] <<- part
    ),
    class = "openhexa_message_integer64_used"
  )
  classes <- lapply(seen, function(part) vapply(part, function(x) class(x)[[1]], ""))
  expect_equal(
    unname(classes[[1]]),
    c("integer64", "character", "integer", "list", "character")
  )
  expect_identical(classes[[1]], classes[[2]])
  expect_identical(seen[[2]]$big, bit64::as.integer64("9007199254740993"))
  expect_identical(seen[[2]]$list, list(seen[[2]]$big))
  expect_s3_class(seen[[1]]$list[[1]], "integer64")
})

test_that("what a class of a batch cannot hold is refused by name", {
  local_database()
  local_con()
  for (value in c("(-2147483648)::int4", "(-9223372036854775808)::int8")) {
    e <- expect_error(
      db_read(paste("SELECT", value, "AS low"), batches = identity),
      class = "openhexa_error_value_out_of_range"
    )
    expect_equal(e$values$column, "low")
  }
})

test_that("a whole read by pieces is what it is at once", {
  local_database()
  local_con()
  sql <- "SELECT g::float8 AS x, g::text AS s, g > 5 AS b FROM generate_series(1, %d) g"
  for (rows in FETCH_ROWS * c(1L, 2L) + c(0L, 1L)) {
    told <- run_sql(startup_connection(), sprintf(sql, rows), tell = function(n) NULL)
    expect_identical(told, run_sql(startup_connection(), sprintf(sql, rows)))
  }
})

test_that("a path of Parquet names the package that reads it", {
  local_database()
  local_con()
  local_installed("RPostgreSQL", "RPostgres")
  e <- expect_error(
    db_write("x.parquet", "t"),
    class = "openhexa_error_missing_package"
  )
  expect_equal(e$values$package, "arrow")
})

if (is_installed("arrow") || is_installed("nanoparquet")) {
  test_that("Parquet files and folders of them are written", {
    local_database()
    local_con()
    root <- withr::local_tempdir()
    withr::local_envvar(WORKSPACE_FILES_PATH = root, WORKSPACE_TMP_PATH = root)
    for (year in c(2023L, 2024L)) {
      frame <- data.frame(n = c(year + 0.5, NA), s = c("\u00e9", NA))
      file_write(frame, sprintf("cases/year=%d/part.parquet", year))
    }
    writeLines("x", file.path(root, "cases", "_SUCCESS"))
    expect_equal(db_write("cases", "cases", if_exists = "replace"), 4)
    expect_identical(
      read_quietly("SELECT * FROM cases ORDER BY n"),
      data.frame(
        n = c(2023.5, 2024.5, NA, NA),
        s = c("\u00e9", "\u00e9", NA, NA),
        year = c(2023L, 2024L, 2023L, 2024L)
      )
    )
    one <- file.path(root, "cases/year=2023/part.parquet")
    db_write(one, "one", if_exists = "replace")
    expect_named(read_quietly("one"), c("n", "s"))
    writeLines("x", file.path(root, "cases", "z.parquet"))
    expect_error(
      db_write("cases", "cases", if_exists = "append"),
      class = "openhexa_error_file_unreadable"
    )
    expect_equal(nrow(db_read("cases")), 4)
    dir.create(file.path(root, "empty"))
    expect_error(db_write("empty", "t"), class = "openhexa_error_invalid_argument")
    expect_error(db_write("none.parquet", "t"), class = "openhexa_error_file_missing")
  })
}

test_that("a stream of Arrow is written batch by batch", {
  skip_if_not_installed("nanoarrow")
  local_database()
  local_con()
  frame <- data.frame(a = c(1L, NA), b = c("x", "\u00e9"))
  db_write(to_wire(frame), "streamed", if_exists = "replace")
  expect_identical(read_quietly("streamed"), frame)
})

test_that("what is wrong is said by name", {
  local_database()
  local_con()
  db_write(data.frame(a = 1L), "districts", if_exists = "replace")
  e <- expect_error(db_read("disTrict"), class = "openhexa_error_table_missing")
  expect_match(e$values$similar, "districts")
  e <- expect_error(
    db_read("SELECT *\nFROM districts\nWHERE b = :x", params = list(x = 1)),
    class = "openhexa_error_sql_failed"
  )
  expect_equal(e$values$problem, "\nLINE 3: WHERE b = $1\n              ^")
  connection <- local_connection(read_only = TRUE)
  expect_error(
    db_write(
      data.frame(a = 1L),
      "districts",
      if_exists = "append",
      connection = connection
    ),
    class = "openhexa_error_read_only_database"
  )
  run_sql(startup_connection(), "SET statement_timeout TO 50", immediate = TRUE)
  expect_error(db_read("SELECT pg_sleep(5)"), class = "openhexa_error_query_cancelled")
  run_sql(startup_connection(), "RESET statement_timeout", immediate = TRUE)
  expect_error(
    db_write(data.frame(a = 1), "x", key = "b"),
    class = "openhexa_error_invalid_argument"
  )
  expect_error(
    db_write(data.frame(a = 1), "x", dtype = c(a = "int; DROP TABLE districts")),
    class = "openhexa_error_sql_failed"
  )
  expect_error(
    db_write(data.frame(a = 1), "SELECT 1"),
    class = "openhexa_error_invalid_argument"
  )
  expect_error(
    db_read("districts", connection = 1),
    class = "openhexa_error_invalid_argument"
  )
  expect_error(
    db_read("districts", batches = 3),
    class = "openhexa_error_invalid_argument"
  )
  expect_error(
    db_write(data.frame(a = 1, row.names = "x"), "x"),
    class = "openhexa_error_row_names"
  )
  expect_equal(nrow(db_read("districts")), 1)
})

test_that("no text that the server quotes is pasted or believed", {
  local_database()
  local_con()
  name <- "a\"; DROP TABLE x; --\u00e9 ."
  frame <- stats::setNames(data.frame(1L, 2L), c("x\"y", "$1 :a"))
  table <- quote_name(name)
  db_write(frame, table, if_exists = "replace", key = "x\"y")
  expect_identical(read_quietly(table), frame)
  expect_true(name %in% db_tables()$name)
  value <- "'; DROP TABLE x; --"
  expect_equal(db_read("SELECT :v::text AS v", params = list(v = value))$v, value)
  run_sql(startup_connection(), paste("DROP TABLE", table))
})

test_that("tables are listed with their kind and size", {
  local_database()
  local_con()
  con <- startup_connection()
  run_sql(
    con,
    "DROP SCHEMA IF EXISTS survey CASCADE; CREATE SCHEMA survey",
    immediate = TRUE
  )
  db_write(data.frame(a = 1:10), "survey.visits", key = "a")
  run_sql(con, "CREATE VIEW survey.half AS SELECT * FROM survey.visits WHERE a <= 5")
  run_sql(con, "COMMENT ON TABLE survey.visits IS '\u00e9t\u00e9'")
  run_sql(con, "ANALYZE survey.visits")
  tables <- as.data.frame(db_tables(schema = "survey"))
  expect_equal(tables$name, c("half", "visits"))
  expect_equal(tables$kind, c("view", "table"))
  expect_equal(tables$rows, c(NA, 10))
  expect_true(is.na(tables$size_bytes[[1]]) && tables$size_bytes[[2]] > 0)
  expect_equal(tables$comment, c(NA, "\u00e9t\u00e9"))
  expect_equal(db_read("survey.half")$a, 1:5)
})

test_that("a connection by identifier opens, and closes again", {
  local_database(
    POLIO = "postgresql",
    POLIO_HOST = Sys.getenv("HEXA_TEST_DATABASE_HOST"),
    POLIO_PORT = Sys.getenv("HEXA_TEST_DATABASE_PORT"),
    POLIO_USERNAME = Sys.getenv("HEXA_TEST_DATABASE_USERNAME"),
    POLIO_PASSWORD = Sys.getenv("HEXA_TEST_DATABASE_PASSWORD"),
    POLIO_DB_NAME = Sys.getenv("HEXA_TEST_DATABASE_DB_NAME"),
    OTHER = "dhis2"
  )
  local_con()
  expect_equal(db_read("SELECT 1 AS one", connection = "polio")$one, 1L)
  expect_null(the$con)
  expect_error(
    db_read("t", connection = "other"),
    class = "openhexa_error_connection_type"
  )
  expect_error(
    db_read("t", connection = "none"),
    class = "openhexa_error_connection_not_found"
  )
})

test_that("a lost connection is opened again by the next call", {
  local_database()
  local_con()
  pid <- db_read("SELECT pg_backend_pid() AS pid")$pid
  other <- local_connection()
  db_read("SELECT pg_terminate_backend(:p)", params = list(p = pid), connection = other)
  expect_warning(
    expect_equal(db_read("SELECT 1 AS one")$one, 1L),
    class = "openhexa_warning_database_reopened"
  )
})

test_that("dplyr works on con lazily", {
  skip_if_not_installed("dbplyr")
  local_database()
  local_con()
  db_write(data.frame(k = c("a", "b", "b"), v = 1:3), "lazy", if_exists = "replace")
  lazy <- dplyr::tbl(startup_connection(), "lazy")
  expect_s3_class(lazy, "tbl_lazy")
  summed <- dplyr::summarise(dplyr::group_by(lazy, k), s = sum(v, na.rm = TRUE))
  expect_equal(dplyr::collect(dplyr::arrange(summed, k))$s, c(1, 5))
})
