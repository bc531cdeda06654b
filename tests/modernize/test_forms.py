"""The same habit in other words: each form in which people write it is found."""

import json

import pytest

from hexa_kernels.modernize.survey import survey


@pytest.fixture
def examined(tmp_path):
    """Give a function that examines a script, or the cells of a notebook."""

    def examine(suffix, *cells):
        path = tmp_path / f"old{suffix}"
        text = cells[0]
        if suffix == ".ipynb":
            codes = [{"cell_type": "code", "source": source} for source in cells]
            text = json.dumps({"nbformat": 4, "metadata": {}, "cells": codes})
        path.write_text(text, "utf-8")
        (result,) = survey([path])
        assert result.error is None, result.error
        return result

    return examine


def told(result):
    return [(one.rule, one.replacement, one.reason) for one in result.findings]


@pytest.mark.parametrize(
    ("suffix", "code", "replacement"),
    [
        (".py", 'P("/home/hexa") / "workspace" / x', "P(workspace_path()) / x"),
        (".py", 'P("/home/jovyan") / "workspace/a"', 'P(workspace_path("a"))'),
        (".py", 'P.home().joinpath("workspace", "a")', 'P(workspace_path("a"))'),
        (
            ".py",
            'P.home().joinpath("workspace/a", "b", x)',
            'P(workspace_path()).joinpath("a", "b", x)',
        ),
        (".py", 'P("/home/hexa").joinpath("workspace", x)', "joinpath(x)"),
        (".py", 'os.environ["HOME"] + "/workspace"', "workspace_path()"),
        (".py", 'os.environ["HOME"] + "/workspace/a"', 'workspace_path("a")'),
        (".py", 'os.getenv("HOME") + "/workspace/" + x', 'f"{workspace_path()}/" + x'),
        (".py", 'os.path.join(os.environ["HOME"], "workspace")', "workspace_path()"),
        (
            ".py",
            'os.path.join(os.environ.get("HOME"), "workspace", x)',
            "os.path.join(workspace_path(), x)",
        ),
        (".py", 'f"{P.home()}/workspace/{x}"', 'f"{workspace_path()}/{x}"'),
        (".py", "f\"{os.environ['HOME']}/workspace\"", 'f"{workspace_path()}"'),
        (".R", 'fs::path_home("workspace", "a")', 'fs::path(workspace_path("a"))'),
        (".R", 'path_home("workspace", x)', "path(workspace_path(), x)"),
        (".R", 'fs::path_home("workspace/a", x)', '(workspace_path(), "a", x)'),
    ],
)
def test_a_path_below_the_home_folder(suffix, code, replacement, examined):
    head = "import os\nfrom pathlib import Path as P\n" if suffix == ".py" else ""
    result = examined(suffix, f"{head}y = {code}\n")
    assert [(one.rule, one.safe) for one in result.findings] == [
        ("workspace-path", True)
    ]
    changed = result.change.data.decode()
    assert replacement in changed
    assert "home" not in changed.lower().replace("from pathlib", "")


@pytest.mark.parametrize(
    ("suffix", "code"),
    [
        (".py", 'os.environ["HOMEDIR"] + "/workspace"'),
        (".py", 'os.environ["HOME"] + "/workspaces"'),
        (".py", 'P.home().joinpath("/workspace")'),
        (".py", 'P.home().joinpath("work", "space")'),
        (".py", 'P("/srv") / "workspace"'),
        (".py", 'f"{P.home()}/workspaces/{x}"'),
        (".py", 'f"{P.home()!r}/workspace/{x}"'),
        (".R", 'fs::path_home("Documents", "workspace")'),
        (".R", 'path_home("workspace_2023")'),
    ],
)
def test_another_folder_is_left_alone(suffix, code, examined):
    head = "import os\nfrom pathlib import Path as P\n" if suffix == ".py" else ""
    assert examined(suffix, f"{head}y = {code}\n").findings == []


LINE, CELL, IMAGE = "shell_line", "shell_cell", "image_has_it"


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("%cd /home/hexa/workspace/x", ("%cd {workspace_path()}/x", LINE)),
        (
            "%run ~/workspace/x.ipynb",
            ("%run {hexa_kernels.workspace_path()}/x.ipynb", LINE),
        ),
        ("!cp a '/home/hexa/workspace/b'", ("!cp a '{workspace_path()}/b'", LINE)),
        ("x = !ls $HOME/workspace", ("x = !ls {workspace_path()}", LINE)),
        ("!awk '{print}' ~/workspace/x", ("", LINE)),
        ("%%bash\n\ncp a ~/workspace", ('%%bash -s "{workspace_path()}"', CELL)),
        (
            "%%script bash\nls ~/workspace/",
            ('%%script bash -s "{workspace_path()}"', CELL),
        ),
        ("%%sh\nls ${HOME}/workspace/", ('%%sh -s "{workspace_path()}"', CELL)),
        ("%%sh -s a\nls ~/workspace", ('%%sh -s a "{workspace_path()}"', CELL)),
    ],
)
def test_a_path_in_a_magic_or_a_shell_is_advice(source, expected, examined):
    result = examined(".ipynb", source)
    assert told(result) == [("workspace-path", *expected)]
    assert result.findings[0].line == source.count("\n") + 1
    assert result.change is None


def test_a_line_of_the_shell_with_both_folders_is_written_once(examined):
    result = examined(".ipynb", "!cp ~/workspace/a /home/hexa/tmp\n%env X=~/tmp/y")
    assert told(result) == [
        ("workspace-path", "!cp {workspace_path()}/a {tmp_path()}", LINE),
        ("tmp-path", "%env X={tmp_path()}/y", LINE),
    ]


@pytest.mark.parametrize(
    "source",
    [
        "%env WORKSPACE_FILES_PATH=/home/hexa/workspace",
        "!scp me@host:~/workspace/a .",
        "!ls /data/home/hexa/workspace ~/workspaces ~/workspace.bak",
        "%%bash\n# cp a ~/workspace",
        "%%html\n<a href='/home/hexa/workspace'>files</a>",
        "%%writefile x.py\nx = '/home/hexa/workspace'",
    ],
)
def test_a_path_that_is_no_shells_is_left_alone(source, examined):
    assert told(examined(".ipynb", source)) == []


def test_an_advice_on_a_line_with_a_secret_does_not_show_it(examined, capsys):
    from hexa_kernels.modernize.report import describe

    result = examined(".ipynb", "!PGPASSWORD=district5 psql -f ~/workspace/x.sql")
    lines = describe(result, diff=True)
    assert "    → !PGPASSWORD=*** psql -f {workspace_path()}/x.sql" in lines


@pytest.mark.parametrize(
    ("suffix", "code"),
    [
        (".py", "%pip install openpyxl"),
        (".py", "%conda install -y gdal"),
        (".py", "!conda install gdal"),
        (".py", "!uv pip install gdal"),
        (".py", "!apt-get install -y gdal-bin"),
        (".ipynb", "%%bash\nset -e\npip install gdal"),
        (".py", 'get_ipython().run_line_magic("pip", "install gdal")'),
        (".R", 'lapply(c("a", "b"), install.packages)'),
        (".R", "sapply(pkgs, utils::install.packages, quiet = TRUE)"),
        (".R", 'do.call("install.packages", list(pkgs))'),
        (".R", "purrr::walk(pkgs, install.packages)"),
        (".R", "sapply(pkgs, function(one) install.packages(one))"),
        (".R", "pacman::p_load(sf, dplyr)"),
        (".R", 'pak::pak("sf")'),
        (".R", 'pak::pkg_install("sf")'),
        (".R", 'reticulate::py_install("pandas")'),
    ],
)
def test_an_installation_is_advice_that_can_be_followed(suffix, code, examined):
    advice = ("hexa_require(…)", "machine_changed") if suffix == ".R" else ("", IMAGE)
    assert told(examined(suffix, code)) == [("package-install", *advice)]


@pytest.mark.parametrize(
    ("suffix", "code"),
    [
        (".py", "%pip list"),
        (".py", "!conda env list"),
        (".py", "!ls install"),
        (".ipynb", "%%bash\n# pip install gdal"),
        (".ipynb", "%%writefile x.sh\npip install gdal"),
        (".R", "lapply(pkgs, library, character.only = TRUE)"),
        (".R", "lapply(pkgs, require)"),
    ],
)
def test_what_installs_nothing_is_left_alone(suffix, code, examined):
    assert told(examined(suffix, code)) == []


GIVEN = ", ".join(
    f"{label} = Sys.getenv('WORKSPACE_DATABASE_{name}')"
    for label, name in {
        **{"host": "HOST", "port": "PORT", "user": "USERNAME"},
        **{"password": "PASSWORD", "dbname": "DB_NAME"},
    }.items()
)
URL = "os.environ['WORKSPACE_DATABASE_URL']"


@pytest.mark.parametrize(
    ("suffix", "code", "changed"),
    [
        (
            ".R",
            f"con <- do.call(dbConnect, list(RPostgres::Postgres(), {GIVEN}))",
            "con <- database_connection()",
        ),
        (
            ".R",
            f"given <- list(drv = RPostgres::Postgres(), {GIVEN})\n"
            'con <- do.call("dbConnect", given)',
            "con <- database_connection()",
        ),
        (".py", f"pd.read_sql(q, {URL})", "pd.read_sql(q, database_engine())"),
        (
            ".py",
            "pd.read_sql_query(q, con=workspace.database_url)",
            "pd.read_sql_query(q, con=database_engine())",
        ),
        (
            ".py",
            f'url = {URL}\ndf.to_sql("t", url, index=False)',
            'df.to_sql("t", database_engine(), index=False)',
        ),
    ],
)
def test_a_database_in_another_form_is_opened_by_one_call(
    suffix, code, changed, examined
):
    head = ""
    if suffix == ".py":
        head = "import os, pandas as pd\nfrom openhexa.sdk import workspace\n"
    result = examined(suffix, f"{head}{code}\n")
    assert [(one.rule, one.reason) for one in result.findings] == [
        ("database-block", "")
    ]
    assert changed in result.change.data.decode()


ODBC = (
    "con <- dbConnect(odbc::odbc(), Driver = 'PostgreSQL Unicode', "
    "Server = Sys.getenv('WORKSPACE_DATABASE_HOST'), "
    "UID = Sys.getenv('WORKSPACE_DATABASE_USERNAME'), "
    "PWD = Sys.getenv('WORKSPACE_DATABASE_PASSWORD'))"
)
OPENED = f"dbConnect(RPostgreSQL::PostgreSQL(), {GIVEN})"
LITERAL = "postgresql://me:district5@db.example.org/x"


@pytest.mark.parametrize(
    ("suffix", "code", "reason"),
    [
        (".R", f"con <- pool::dbPool(RPostgres::Postgres(), {GIVEN})", "pooled"),
        (".R", ODBC, "other_driver"),
        (".R", f"con <- {OPENED}\nx <- dbEscapeStrings(con, y)", "other_driver"),
        (
            ".py",
            f"import sqlalchemy\ne = sqlalchemy.create_engine({URL})\n"
            "q = 'SELECT * FROM cases WHERE id IN %(ids)s'",
            "other_driver",
        ),
        (".R", ODBC.replace("dbConnect", "dbPool"), "pooled"),
        (
            ".R",
            f"con <- do.call(dbConnect, list(Postgres(), {GIVEN}, bigint = 'numeric'))",
            "options",
        ),
        (
            ".R",
            f"con <- do.call(dbConnect, list(Postgres(), {GIVEN}, host = x))",
            "other_server",
        ),
        (".py", f"pd.read_sql(q, {URL} + '_archive')", "other_server"),
    ],
)
def test_a_database_in_another_form_is_advice(suffix, code, reason, examined):
    head = "import os, pandas as pd\n" if suffix == ".py" else ""
    result = examined(suffix, f"{head}{code}\n")
    assert [(one.rule, one.reason) for one in result.findings] == [
        ("database-block", reason)
    ]


@pytest.mark.parametrize(
    ("suffix", "code"),
    [
        (".py", f'create_engine("{LITERAL}")'),
        (".py", f'U = "{LITERAL}"\ne = sqlalchemy.create_engine(U)'),
        (
            ".py",
            'PASSWORD = "district5"\nHOST = "db"\n'
            'create_engine(f"postgresql://me:{PASSWORD}@{HOST}/x")',
        ),
        (
            ".py",
            'create_engine(URL.create("postgresql", host="db", password="district5"))',
        ),
        (".py", 'psycopg2.connect(host="db", password="district5")'),
        (".py", 'psycopg2.connect("host=db user=me password=district5")'),
        (".R", 'dbConnect(Postgres(), host = "db", password = "district5")'),
        (".R", 'pw <- "district5"\ndbConnect(Postgres(), host = "db", password = pw)'),
        (".R", 'pool::dbPool(Postgres(), host = "db", password = "district5")'),
    ],
)
def test_a_database_that_is_written_out_is_advice_and_its_password_a_secret(
    suffix, code, examined
):
    head = "import psycopg2\n" if suffix == ".py" else ""
    result = examined(suffix, f"{head}{code}\n")
    assert {(one.rule, one.reason) for one in result.findings} == {
        *(("database-block", "literal_address"), ("secret-in-code", "secret"))
    }
    assert len(result.findings) == 2


@pytest.mark.parametrize(
    ("suffix", "code"),
    [
        (".R", "do.call(dbConnect, list(RSQLite::SQLite(), ':memory:'))"),
        (".R", "dbConnect(odbc::odbc(), dsn = 'registry')"),
        (".R", "pool::dbPool(RSQLite::SQLite(), dbname = 'x.sqlite')"),
        (".py", "pd.read_sql(q, engine)"),
        (".py", "pd.read_sql(q, os.environ['OTHER_URL'])"),
        (".py", "con = engine.connect()\npd.read_sql(q, con)"),
        (".py", f"import dask.dataframe\ndf.to_sql('t', {URL})"),
        (".py", "create_engine('sqlite:///x.db')"),
        (".py", "create_engine('postgresql://db.example.org/x')"),
    ],
)
def test_another_database_is_left_alone(suffix, code, examined):
    head = "import os, pandas as pd\n" if suffix == ".py" else ""
    assert told(examined(suffix, f"{head}{code}\n")) == []


@pytest.mark.parametrize(
    ("suffix", "code"),
    [
        (".R", 'year <- if (exists("year")) year else 2024'),
        (".R", 'year <- if (!exists("year")) 2024 else year'),
        (".R", 'if (!"year" %in% ls()) year <- 2024'),
        (".R", 'if (is.null(get0("year"))) year <- 2024'),
        (".R", 'year <- if (is.null(get0("year"))) 2024 else year'),
        (".R", 'year <- get0("year") %||% 2024'),
        (".R", "year <- tryCatch(year, error = function(e) 2024)"),
        (".R", "year <- tryCatch(year, error = function(e) { 2024 })"),
        (".py", 'if ("year" not in globals()): year = 2024'),
        (".py", 'if not "year" in dir(): year = 2024'),
        (".py", 'year = year if "year" in dir() else 2024'),
        (".py", 'year = 2024 if "year" not in vars() else year'),
        (".py", "try:\n    year\nexcept NameError:\n    year = 2024"),
        (".py", "try:\n    year\nexcept Exception:\n    year = 2024"),
        (".py", "try:\n    year\nexcept:\n    year = 2024"),
        (".py", 'year = globals().get("year", 2024)'),
        (".py", 'year = locals().get("year", 2024)'),
    ],
)
def test_a_default_in_every_form_becomes_a_parameter(suffix, code, examined):
    result = examined(suffix, code + "\n")
    arrow = "<-" if suffix == ".R" else "="
    assert result.change.data.decode().splitlines()[1:] == [
        f'year {arrow} notebook_parameter("year", 2024)'
    ]


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        ('year <- ifelse(exists("year"), year, 2024)', "first_element"),
        ('year <- ifelse(!exists("year"), 2024, year)', "first_element"),
        ("year <- tryCatch(year, error = function(e) ask())", "costly_default"),
        ('year <- get0("year") %||% NA', "untyped_default"),
    ],
)
def test_a_default_that_would_become_another_is_advice(code, reason, examined):
    result = examined(".R", code + "\n")
    assert told(result) == [("parameter-default", "", reason)]


@pytest.mark.parametrize(
    ("suffix", "code"),
    [
        (".R", 'year <- Sys.getenv("YEAR", "2024")'),
        (".R", 'year <- ifelse(exists("month"), year, 2024)'),
        (".R", "year <- tryCatch(year, warning = function(e) 2024)"),
        (".R", "year <- tryCatch(read(year), error = function(e) 2024)"),
        (".R", "year <- tryCatch(year, error = function(e) e)"),
        (".R", "year <- tryCatch(year, error = function(e) 2024, finally = end())"),
        (".R", 'if (is.null(get0("year", e))) year <- 2024'),
        (".R", "if (is.null(year)) year <- 2024"),
        (".R", 'if (!".year" %in% ls()) .year <- 2024'),
        (".R", 'if (!"year" %in% ls(e)) year <- 2024'),
        (".py", 'if "year" not in dir(module): year = 2024'),
        (".py", 'if "year" not in vars(module): year = 2024'),
        (".py", 'year = settings.get("year", 2024)'),
        (".py", "try:\n    year = ask()\nexcept Exception:\n    year = 2024"),
        (".py", "try:\n    year\nexcept ValueError:\n    year = 2024"),
    ],
)
def test_what_is_no_default_of_a_parameter_is_left_alone(suffix, code, examined):
    assert told(examined(suffix, code + "\n")) == []
