"""Notebook parameters: rules of Python, and papermill runs of every kernel.

Rules that R shares are vectors; those of R alone are in test-parameter.R.
"""

import datetime as dt
import json
import os
import subprocess
import sys
from zoneinfo import ZoneInfo

import nbformat
import numpy
import pandas
import pytest

from hexa_kernels import notebook_parameter
from hexa_kernels.errors import ParameterTypeError

from .conftest import require

KINSHASA = ZoneInfo("Africa/Kinshasa")


def ask(name, default, **notebook):
    """Ask for a parameter in a notebook with these variables."""
    notebook |= {"ask": notebook_parameter, "name": name, "default": default}
    return eval("ask(name, default)", notebook)


CONVERTED = [
    (2024, 2023.0, 2023),
    (0.5, 1, 1.0),
    (("a",), ["b", "c"], ("b", "c")),
    (dt.date.today(), "2024-02-29", dt.date(2024, 2, 29)),
    (dt.datetime(2000, 1, 1), "2024-02-29", dt.datetime(2024, 2, 29)),
    (dt.datetime(2000, 1, 1), "2024-02-29 08:00", dt.datetime(2024, 2, 29, 8)),
    (
        dt.datetime(2000, 1, 1, tzinfo=KINSHASA),
        "2024-02-29T08:00",
        dt.datetime(2024, 2, 29, 8, tzinfo=KINSHASA),
    ),
    (
        dt.datetime(2000, 1, 1, tzinfo=dt.UTC),
        "2024-02-29T08:00+05:30",
        dt.datetime(2024, 2, 29, 2, 30, tzinfo=dt.UTC),
    ),
    (pandas.Timestamp("2000-01-01"), "2024-02-29", pandas.Timestamp("2024-02-29")),
]


@pytest.mark.parametrize(("default", "injected", "value"), CONVERTED, ids=str)
def test_a_value_takes_the_default_s_type(default, injected, value):
    found = ask("p", default, p=injected)
    assert found == value
    assert type(found) is type(default)


REFUSED = [
    (2024, True, "int", "bool"),
    (2024, 2023.5, "int", "float"),
    (2024, float("inf"), "int", "float"),
    (2024, float("nan"), "int", "float"),
    (0.5, 10**400, "float", "int"),
    (("a",), {"a": 1}, "tuple", "dict"),
    (dt.date.today(), "2024-13-01", "a date such as 2024-01-31", "str"),
    (
        dt.date.today(),
        dt.datetime.now(),
        "a date such as 2024-01-31",
        "datetime",
    ),
    (
        dt.datetime.now(),
        "soon",
        "a date and time such as 2024-01-31T08:00:00+00:00",
        "str",
    ),
    (pandas.DataFrame(), [1], "DataFrame", "list"),
]


@pytest.mark.parametrize(("default", "injected", "expected", "actual"), REFUSED)
def test_a_value_of_another_type_is_refused(default, injected, expected, actual):
    with pytest.raises(ParameterTypeError) as raised:
        ask("p", default, p=injected)
    assert isinstance(raised.value, TypeError)
    assert raised.value.values == {
        "parameter": "p",
        "expected": expected,
        "actual": actual,
    }


def test_another_default_counts_when_the_cell_runs_again():
    notebook = {"ask": notebook_parameter}
    for default in (2024, 2025, 2025.0, True, [1], numpy.zeros(2), [numpy.zeros(2)]):
        notebook["default"] = default
        exec("q = ask('q', default)", notebook)
        assert notebook["q"] is default


def test_a_default_that_the_notebook_changed_is_no_injection():
    notebook = {"ask": notebook_parameter}
    exec("codes = ask('codes', ['a']); codes.append('b')", notebook)
    exec("codes = ask('codes', ['c'])", notebook)
    assert notebook["codes"] == ["c"]


def test_an_injected_value_stays_when_the_cell_runs_again():
    notebook = {"ask": notebook_parameter, "r": 2023.0}
    for default in (2024, 2025):
        exec(f"r = ask('r', {default})", notebook)
        assert notebook["r"] == 2023


def test_the_default_of_another_module_is_no_default_of_the_notebook():
    module = {"ask": notebook_parameter}
    exec("year = ask('year', 2024)", module)
    assert ask("year", 2020, year=2024) == 2024


def test_a_default_is_not_confused_with_an_equal_value_of_another_type():
    notebook = {"ask": notebook_parameter}
    exec("s = ask('s', 1)", notebook)
    notebook["s"] = True
    with pytest.raises(ParameterTypeError):
        exec("ask('s', 1)", notebook)


def test_functions_and_modules_are_no_parameters():
    assert ask("json", {"a": 1}, json=json) == {"a": 1}
    assert ask("str", "a", str=str) == "a"
    assert ask("size", 1, size=lambda: 2) == 1


def test_only_variables_of_the_notebook_count():
    def inside():
        year = 1999
        return notebook_parameter("year", 2024), year

    assert inside() == (2024, 1999)
    assert notebook_parameter("sum", 1) == 1


# The cell of a notebook: a table of results, as JSON, by the name of a parameter.
PYTHON = """
import datetime, json
from hexa_kernels import notebook_parameter as ask
from hexa_kernels.errors import OpenHexaError

def refused(name, default):
    try:
        ask(name, default)
    except OpenHexaError as error:
        return error.code

print(json.dumps({
    "year": ask("year", 2024), "rate": ask("rate", 0.5), "whole": ask("whole", 0.5),
    "label": ask("label", "a"), "digits": ask("digits", "a"), "flag": ask("flag", True),
    "codes": ask("codes", ["a"]), "numbers": ask("numbers", [0]),
    "map": ask("map", {}), "nothing": ask("nothing", "default"),
    "day": ask("day", datetime.date.today()).strftime("%d/%m/%Y"),
    "time": ask("time", datetime.datetime.now(datetime.UTC)).strftime("%H:%M"),
    "absent": ask("absent", 7),
    "refused": [refused("label", 1), refused("flag", 1), refused("rate", 1),
                refused("codes", {}), refused("label", datetime.date.today())],
}))
"""
R = """
library(openhexaR)
ask <- notebook_parameter
refused <- function(name, default) {
  tryCatch(ask(name, default), openhexa_error = function(e) class(e)[[1]])
}
stopifnot(
  is.integer(ask("year", 2024L)), is.double(ask("whole", 0.5)),
  is.character(ask("codes", "a")), is.integer(ask("numbers", 0L)),
  identical(ask("numbers", 0), c(1, 2)), identical(ask("numbers", list()), list(1, 2))
)
cat(jsonlite::toJSON(auto_unbox = TRUE, list(
  year = ask("year", 2024L), rate = ask("rate", 0.5), whole = ask("whole", 0.5),
  label = ask("label", "a"), digits = ask("digits", "a"), flag = ask("flag", TRUE),
  codes = ask("codes", "a"), numbers = ask("numbers", 0L),
  map = ask("map", list()), nothing = ask("nothing", "default"),
  day = format(ask("day", Sys.Date()), "%d/%m/%Y"),
  time = format(ask("time", as.POSIXct(0, tz = "UTC", origin = "1970-01-01")), "%H:%M"),
  absent = ask("absent", 7),
  refused = c(refused("label", 1L), refused("flag", 1L), refused("rate", 1L),
              refused("codes", list(a = 1)), refused("label", Sys.Date()))
)))
"""
GIVEN = [
    *("-p", "year", "2023", "-p", "rate", "2.5", "-p", "whole", "3"),
    *("-p", "label", 'Bobo "été"', "-r", "digits", "0042", "-p", "flag", "False"),
    *("-y", "{codes: [b, décès], numbers: [1, 2], map: {clé: é, b: y}, nothing: null}"),
    *("-y", "{day: 2024-02-29, time: '2024-02-29T08:00:00+05:30'}"),
]
RESULTS = {
    **{"year": 2023, "rate": 2.5, "whole": 3, "label": 'Bobo "été"', "digits": "0042"},
    **{"flag": False, "codes": ["b", "décès"], "numbers": [1, 2]},
    **{"map": {"clé": "é", "b": "y"}, "nothing": "default", "day": "29/02/2024"},
    **{"time": "02:30", "absent": 7},
}
KERNELS = {"openhexa-python": PYTHON, "openhexa-r": R, "ir": R}


@pytest.fixture(params=KERNELS)
def papermill(request, plain_r, tmp_path):
    """Give a function that runs cells in each kernel, under papermill."""
    name = request.param
    require("rscript", name == "openhexa-python" or bool(plain_r))

    def run(cells, *options):
        cells = [nbformat.v4.new_code_cell(text) for text in cells]
        language = "python" if name == "openhexa-python" else "R"
        spec = {"name": name, "display_name": name, "language": language}
        notebook = nbformat.v4.new_notebook(cells=cells, metadata={"kernelspec": spec})
        nbformat.write(notebook, tmp_path / "in.ipynb")
        command = ["papermill", "in.ipynb", "out.ipynb", "--no-progress-bar"]
        done = subprocess.run(
            [sys.executable, "-m", *command, *options],
            cwd=tmp_path,
            env=dict(os.environ),
            capture_output=True,
            text=True,
        )
        return done, nbformat.read(tmp_path / "out.ipynb", 4)

    run.kernel = name
    return run


def test_papermill_s_values_arrive(papermill):
    done, notebook = papermill([KERNELS[papermill.kernel]], *GIVEN)
    assert done.returncode == 0, done.stderr
    found = json.loads(notebook.cells[-1].outputs[0].text)
    refused = found.pop("refused")
    assert found == RESULTS
    assert [code.removeprefix("openhexa_error_") for code in refused] == [
        "parameter_type"
    ] * 5


def test_a_wrong_type_stops_the_run_and_names_the_parameter(papermill):
    cell = (
        "from hexa_kernels import notebook_parameter\nnotebook_parameter('year', 2024)"
        if papermill.kernel == "openhexa-python"
        else "library(openhexaR)\nnotebook_parameter('year', 2024L)"
    )
    done, notebook = papermill([cell], "-p", "year", "last")
    assert done.returncode != 0
    shown = "\n".join(notebook.cells[-1].outputs[-1].traceback)
    assert "Notebook parameter year must be int" in shown


@pytest.mark.parametrize("name", KERNELS)
def test_a_cell_may_be_run_again_with_another_default(name, kernel, plain_r):
    one = kernel(name)
    if name == "openhexa-python":
        one.run("from hexa_kernels import notebook_parameter")
    else:
        one.run("library(openhexaR)")
    for year in ("2024", "2025", "2026"):
        one.run(f"year = notebook_parameter('year', {year})")
        assert one.result("year").endswith(year)
    one.run("year = 1999")
    one.run("year = notebook_parameter('year', 2027)")
    assert one.result("year").endswith("1999")
