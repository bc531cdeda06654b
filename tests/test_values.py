"""Values that are no frames, through both engines of ``%%R`` and back."""

import datetime as dt
import shutil
from decimal import Decimal

import numpy as np
import pandas as pd
import pytest

from hexa_kernels.errors import UnsupportedValueError
from hexa_kernels.values import value_to_wire

from .conftest import require
from .engines import ENGINES, Engine


@pytest.fixture(scope="module", params=ENGINES)
def engine(request):
    require("rscript", shutil.which("Rscript") is not None)
    with Engine(request.param) as engine:
        yield engine


def cross(value, engine, change="x"):
    engine.take("x", value)
    engine.r(change)
    return engine.give("x")


VALUES = [
    None,
    *(True, 3, -(2**31) + 1, 2**53 + 1, 1.5, float("inf"), "", "été", "x" * 2**20),
    *(dt.date(1853, 2, 28), dt.time(1, 2, 3, 4), dt.timedelta(days=-1)),
    dt.datetime(2024, 10, 27, 2, 30, tzinfo=dt.UTC),
    *([1, None, 3], [True, False], ["a", None], [1.5, 2.5]),
    *([], [1, "a"], [[1, 2], ["x", None]], {}, {"a": {}}),
    [dt.date(1960, 1, 1), None],
    {
        "année": 2024,
        "par région": {"noms": ["Kanem", "Lac"], "taux": [0.1, 0.25]},
        "x": None,
    },
]


@pytest.mark.parametrize("value", VALUES, ids=lambda value: repr(value)[:40])
def test_a_value_comes_back_as_it_was(value, engine):
    back = cross(value, engine)
    assert back == value
    assert type(back) is type(value)


def test_what_is_not_the_same_in_r_follows_a_rule(engine):
    assert np.isnan(cross(float("nan"), engine))
    assert cross(np.float32(1.5), engine) == 1.5
    assert cross(np.datetime64("2024-01-01T00:00:00"), engine).year == 2024
    assert cross(np.array([1, 2]), engine) == [1, 2]
    assert cross(pd.Series([1, None], dtype="Int64"), engine) == [1, None]
    assert cross((1, 2), engine) == [1, 2]
    assert cross([5], engine) == 5  # a vector of length one is R's scalar …
    assert cross([5], engine, "x <- I(x)") == [5]  # … unless R says otherwise
    assert cross(2**40, engine) == 2.0**40  # a double, in R
    assert cross(Decimal("1.5"), engine) == Decimal("1.5")
    assert cross(None, engine, "x <- c(a = 1, b = NA)") == {"a": 1.0, "b": pd.NA}
    factor = cross(None, engine, "x <- factor(c('b', NA), levels = c('b', 'a'))")
    assert factor.equals(pd.Categorical(["b", None], ["b", "a"]))


R_VALUES = [
    "NULL",
    "NA",
    "1L",
    "c(1.5, NA)",
    "c(1.5, NaN, NA)",
    "'x'",
    "as.Date('1853-02-28')",
    "as.POSIXct('2024-10-27 00:30', tz = 'Europe/Paris')",
    "factor(c('b', NA), levels = c('b', 'a'), ordered = TRUE)",
    "bit64::as.integer64('9007199254740993')",
    "list()",
    "list(1L, 'a', NULL)",
    "list(a = list(b = 1:3), c = NULL)",
]


@pytest.mark.parametrize("code", R_VALUES)
def test_a_value_of_r_comes_back_as_it_was(code, engine):
    engine.r(f"x <- {code}")
    engine.take("back", engine.give("x"))
    engine.r("seen <- if (identical(back, x)) 'x' else capture.output(str(back))")
    assert engine.give("seen") == "x"


@pytest.mark.parametrize(
    ("value", "path", "type_"),
    [
        (object(), "value", "builtins.object"),
        ({"a": [1, {2}]}, "value['a'][1]", "builtins.set"),
        ({1: 2}, "value[1]", "key"),
        ([2**64], "value", "int"),
        ("a\0b", "value", "str"),
        (1j, "value", "builtins.complex"),
        (pd.DataFrame({"x": [1]}), "value", "pandas.DataFrame"),
    ],
)
def test_a_value_without_a_rule_is_named_with_its_place(value, path, type_):
    with pytest.raises(UnsupportedValueError) as raised:
        value_to_wire(value)
    assert raised.value.values["path"] == path
    assert raised.value.values["type"].endswith(type_.rpartition(".")[2])


@pytest.mark.parametrize("code", ["mean", "list(a = 1, 2)", "1i", "list(quote(x))"])
def test_a_value_of_r_without_a_rule_is_refused(code, engine):
    engine.r(f"x <- {code}")
    with pytest.raises(UnsupportedValueError, match="does not cross: its type is"):
        engine.give("x")
