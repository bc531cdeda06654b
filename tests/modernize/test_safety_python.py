"""What would do something else in Python: left, or changed in another way."""

import pytest

from hexa_kernels.modernize.rules import RULES
from hexa_kernels.modernize.survey import survey

IMPORT = "from hexa_kernels import workspace_path"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (
            "from __future__ import annotations; import os\n",
            f"from __future__ import annotations; {IMPORT}; import os\n",
        ),
        (
            '"""What this\nis."""; import os\n',
            f'"""What this\nis."""; {IMPORT}; import os\n',
        ),
        ("%reset -f\nimport os\n", f"%reset -f\n{IMPORT}\nimport os\n"),
    ],
)
def test_the_import_stands_where_it_holds(before, after, examined):
    change = examined(".py", before + "x = '/home/hexa/workspace/a'\n").change
    assert change.data.decode() == after + 'x = workspace_path("a")\n'


@pytest.mark.parametrize("reset", ["%reset -f", "get_ipython().magic('reset -sf')"])
def test_names_that_are_cleared_later_keep_the_code_as_it_is(reset, examined):
    path = "x = '/home/hexa/workspace/a'\n"
    (found,) = examined(".py", f"import os\n{reset}\n{path}").findings
    assert found.reason == "cleared"


@pytest.mark.parametrize(
    "bound",
    [
        "class workspace_path: pass",
        "def f(*workspace_path): pass",
        "f = lambda **workspace_path: 1",
        "try: pass\nexcept OSError as workspace_path: pass",
        "match x:\n    case [*workspace_path]: pass",
        "match x:\n    case {'a': 1, **workspace_path}: pass",
        "from utils import *",
    ],
)
def test_a_name_bound_in_any_way_is_asked_of_the_package(bound, examined):
    code = f"{bound}\nx = '/home/hexa/workspace/a'\n"
    after = examined(".py", code).change.data.decode()
    assert after.startswith("import hexa_kernels\n")
    assert after.endswith('x = hexa_kernels.workspace_path("a")\n')


PATH = "x = '/home/jovyan/workspace/data/a.csv'\n"


@pytest.mark.parametrize(
    "code",
    [
        f"{PATH}print(Path.cwd().relative_to(x))",
        f"{PATH}print(os.path.relpath(os.getcwd(), x))",
        f"{PATH}print(os.getcwd().replace(x + '/', ''))",
        f"{PATH}print(x in os.getcwd())",
        f"{PATH}print(Path(x) in Path.cwd().parents)",
        f"{PATH}print(os.getcwd().startswith(x))",
        f"{PATH}print(known[known['file'] == x])",
        f"{PATH}print(x not in done)",
        f"{PATH}print(names.str.contains('/home/jovyan/workspace'))",
        f"{PATH}print(re.match(r'/home/jovyan/workspace/(\\w+)', name))",
        f"{PATH}print(re.match(pattern, os.getcwd()))",
        f"{PATH}print(hashlib.md5(x.encode()).hexdigest())",
        f"{PATH}print(re.sub(r'\\W+', '_', x))",
        f"{PATH}print(x.replace('/', '_'))",
        f"{PATH}print(x.replace(os.sep, '_'))",
        f"{PATH}for a, b in {{'/': '_'}}.items():\n    x.replace(a, b)",
        f"{PATH}for c in '/ .':\n    x.replace(c, '_')",
        f"{PATH}for c in ['/', ' ']:\n    x.replace(c, '_')",
        f"{PATH}x.replace('/' + y, '_')",
        f"{PATH}print(x.replace('.csv', '').replace('/', '_'))",
        f"{PATH}SEP = re.compile('[^a-z]+')\nprint(SEP.sub('_', x))",
        f"{PATH}print([f.replace('/', '_') for f in [x]])",
        f"{PATH}print([name[23:-4] for name in glob.glob(pattern)])",
        f"{PATH}match x:\n    case '/home/jovyan/workspace/data/a.csv': pass",
    ],
)
def test_another_spelling_that_is_looked_at_is_kept(code, examined):
    findings = examined(".py", f"import os, re, glob\n{code}\n").findings
    assert {one.reason for one in findings} == {"compared"}
    ours = examined(".py", code.replace("jovyan", "hexa") + "\n")
    assert ours.change is not None


def test_a_path_with_two_slashes_is_another_spelling(examined):
    code = "x = '/home/hexa//workspace/data/a.csv'\n"
    assert 'x = workspace_path("data", "a.csv")' in str(
        examined(".py", code).change.data
    )
    assert examined(".py", f"{code}print(len(x))\n").change is None


@pytest.mark.parametrize(
    "code",
    [
        "d = pd.read_csv(x)\nd[d['year'] == 2024]\nd.name == 'CS'\n'year' in d.columns",
        "d = pd.read_csv(x)\nd.merge(p, on='id')\nlen(d)\nd[10:20]\nd.iloc[15:, 2]",
        "with open(x) as f:\n    c = json.load(f)\nif c['zone'] == 'NER':\n    y = 1",
        "for d in frames:\n    d[10:20]",
    ],
)
def test_what_is_read_from_another_spelling_is_not_the_path(code, examined):
    assert examined(".py", f"{PATH}{code}\n").change is not None


def test_another_spelling_that_is_only_handed_on_is_changed(examined):
    code = f"{PATH}y = x.replace('.csv', '.xlsx')\nz = re.sub('[.]csv$', '', x)\n"
    code += "print(os.getcwd(), rows[:10], x.replace(os.sep, '/'))\n"
    code += "z = x.replace('/workspace/', '/tmp/').replace(str(year), '2024')\n"
    assert examined(".py", f"{code}if x == '':\n    pass\n").change is not None


@pytest.mark.parametrize(
    "code",
    [
        "os.makedirs('/home/hexa/tmp')",
        "x = '/home/hexa/tmp'\nshutil.copytree(a, x)",
        "x = os.path.isdir('/home/jovyan/tmp/')",
    ],
)
def test_the_scratch_folder_that_code_makes_itself_stays(code, examined):
    (found,) = examined(".py", f"import os, shutil\n{code}\n").findings
    assert found.reason == "folder_made"


@pytest.mark.parametrize(
    "sets",
    [
        "os.environ['WORKSPACE_FILES_PATH'] = '/data'",
        "os.environ.setdefault('HOME', '/data')",
    ],
)
def test_a_file_that_says_where_the_workspace_is_stays(sets, examined):
    code = f"import os\n{sets}\n{PATH}"
    (found,) = examined(".py", code).findings
    assert found.reason == "moved"


@pytest.mark.parametrize(
    "code",
    [
        "if not os.path.isdir('/home/hexa/tmp'):\n    os.makedirs('/home/hexa/tmp')",
        "os.makedirs('/home/hexa/tmp', exist_ok=True)",
    ],
)
def test_the_scratch_folder_that_may_be_there_is_changed(code, examined):
    assert examined(".py", f"import os\n{code}\n").change is not None


def test_a_base_of_sqlite_makes_no_folder(examined):
    code = (
        "import sqlite3\nx = sqlite3.connect('/home/hexa/workspace/data/2024/a.db')\n"
    )
    after = examined(".py", code).change.data.decode()
    assert after.endswith('f"{workspace_path()}/data/2024/a.db")\n')


def test_a_path_that_goes_on_in_an_archive_makes_no_folder_of_it(examined):
    code = "x = 'zip://' + '/home/hexa/workspace/d.zip/x.csv'\n"
    after = examined(".py", code.replace("'zip://' + ", "")).change.data.decode()
    assert after.endswith('x = f"{workspace_path()}/d.zip/x.csv"\n')


@pytest.mark.parametrize("default", ["Path('a')", "datetime.date(2024, 1, 1)", "set()"])
def test_a_default_of_a_class_that_no_run_gives_is_advice(default, examined):
    code = f"if 'p' not in globals():\n    p = {default}\n"
    (found,) = examined(".py", code).findings
    assert found.reason in ("other_class", "kept_value")


@pytest.mark.parametrize("name", ["get_ipython", "display", "open"])
def test_what_is_there_without_anybody_is_no_parameter(name, examined):
    code = f"try:\n    {name}\nexcept NameError:\n    {name} = None\n"
    assert examined(".py", code).findings == []


LOG = (
    "from openhexa.sdk import current_run\n{before}def log(msg):\n{first}"
    "    print(msg)\n    if current_run is not None:\n"
    "        current_run.log_info(msg)\n{after}"
)


@pytest.mark.parametrize(
    ("before", "first", "after", "reason"),
    [
        ("", "    LAST['m'] = msg\n", "log('a')", "does_more"),
        ("", "    log.last = msg\n", "log('a')", "does_more"),
        ("", "    print('=' * 20)\n", "log('a')", "does_more"),
        ("", "    yield msg\n", "log('a')", "does_more"),
        ("@counted\n", "", "log('a')", "does_more"),
        ("async ", "", "await log('a')", "does_more"),
        ("current_run = Fake()\n", "", "log('a')", "given_elsewhere"),
    ],
)
def test_a_log_helper_that_does_more_is_called_on(
    before, first, after, reason, examined
):
    code = LOG.format(before=before, first=first, after=after + "\n")
    assert [one.reason for one in examined(".py", code).findings] == [
        "still_called",
        reason,
    ]


@pytest.mark.parametrize(
    "after",
    [
        "def f(log):\n    log('x')\n",
        "for log in (print, repr):\n    log('x')\n",
    ],
)
def test_another_function_with_the_helper_s_name_is_called_on(after, examined):
    code = LOG.format(before="", first="", after=after)
    assert [one.reason for one in examined(".py", code).findings] == ["still_called"]


def test_a_helper_inside_a_function_is_not_that_of_others(examined):
    inner = LOG.format(before="", first="", after="").replace("\n", "\n    ")
    code = f"from utils import *\ndef main():\n    {inner}\nlog('b')\n"
    assert [one.reason for one in examined(".py", code).findings] == ["still_called"]


def test_a_debug_line_that_a_helper_prints_stays_seen(examined):
    code = LOG.format(before="", first="", after="log('a', 'debug')\n")
    code = code.replace("(msg):", "(msg, level='info'):")
    code = code.replace(
        ".log_info(msg)", " and getattr(current_run, f'log_{level}')(msg)"
    )
    code = code.replace("current_run and", "")
    findings = examined(".py", code).findings
    assert [one.reason for one in findings] == ["still_called", "debug_hidden"]


ENGINE = (
    "import os\nfrom sqlalchemy import create_engine, text\n"
    "engine = create_engine(os.environ['WORKSPACE_DATABASE_URL'])\n"
)


@pytest.mark.parametrize(
    ("code", "is_safe"),
    [
        ("x = text('SELECT n FROM cases WHERE year = :year')", True),
        ("x = text('SELECT n FROM cases WHERE (:p IS NULL OR p = :p)')", False),
        ("x = text('SELECT now() - INTERVAL :days')", False),
        ("x = text('SELECT * FROM generate_series(:a, :b)')", False),
        ("x = text('CREATE VIEW v AS SELECT * FROM c WHERE y = :y')", False),
        ("x = text('SET search_path TO :schema')", False),
        ("x = 'SET search_path TO snis; SELECT n FROM cases'", False),
        ("x = error.orig.pgcode", False),
        ("x = text('DROP TABLE IF EXISTS t; CREATE TABLE t (id int)')", True),
        ("x = text('DELETE FROM a WHERE n = :n; DELETE FROM b WHERE n = :n')", False),
        ("x = text('UPDATE t SET a = :a WHERE b = :b')", True),
        ("print('Import done; select a period', frame['orig'])", True),
    ],
)
def test_sql_that_only_psycopg2_takes_keeps_it(code, is_safe, examined):
    (found,) = examined(".py", f"{ENGINE}{code}\n").findings
    assert found.reason == ("" if is_safe else "other_driver")


def test_a_magic_that_is_code_gets_no_braces(examined):
    code = "%time x = pd.read_csv('/home/hexa/workspace/a.csv')\n"
    (found,) = examined(".py", code).findings
    assert (found.reason, found.replacement) == ("magic_code", "workspace_path()")


@pytest.mark.parametrize(
    ("coding", "written"),
    [("latin-1", "l\\u2019année"), ("ascii", "l\\u2019ann\\xe9e")],
)
def test_letters_that_an_encoding_lacks_stay_escaped(coding, written, tmp_path):
    path = tmp_path / "a.py"
    code = "x = '/home/hexa/workspace/l\\u2019ann\\xe9e'\n"
    path.write_text(f"# -*- coding: {coding} -*-\n{code}", coding)
    (result,) = survey([path])
    after = result.change.data.decode(coding)
    assert after.endswith(f'x = workspace_path("{written}")\n')


@pytest.mark.parametrize("coding", ["hex", "rot13", "idna", "undefined"])
def test_a_coding_that_is_of_no_text_is_taken_for_latin_1(coding, tmp_path):
    path = tmp_path / "a.py"
    path.write_text(f"# coding: {coding}\n{PATH}")
    (result,) = survey([path])
    assert result.error is None and result.change is not None


def test_a_long_sum_is_examined_to_its_end(examined):
    sum_of_texts = " + ".join(["a"] * 400)
    code = f"run = {sum_of_texts}\nif run:\n    current_run.log_info('x')\n"
    assert examined(".py", code).error is None


def test_a_mistake_of_ours_stops_one_file_only(tmp_path, monkeypatch):
    def fail(cell):
        if "bad" in cell.text:
            raise ZeroDivisionError(cell.text)
        return ()

    monkeypatch.setitem(RULES, "workspace-path", fail)
    for name in ("bad", "good"):
        (tmp_path / f"{name}.py").write_text(f"x = '{name}'\n")
    bad, good = survey([tmp_path])
    assert (bad.error.code, good.error) == ("examination_failed", None)
    assert "'bad'" not in str(bad.error)


@pytest.mark.parametrize(
    "key", ["1", "True", "None", "np.nan", "f'cases_{a}'", "''", "(1, 2)", "b'a'"]
)
def test_a_dict_with_any_key_is_examined(key, examined):
    assert examined(".py", f"x = {{{key}: 'janvier', **y}}\n").error is None
