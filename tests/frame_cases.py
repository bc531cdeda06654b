"""Columns of every type, by library: what the conformance suite sends through R.

A name is a type, then what makes the column special; ``NOTES`` words that in both
languages for the published table.
"""

import datetime as dt
from decimal import Decimal

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import shapely
from geopandas import GeoDataFrame, GeoSeries

DATES = [dt.date(1853, 2, 28), None, dt.date(2024, 2, 29)]
TIMES = [dt.time(0), None, dt.time(23, 59, 59, 999999)]
NAIVE = [dt.datetime(1899, 12, 31, 23, 59, 59, 1), None, dt.datetime(2024, 10, 27, 2)]
SPANS = [dt.timedelta(days=-3), None, dt.timedelta(microseconds=1)]
DECIMALS = [Decimal("1234.50"), None, Decimal("-0.01")]
LONG_DECIMALS = [Decimal("12345678901234567890.12"), None, Decimal("0.10")]
TEXT = ["", None, "Abéché – 東京 🦟", "x" * 2**20]
STRUCTS = [{"a": 1, "b": "x"}, None, {"a": None, "b": "y"}]
NESTED = [[["a"], None, []], None, []]
ENCODED = pa.dictionary(pa.int32(), pa.string())
# Paris, 27 October 2024: 02:30 comes twice.
FOLD = pd.to_datetime(["2024-10-27 00:30", "2024-10-27 01:30", None], utc=True)


def with_attrs(frame, **attrs):
    frame.attrs |= attrs
    return frame


def floating(dtype):
    """Values with NaN and missing apart, which no constructor of pandas makes."""
    values = np.array([1.5, np.nan, 0.0], dtype)
    return pd.Series(pd.arrays.FloatingArray(values, np.array([False, False, True])))


def arrow_dtype(values, type_):
    return pd.Series(values, dtype=pd.ArrowDtype(type_))


PANDAS = {
    **{n: pd.Series([1, 0, 100], dtype=n) for n in ("int8", "int16", "int32", "int64")},
    **{n: pd.Series([1, 0, 200], dtype=n) for n in ("uint8", "uint16", "uint32")},
    **{
        n: pd.Series([1, None, -3], dtype=n)
        for n in ("Int8", "Int16", "Int32", "Int64")
    },
    **{
        n: pd.Series([1, None, 3], dtype=n)
        for n in ("UInt8", "UInt16", "UInt32", "UInt64")
    },
    "int32 lowest": pd.Series([-(2**31), 1], dtype="int32"),
    "Int32 lowest": pd.Series([-(2**31), None], dtype="Int32"),
    "int64 double": pd.Series([2**40, -(2**53)]),
    "Int64 beyond": pd.Series([2**53 + 1, None, -(2**62)], dtype="Int64"),
    "int64 lowest": pd.Series([-(2**63), 1]),
    "uint32 high": pd.Series([2**32 - 1], dtype="uint32"),
    "uint64": pd.Series([1, 2**63 - 1], dtype="uint64"),
    "uint64 beyond": pd.Series([2**63, 2**64 - 1], dtype="uint64"),
    "float32": pd.Series([0.1, None, -np.inf], dtype="float32"),
    "float64": pd.Series([0.1, None, np.inf, -0.0, 5e-324]),
    "Float32 nan": floating("float32"),
    "Float64 nan": floating("float64"),
    "double[pyarrow] nan": pd.Series(
        pd.arrays.ArrowExtensionArray(pa.array([1.5, float("nan"), None]))
    ),
    "bool": pd.Series([True, False]),
    "boolean": pd.Series([True, None, False], dtype="boolean"),
    "bool[pyarrow]": arrow_dtype([True, None], pa.bool_()),
    "str": pd.Series(TEXT),
    "object text": pd.Series(TEXT, dtype=object),
    "string[python]": pd.Series(TEXT, dtype="string[python]"),
    "string[pyarrow]": pd.Series(TEXT, dtype="string[pyarrow]"),
    "category": pd.Series(pd.Categorical(["b", None, "é"], ["b", "é", "unused"])),
    "category ordered": pd.Series(
        pd.Categorical(["b", None], ["b", "a"], ordered=True)
    ),
    "category integers": pd.Series(pd.Categorical([3, None, 2**60], [2**60, 3, 1])),
    "category dates": pd.Series(pd.Categorical(FOLD.tz_localize(None))),
    "category days": pd.Series(pd.Categorical([DATES[0], None, DATES[2]])),
    "category intervals": pd.cut(pd.Series([1.0, 2.0, 3.0]), 2),
    "object dates": pd.Series(DATES, dtype=object),
    "date32[day][pyarrow]": arrow_dtype(DATES, pa.date32()),
    "datetime64[ns]": pd.Series(NAIVE, dtype="datetime64[ns]"),
    "datetime64[ns] fine": pd.Series([1, 1732484123123456789], dtype="datetime64[ns]"),
    "datetime64[us]": pd.Series(NAIVE, dtype="datetime64[us]"),
    "datetime64[us] far": pd.Series(["9000-01-01T00:00:00.000001"]).astype(
        "datetime64[us]"
    ),
    "datetime64[s]": pd.Series(NAIVE, dtype="datetime64[s]"),
    "datetime64 zoned": pd.Series(FOLD.tz_convert("Europe/Paris")),
    "datetime64 offset": pd.Series(FOLD.tz_convert(dt.timezone(dt.timedelta(hours=2)))),
    "datetime64 utc": pd.Series(FOLD),
    "timedelta64[ns]": pd.Series(SPANS, dtype="timedelta64[ns]"),
    "timedelta64[us]": pd.Series(SPANS, dtype="timedelta64[us]"),
    "object times": pd.Series(TIMES, dtype=object),
    "time64[us][pyarrow]": arrow_dtype(TIMES, pa.time64("us")),
    "object bytes": pd.Series([b"\0\xff", None, b""], dtype=object),
    "binary[pyarrow]": arrow_dtype([b"\0\xff", None, b""], pa.binary()),
    "object decimals": pd.Series(DECIMALS, dtype=object),
    "decimal128[pyarrow]": arrow_dtype(DECIMALS, pa.decimal128(10, 2)),
    "decimal128[pyarrow] long": arrow_dtype(LONG_DECIMALS, pa.decimal128(30, 2)),
    "object lists": pd.Series([[1, 2**60], None, []], dtype=object),
    "list[pyarrow]": arrow_dtype([[1, None], None, []], pa.list_(pa.int64())),
    "object nested lists": pd.Series(NESTED, dtype=object),
    "object dicts": pd.Series(STRUCTS, dtype=object),
    "struct[pyarrow]": arrow_dtype(
        STRUCTS, pa.struct([("a", pa.int8()), ("b", pa.string())])
    ),
    "int64[pyarrow]": arrow_dtype([2**53 + 1, None], pa.int64()),
    "string (Arrow)": arrow_dtype(TEXT, pa.string()),
    "large_string[pyarrow]": arrow_dtype(TEXT, pa.large_string()),
    "dictionary[pyarrow]": arrow_dtype(["b", None, "a"], ENCODED),
    "timestamp[pyarrow]": arrow_dtype(NAIVE, pa.timestamp("us")),
    "timestamp[pyarrow] zoned": arrow_dtype(
        FOLD.to_list(), pa.timestamp("us", "Europe/Paris")
    ),
    "duration[pyarrow]": arrow_dtype(SPANS, pa.duration("us")),
    "null[pyarrow]": arrow_dtype([None, None], pa.null()),
    "object missing": pd.Series([None, None], dtype=object),
    "Int64 missing": pd.Series([None, None], dtype="Int64"),
    "geometry": GeoSeries(
        [shapely.Point(1, 2), shapely.Point()],
        crs="EPSG:4326",
    ),
    "geometry Z": GeoSeries(
        [shapely.Point(1, 2, 3), shapely.from_wkt("POINT Z EMPTY")]
    ),
    "geometry mixed": GeoSeries(
        [shapely.box(0, 0, 1, 1), shapely.Point(1, 2), shapely.GeometryCollection()],
        crs="EPSG:2154",
    ),
    "geometry missing": GeoSeries([shapely.Point(1, 2), None]),
}

ARROW = {
    **{str(t): pa.array([1, None, 100], t) for t in (pa.int8(), pa.uint16())},
    "int32": pa.array([-(2**31), None, 1], pa.int32()),
    "int64": pa.array([2**53 + 1, None, 1]),
    "uint64": pa.array([2**64 - 1, None, 3], pa.uint64()),
    "halffloat": pa.array([1.5, None, float("nan")], pa.float16()),
    "float": pa.array([1.5, None, float("nan")], pa.float32()),
    "double": pa.array([1.5, None, float("nan")]),
    "bool": pa.array([True, None]),
    "null": pa.nulls(2),
    "string": pa.array(TEXT),
    "large_string": pa.array(TEXT, pa.large_string()),
    "string_view": pa.array(TEXT, pa.string_view()),
    "binary": pa.array([b"\0", None, b""]),
    "large_binary": pa.array([b"\0", None, b""], pa.large_binary()),
    "binary_view": pa.array([b"\0", None, b""], pa.binary_view()),
    "fixed_size_binary": pa.array([b"\0a", None], pa.binary(2)),
    "date32": pa.array(DATES),
    "date64": pa.array(DATES, pa.date64()),
    "time32[s]": pa.array([1, None], pa.time32("s")),
    "time64[ns]": pa.array([1000, None], pa.time64("ns")),
    "time64[ns] fine": pa.array([1001, None], pa.time64("ns")),
    "timestamp[s]": pa.array(NAIVE, pa.timestamp("s")),
    "timestamp[ms, zone]": pa.array(FOLD.tz_convert("America/New_York").as_unit("ms")),
    "timestamp[ns, UTC]": pa.array(FOLD.as_unit("ns")),
    "duration[ms]": pa.array([dt.timedelta(1), None], pa.duration("ms")),
    "duration[ns] fine": pa.array([1, None, 1000], pa.duration("ns")),
    "decimal64": pa.array(DECIMALS, pa.decimal64(10, 2)),
    "decimal256": pa.array(LONG_DECIMALS, pa.decimal256(40, 2)),
    "list": pa.array(NESTED),
    "large_list": pa.array([[1], None, []], pa.large_list(pa.int8())),
    "fixed_size_list": pa.array([[1.5, None], None], pa.list_(pa.float32(), 2)),
    "list_view": pa.array([[1], None, []], pa.list_view(pa.int64())),
    "list of decimals": pa.array([DECIMALS, None], pa.list_(pa.decimal128(10, 2))),
    "list of structs": pa.array([[{"a": 1}, {"a": None}], None, [], [None]]),
    "list of times": pa.array([NAIVE, None], pa.list_(pa.timestamp("us", "UTC"))),
    "list of dictionaries": pa.array(
        [["a", None], None], pa.list_(pa.dictionary(pa.int8(), pa.string()))
    ),
    "list of times fine": pa.array([[1, 1000], None], pa.list_(pa.timestamp("ns"))),
    "list of missing": pa.array([None, []], pa.list_(pa.string())),
    "map": pa.array([[("a", 1)], None, []], pa.map_(pa.string(), pa.int64())),
    "struct": pa.array(STRUCTS[::2]),
    "struct missing": pa.array([*STRUCTS, {"a": 2, "b": None}]),
    "struct all missing": pa.nulls(2, pa.struct([("a", pa.int64())])),
    "struct of lists": pa.array(
        [{"a": [1], "b": {"c": 2}}, None, {"a": None, "b": None}]
    ),
    "dictionary": pa.array(["b", None, "a"]).dictionary_encode(),
    "dictionary of integers": pa.array([2**60, None, 5]).dictionary_encode(),
    "run_end_encoded": pa.RunEndEncodedArray.from_arrays([2, 3], pa.array([7, None])),
}

POLARS = {
    "Int64": pl.Series([2**53 + 1, None]),
    **{
        str(t): pl.Series([1, None, 100], dtype=t)
        for t in (pl.Int8, pl.Int16, pl.UInt8, pl.UInt16)
    },
    "Int32": pl.Series([-(2**31), None, 1], dtype=pl.Int32),
    "UInt32": pl.Series([2**32 - 1, None], dtype=pl.UInt32),
    "UInt64": pl.Series([2**63 - 1, None], dtype=pl.UInt64),
    "Float64": pl.Series([1.5, float("nan"), None]),
    "Float32": pl.Series([1.5, float("nan"), None], dtype=pl.Float32),
    "Boolean": pl.Series([True, None]),
    "String": pl.Series(TEXT),
    "Categorical": pl.Series(["b", None, "a"], dtype=pl.Categorical),
    "Enum": pl.Series(["b", None], dtype=pl.Enum(["b", "a"])),
    "Date": pl.Series(DATES),
    "Datetime": pl.Series(NAIVE, dtype=pl.Datetime("us")),
    "Datetime zoned": pl.Series(FOLD.to_list()[:2]).cast(
        pl.Datetime("ms", "Europe/Paris")
    ),
    "Datetime fine": pl.Series([1, None, 2000], dtype=pl.Datetime("ns")),
    "Duration": pl.Series(SPANS),
    "Time": pl.Series(TIMES),
    "Binary": pl.Series([b"\0", None]),
    "Decimal": pl.Series(DECIMALS, dtype=pl.Decimal(10, 2)),
    "List": pl.Series(NESTED),
    "Array": pl.Series([[1, 2], None], dtype=pl.Array(pl.Int16, 2)),
    "List of structs": pl.Series([[{"a": 1}, None], None, []]),
    "Struct": pl.Series(STRUCTS),
    "Null": pl.Series([None, None]),
}

# Values that do not come back, for the cases that lose some.
LOSSY = {
    ("pandas", "int64 lowest"): 1,
    ("pandas", "uint64 beyond"): 1,
    ("pandas", "datetime64[ns] fine"): 1,
    ("pandas", "datetime64[us] far"): 1,
    ("pandas", "geometry missing"): 1,
    ("arrow", "uint64"): 1,
    ("arrow", "time64[ns] fine"): 1,
    ("arrow", "duration[ns] fine"): 1,
    ("arrow", "list of times fine"): 1,
}

BY_LIBRARY = {"pandas": PANDAS, "arrow": ARROW, "polars": POLARS}


_GEOMETRY = {
    "home": GeoSeries([shapely.Point(1, 2), shapely.Point()], crs="EPSG:4326"),
    "zone": GeoSeries([shapely.box(0, 0, 1, 1)] * 2, crs="EPSG:2154"),
    "n": [1, 2],
}

# Whole frames: names, shapes, and what a frame has beside its columns.
FRAMES = {
    "pandas": {
        "names": pd.DataFrame([[1, "a", 2.5, True]], columns=["x", "x", "", "l'été 1"]),
        "no columns": pd.DataFrame(index=pd.RangeIndex(3)),
        "nothing": pd.DataFrame(),
        "name of columns": pd.DataFrame({"a": [1]}).rename_axis(columns="année"),
        "attrs": with_attrs(pd.DataFrame({"a": [1]}), source="RGPH", waves=[1, None]),
        "labels": with_attrs(
            pd.DataFrame({"q": [1.0, None], "n": [1, 2], "t": ["o", "n"], "z": [1, 2]}),
            column_labels={"q": "Réponse", "z": "Zone"},
            variable_value_labels={
                "q": {1.0: "oui", 2.5: "non"},
                "n": {1: "un"},
                "t": {"o": "oui"},
            },
        ),
        "active geometry": GeoDataFrame(_GEOMETRY, geometry="zone"),
        "no active geometry": GeoDataFrame(_GEOMETRY),
        "geometry without rows": GeoDataFrame(_GEOMETRY, geometry="home")[:0],
    },
    "polars": {
        "names": pl.DataFrame([[1], ["a"]], schema=["", "l'été 1"]),
        "nothing": pl.DataFrame(),
    },
    "arrow": {
        "names": pa.table([[1], ["a"], [2.5]], ["x", "x", ""]),
        "nothing": pa.table({}),
    },
}


def make(library, name):
    """Make a frame of one column, called x."""
    return _frame(library, {"x": BY_LIBRARY[library][name]})


def without_rows(library):
    """Make a frame of every column, without their values."""
    columns = {name: column[:0] for name, column in BY_LIBRARY[library].items()}
    columns.pop("category intervals", None)  # whose levels become text
    return _frame(library, columns)


def _frame(library, columns):
    if library == "arrow":
        return pa.table(columns)
    if library == "polars":
        return pl.DataFrame(columns)
    geometry = [n for n, column in columns.items() if isinstance(column, GeoSeries)]
    if geometry:
        return GeoDataFrame(columns, geometry=geometry[0])
    return pd.DataFrame(columns)


def _note(english, french):
    return {"en": english, "fr": french}


_BEYOND = _note("beyond 2^53", "au-delà de 2^53")
_LOWEST = _note("lowest value", "valeur la plus basse")
_NAN = _note("NaN and missing", "NaN et valeur manquante")
_FINE = _note("finer than a microsecond", "plus fin que la microseconde")
_ZONED = _note("across the end of summer time", "à travers la fin de l'heure d'été")
_MISSING = _note("all missing", "tout manquant")
_LONG = _note("more than 15 digits", "plus de 15 chiffres")
_SEVERAL = _note("several kinds, an empty one", "plusieurs genres, une vide")
NOTES = {
    "int32": _note("with its lowest value", "avec sa valeur la plus basse"),
    "int32 lowest": _LOWEST,
    "Int32 lowest": _LOWEST,
    "int64 lowest": _LOWEST,
    "int64 double": _note("up to 2^53", "jusqu'à 2^53"),
    "Int64 beyond": _BEYOND,
    "int64": _note("small or large", "petits ou grands"),
    "uint32 high": _note("beyond 2^31", "au-delà de 2^31"),
    "uint64": _note("beyond 2^53", "au-delà de 2^53"),
    "uint64 beyond": _note("beyond 2^63", "au-delà de 2^63"),
    "Float32 nan": _NAN,
    "Float64 nan": _NAN,
    "double[pyarrow] nan": _NAN,
    "double NaN": _NAN,
    "object text": _note("text", "texte"),
    "category ordered": _note("ordered", "ordonnée"),
    "category integers": _note("of integers", "d'entiers"),
    "category dates": _note("of times", "de temps"),
    "category days": _note("of dates", "de dates"),
    "category intervals": _note("of intervals", "d'intervalles"),
    "string (Arrow)": _note("`ArrowDtype`", "`ArrowDtype`"),
    "timestamp[pyarrow] zoned": _ZONED,
    "object dates": _note("dates", "dates"),
    "datetime64[ns] fine": _FINE,
    "datetime64[us] far": _note("in the year 9000", "en l'an 9000"),
    "datetime64 zoned": _ZONED,
    "datetime64 offset": _note("an offset", "un décalage"),
    "object times": _note("times of day", "heures"),
    "object bytes": _note("bytes", "octets"),
    "object decimals": _note("decimals", "décimaux"),
    "decimal128[pyarrow] long": _LONG,
    "decimal256": _LONG,
    "object lists": _note("lists", "listes"),
    "object nested lists": _note("nested lists", "listes imbriquées"),
    "object dicts": _note("dicts, one missing", "dicts, dont un manquant"),
    "object missing": _MISSING,
    "Int64 missing": _MISSING,
    "geometry mixed": _SEVERAL,
    "geometry missing": _note("a missing one", "une manquante"),
    "time64[ns] fine": _FINE,
    "duration[ns] fine": _FINE,
    "struct missing": _note(
        "a whole struct missing", "une structure entière manquante"
    ),
    "list of missing": _MISSING,
    "struct all missing": _MISSING,
    "list of times fine": _FINE,
    "logical missing": _MISSING,
    "character missing": _MISSING,
    "character AsIs": _note("`I()`", "`I()`"),
    "Date integer": _note("of integers", "d'entiers"),
    "POSIXct": _ZONED,
    "POSIXct local": _note("no `tzone`", "sans `tzone`"),
    "POSIXct blank": _note("`tzone` is empty", "`tzone` est vide"),
    "POSIXct fine": _FINE,
    "difftime days": _note("in days", "en jours"),
    "hms long": _note("below 0 or beyond a day", "sous 0 ou au-delà d'un jour"),
    "raw": _note("of raw vectors", "de vecteurs bruts"),
    "list of lists": _note("of lists", "de listes"),
    "list of data frames": _note("of data frames", "de data frames"),
    "list of tibbles": _note("of tibbles", "de tibbles"),
    "list missing": _MISSING,
    "rows": _note("of rows, one missing", "de lignes, dont une manquante"),
    "sfc mixed": _SEVERAL,
    "sfc precision": _note("with a precision", "avec une précision"),
    "labelled integer": _note("of integers", "d'entiers"),
    "labelled character": _note("of text", "de texte"),
    "integer with a label": _note("with a label", "avec un libellé"),
    "Date with attributes": _note("with attributes", "avec des attributs"),
}
