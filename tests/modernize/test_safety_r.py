"""What would do something else in R: left, or changed in another way."""

import pytest

SDK = "reticulate::import('openhexa.sdk')"


@pytest.mark.parametrize(
    "code",
    [
        f"openhexa <- NULL\ntryCatch(openhexa <- {SDK}, error = function(e) 1)\n",
        f"openhexa <- NULL\ntry(openhexa <- {SDK}, silent = TRUE)\n",
        "f <- function(load = TRUE) {\n  openhexa <- NULL\n"
        f"  if (load) openhexa <- {SDK}\n"
        "  assign('openhexa', openhexa, envir = .GlobalEnv)\n}\n",
    ],
)
def test_an_sdk_that_is_null_at_first_is_still_imported(code, examined):
    """Our `openhexa` would stand behind the NULL."""
    findings = examined(".R", code).findings
    assert [(one.rule, one.reason) for one in findings] == [
        ("sdk-import", "given_elsewhere")
    ]


@pytest.mark.parametrize(
    "code",
    [
        "x <- callr::r(function() read.csv('~/workspace/a.csv'))\n",
        "x <- parLapply(cl, p, function(p) read.csv('~/workspace/a.csv'))\n",
        "x <- foreach(p = p) %dopar% read.csv('~/workspace/a.csv')\n",
    ],
)
def test_what_other_processes_of_r_run_names_the_package(code, examined):
    after = examined(".R", code).change.data.decode()
    assert 'openhexaR::workspace_path("a.csv")' in after


@pytest.mark.parametrize(
    ("code", "is_added"),
    [
        ("library(openhexaR)\nx <- '~/workspace/a'\n", False),
        ("library(dplyr); library(openhexaR)\nx <- '~/workspace/a'\n", False),
        ("x <- '~/workspace/a'\nlibrary(openhexaR)\n", True),
        ("f <- function() library(openhexaR)\nx <- '~/workspace/a'\n", True),
        ("library(openhexaR, include.only = 'con')\nx <- '~/workspace/a'\n", True),
        ("if (a) library(openhexaR)\nx <- '~/workspace/a'\n", True),
    ],
)
def test_openhexar_is_attached_before_it_is_needed(code, is_added, examined):
    after = examined(".R", code).change.data.decode()
    assert after.startswith(f"library(openhexaR)\n{code[:4]}") is is_added


def test_row_names_that_only_rpostgresql_writes_keep_it(examined):
    fields = {"host": "HOST", "port": "PORT", "user": "USERNAME"}
    fields |= {"password": "PASSWORD", "dbname": "DB_NAME"}
    given = [f"{k} = Sys.getenv('WORKSPACE_DATABASE_{v}')" for k, v in fields.items()]
    opened = f"con <- dbConnect(RPostgreSQL::PostgreSQL(), {', '.join(given)})\n"
    reasons = {
        end: examined(".R", f"{opened}dbWriteTable(con, 'a', a{end})\n")
        .findings[0]
        .reason
        for end in ("", ", row.names = FALSE")
    }
    assert reasons == {"": "other_driver", ", row.names = FALSE": ""}


@pytest.mark.parametrize(
    ("suffix", "code"),
    [
        (".R", "d <- list('~/workspace/a' = 1)\nx <- '~/workspace/b.csv'\n"),
        (".py", "d = {'~/workspace/a': 1}\nx = '~/workspace/b.csv'\n"),
    ],
)
def test_what_is_left_because_of_names_shows_what_to_write(suffix, code, examined):
    (found,) = examined(suffix, code).findings
    assert (found.reason, found.replacement) == (
        "named_after",
        'workspace_path("b.csv")',
    )


def test_a_default_that_a_sourced_file_may_give_too_is_advice(examined):
    code = "if (!exists('PAYS')) PAYS <- 'NER'\nsource('utils.R')\n"
    (found,) = examined(".R", code).findings
    assert (found.reason, found.replacement) == (
        "own_defaults",
        "PAYS <- openhexaR::notebook_parameter(\"PAYS\", 'NER')",
    )


@pytest.mark.parametrize(
    ("around", "left"),
    [
        ("suppressMessages({library(reticulate); library(dplyr); %s})", "dplyr"),
        ("if (!exists('openhexa')) {library(dplyr); %s}", "dplyr"),
        ("tryCatch({%s}, error = function(e) 1, finally = {a <- 1})", "finally"),
    ],
)
def test_what_stands_beside_the_import_of_the_sdk_stays(around, left, examined):
    code = around.replace("%s", f"openhexa <- {SDK}") + "\n"
    (found,) = examined(".R", code).findings
    change = examined(".R", code).change
    assert found.reason or left in change.data.decode()


@pytest.mark.parametrize(
    "used",
    [
        "sapply(openhexa$workspace$countries, function(p) p$code)",
        "openhexa$workspace$configuration$thresholds * 2",
        "rawToChar(openhexa$workspace$get_dataset('a')$latest_version$"
        "get_file('b')$read())",
        "purrr::walk(files, source)",
        "lapply(list.files('R', full.names = TRUE), source)",
        "eval(parse(file = 'utils.R'))",
    ],
)
def test_an_sdk_whose_objects_others_take_is_still_imported(used, examined):
    findings = examined(".R", f"openhexa <- {SDK}\n{used}\n").findings
    assert findings[0].reason in ("uses_python", "other_files")


@pytest.mark.parametrize(
    ("text", "value"),
    [
        (r"donn\u00e9es/cas", '"données", "cas"'),
        (r"data/\143as", '"data", "cas"'),
        (r"data/\U{1F600}x", '"data", "😀x"'),
        (r"data/\x63as", '"data", "cas"'),
    ],
)
def test_escapes_are_read_as_r_reads_them(text, value, examined):
    after = examined(".R", f"x <- '~/workspace/{text}'\n").change.data.decode()
    assert after.endswith(f"x <- workspace_path({value})\n")


@pytest.mark.parametrize(
    "code", ['"~/workspace/{a}.csv"', '(("~/workspace/%s"))', '".write_text"("a")']
)
def test_a_text_that_stands_alone_is_examined(code, examined):
    assert examined(".R", f"{code}\n").error is None


@pytest.mark.parametrize(
    "code",
    [
        r"cat('~/workspace/maps : PNG/PDF files\n')",
        "message('~/workspace/cases.csv read on 01/02/2024')",
        "x <- grep('/home/hexa/workspace/(data|out)/cases', files)",
    ],
)
def test_sentences_and_patterns_are_no_paths(code, examined):
    assert examined(".R", f"{code}\n").findings == []


@pytest.mark.parametrize(
    "code",
    [
        "x <- year %>% sprintf('~/workspace/data/%s.csv', .)",
        "x <- year |> sprintf('~/workspace/data/%s.csv', a = _)",
    ],
)
def test_what_a_pipe_fills_in_stays_where_it_is(code, examined):
    after = examined(".R", f"{code}\n").change.data.decode()
    path = 'paste0(workspace_path(), "/data/%s.csv")'
    assert code.replace("'~/workspace/data/%s.csv'", path) in after


TEST = "if (!exists('year')) year <- 2024"


@pytest.mark.parametrize(
    "code",
    [
        f"attach(params)\n{TEST}",
        f"local({{year <- 2023; {TEST}}})",
        f"with(params, {{{TEST}}})",
        f"within(cases, {{{TEST}}})",
        f"evalq({{{TEST}}}, e)",
        "mutate(cases, y = {year <- if (exists('year')) year else 1; year})",
        f"dt[, y := {{{TEST}; year}}]",
        f"year <- NULL\n{TEST}",
        f"year <- TRUE\n{TEST}",
        "year <- c(2020, 2021)\nif (!exists('year')) year <- c('2020')",
        "year <- factor('a')\nif (!exists('year')) year <- c('2020')",
        "if (!exists('year')) year <- Sys.Date()",
    ],
)
def test_a_default_that_is_more_than_of_the_notebook_is_advice(code, examined):
    (found,) = examined(".R", f"{code}\n").findings
    assert found.rule == "parameter-default" and not found.safe


@pytest.mark.parametrize(
    "code", [TEST, f"year <- 2023L\n{TEST}", f"suppressMessages({TEST})"]
)
def test_a_default_of_the_notebook_is_changed(code, examined):
    assert examined(".R", f"{code}\n").change is not None


PATH = "x <- '/home/jovyan/workspace/data/a.csv'\n"


@pytest.mark.parametrize(
    "code",
    [
        f"{PATH}y <- setdiff(files, '/home/jovyan/workspace/b.csv')",
        f"{PATH}y <- getwd() %in% c('/home/jovyan/workspace', '/data')",
        f"{PATH}stopifnot(getwd() == file.path(Sys.getenv('HOME'), 'workspace'))",
        f"{PATH}y <- match(x, normalizePath(list.files('.')))",
        "root <- '/home/jovyan'\nx <- '/home/jovyan/workspace/a'\nsub(root, '', x)",
        f"{PATH}y <- index$name[index$file == x]",
        f"{PATH}if (x %in% done) y <- 1",
        f"{PATH}y <- digest::digest(x)",
        f"{PATH}y <- substr(x, 24, 30)",
        f"{PATH}y <- gsub('[^A-Za-z0-9]+', '_', x)",
        f"{PATH}y <- gsub('[[:punct:]]', '_', x)",
        f"{PATH}y <- x %>% str_replace_all('/', '_')",
        f"{PATH}y <- sub(paste0(Sys.getenv('HOME'), '/'), '', path.expand(x))",
        f"{PATH}y <- sub('*a', '', x)",
        f"{PATH}y <- sub('(.+)+,$', '', x)",
        "x <- '~/workspace/data/a.csv'\ny <- sub('^~/workspace/', '', x)",
        f"{PATH}y <- str_replace_all(x, c('/' = '_', ' ' = ''))",
        f"{PATH}y <- gsub(.Platform$file.sep, '_', x)",
        f"{PATH}for (s in c('/', ' ')) y <- gsub(s, '_', x)",
        f"{PATH}y <- gsub('(.*?) ?(.*?) ?(.*?) ?(.*?) ?(.*?) ?(.*?) ?d', '', x)",
        f"{PATH}y <- gsub('/{{99999999999}}', '', x)",
        f"{PATH}y <- gsub('[/.]', '_', x, fixed = FALSE)",
        f"{PATH}y <- sub('/.*_', '/', x)",
        f"{PATH}y <- gsub('/', '_', tools::file_path_sans_ext(x))",
        "for (f in c('~/workspace/a.csv')) gsub('/', '_', f)",
        "f <- function(p = '~/workspace/a.csv') gsub('/', '_', p)",
    ],
)
def test_another_spelling_that_is_looked_at_is_kept(code, examined):
    findings = examined(".R", f"{code}\n").findings
    assert {one.reason for one in findings} == {"compared"}


@pytest.mark.parametrize(
    "code",
    [
        "y <- sub('^.*/', '', x)\nz <- gsub('[[:alpha:]]+$', 'rds', x)",
        "y <- str_replace(x, fixed('.csv'), '.rds')\nz <- sub('[.]csv$', '', x)",
        "y <- sub(paste0('[.]', ext, '$'), '', x)\nz <- gsub('[;||]b', '', x)",
        "y <- sub('_([a-z])[.]csv$', '_\\\\U\\\\1.csv', x, perl = TRUE)",
        "y <- str_replace_all(x, c(' ' = '_', 'é' = 'e'))",
        "y <- sub('(_v[0-9]+)*\\\\.csv$', '.rds', x)",
        "y <- sub('.csv', '.rds', x)\nold <- getwd()\nsubstr(d, 1, 4)",
        "d <- read.csv(x)\nd[d$year == 2024, ]\nd$name %in% c('a')\nd[12:20, 10:25]",
        "d <- read.csv(x)\nmerge(d, p)\nmatch(d$id, p$id)\nsetdiff(names(d), 'id')",
        "d <- read.csv(x)\nnchar(d$name)\nsubstr(d$period, 5, 6)\nnames(d)[12:24]",
    ],
)
def test_what_is_read_from_another_spelling_is_not_the_path(code, examined):
    assert examined(".R", f"{PATH}{code}\n").change is not None


@pytest.mark.parametrize(
    "code",
    [
        "if (!file.exists(dirname(x))) writeLines('a', x)",
        "if (!file_test('-d', y)) writeLines('a', x)",
        "y <- vapply(folders, dir.create, NA)",
        "y <- Filter(Negate(dir.exists), folders)",
        "options(warn = 2)\ndir.create(dirname(x))",
    ],
)
def test_folders_that_code_looks_at_are_not_made(code, examined):
    path = "x <- '~/workspace/out/2024/cases.csv'\n"
    after = examined(".R", f"{path}{code}\n").change.data.decode()
    assert 'x <- paste0(workspace_path(), "/out/2024/cases.csv")\n' in after


@pytest.mark.parametrize(
    "code",
    [
        "source('utils.R')",
        "attach(list(a = 1))",
        "detach('package:openhexaR')",
        "if (!exists('db_read')) db_read <- function(t) t",
        "if (!exists('con')) con <- NULL",
        "if (!exists('workspace')) workspace <- load_it()",
        "for (p in c('pays', 'workspace')) if (!exists(p)) stop(p)",
        "y <- sapply(c('con', 'cases'), exists)",
        "run <- try(openhexa$current_run, silent = TRUE)",
        "where <- tryCatch({current_run; 'pipeline'}, error = function(e) 'notebook')",
        "is_here <- !inherits(try(openhexa[['current_run']]), 'try-error')",
    ],
)
def test_openhexar_is_not_attached_where_that_would_be_noticed(code, examined):
    """Others may have the same names, or ask whether `con` is there."""
    after = examined(".R", f"{code}\nx <- '~/workspace/a'\n").change.data.decode()
    assert after == f'{code}\nx <- openhexaR::workspace_path("a")\n'


@pytest.mark.parametrize(
    "code", ["Sys.setenv(WORKSPACE_FILES_PATH = '/data')", "Sys.setenv(HOME = '/data')"]
)
def test_a_file_that_says_where_the_workspace_is_stays(code, examined):
    (found,) = examined(".R", f"{code}\nx <- '~/workspace/a'\n").findings
    assert found.reason == "moved"


HELPER = (
    "log <- function(text) {\n  message(text)\n"
    "  if (exists('current_run') && !is.null(current_run)) current_run$log_info(text)\n"
    "}\n"
)


@pytest.mark.parametrize(
    "code",
    [
        "sink('out.csv')\nlog('a')\nsink()",
        "suppressMessages({log('a'); y <- 1})",
        "withCallingHandlers({log('a')}, message = function(m) n <<- 1)",
    ],
)
def test_a_message_that_is_caught_stays_one(code, examined):
    findings = examined(".R", f"{HELPER}{code}\n").findings
    reasons = [one.reason for one in findings if one.rule == "log-helper"]
    assert reasons == ["still_called", "redirected"]
    assert examined(".R", f"{HELPER}log('a')\n").change is not None


@pytest.mark.parametrize(
    "code",
    [
        "dbGetQuery(con, 'drop table if exists a; create table a(x int);')",
        "dbListConnections(RPostgreSQL::PostgreSQL())",
        "inherits(con, 'PostgreSQLConnection')",
        "dbRemoveTable(con, c('public', 't'))",
    ],
)
def test_what_only_rpostgresql_does_keeps_it(code, examined):
    fields = ("HOST", "PORT", "USERNAME", "PASSWORD", "DB_NAME")
    labels = ("host", "port", "user", "password", "dbname")
    given = ", ".join(
        f"{label} = Sys.getenv('WORKSPACE_DATABASE_{field}')"
        for label, field in zip(labels, fields, strict=True)
    )
    opened = f"con <- dbConnect(RPostgreSQL::PostgreSQL(), {given})\n"
    assert examined(".R", opened).change is not None
    assert examined(".R", f"{opened}{code}\n").findings[0].reason == "other_driver"


@pytest.mark.parametrize(
    "given", ["'https://example.org/config.json'", "system.file('config.json')"]
)
def test_a_configuration_of_somebody_else_s_is_none(given, examined):
    assert examined(".R", f"x <- fromJSON({given})\n").findings == []


@pytest.mark.parametrize(
    ("more", "is_safe"), [("", True), ("given$host <- 'db.example.org'\n", False)]
)
@pytest.mark.parametrize("member", ["given$%s", "given[['%s']]"])
def test_fields_that_a_list_keeps_are_followed(member, more, is_safe, examined):
    fields = {"host": "HOST", "port": "PORT", "user": "USERNAME"}
    fields |= {"password": "PASSWORD", "dbname": "DB_NAME"}
    read = [f"{k} = Sys.getenv('WORKSPACE_DATABASE_{v}')" for k, v in fields.items()]
    handed = [f"{name} = {member % name}" for name in fields]
    code = (
        f"given <- list({', '.join(read)})\n{more}"
        f"con <- dbConnect(RPostgres::Postgres(), {', '.join(handed)})\n"
    )
    assert (examined(".R", code).change is not None) is is_safe


@pytest.mark.parametrize(
    "code", ["x <- filter(d, source == 'SNIS')", "x <- count(d, source)"]
)
def test_a_column_called_source_reads_no_file(code, examined):
    after = examined(".R", f"{code}\nx <- '~/workspace/a'\n").change.data.decode()
    assert after.endswith('x <- workspace_path("a")\n')


def test_a_line_that_a_helper_makes_first_is_still_its_message(examined):
    made = HELPER.replace(
        "  message(text)\n", "  line <- paste(Sys.time(), text)\n  message(line)\n"
    )
    assert "run_log('a')" in examined(".R", f"{made}log('a')\n").change.data.decode()


@pytest.mark.parametrize("name", ["id", "type", "input"])
def test_a_parameter_may_have_a_name_that_python_has_too(name, examined):
    code = f"if (!exists('{name}')) {name} <- 5\n"
    assert examined(".R", code).change is not None
    code = f"if '{name}' not in globals():\n    {name} = 5\n"
    assert examined(".py", code).change is not None


@pytest.mark.parametrize(
    "code",
    [
        "n <- tryCatch(dbGetQuery(con, 'SELECT 1'), error = print)\ncon <- 1",
        "f <- function(con) tryCatch(dbGetQuery(con, 'SELECT 1'), finally = stop())",
        "y <- try(read.csv(x))",
        "try(current_run$log_info('a'), silent = TRUE)",
    ],
)
def test_openhexar_is_attached_where_what_is_tried_is_the_file_s(code, examined):
    after = examined(".R", f"x <- '~/workspace/a'\n{code}\n").change.data.decode()
    assert after.startswith('library(openhexaR)\nx <- workspace_path("a")\n')


READER = "f <- function(data, file) deparse(substitute(file))\n"


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        ("f <- function(p = '~/workspace/a') 1\ny <- formals(f)$p", "code_read"),
        ("f <- function(p) deparse(substitute(p))\nf('~/workspace/a')", "code_read"),
        ("f <- function(p) rlang::enquo(p)\nf(read.csv('~/workspace/a'))", "code_read"),
        (
            "f <- function(...) substitute(list(...))\nf(1, '~/workspace/a')",
            "code_read",
        ),
        ("f <- function(...) enquos(...)\nf(a = '~/workspace/a')", "code_read"),
        (f"{READER}{READER}f(d, '~/workspace/a')", "code_read"),
        (f"{READER}d %>% f('~/workspace/a')", "code_read"),
        (f"{READER}f(d, fi = '~/workspace/a')", "code_read"),
        ("f <- function(pa, p) substitute(pa)\nf(p = 1, '~/workspace/a')", "code_read"),
        ("f <- function(p = '~/workspace/a') p\nsapply(c(f), formals)", "code_read"),
        (
            "f <- function(p = '~/workspace/a') p\ng <- function(h) formals(h)",
            "code_read",
        ),
        ("y <- dplyr::lst('~/workspace/a')", "named_after"),
        ("x <- '~/workspace/a'\ny <- res$`~/workspace/a`", "named_after"),
    ],
)
def test_code_that_r_reads_as_code_is_left(code, reason, examined):
    findings = examined(".R", f"{code}\n").findings
    assert {one.reason for one in findings} == {reason}


@pytest.mark.parametrize(
    "used",
    [
        "f <- function(data, p) {data <- enquo(data); read.csv(p)}\nf(x, 'PATH')",
        "f <- function(p) {g <- sys.call(-1); p}\nf('PATH')",
        f"{READER}'PATH' %>% f(x)",
        "f <- function(p = 'PATH') p\ng <- function(a = 1) a\nformals(g)$a",
    ],
)
def test_what_is_only_beside_code_that_is_read_is_changed(used, examined):
    after = examined(".R", used.replace("PATH", "~/workspace/a") + "\n").change
    assert 'workspace_path("a")' in after.data.decode()


@pytest.mark.parametrize(
    ("opened", "written"),
    [
        ("'~/workspace/data/2024/a.db'", 'paste0(workspace_path(), "/data/2024/a.db")'),
        ("':memory:'", 'workspace_path("data", "2024", "a.csv")'),
    ],
)
def test_a_base_of_sqlite_makes_no_folder(opened, written, examined):
    code = f"drv <- RSQLite::SQLite()\ncon <- dbConnect(drv, {opened})\n"
    code += "read.csv('~/workspace/data/2024/a.csv')\n"
    assert written in examined(".R", code).change.data.decode()


@pytest.mark.parametrize("given", ["fixed(pattern = )", "regex(, TRUE)", "", "fixed()"])
def test_calls_with_empty_arguments_are_examined(given, examined):
    code = f"{PATH}str_replace(x, {given}, 'b')\nsub(, , x)\ngsub()\ntribble()\n"
    assert examined(".R", code).error is None
