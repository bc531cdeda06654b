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
