"""Every rule, on the corpus; and what the corpus does not hold."""

from pathlib import Path

import pytest

from hexa_kernels.modernize import rules
from hexa_kernels.modernize.document import parse
from hexa_kernels.modernize.sources import Code, Source, read_source

from .cases import CASES


@pytest.fixture
def found(r_parser, tmp_path):
    """Give a function that finds (rule, line, replacement, reason) in code."""

    def find(language, *cells):
        codes = [Code(index, language, text) for index, text in enumerate(cells)]
        source = Source(tmp_path / "x", None, codes, "", "utf-8")
        return [
            (one.rule, one.line, one.replacement, one.reason)
            for one in rules.find(parse(source, r_parser))
        ]

    return find


@pytest.mark.parametrize("name", CASES)
def test_what_is_expected_is_found_and_nothing_else(name, r_parser):
    findings = rules.find(parse(read_source(CASES[name].path), r_parser))
    keys = ("cell", "line", "rule", "safe")
    given = [{key: getattr(finding, key) for key in keys} for finding in findings]
    assert sorted(given, key=lambda f: [f[key] for key in keys]) == CASES[name].findings


def test_every_rule_and_reason_has_texts_in_both_languages():
    assert {*rules.RULES, "unparsed-cell"} == {*rules.texts()["rules"]}
    for entry in [*rules.texts()["rules"].values(), *rules.texts()["reasons"].values()]:
        assert entry["en"] and entry["fr"] and entry["en"] != entry["fr"]
    english, french = (rules.texts()["report"][language] for language in ("en", "fr"))
    assert english.keys() == french.keys()


def test_every_reason_is_used():
    folder = Path(rules.__file__).parent
    code = "".join(path.read_text("utf-8") for path in folder.glob("*.py"))
    for reason in rules.texts()["reasons"]:
        assert f'"{reason}"' in code, reason


@pytest.mark.parametrize(
    ("language", "code", "replacement"),
    [
        ("r", 'x <- "/home/hexa/workspace"', "workspace_path()"),
        ("r", 'x <- "~/workspace/"', 'paste0(workspace_path(), "/")'),
        ("r", 'x <- "~/workspace/a/../b"', 'paste0(workspace_path(), "/a/../b")'),
        ("r", 'x <- "~/workspace/é à.csv"', 'workspace_path("é à.csv")'),
        ("r", 'file.path("~", "workspace", "a")', 'workspace_path("a")'),
        ("r", 'file.path("~/workspace/", x)', "file.path(workspace_path(), x)"),
        (
            "r",
            'paste("~/workspace", "a", x, sep = "/")',
            'paste(workspace_path(), "a", x, sep = "/")',
        ),
        (
            "r",
            'sprintf("~/workspace/%s.csv", x)',
            'file.path(workspace_path(), sprintf("%s.csv", x))',
        ),
        (
            "r",
            'Sys.getenv("WORKSPACE_FILES_PATH", "/home/hexa/workspace")',
            "workspace_path()",
        ),
        ("r", 'paste("~/workspace/a", x)', 'workspace_path("a")'),
        ("r", 'fs::path("~/workspace", "a")', 'fs::path(workspace_path("a"))'),
        ("r", 'path("~/workspace", "a")', "workspace_path()"),
        (
            "python",
            'import os\nos.path.join("~/workspace", "/a")',
            "workspace_path()",
        ),
        ("python", 'x = "~/workspace/a/b.csv"', 'workspace_path("a", "b.csv")'),
        ("python", "x = '~/workspace/'", 'f"{workspace_path()}/"'),
        (
            "python",
            'from pathlib import Path as P\nP.home() / "workspace/a"',
            'P(workspace_path("a"))',
        ),
        (
            "python",
            'import os\nos.path.join("~/workspace", x)',
            "os.path.join(workspace_path(), x)",
        ),
        (
            "python",
            'f("~/workspace/{}".format(x))',
            'workspace_path() + "/{}"',
        ),
        (
            "python",
            'y("~/workspace/%s" % x + z)',
            '(workspace_path() + "/%s" % x)',
        ),
        (
            "python",
            'workspace_path = 1\nx = "~/workspace"',
            "hexa_kernels.workspace_path()",
        ),
    ],
)
def test_a_path_in_every_spelling(language, code, replacement, found):
    ((rule, _, given, reason),) = found(language, code)
    assert (rule, given, reason) == ("workspace-path", replacement, "")


@pytest.mark.parametrize(
    ("language", "code"),
    [
        ("r", 'Sys.setenv(WORKSPACE_FILES_PATH = "/home/hexa/workspace")'),
        ("r", 'x <- "/home/hexa/workspaces/a"'),
        ("python", '"""/home/hexa/workspace"""'),
        ("python", 'x = b"/home/hexa/workspace"'),
        ("python", 'match x:\n    case "/home/hexa/workspace":\n        pass'),
        ("python", 'import os\nos.environ["WORKSPACE_FILES_PATH"] = "~/workspace"'),
        ("python", 'tokenizer(pad_token="<pad>", token_url="https://x.org/y")'),
        ("python", 'password = os.environ["P"]; secret = ""; token = "your_token"'),
        ("python", 'requests.get("https://example.org/a.csv")'),
        ("python", "%pip list\n%%bash"),
    ],
)
def test_what_only_looks_like_it_is_left_alone(language, code, found):
    assert found(language, code) == []


@pytest.mark.parametrize(
    "code",
    [
        'def f():\n    if "year" not in globals():\n        year = 2024',
        'if "year" not in settings:\n    year = 2024',
        "try:\n    year\nexcept KeyError:\n    year = 2024",
        "try:\n    year\nexcept NameError:\n    month = 2024",
    ],
)
def test_other_tests_than_of_a_parameter_are_left_alone(code, found):
    assert found("python", code) == []


def test_a_default_that_costs_stays_lazy(found):
    code = 'if (!exists("cases")) cases <- read_everything()'
    ((rule, _, _, reason),) = found("r", code)
    assert (rule, reason) == ("parameter-default", "costly_default")


@pytest.mark.parametrize(
    ("asked", "reason"), [("sdk_is_there", ""), ("openhexa", "asked_for")]
)
def test_an_import_in_a_guard_with_more_in_it_is_replaced_alone(asked, reason, found):
    code = f'if (!exists("{asked}")) {{\n  import("openhexa.sdk")\n  load_all()\n}}'
    assert found("r", code) == [("sdk-import", 2, "", reason)]


@pytest.mark.parametrize(
    "more",
    [
        'np <- reticulate::import("numpy")',
        "files <- reticulate::iterate(version$files)",
        "client <- openhexa$OpenHexaClient()",
        'sdk <- import("openhexa.sdk")\nclient <- sdk$OpenHexaClient()',
    ],
)
def test_python_stays_where_it_is_used_otherwise(more, found):
    code = 'Sys.setenv(RETICULATE_PYTHON = "x")\nopenhexa <- import("openhexa.sdk")\n'
    code = code if "sdk <-" not in more else code.partition("\n")[0] + "\n"
    reasons = {rule: reason for rule, _, _, reason in found("r", code + more)}
    assert reasons["sdk-import"] == "uses_python"
    assert reasons["environment-setup"] == "uses_python"


def test_what_an_earlier_cell_imports_is_known(found):
    cells = ["from os import environ as e", 'e["PROJ_LIB"] = "x"']
    assert found("python", *cells) == [("environment-setup", 1, "", "own_place")]


def test_other_variables_of_the_same_statement_stay(found):
    code = 'Sys.setenv(RETICULATE_PYTHON = "x", TZ = "UTC")'
    ((_, _, _, reason),) = found("r", code)
    assert reason == "sets_more"


@pytest.mark.parametrize(
    ("call", "replacement"),
    [
        ('log("a")', 'run_log("a")'),
        ('log("a", lvl = "error")', 'run_log("a", level = "error")'),
        ('log("a", "error", 3)', "run_log(…)"),
        ('log("a", other = 3)', "run_log(…)"),
    ],
)
def test_a_call_of_a_log_helper(call, replacement, found):
    helper = (
        'log <- function(txt, lvl = "info") {\n  cat(txt)\n'
        "  if (!is.null(current_run)) {\n"
        "    if (lvl == 'info') current_run$log_info(txt)\n"
        "    else current_run$log_error(txt)\n  }\n}"
    )
    definition, (rule, _, given, reason) = found("r", helper, call)
    assert definition[0] == rule == "log-helper"
    assert (given, reason == "") == (replacement, "…" not in replacement)


def test_a_database_address_by_way_of_variables(found):
    code = (
        "import os, sqlalchemy\n"
        'url = os.environ["WORKSPACE_DATABASE_URL"]\n'
        "engine = sqlalchemy.create_engine("
        'url.replace("postgresql:", "postgresql+psycopg:"))'
    )
    assert found("python", code) == [("database-block", 3, "database_engine()", "")]
    more = "url = other()\n"
    assert found("python", code + "\n" + more) == []


def test_options_of_the_database_are_kept_by_its_author(found):
    code = (
        "from openhexa.sdk import workspace\nfrom sqlalchemy import create_engine\n"
        'create_engine(workspace.database_url, connect_args={"options": "-c x=y"})'
    )
    ((rule, _, _, reason),) = found("python", code)
    assert (rule, reason) == ("database-block", "options")


@pytest.mark.parametrize(
    "code",
    [
        'requests.get(u, auth=("me", "Pa55-word"))',
        'HTTPBasicAuth("me", "Pa55-word")',
        'os.environ["DHIS2_PASSWORD"] = "Pa55-word"',
        'config = {"api_key": "Pa55-word"}',
        "!curl -u me:Pa55-word https://example.org",
        "%env DHIS2_TOKEN=Pa55-word",
        'headers = {"Authorization": "ApiToken Pa55-word"}',
        'key = "AKIAABCDEFGHIJKLMNOP"',
        'f"https://me:Pa55-word@example.org/{x}"',
        'x = os.getenv("DB_PASSWORD", "Pa55-word")',
        'x = os.environ.get("DB_PASSWORD", default="Pa55-word")',
        'x = 1  # password = "Pa55-word"',
        "# DHIS2: https://me:Pa55-word@play.example.org",
    ],
)
def test_a_secret_in_every_place(code, found):
    assert [(rule, reason) for rule, _, _, reason in found("python", code)] == [
        ("secret-in-code", "secret")
    ]


@pytest.mark.parametrize(
    "code",
    [
        'create_engine("postgresql://me:Pa55-word@db.example.org/x")',
        'create_engine("postgresql://me:Pa55%40word@db.example.org/x")',
        'psycopg.connect("host=db user=me password=Pa55-word")',
    ],
)
def test_a_secret_in_an_address_that_opens_a_database(code, found):
    assert [(rule, reason) for rule, _, _, reason in found("python", code)] == [
        ("database-block", "literal_address"),
        ("secret-in-code", "secret"),
    ]


@pytest.mark.parametrize(
    "code",
    [
        "# the password is asked for by e-mail",
        "# password = os.environ['DB_PASSWORD']",
        "# token: '<your token>'",
        'psycopg.connect(f"host=db password={password}")',
        'x = os.getenv("DB_PASSWORD", "")',
        'x = "password=%s" % password',
    ],
)
def test_what_only_speaks_of_a_secret_is_left_alone(code, found):
    assert [rule for rule, _, _, _ in found("python", code)] == []
