"""Frames through both engines of ``%%R`` and back: the type contract.

One suite: the same cases and the same assertions for each engine, library and type.
"""

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
from .conftest import require
from .engines import CASES_OF_R, ENGINES, Engine
from .frame_cases import make

CASES = [(lib, name) for lib, cases in frame_cases.BY_LIBRARY.items() for name in cases]


@pytest.fixture(scope="module", params=ENGINES)
def engine(request):
    require("rscript", shutil.which("Rscript") is not None)
    with Engine(request.param) as engine:
        yield engine


def assert_same(before, after):
    """Compare values and classes; NaN and missing are not the same."""
    assert type(before) is type(after)
    if isinstance(before, pd.DataFrame):
        assert list(before.dtypes) == list(after.dtypes)
        # The names of no columns have any type.
        of_names = "equiv" if before.shape[1] else False
        assert_frame_equal(before, after, check_exact=True, check_column_type=of_names)
        before, after = to_wire(before), to_wire(after)
    elif isinstance(before, pl.DataFrame):
        assert before.schema == after.schema
        before, after = before.to_arrow(), after.to_arrow()
    assert before.schema.types == after.schema.types
    assert before.column_names == after.column_names
    assert str(before.to_pylist()) == str(after.to_pylist())  # NaN is not NaN's equal


@pytest.mark.parametrize(("library", "name"), CASES)
def test_a_column_comes_back_from_r_as_it_was(library, name, engine):
    frame = make(library, name)
    crossed = types_page.cross(engine, library, name)
    lost = frame_cases.LOSSY.get((library, name), 0)
    assert crossed.crossing.changed == lost
    assert (crossed.crossing.status == "lossy") == bool(lost)
    assert len(crossed.warned) == bool(lost)
    if lost:
        (warning,) = crossed.warned
        assert isinstance(warning, errors.ValuesChangedWarning)
        assert warning.values == {"columns": f"x ({lost})"}
        assert not frame.equals(crossed.back)
    elif name == "category intervals":  # the rule: the levels become text
        assert list(crossed.back["x"].astype(str)) == list(frame["x"].astype(str))
    else:
        assert_same(frame, crossed.back)


@pytest.mark.parametrize("library", frame_cases.BY_LIBRARY)
def test_columns_of_no_rows_keep_their_types(library, engine):
    frame = frame_cases.without_rows(library)
    back = engine.cross(frame, library)
    assert back.shape == frame.shape
    assert_same(frame, back)


@pytest.mark.parametrize(
    ("library", "name"),
    [(lib, name) for lib, frames in frame_cases.FRAMES.items() for name in frames],
)
def test_a_frame_comes_back_from_r_as_it_was(library, name, engine):
    frame = frame_cases.FRAMES[library][name]
    with warnings.catch_warnings():
        warnings.simplefilter("error", errors.OpenHexaWarning)
        back = engine.cross(frame, library)
    assert back.shape == frame.shape
    assert_same(frame, back)
    if library == "pandas":
        assert back.columns.name == frame.columns.name
        assert back.attrs | frame.attrs == back.attrs
        assert back.attrs.keys() <= {*frame.attrs, "openhexa"}
        active = [getattr(f, "active_geometry_name", None) for f in (frame, back)]
        assert active[0] == active[1]


COLUMNS, FRAMES = (
    re.findall(r'^  "?(\w[^"=\n]*?)"? = ', part.partition("\n)\n")[0], re.M)
    for part in CASES_OF_R.read_text("utf-8").split("<- list(\n")[1:3]
)
R_CASES = [
    *(f"one_column(cases[['{name}']])" for name in COLUMNS),
    *(f"frames[['{name}']]" for name in FRAMES),
    "without_rows(cases)",
]


@pytest.mark.parametrize("library", ["pandas", "arrow", "polars"])
@pytest.mark.parametrize("frame", R_CASES)
def test_a_frame_of_r_comes_back_from_python_as_it_was(frame, library, engine):
    engine.r(f"frame <- {frame}")
    if library == "polars" and frame == "frames[['names']]":
        with pytest.raises(errors.DuplicateColumnsError):
            engine.give("frame", library)
        return
    back = engine.give("frame", library)
    if library == "polars":  # which keeps values; their classes are R's default
        engine.take("frame", without_marks(engine.give("frame", "arrow")))
        engine.take("back", back)
        engine.r("attr(frame, 'openhexa') <- attr(back, 'openhexa') <- NULL")
    else:
        engine.take("back", back)
    assert engine.give("difference") == "none"


def without_marks(table):
    """Give a table as any other program would write it."""
    return pa.table([bare(column) for column in table.columns], table.column_names)


def bare(column):
    """Take what R is told off a column. The levels of polars have an order."""
    if not pa.types.is_dictionary(column.type):
        return column.cast(bare_type(column.type))
    return pa.chunked_array(
        pa.DictionaryArray.from_arrays(chunk.indices, chunk.dictionary, ordered=True)
        for chunk in column.chunks
    )


def bare_type(type_):
    if pa.types.is_struct(type_):
        return pa.struct([pa.field(f.name, bare_type(f.type)) for f in type_])
    return pa.list_(bare_type(type_.value_type)) if pa.types.is_list(type_) else type_


def test_the_published_table_is_what_happens(engine):
    tables = types_page.collect(engine)
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


def test_an_index_that_counts_rows_is_left_behind_and_any_other_refused(engine):
    frame = pd.DataFrame({"x": [1, 2, 3]})
    assert list(engine.cross(frame[frame["x"] != 2], "pandas").index) == [0, 1]
    remedy = "frame.reset_index()"
    refused(frame.rename_axis("id"), errors.RowNamesError, names="'id'", remedy=remedy)
    text = frame.set_index(pd.Index(["a", "b", "c"]))
    refused(text, errors.RowNamesError, names="None", remedy=remedy)
    both = pd.DataFrame({"a": [1], "b": [2], "x": [3]}).set_index(["a", "b"])
    refused(both, errors.RowNamesError, names="'a', 'b'", remedy=remedy)
    with pytest.raises(errors.RowNamesError, match=r"\(Mazda RX4, Mazda RX4 Wag, Dat"):
        engine.give("mtcars")


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


BAD_IN_R = {
    'data.frame(bad = "a\\xff")': r'"bad" has text that is not valid UTF-8',
    'data.frame(bad = I(list("\\xe9t\\xe9")))': r'"bad" has text that is not valid',
    'data.frame(bad = `Encoding<-`("\\xe9", "bytes"))': r'"bad" has text that is not',
    "data.frame(bad = 1i)": r'"bad" has no rule to cross by: its type is complex',
    "as_frame(list(bad = noquote('a')))": r'"bad" has no .*: its type is noquote',
    "cbind(mtcars)": r"rows have names of their own \(Mazda RX4",
}


@pytest.mark.parametrize("frame", BAD_IN_R)
def test_what_r_cannot_send_is_named_and_the_engine_lives_on(frame, engine):
    engine.r(f"frame <- {frame}")
    with pytest.raises(errors.FrameError, match=BAD_IN_R[frame]):
        engine.give("frame")
    engine.r("frame <- data.frame(x = 1L)")
    assert engine.give("frame")["x"].to_list() == [1]


@pytest.mark.parametrize(
    "frame",
    [
        pd.DataFrame({"bad": ["a\0"]}),
        pd.DataFrame({"bad": [1j]}),
        pa.table({"bad": pa.array([(1, 2, 3)], pa.month_day_nano_interval())}),
        pl.DataFrame({"bad": pl.Series([1], dtype=pl.Int128)}),
    ],
)
def test_what_r_cannot_take_is_named_and_the_engine_lives_on(frame, engine):
    engine.r("frame <- 7L")
    with pytest.raises(errors.FrameError, match='"bad"'):
        engine.take("frame", frame)
    assert engine.give("frame") == 7


def test_text_that_r_marks_as_latin1_is_converted(engine):
    engine.r(r"""frame <- data.frame(x = `Encoding<-`("caf\xe9", "latin1"))""")
    assert engine.give("frame")["x"].to_list() == ["café"]


def test_what_only_one_side_has_stays_behind_and_is_said(engine):
    frame = pd.DataFrame({"x": [1]})
    frame.attrs |= {"source": object(), "variable_value_labels": {"x": {(1,): "un"}}}
    frame.columns.name = ("a", "b")
    parts = (
        "frame.columns.name, frame.attrs['source'], "
        "frame.attrs['variable_value_labels']['x']"
    )
    for call in (to_wire, crossing_report):
        with pytest.warns(errors.LeftBehindWarning) as caught:
            call(frame)
        assert [one.message.values for one in caught] == [{"parts": parts}]
    with pytest.raises(errors.CrossingLossyError) as raised:
        to_wire(frame, strict=True)
    assert raised.value.values == {"columns": parts}
    del frame.attrs["source"]
    with pytest.warns(errors.LeftBehindWarning):
        assert engine.cross(frame).attrs.keys() == {"openhexa"}


def test_labels_of_a_stata_file_are_those_of_r(engine):
    engine.take("frame", frame_cases.FRAMES["pandas"]["labels"])
    engine.r("""
    wanted <- data.frame(
      q = haven::labelled(c(1, NA), c(oui = 1, non = 2.5), "R\u00e9ponse"),
      n = haven::labelled(1:2, c(un = 1L)),
      t = haven::labelled(c("o", "n"), c(oui = "o")),
      z = structure(1:2, label = "Zone")
    )
    attr(frame, "openhexa") <- NULL
    same <- identical(frame, wanted)
    frame$z <- structure(frame$z, label = "District")
    frame <- frame[c("q", "z")]
    """)
    assert engine.give("same") is True
    attrs = engine.give("frame").attrs
    assert attrs["column_labels"] == {"q": "Réponse", "z": "District"}
    assert attrs["variable_value_labels"] == {"q": {1.0: "oui", 2.5: "non"}}


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


def test_a_column_that_r_made_anew_has_the_class_that_r_gave_it(engine):
    frame = pd.DataFrame({"a": [1, 2], "b": [1, 2], "c": [1, 2], "d": ["1", "2"]})
    engine.take("frame", frame)
    engine.r("""
    frame <- frame[frame$a > 0, ]
    frame$a <- frame$a + 0.5     # no integer any more
    frame$b <- as.character(frame$b)
    frame$c[2] <- NA
    frame$new <- c(TRUE, NA)
    """)
    back = engine.give("frame")
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


def test_several_batches_arrive_as_one_column(engine):
    parts = [
        pa.table({n: frame_cases.ARROW[n].slice(i, 1) for n in frame_cases.ARROW})
        for i in range(2)
    ]
    table = pa.concat_tables(parts)
    with pytest.warns(errors.ValuesChangedWarning):
        back = engine.cross(table, "arrow")
    lossy = {name for library, name in frame_cases.LOSSY if library == "arrow"}
    for name in set(table.column_names) - lossy:
        assert str(back[name].to_pylist()) == str(table[name].to_pylist()), name


TEXTS = st.text(
    st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=8
)
LONG = st.integers(-(2**63) + 1, 2**63 - 1)
TIMES = st.datetimes(dt.datetime(1800, 1, 1), dt.datetime(2200, 1, 1))
# Any frame of these columns comes back; missing values, extremes and no rows included.
COLUMNS_OF = {
    "Int64": LONG,
    "Int8": st.integers(-128, 127),
    "UInt32": st.integers(0, 2**32 - 1),
    "boolean": st.booleans(),
    "string[pyarrow]": TEXTS,
    pa.float64(): st.floats(),
    pa.float32(): st.floats(width=32),
    pa.date32(): st.dates(),
    pa.timestamp("us"): TIMES,
    pa.timestamp("us", "Europe/Paris"): TIMES.map(lambda time: time.astimezone(dt.UTC)),
    pa.duration("us"): st.timedeltas(dt.timedelta(-9999), dt.timedelta(9999)),
    pa.time64("us"): st.times(),
    pa.binary(): st.binary(max_size=8),
    pa.decimal128(25, 3): st.decimals(-(10**21), 10**21, places=3),
    pa.dictionary(pa.int32(), pa.string()): TEXTS,
    pa.list_(pa.int64()): st.lists(st.none() | LONG, max_size=3),
    pa.struct([("a", pa.int64()), ("b", pa.string())]): st.fixed_dictionaries(
        {"a": st.none() | LONG, "b": st.none() | TEXTS}
    ),
}


@st.composite
def frames(draw):
    rows = draw(st.integers(0, 5))
    types = draw(st.lists(st.sampled_from(list(COLUMNS_OF)), max_size=6))
    columns = {}
    for at, type_ in enumerate(types):
        values = st.none() | COLUMNS_OF[type_]
        column = draw(st.lists(values, min_size=rows, max_size=rows))
        dtype = type_ if isinstance(type_, str) else pd.ArrowDtype(type_)
        columns[at] = pd.Series(column, dtype=dtype)
    frame = pd.DataFrame(columns, index=pd.RangeIndex(rows))
    return frame.set_axis([f"c{at % 4}" for at in columns], axis=1)


@settings(
    max_examples=60,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(frame=frames())
def test_any_frame_comes_back_from_r(frame, engine):
    with warnings.catch_warnings():
        warnings.simplefilter("error", errors.OpenHexaWarning)
        assert_same(frame, engine.cross(frame, "pandas"))


LONGER = [
    name
    for name, column in frame_cases.PANDAS.items()
    if len(column) > 1 and pd.api.types.is_scalar(column.iloc[0])
]


@pytest.mark.parametrize("name", LONGER)
def test_what_comes_off_the_wire_may_be_written_to(name):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        wire = to_wire(make("pandas", name))
    before = str(wire.to_pylist())
    frame = from_wire(wire)
    frame.iloc[1, 0] = frame.iloc[0, 0]
    assert str(frame.iloc[1, 0]) == str(frame.iloc[0, 0])
    assert str(wire.to_pylist()) == before
