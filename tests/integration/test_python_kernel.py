"""The kernel "OpenHEXA Python" as a notebook meets it."""

import subprocess
import sys

import pytest

HEAVY = [
    *("openhexa", "pandas", "numpy", "pyarrow", "sqlalchemy", "psycopg", "rpy2"),
    *("requests", "polars", "geopandas", "matplotlib", "yaml", "graphql"),
]
LOADED = f"import sys; sorted(set({HEAVY}) & sys.modules.keys())"


@pytest.fixture
def python(kernel, database, files):
    return kernel("openhexa-python")


def test_nothing_heavy_is_loaded_at_start(python):
    assert python.result(LOADED) == "[]"


def test_a_word_that_only_looks_like_a_mention_loads_nothing(python):
    python.result("# engine\ndict(engine='c'); engine = 'mine'; del engine")
    python.result("import os; os.path.exists('/home/hexa/workspace/x.csv')")
    assert python.result(LOADED) == "[]"


def test_names_are_the_real_objects(python):
    assert python.result("type(engine)") == "sqlalchemy.engine.base.Engine"
    code = "import sqlalchemy as s; isinstance(s.inspect(engine), s.Inspector)"
    assert python.result(code) == "True"
    assert python.result("import openhexa.sdk; workspace is openhexa.sdk.workspace")
    assert python.result("current_run is openhexa.sdk.current_run") == "True"


def test_in_a_notebook_of_openhexa_there_is_no_run(kernel, setenv):
    setenv({"HEXA_ENVIRONMENT": "CLOUD_JUPYTER"})
    assert kernel("openhexa-python").result("current_run is None") == "True"


def test_database_is_there(python):
    query = "import pandas; pandas.read_sql('SELECT 1 AS one', engine)['one'].item()"
    assert python.result(query) == "1"


@pytest.mark.parametrize(
    "code",
    [
        "def f():\n    return engine\nf().name",
        "class A:\n    name = engine.name\nA.name",
        "[engine.name for _ in 'a'][0]",
        "(lambda: engine.name)()",
        "exec('name = engine.name')\nname",
        "globals()['engine'].name",
        "f'{engine.name}'",
        "%time engine.name",
        "%%time\nengine.name",
        "import threading\nfound = []\n"
        "t = threading.Thread(target=lambda: found.append(engine.name))\n"
        "t.start(); t.join()\nfound[0]",
        "engine, other = engine, 1\nengine.name",
        "eval('engine.name')",
    ],
)
def test_every_kind_of_mention_counts(python, code):
    assert "postgresql" in python.result(code)


def test_mentions_outside_of_code_count(python, tmp_path):
    script = tmp_path / "script.py"
    script.write_text("print(engine.name)")
    assert python.result(f"%run -i {script}") == "postgresql"
    assert "Engine(postgresql" in python.result("%reset -f\n!echo '{engine}'")


def test_user_expressions_count(python):
    reply = python.client.execute(
        "1", user_expressions={"name": "engine.name"}, reply=True
    )
    found = reply["content"]["user_expressions"]["name"]
    assert found["data"]["text/plain"] == "'postgresql'"


def test_completion_and_inspection_work_before_first_use(python):
    assert "connect" in python.complete("engine.conn")
    assert "files_path" in "".join(python.complete("workspace.fi"))
    assert "workspace" in python.complete("works")
    assert "workspace" not in python.complete("open('works")
    assert "workspace" not in python.complete("import works")
    assert "CurrentWorkspace" in python.inspect("workspace")["data"]["text/plain"]
    assert python.result("%who") == "Interactive namespace is empty."


def test_names_are_hidden_until_the_user_rebinds_them(python):
    assert python.result("workspace; engine\n%who") == "Interactive namespace is empty."
    assert python.result("engine = 1\n%who") == "engine"
    assert python.result("engine") == "1"


def test_reset_brings_names_back(python):
    before = python.result("engine = 'mine'\nid(workspace)")
    python.result("%reset -f")
    assert python.result("engine.name") == "'postgresql'"
    assert python.result("id(workspace)") == before
    assert python.result("%reset -f\n%who") == "Interactive namespace is empty."


def test_a_name_that_cannot_be_made_says_why(kernel, files):
    python = kernel("openhexa-python")
    reply, outputs = python.run("x = engine")
    assert reply["ename"] == "MissingVariableError"
    assert "WORKSPACE_DATABASE_HOST is not set" in outputs[-1][1]
    assert "NameError" not in outputs[-1][1]
    assert "name 'engin' is not defined" in python.error("engin")
    assert "[missing_variable]" in python.result("%hexa")


def test_a_name_is_made_once_its_variables_are_set(kernel, files):
    python = kernel("openhexa-python")
    python.error("engine")
    facts = {"HOST": "h", "PORT": "1", "USERNAME": "u", "DB_NAME": "d"}
    python.result(
        "import os\n"
        + "\n".join(
            f"os.environ['WORKSPACE_DATABASE_{k}'] = '{facts[k]}'" for k in facts
        )
    )
    assert python.result("engine.url.host") == "'h'"
    assert "missing_variable" not in python.result("%hexa")


def test_a_wrong_value_is_said_once_and_the_kernel_runs(kernel, database, setenv):
    setenv({"WORKSPACE_DATABASE_PORT": "abc", "HEXA_ENVIRONMENT": "SOMEWHERE"})
    python = kernel("openhexa-python")
    _, outputs = python.run("1 + 1")
    assert ("result", "2") in outputs
    (warning,) = [text for kind, text in outputs if kind == "stderr"]
    assert warning.count("\n") == 1
    assert "WORKSPACE_DATABASE_PORT" in warning
    assert "%hexa" in warning
    assert python.run("1 + 1")[1] == [("result", "2")]
    status = python.result("%hexa")
    assert "[invalid_port]" in status
    assert "[invalid_environment]" in status


def test_messages_are_in_french_where_the_locale_is(kernel, files, setenv):
    setenv({"LANG": "fr_FR.UTF-8"})
    assert "n'est pas définie" in kernel("openhexa-python").error("engine")


def test_status_shows_what_is_primed_and_how_long_it_took(python):
    assert "made at its first use" in python.result("%hexa")
    python.result("engine")
    status = python.result("%hexa")
    assert "engine        ready, " in status
    assert " ms" in status
    assert "S3cret" not in status


def test_a_failed_connection_says_what_to_do(kernel, database, setenv):
    setenv({"WORKSPACE_DATABASE_PASSWORD": "wrong-pw"})
    error = kernel("openhexa-python").error("def f():\n    engine.connect()\nf()")
    assert "[database_authentication]" in error
    assert "wrong-pw" not in error
    # The notebook's own lines, not those of the libraries.
    assert error.count("engine.connect()") == 2
    assert "site-packages" not in error


def test_the_user_s_own_modules_stay_in_a_traceback(kernel, database, setenv, tmp_path):
    setenv({"WORKSPACE_DATABASE_PORT": "1"})
    (tmp_path / "helper.py").write_text("def load(e):\n    return e.connect()\n")
    python = kernel("openhexa-python", cwd=str(tmp_path))
    error = python.error("import helper\nhelper.load(engine)")
    assert "helper.py" in error
    assert "site-packages" not in error
    assert "[database_unreachable]" in python.result("%hexa")


def test_a_path_that_the_user_chose_stays(kernel, setenv, tmp_path):
    (tmp_path / "mine.py").write_text("answer = 42")
    setenv({"PYTHONSAFEPATH": "1", "PYTHONPATH": str(tmp_path)})
    assert kernel("openhexa-python").result("import mine; mine.answer") == "42"


def test_a_module_of_the_user_does_not_shadow_the_library(kernel, tmp_path):
    (tmp_path / "random.py").write_text("raise SystemExit('shadowed')")
    (tmp_path / "traitlets.py").write_text("raise SystemExit('shadowed')")
    python = kernel("openhexa-python", cwd=str(tmp_path))
    assert python.result("1 + 1") == "2"
    assert python.result("import sys; '' in sys.path") == "True"


def test_libraries_that_look_for_a_notebook_find_one(python):
    found = python.result(
        "type(get_ipython()).__name__, 'IPKernelApp' in get_ipython().config"
    )
    assert found == "('ZMQInteractiveShell', True)"


def test_an_extension_primes_a_plain_kernel(kernel, database, files):
    python = kernel("python3")
    assert python.result("%load_ext hexa_kernels\nengine.name") == "'postgresql'"
    assert "already loaded" in python.result("%load_ext hexa_kernels")
    assert "files_path" in "".join(python.complete("workspace.fi"))
    assert python.result("%who") == "Interactive namespace is empty."
    assert "engine" in python.result("%hexa")
    python.result("%reset -f")
    assert python.result("engine.name") == "'postgresql'"


def test_a_broken_installation_still_starts(tmp_path):
    code = """
import sys
sys.modules["hexa_kernels.contract"] = None
from hexa_kernels.kernel.launch import OpenHexaKernel
from ipykernel.zmqshell import ZMQInteractiveShell
assert OpenHexaKernel.shell_class.klass is ZMQInteractiveShell, OpenHexaKernel
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert done.stdout == ""
    assert "plain kernel" in done.stderr
