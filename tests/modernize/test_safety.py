"""Old habits whose change would do something else: advice only, or another change."""

import pytest

CONNECT = """con <- dbConnect(RPostgreSQL::PostgreSQL(),
  dbname = Sys.getenv('WORKSPACE_DATABASE_DB_NAME'),
  host = Sys.getenv('WORKSPACE_DATABASE_HOST'),
  port = Sys.getenv('WORKSPACE_DATABASE_PORT'),
  user = Sys.getenv('WORKSPACE_DATABASE_USERNAME'),
  password = Sys.getenv('WORKSPACE_DATABASE_PASSWORD'))
"""

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
        CONNECT + "dbWriteTable(con, c('gis', 'areas'), areas)\n",
    ),
    "named-psycopg2": (
        ".py",
        "import os\nfrom sqlalchemy import create_engine\n"
        "URL = os.environ['WORKSPACE_DATABASE_URL']\n"
        "e = create_engine(URL.replace('postgresql://', 'postgresql+psycopg2://'))\n",
    ),
    "mogrify": (
        ".py",
        "import os\nfrom sqlalchemy import create_engine\n"
        "e = create_engine(os.environ['WORKSPACE_DATABASE_URL'])\n"
        "sql = cursor_of(e).mogrify('%s', [1])\n",
    ),
    "asyncpg": (
        ".py",
        "import os\nfrom sqlalchemy import create_engine\n"
        "URL = os.environ['WORKSPACE_DATABASE_URL']\n"
        "e = create_engine(URL.replace('postgresql:', 'postgresql+asyncpg:'))\n",
    ),
    "fallback-database": (
        ".py",
        "import os\nfrom sqlalchemy import create_engine\n"
        "e = create_engine(os.getenv('WORKSPACE_DATABASE_URL', 'sqlite://'))\n",
    ),
    "integer64": (".R", CONNECT + "x <- bit64::as.integer64(1)\n"),
    "integer64-asked": (".R", CONNECT + "if (inherits(x, 'integer64')) x <- 1\n"),
    # Defaults that are kept from run to run, or that tell no type
    "kept-value": (".py", "if 'cache' not in globals():\n    cache = {}\n"),
    "kept-nested": (".py", "if 'seen' not in globals():\n    seen = (1, [2])\n"),
    "kept-comprehension": (
        ".py",
        "if 'seen' not in globals():\n    seen = {x: 0 for x in y}\n",
    ),
    "kept-variable": (
        ".py",
        "m = 1\nif 'seen' not in globals():\n    seen = m\nm += 1\n",
    ),
    "given-twice": (
        ".py",
        "if 'n' not in globals():\n    n = 1\nif 'n' not in globals():\n    n = 2\n",
    ),
    "given-another-kind": (
        ".py",
        "if 'day' not in globals():\n    day = '2024-01-01'\nday = parse(day)\n",
    ),
    "of-another-variable": (
        ".R",
        "n <- 3\nm <- if (exists('n')) n else 2\n",
    ),
    "two-values": (".py", "if 'pair' not in globals():\n    pair = 1, 2\n"),
    "first-of-a-loop": (
        ".R",
        "for (f in files) {\n  if (!exists('first')) first <- f\n}\n",
    ),
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
    # Elements that are named after paths
    "key-of-a-dict": (
        ".py",
        "d = {'~/workspace/a': 1}\nx = d[f('~/workspace/a')]\n",
    ),
    "key-in-brackets": (".R", "x <- f('~/workspace/a')\ny[['~/workspace/a']] <- x\n"),
    # A text that is looked at as one
    "split-text": (".R", "x <- strsplit('~/workspace/a', '/')[[1]][[1]]\n"),
    "begins-with": (".py", "x = [p for p in q if p.startswith('~/workspace/')]\n"),
    "equal-text": (".R", "x <- p[p == '~/workspace/a']\n"),
    # Python objects are wanted
    "not-converted": (
        ".R",
        "openhexa <- reticulate::import('openhexa.sdk', convert = FALSE)\n",
    ),
}


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
    ("suffix", "code"),
    [
        # Keys alone
        (".py", "d = {'~/workspace/a': 1}\nx = d['~/workspace/a']\n"),
        # A function that is there already stays
        (".R", "if (!exists('say')) say <- function(x) cat(x)\n"),
        (".py", "if 'say' not in globals():\n    say = lambda x: print(x)\n"),
        (".R", "d <- c('~/workspace/a' = 1)\nx <- d[['~/workspace/a']]\n"),
        # Mail is no connection
        (
            ".py",
            "from os import environ as e\nx = e['SMTP_HOST'], e['SMTP_PORT']\n"
            "y = e['SMTP_USERNAME'], e['SMTP_PASSWORD']\n",
        ),
        # Nor are the words for any database
        (".R", "x <- Sys.getenv('DB_HOST')\ny <- Sys.getenv('DB_PASSWORD')\n"),
        # The folder is known
        (".R", "setwd(workspace_path('data'))\nwrite.csv(x, 'a.csv')\n"),
        (
            ".py",
            "import os\nfrom openhexa.sdk import workspace\n"
            "os.chdir(workspace.files_path)\nx.to_csv('a.csv')\n",
        ),
    ],
)
def test_it_is_left_alone(suffix, code, examined):
    assert examined(suffix, code).findings == []


@pytest.mark.parametrize(
    ("suffix", "code"),
    [
        (".py", "p = '~/workspace/a.csv'\nprint(p.replace('~/workspace', 'gs://b'))\n"),
        (
            ".py",
            "p = '/home/jovyan/workspace/a'\nn = p[len('/home/jovyan/workspace/'):]",
        ),
        (".R", "p <- '~/workspace/a'\nsub('~/workspace/', '', p, fixed = TRUE)\n"),
        (".R", "p <- '~/workspace/a'\nstrsplit(p, 'jovyan/workspace/')\n"),
        (".R", "p <- '~/workspace/a'\nstrsplit(p, '/')[[1]][4]\n"),
        (".R", "f <- list.files('~/workspace/a')\nx <- substr(f, 18, 20)\n"),
        (".py", "p = '~/workspace/a'\nx = p.split('/')[2]\n"),
    ],
)
def test_of_paths_that_are_compared_none_is_changed(suffix, code, examined):
    findings = examined(suffix, code).findings
    assert findings
    assert {one.reason for one in findings} == {"compared"}


@pytest.mark.parametrize(
    ("suffix", "code", "changed"),
    [
        (
            ".py",
            "def root():\n    return'/home/hexa/workspace/data'\n",
            'return workspace_path("data")',
        ),
        (
            ".R",
            "p <- if (here) './data' else'/home/hexa/workspace'\n",
            "else workspace_path()",
        ),
    ],
)
def test_a_keyword_stays_a_word_of_its_own(suffix, code, changed, examined):
    assert changed in examined(suffix, code).change.data.decode()


def test_code_that_is_quoted_is_left_alone(examined):
    assert examined(".R", "e <- quote(f('~/workspace/a'))\n").findings == []


def test_after_a_magic_the_folder_is_known_too(examined):
    found = examined(".py", "%cd /home/hexa/workspace\nx.to_csv('a.csv')\n").findings
    assert [one.rule for one in found] == ["workspace-path"]  # of the magic itself


@pytest.mark.parametrize("before", ["", "setwd('~/workspace')\nsetwd('out')\n"])
def test_a_file_written_to_an_unknown_folder_is_found(before, examined):
    findings = examined(".R", f"{before}write.csv(x, 'a.csv')\nsetwd('~/workspace')\n")
    assert "place_unknown" in [finding.reason for finding in findings.findings]


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
        ("f = '/home/hexa/workspace/{}'.format", '(workspace_path() + "/{}").format'),
        (
            "x = 'In %s!' % '/home/hexa/workspace/50%/a'",
            """'In %s!' % (workspace_path() + "/50%/a")""",
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
        ("use_python('/opt/conda/bin/python') # x", "invisible() # x"),
        # dir.create() gives FALSE where the folder is there
        (
            "if (!dir.create(p)) stop()\nx <- '~/workspace/a/b'",
            "paste0(workspace_path()",
        ),
        ("stopifnot(dir.create(p))\nx <- '~/workspace/a/b'", "paste0(workspace_path()"),
        (
            "tryCatch({dir.create(p)\n1}, warning = stop)\nx <- '~/workspace/a/b'",
            "paste0(workspace_path()",
        ),
        ("if (dir.exists(p)) q()\nx <- '~/workspace/a'", 'x <- workspace_path("a")'),
        ("dir.create(p)\nx <- '~/workspace/a/b'", 'x <- workspace_path("a", "b")'),
        ("if (dir.exists(p)) q()\nx <- '~/workspace/a/b'", "paste0(workspace_path()"),
        (
            "x <- '~/workspace/a/b.csv'\nfile.exists(x)",
            'x <- workspace_path("a", "b.csv")',
        ),
    ],
)
def test_r_is_changed_to_what_does_the_same(code, expected, examined):
    assert expected in examined(".R", code + "\n").change.data.decode()


def test_an_import_stands_where_it_holds(examined):
    code = "def f():\n    from hexa_kernels import tmp_path\n\nx = '/home/hexa/tmp/a'\n"
    result = examined(".py", code)
    assert result.change.data.decode().count("import tmp_path") == 2
