"""Columns of pandas and GeoPandas as Arrow, and Arrow columns as theirs."""

import json
from contextlib import suppress
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.types as kinds

from .arrow_types import REFUSALS, cast
from .columns import EXTENSION, Crossing, encode, kind_of
from .contract import contract
from .errors import InvalidTextError, UnsupportedColumnError
from .extras import needing

_OF_NUMPY = (
    *(pd.arrays.NumpyExtensionArray, pd.arrays.DatetimeArray),
    pd.arrays.TimedeltaArray,
)
# pandas names it as it names its own string[pyarrow].
ARROW_TEXT = "ArrowDtype(string)"
EXTENSION_METADATA = "ARROW:extension:metadata"


def read_column(name: str, series: pd.Series) -> Crossing:
    is_geometry = str(series.dtype) == "geometry"
    return (_read_geometry if is_geometry else read_series)(name, series)


def read_series(name: str, series: pd.Series) -> Crossing:
    """Bring one column without geometry to the wire."""
    dtype = dtype_name(series.dtype)
    array = series.array
    if isinstance(array, pd.Categorical):
        categories = array.categories
        if isinstance(categories.dtype, pd.IntervalDtype):
            array = array.rename_categories(categories.astype(str))
        dtype = f"category[{dtype_name(array.categories.dtype)}]"
    try:
        values = _to_arrow(array)
    except UnicodeEncodeError as error:
        raise InvalidTextError(column=name) from error
    except (*REFUSALS, OverflowError) as error:
        held = sorted({type(value).__name__ for value in series.dropna()})
        kind = f"{dtype} ({', '.join(held[:4])})" if dtype == "object" else dtype
        raise UnsupportedColumnError(column=name, type=kind) from error
    chunks = [values] if isinstance(values, pa.Array) else values.chunks
    crossing = encode(name, pa.chunked_array(chunks, values.type), dtype)
    crossing.metadata["python"] = dtype
    if dtype == "object":
        crossing.reason = _object_reason(series, values.type) or crossing.reason
    elif isinstance(series.array, pd.Categorical) and array is not series.array:
        crossing.reason = "intervals_as_text"
    return crossing


def _to_arrow(array: Any) -> pa.Array | pa.ChunkedArray:
    """Make an Arrow array, in which what pandas calls missing is null.

    Arrow's own way looks for it slowly and copies; these see that there is none.
    """
    if isinstance(array, pd.Categorical):
        codes, lacking = pa.array(array.codes), array.codes < 0
        if lacking.any():
            codes = pa.array(array.codes, mask=lacking)
        levels = pa.array(array.categories, from_pandas=True)
        return pa.DictionaryArray.from_arrays(codes, levels, ordered=array.ordered)
    kind = array.dtype.kind
    if isinstance(array, _OF_NUMPY) and kind in "fmM" and not array.isna().any():
        is_time = kind in "mM"
        values = array.view("int64") if is_time else array.to_numpy()
        type_ = pa.array(array[:0], from_pandas=True).type
        return pa.array(values).view(type_) if is_time else pa.array(values)
    return pa.array(array, from_pandas=True)


def _object_reason(series: pd.Series, type_: pa.DataType) -> str | None:
    """Name what Arrow makes alike of Python objects."""
    if kinds.is_float64(type_) and any(isinstance(value, int) for value in series):
        return "mixed_numbers"
    if kinds.is_list(type_) and {type(v) for v in series.dropna()} - {list}:
        return "as_plain_list"
    return None


def dtype_name(dtype: Any) -> str:
    """Name a dtype so that pandas knows it by the name again."""
    if isinstance(dtype, pd.StringDtype) and dtype.na_value is pd.NA:
        return f"string[{dtype.storage}]"
    if isinstance(dtype, pd.ArrowDtype) and kinds.is_string(dtype.pyarrow_dtype):
        return ARROW_TEXT
    return str(dtype)


def _read_geometry(name: str, series: Any) -> Crossing:
    """Bring geometry to the wire: WKB with the marks of GeoArrow."""
    import shapely

    geometries = series.array.to_numpy()
    has_z, is_empty = shapely.has_z(geometries), shapely.is_empty(geometries)
    if has_z.any():  # sf holds one kind of coordinates in a column
        geometries = np.where(is_empty, shapely.force_3d(geometries), geometries)
        if not (shapely.has_z(geometries) | is_empty | series.isna()).all():
            raise UnsupportedColumnError(column=name, type="geometry (XY, XYZ)")
    wkb = pa.array(shapely.to_wkb(geometries, flavor="iso"), pa.binary())
    crossing = Crossing(name, "geometry", pa.chunked_array([wkb]))
    crs = {} if series.crs is None else {"crs": series.crs.to_json_dict()}
    crossing.metadata |= {
        EXTENSION: "geoarrow.wkb",
        EXTENSION_METADATA: json.dumps(crs),
    }
    if wkb.null_count:
        crossing.changed, crossing.reason = wkb.null_count, "missing_geometry"
    return crossing


def to_column(array: pa.ChunkedArray, marks: dict[str, str]) -> pd.Series:
    if marks.get(EXTENSION) == "geoarrow.wkb":
        return _to_geometry(array, marks)
    return _to_series(array, marks.get("python", ""))


def _to_series(array: pa.ChunkedArray, wanted: str) -> pd.Series:
    """Choose the pandas class: the one it had, else the one that changes nothing."""
    array = cast(array, _known_type(array.type))
    type_ = array.type
    if wanted == ARROW_TEXT or (
        wanted.endswith("[pyarrow]") and not wanted.startswith("string")
    ):
        return _arrow_series(array)
    if isinstance(type_, pa.BaseExtensionType):  # of pandas: periods, intervals
        return array.to_pandas()
    if wanted == "object" or kinds.is_null(type_):
        return pd.Series(array.to_pylist(), dtype=object)
    if kinds.is_dictionary(type_):
        return _to_categorical(array, wanted)
    if kinds.is_integer(type_) or kinds.is_boolean(type_):
        if array.null_count or wanted[:1].isupper() or wanted == "boolean":
            nullable = contract()["columns"][kind_of(type_)]["pandas_missing"]
            return pd.Series(pd.api.types.pandas_dtype(nullable).__from_arrow__(array))
        return pd.Series(array.to_numpy(), copy=True)  # the wire cannot be written to
    if kinds.is_floating(type_):
        return _to_floats(array, wanted)
    if kinds.is_string(type_) or kinds.is_large_string(type_):
        if wanted.startswith("string["):
            dtype = pd.api.types.pandas_dtype(wanted)
            return pd.Series(dtype.__from_arrow__(array))
        return array.to_pandas()
    if kinds.is_timestamp(type_) or kinds.is_duration(type_):
        series = array.to_pandas().copy()
        with suppress(TypeError, ValueError):  # the zone as the object it was
            series = series.astype(wanted or series.dtype)
        return series
    return _arrow_series(array)


def _known_type(type_: pa.DataType) -> pa.DataType:
    """Give the type that pandas knows of values that Arrow can lay out in two ways."""
    if kinds.is_string_view(type_):
        return pa.large_string()
    if kinds.is_binary_view(type_):
        return pa.large_binary()
    if kinds.is_run_end_encoded(type_):
        return type_.value_type
    if kinds.is_list_view(type_) or kinds.is_large_list_view(type_):
        return pa.large_list(type_.value_field)
    return type_


def _to_floats(array: pa.ChunkedArray, wanted: str) -> pd.Series:
    values = array.to_numpy()
    if wanted.startswith("Float"):
        mask = array.is_null().to_numpy()
        floating = pd.arrays.FloatingArray(np.array(values), mask)
        return pd.Series(floating)
    # numpy has one mark for missing and NaN: where both could be meant, Arrow has two.
    has_nan = np.count_nonzero(np.isnan(values)) > array.null_count
    return _arrow_series(array) if has_nan else pd.Series(values, copy=True)


def _to_categorical(array: pa.ChunkedArray, wanted: str) -> pd.Series:
    array = array.unify_dictionaries()
    chunks = [chunk.indices.fill_null(-1).to_numpy() for chunk in array.chunks]
    codes = np.concatenate([*chunks, np.array([], "int32")])
    levels = array.chunk(0).dictionary if chunks else pa.nulls(0, array.type.value_type)
    categories = pd.Index(levels.to_pandas())
    if wanted.startswith("category["):
        with suppress(TypeError, ValueError):  # R may have given it other levels
            categories = categories.astype(wanted.removeprefix("category[")[:-1])
    return pd.Series(
        pd.Categorical.from_codes(codes, categories, ordered=array.type.ordered)
    )


def _arrow_series(array: pa.ChunkedArray) -> pd.Series:
    return pd.Series(pd.arrays.ArrowExtensionArray(array))


def _to_geometry(array: pa.ChunkedArray, marks: dict[str, str]) -> pd.Series:
    with needing("files", "read_geometry"):
        import geopandas
    crs = json.loads(marks.get(EXTENSION_METADATA) or "{}").get("crs")
    with np.errstate(invalid="ignore"):  # an empty point is written as NaN
        return geopandas.GeoSeries.from_wkb(array.to_pylist(), crs=crs)
