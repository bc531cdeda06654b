"""Frames through a real R process and back: the type contract, by library and type."""

import datetime as dt
import re
import shutil
import sys
import warnings

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pandas.testing import assert_frame_equal

import hexa_kernels.errors as errors
from hexa_kernels import crossing_report, from_wire, to_wire

from . import frame_cases, types_page
from .conftest import ROOT, require
from .frame_cases import make
from .r_process import RFailure, RProcess, read_stream, write_stream

CASES = [(lib, name) for lib, cases in frame_cases.BY_LIBRARY.items() for name in cases]


@pytest.fixture(scope="module")
def r(tmp_path_factory):
    require("rscript", shutil.which("Rscript") is not None)
    process = RProcess(tmp_path_factory.mktemp("r"))
    yield process
    process.stop()


def cross(frame, r, library, **options):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        wire = to_wire(frame, **options)
    return from_wire(r.cross(wire)[0], as_=library)


def assert_same(before, after):
    """Compare values and classes; NaN and missing are not the same."""
    assert type(before) is type(after)
    if isinstance(before, pd.DataFrame):
        assert list(before.dtypes) == list(after.dtypes)
        assert_frame_equal(before, after, check_exact=True)
        before, after = to_wire(before), to_wire(after)
    elif isinstance(before, pl.DataFrame):
        assert before.schema == after.schema
        before, after = before.to_arrow(), after.to_arrow()
    assert before.schema.types == after.schema.types
    assert before.column_names == after.column_names
    assert str(before.to_pylist()) == str(after.to_pylist())  # NaN is not NaN's equal


@pytest.mark.parametrize(("library", "name"), CASES)
def test_a_column_comes_back_from_r_as_it_was(library, name, r):
    frame = make(library, name)
    (crossing,) = crossing_report(frame).columns
    lost = frame_cases.LOSSY.get((library, name), 0)
    assert crossing.changed == lost
    assert (crossing.status == "lossy") == bool(lost)
    back = cross(frame, r, library)
    if lost:
        changed = str(frame["x"].to_list() if library != "arrow" else frame.to_pydict())
        assert changed != str(back["x"].to_list() if library != "arrow" else back)
    elif name == "category intervals":  # the rule: the levels become text
        assert list(back["x"].astype(str)) == list(frame["x"].astype(str))
    else:
        assert_same(frame, back)


@pytest.mark.parametrize(("library", "name"), CASES)
def test_a_column_of_no_rows_keeps_its_type(library, name, r):
    frame = make(library, name, 0)
    if name == "category intervals":
        return
    assert_same(frame, cross(frame, r, library))


COLUMNS, FRAMES = (
    re.findall(r'^  "?(\w[^"=\n]*?)"? = ', part.partition("\n)\n")[0], re.M)
    for part in (ROOT / "tests/frame_cases.R").read_text().split("<- list(\n")[1:3]
)
R_CASES = [
    *(f"one_column(cases[['{name}']], {n})" for name in COLUMNS for n in ("NULL", 0)),
    *(f"frames[['{name}']]" for name in FRAMES),
]


@pytest.mark.parametrize("library", ["pandas", "arrow"])  # polars keeps no R classes
@pytest.mark.parametrize("frame", R_CASES)
def test_a_frame_of_r_comes_back_from_python_as_it_was(frame, library, r):
    there, back = r.folder / "there", r.folder / "back"
    r.run(f"put({frame}, '{there}')")
    write_stream(to_wire(from_wire(read_stream(there), as_=library)), back)
    assert r.run(f"differences({frame}, '{back}')") == "none"


def test_the_published_table_is_what_happens(r):
    tables = types_page.collect(r)
    for language, page in types_page.PAGES.items():
        assert page.read_text("utf-8") == types_page.render(language, tables), (
            f"{page} differs: make types"
        )


def refused(frame, error, **values):
    with pytest.raises(error) as raised:
        to_wire(frame)
    assert raised.value.values == values
    with pytest.raises(error):
        crossing_report(frame)


def test_numpy_s_nan_is_missing_and_only_that():
    wire = to_wire(pd.DataFrame({"x": [1.5, np.nan]}))
    assert wire["x"].to_pylist() == [1.5, None]
    assert from_wire(wire)["x"].dtype == "float64"


def test_a_plain_arrow_table_follows_the_same_rules():
    table = pa.table(
        {
            "whole": [1, None],
            "flag": [True, None],
            "count": pa.array([1, 2], pa.int16()),
            "day": [dt.date(1853, 2, 28), None],
            "nan": [float("nan"), None],
            "at": pa.array([dt.datetime(2024, 1, 1), None], pa.timestamp("us", "UTC")),
            "text": ["é", None],
        }
    )
    dtypes = list(map(str, from_wire(table).dtypes))
    text = str(pd.Series(["é"]).dtype)
    assert dtypes == [
        *("Int64", "boolean", "int16", "date32[day][pyarrow]", "double[pyarrow]"),
        *("datetime64[us, UTC]", text),
    ]
    assert_same(from_wire(table, as_="arrow"), table)
    assert from_wire(table, as_="polars").equals(pl.from_arrow(table))


def test_duplicate_and_empty_names_cross(r):
    frame = pd.DataFrame([[1, "a", 2.5, True]], columns=["x", "x", "", "l'été 1"])
    back = cross(frame, r, "pandas")
    assert_frame_equal(frame, back)
    with pytest.raises(errors.DuplicateColumnsError):
        from_wire(to_wire(frame), as_="polars")


def test_rows_without_columns_are_counted(r):
    for frame in (pd.DataFrame(index=pd.RangeIndex(3)), pd.DataFrame()):
        assert cross(frame, r, "pandas").shape == frame.shape


def test_an_index_that_counts_rows_is_left_behind_and_any_other_refused(r):
    frame = pd.DataFrame({"x": [1, 2, 3]})
    assert list(cross(frame[frame["x"] != 2], r, "pandas").index) == [0, 1]
    remedy = "frame.reset_index()"
    refused(frame.rename_axis("id"), errors.RowNamesError, names="'id'", remedy=remedy)
    text = frame.set_index(pd.Index(["a", "b", "c"]))
    refused(text, errors.RowNamesError, names="None", remedy=remedy)
    both = pd.DataFrame({"a": [1], "b": [2], "x": [3]}).set_index(["a", "b"])
    refused(both, errors.RowNamesError, names="'a', 'b'", remedy=remedy)
    with pytest.raises(RFailure) as raised:
        r.run("to_wire(mtcars)")
    assert raised.value.code == "row_names"
    assert raised.value.values["names"] == "Mazda RX4, Mazda RX4 Wag, Datsun 710"


@pytest.mark.parametrize(
    ("column", "type_"),
    [
        ([1j], "complex128"),
        (pd.period_range("2024", periods=1, freq="M"), "period[M]"),
        (pd.arrays.SparseArray([1.0]), "Sparse[float64, nan]"),
        (pd.Series([{"a": 1}, {"a": "x"}]), "object (dict)"),
        (pd.Series([object()]), "object (object)"),
        (pd.Series([1, "a"], dtype=object), "object (int, str)"),
        (pd.Series([2**64], dtype=object), "object (int)"),
        (pd.interval_range(0, 1), "interval[int64, right]"),
    ],
)
def test_a_column_without_a_rule_is_named_with_its_type(column, type_):
    frame = pd.DataFrame({"good": 1, "bad": column})
    refused(frame, errors.UnsupportedColumnError, column="bad", type=type_)


@pytest.mark.parametrize(
    "column",
    [
        pa.array([(1, 2, 3)], pa.month_day_nano_interval()),
        pa.UnionArray.from_sparse(pa.array([0], "int8"), [pa.array(["a"])]),
        pa.ExtensionArray.from_storage(pa.uuid(), pa.array([b"0" * 16], pa.binary(16))),
    ],
)
def test_an_arrow_column_without_a_rule_is_named(column):
    table = pa.table({"good": [1], "bad": column})
    refused(table, errors.UnsupportedColumnError, column="bad", type=str(column.type))


@pytest.mark.parametrize(
    "column", [pl.Series([1], dtype=pl.Int128), pl.Series([{1}], dtype=pl.Object)]
)
def test_a_polars_column_without_a_rule_is_named(column):
    frame = pl.DataFrame({"bad": column})
    values = {"column": "bad", "type": str(column.dtype)}
    refused(frame, errors.UnsupportedColumnError, **values)


@pytest.mark.parametrize("frame", [[1], "x", None, np.zeros(3), pd.Series([1])])
def test_what_is_no_frame_is_refused(frame):
    with pytest.raises(errors.UnsupportedFrameError):
        to_wire(frame)


def test_names_that_are_no_text_are_refused():
    refused(pd.DataFrame({1: [1]}), errors.ColumnNamesError, name="1", type="int")


NUL_FRAMES = {
    "text": pd.DataFrame({"x": ["ok", "a\0b"]}),
    "sliced": pa.table({"x": ["a\0", "b", "c\0"]}).slice(2),
    "list": pa.table({"x": [["a"], ["b\0"]]}),
    "struct": pa.table({"x": [{"a": "\0"}]}),
    "levels": pd.DataFrame({"x": pd.Categorical(["\0"])}),
    "large": pa.table({"x": pa.array(["\0"], pa.large_string())}),
}


@pytest.mark.parametrize("name", NUL_FRAMES)
def test_text_with_a_nul_never_reaches_r(name):
    refused(NUL_FRAMES[name], errors.EmbeddedNulError, column="x")


def test_only_the_text_of_the_frame_is_looked_at():
    wire = to_wire(pa.table({"x": ["a\0", "b", "c\0"]}).slice(1, 1))
    assert wire.to_pydict() == {"x": ["b"]}


def test_text_that_is_no_unicode_is_refused():
    frame = pd.DataFrame({"x": pd.Series(["\ud800"], dtype=object)})
    refused(frame, errors.InvalidTextError, column="x")


def test_strict_refuses_what_would_change():
    frame = pd.DataFrame({"id": np.array([2**63, 2**64 - 1], "uint64"), "y": [1, 2]})
    with pytest.raises(errors.CrossingLossyError) as raised:
        to_wire(frame, strict=True)
    assert raised.value.values == {"columns": "id (1)"}
    with pytest.warns(errors.ValuesChangedWarning, match=r"id \(1\)"):
        to_wire(frame)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        to_wire(frame[["y"]], strict=True)


def test_the_report_shows_as_text_and_html(setenv):
    setenv({"HEXA_LANG": "fr"})
    report = crossing_report(pd.DataFrame({"<b>": [2.0], "n": [1]}))
    assert [c.status for c in report.columns] == ["exact", "widened"]
    lines = repr(report).splitlines()
    assert lines[0].split() == [
        "colonne",
        "Python",
        "R",
        "passage",
        "valeurs",
        "changées",
        "pourquoi",
    ]
    assert lines[1].split()[:4] == ["<b>", "float64", "double", "exact"]
    assert "&lt;b&gt;" in report._repr_html_()


def test_objects_that_arrow_makes_alike_are_said_to_widen():
    objects = pd.DataFrame({"x": [1, 2.5], "s": [{1}, (2,)]}, dtype=object)
    reasons = [c.reason for c in crossing_report(objects).columns]
    assert reasons == ["mixed_numbers", "as_plain_list"]


def test_a_column_that_r_made_anew_has_the_class_that_r_gave_it(r):
    frame = pd.DataFrame({"a": [1, 2], "b": [1, 2], "c": [1, 2], "d": ["1", "2"]})
    write_stream(to_wire(frame), r.folder / "there")
    r.run(f"""
    frame <- get_frame('{r.folder}/there')
    frame <- frame[frame$a > 0, ]
    frame$a <- frame$a + 0.5     # no integer any more
    frame$b <- as.character(frame$b)
    frame$c[2] <- NA
    frame$new <- c(TRUE, NA)
    put(frame, '{r.folder}/back')
    """)
    back = from_wire(read_stream(r.folder / "back"))
    text = str(frame["d"].dtype)
    assert list(map(str, back.dtypes)) == ["float64", text, "Int64", text, "boolean"]
    assert back["c"].tolist() == [1, pd.NA]


def test_without_the_libraries_the_message_says_what_to_install(monkeypatch):
    wire = to_wire(pa.table({"x": [1]}))
    monkeypatch.setitem(sys.modules, "polars", None)
    with pytest.raises(errors.MissingPackageError) as raised:
        from_wire(wire, as_="polars")
    assert raised.value.values["package"] == "polars"
    spatial = to_wire(make("pandas", "geometry"))
    monkeypatch.setitem(sys.modules, "geopandas", None)
    with pytest.raises(errors.MissingPackageError):
        from_wire(spatial)


def test_several_batches_arrive_as_one_column(r):
    parts = [
        pa.table({n: frame_cases.ARROW[n].slice(i, 1) for n in frame_cases.ARROW})
        for i in range(2)
    ]
    table = pa.concat_tables(parts)
    with pytest.warns(errors.ValuesChangedWarning):
        wire = to_wire(table)
    back = from_wire(r.cross(wire)[0], as_="arrow")
    lossy = {name for library, name in frame_cases.LOSSY if library == "arrow"}
    for name in set(table.column_names) - lossy:
        assert str(back[name].to_pylist()) == str(table[name].to_pylist()), name


# Any frame of these columns comes back; missing values, extremes and no rows included.
COLUMNS_OF = {
    "Int64": st.integers(-(2**63) + 1, 2**63 - 1),
    "Int8": st.integers(-128, 127),
    "UInt32": st.integers(0, 2**32 - 1),
    "boolean": st.booleans(),
    "string[pyarrow]": st.text(
        st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=8
    ),
    "double[pyarrow]": st.floats(),
    "float[pyarrow]": st.floats(width=32),
    "date32[day][pyarrow]": st.dates(),
    "timestamp[us][pyarrow]": st.datetimes(
        dt.datetime(1800, 1, 1), dt.datetime(2200, 1, 1)
    ),
    "duration[us][pyarrow]": st.timedeltas(dt.timedelta(-9999), dt.timedelta(9999)),
    "time64[us][pyarrow]": st.times(),
    "binary[pyarrow]": st.binary(max_size=8),
}


@st.composite
def frames(draw):
    rows = draw(st.integers(0, 5))
    dtypes = draw(st.lists(st.sampled_from(sorted(COLUMNS_OF)), max_size=6))
    values = [
        draw(st.lists(st.none() | COLUMNS_OF[d], min_size=rows, max_size=rows))
        for d in dtypes
    ]
    columns = {
        at: pd.Series(column, dtype=dtype)
        for at, (column, dtype) in enumerate(zip(values, dtypes, strict=True))
    }
    frame = pd.DataFrame(columns, index=pd.RangeIndex(rows))
    return frame.set_axis([f"c{at % 4}" for at in columns], axis=1)


@settings(
    max_examples=60,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(frame=frames())
def test_any_frame_comes_back_from_r(frame, r):
    assert_same(frame, cross(frame, r, "pandas", strict=True))
