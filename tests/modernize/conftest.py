"""A workspace on a laptop in which the runnable files of the corpus run."""

import json
import shutil
from pathlib import Path

import psycopg
import pytest

from hexa_kernels.modernize.r_syntax import RParser
from hexa_kernels.modernize.survey import survey

from ..conftest import require
from .cases import cells

GIVEN = Path(__file__).with_name("workspace")
_SHOW = {
    "python": "import json; print(json.dumps({{name: eval(name) for name in {0}}}))",
    "R": (
        "cat(jsonlite::toJSON(mget({0}), auto_unbox = TRUE, na = 'null', digits = NA))"
    ),
}


@pytest.fixture(scope="module")
def r_parser():
    """Give R's parser, in one process."""
    require("rscript", shutil.which("R") is not None)
    with RParser() as parser:
        yield parser


@pytest.fixture
def laptop(files, database, plain_r, setenv, monkeypatch):
    """Give the home folder of a workspace with files and a table."""
    shutil.copytree(GIVEN, files, dirs_exist_ok=True)
    home = files.parent
    for folder in (files / "results", home / "tmp", home / "elsewhere"):
        folder.mkdir()
    setenv({"HOME": str(home)})
    monkeypatch.chdir(home / "elsewhere")  # where what is written to a bare name goes
    with psycopg.connect(
        host=database.host,
        port=database.port,
        user=database.username,
        password=database.password,
        dbname=database.name,
    ) as connection:
        connection.execute("DROP TABLE IF EXISTS cases")
        connection.execute("CREATE TABLE cases (district text, year int, cases int)")
        with connection.cursor().copy(
            "COPY cases FROM STDIN (FORMAT csv, HEADER)"
        ) as to:
            to.write((GIVEN / "data/cases.csv").read_bytes())
    return home


@pytest.fixture
def values_of(laptop, kernel):
    """Give a function that runs a file in a kernel; the values of some variables."""

    def run(path: Path, kernel_name: str, names: list[str]) -> dict:
        results = laptop / "workspace/results"
        shutil.rmtree(results)  # of a run before
        results.mkdir()
        session = kernel(kernel_name)
        for kind, text in cells(path):
            if kind == "code":
                for home in ("/home/hexa", "/home/jovyan"):
                    text = text.replace(f"{home}/", f"{laptop}/")
                session.result(text)
        info = session.client.kernel_info(reply=True)["content"]["language_info"]
        wanted = f"c({str(names)[1:-1]})" if info["name"] == "R" else names
        return json.loads(session.result(_SHOW[info["name"]].format(wanted)))

    return run


@pytest.fixture
def examined(tmp_path):
    """Give a function that examines a script: its findings and changes."""

    def examine(suffix, code):
        path = tmp_path / f"old{suffix}"
        path.write_text(code)
        (result,) = survey([path])
        assert result.error is None, result.error
        return result

    return examine
