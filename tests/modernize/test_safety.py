"""Old habits whose change would do something else: advice only, or another change."""

import pytest

from hexa_kernels.modernize.survey import survey

ADVICE = {
    # A call in an f-string, a decorator that a deployment reads, a cell that is timed
    "template-call": (
        ".py",
        "import os\nx = f\"{os.path.expanduser('~/workspace')}/data/{name}.csv\"\n",
    ),
    "template-join": (
        ".py",
        "import os\nprint(f\"Reads {os.path.join('/home/hexa/workspace', 'x')}\")\n",
    ),
    "decorator": (
        ".py",
        "@parameter('src', type=str, default='/home/hexa/workspace/in')\n"
        "def run(src):\n    pass\n",
    ),
    # A comment inside
    "comment-r": (
        ".R",
        "if (!exists('year')) {\n  # of the campaign\n  year <- 2024\n}\n",
    ),
    "comment-python": (
        ".py",
        "import os\n"
        "x = os.path.join(\n    '/home/hexa/workspace',  # files\n    'a.csv',\n)\n",
    ),
    "comment-between-texts": (
        ".py",
        "x = ('/home/hexa/workspace/'  # the files\n     'a.csv')\n",
    ),
    # Another database, or another driver, than the workspace's
    "other-database": (
        ".py",
        "import os\nfrom sqlalchemy import create_engine\n"
        "e = create_engine(os.environ['WORKSPACE_DATABASE_URL'] + '_archive')\n",
    ),
    "other-schema": (
        ".py",
        "import os\nfrom sqlalchemy import create_engine\n"
        "URL = os.environ['WORKSPACE_DATABASE_URL']\n"
        "e = create_engine(f'{URL}?options=-csearch_path=gis')\n",
    ),
    "replaced-database": (
        ".py",
        "import os\nfrom sqlalchemy import create_engine\n"
        "URL = os.environ['WORKSPACE_DATABASE_URL']\n"
        "NAME = os.environ['WORKSPACE_DATABASE_DB_NAME']\n"
        "e = create_engine(URL.replace(NAME, 'gisdb'))\n",
    ),
    "psycopg2": (
        ".py",
        "import os\nfrom psycopg2.extras import execute_values\n"
        "from sqlalchemy import create_engine\n"
        "e = create_engine(os.environ['WORKSPACE_DATABASE_URL'])\n"
        "raw = e.raw_connection()\n",
    ),
    "pasted-database": (
        ".R",
        "con <- dbConnect(RPostgres::Postgres(),\n"
        "  dbname = paste0(Sys.getenv('WORKSPACE_DATABASE_DB_NAME'), '_gis'),\n"
        "  host = Sys.getenv('WORKSPACE_DATABASE_HOST'),\n"
        "  port = Sys.getenv('WORKSPACE_DATABASE_PORT'),\n"
        "  user = Sys.getenv('WORKSPACE_DATABASE_USERNAME'),\n"
        "  password = Sys.getenv('WORKSPACE_DATABASE_PASSWORD'))\n",
    ),
    "table-of-a-schema": (
        ".R",
        "con <- dbConnect(RPostgreSQL::PostgreSQL(),\n"
        "  dbname = Sys.getenv('WORKSPACE_DATABASE_DB_NAME'),\n"
        "  host = Sys.getenv('WORKSPACE_DATABASE_HOST'),\n"
        "  port = Sys.getenv('WORKSPACE_DATABASE_PORT'),\n"
        "  user = Sys.getenv('WORKSPACE_DATABASE_USERNAME'),\n"
        "  password = Sys.getenv('WORKSPACE_DATABASE_PASSWORD'))\n"
        "dbWriteTable(con, c('gis', 'areas'), areas)\n",
    ),
    # Defaults that are kept from run to run, or that tell no type
    "kept-value": (".py", "if 'cache' not in globals():\n    cache = {}\n"),
    "kept-call": (".py", "if 'seen' not in globals():\n    seen = set()\n"),
    "no-type": (".R", "if (!exists('START')) START <- NA\n"),
    "no-type-text": (".R", "if (!exists('START')) START <- NA_character_\n"),
    # Set-up that is not the platform's own
    "own-grids": (".R", "Sys.setenv(PROJ_LIB = '/home/me/grids')\n"),
    "own-interpreter": (".R", "use_python('~/env/bin/python')\n"),
    # Other files may need the SDK's module
    "sourced": (
        ".R",
        "openhexa <- reticulate::import('openhexa.sdk')\nsource('utils.R')\n",
    ),
    # openhexaR brings a `con` of its own
    "asked-for": (
        ".R",
        "x <- '~/workspace/a.csv'\nif (!exists('con')) con <- NULL\nprint(x)\n",
    ),
}


@pytest.fixture
def examined(tmp_path):
    def examine(suffix, code):
        path = tmp_path / f"old{suffix}"
        path.write_text(code)
        (result,) = survey([path])
        assert result.error is None, result.error
        return result

    return examine


@pytest.mark.parametrize("name", ADVICE)
def test_it_is_advice_only(name, examined):
    result = examined(*ADVICE[name])
    assert result.findings
    assert [finding.reason for finding in result.findings if finding.safe] == []
    assert result.change is None


@pytest.mark.parametrize(
    "code",
    [
        "y <- get0('year', envir = e, ifnotfound = 2024)\n",
        "y <- get0('year', e)\n",
        "if (!exists('year', envir = e)) year <- 2024\n",
    ],
)
def test_what_asks_another_environment_is_no_parameter(code, examined):
    assert examined(".R", code).findings == []


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        # `*` would become a folder; the code makes its folders itself
        (
            "x = glob('/home/hexa/workspace/a/*/b.csv')",
            'f"{workspace_path()}/a/*/b.csv"',
        ),
        (
            "import os\nx = '/home/hexa/workspace/new/b.csv'\nos.makedirs(folder)",
            'f"{workspace_path()}/new/b.csv"',
        ),
        # The name means something else here
        ("def f(tmp_path):\n    g('/home/hexa/tmp/a')", 'hexa_kernels.tmp_path("a")'),
        ("for tmp_path in x:\n    g('/home/hexa/tmp/a')", 'hexa_kernels.tmp_path("a")'),
        ("from m import tmp_path\ng('/home/hexa/tmp/a')", 'hexa_kernels.tmp_path("a")'),
        ("tmp_path, b = x\ng('/home/hexa/tmp/a')", 'hexa_kernels.tmp_path("a")'),
    ],
)
def test_python_is_changed_to_what_does_the_same(code, expected, examined):
    result = examined(".py", code + "\n")
    assert expected in result.change.data.decode()


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        (
            "f <- function(workspace_path = '~/workspace') workspace_path",
            "openhexaR::workspace_path()",
        ),
        (
            "x <- Sys.glob('~/workspace/a/[ab].csv')",
            'paste0(workspace_path(), "/a/[ab]',
        ),
        (
            "x <- sprintf('a: %s', '~/workspace/50%/a')",
            'paste0(workspace_path(), "/50%',
        ),
        ("Sys.setenv(PROJ_LIB = '/opt/conda/share/proj') # x", "invisible() # x"),
    ],
)
def test_r_is_changed_to_what_does_the_same(code, expected, examined):
    assert expected in examined(".R", code + "\n").change.data.decode()


HELPER = """
log_msg <- function(text, level = "info") {{
  if (!is.null(current_run)) current_run$log_info(text) else cat(text, "\\n")
  {more}
}}
log_msg("hello")
"""


@pytest.mark.parametrize(
    ("more", "safe"),
    [
        ("", True),
        ("if (level == 'error') stop(text)", False),
        ("write(text, 'run.log', append = TRUE)", False),
        ("count <<- count + 1", False),
    ],
)
def test_a_helper_that_only_logs_is_replaced(more, safe, examined):
    findings = examined(".R", HELPER.format(more=more)).findings
    calls = [one for one in findings if one.rule == "log-helper"][1:]
    assert [call.safe for call in calls] == [safe]


def test_an_import_stands_where_it_holds(examined):
    code = "def f():\n    from hexa_kernels import tmp_path\n\nx = '/home/hexa/tmp/a'\n"
    result = examined(".py", code)
    assert result.change.data.decode().count("import tmp_path") == 2
