"""Data frames of pandas and GeoPandas: names, row index, class; both ways."""

import json
from collections import Counter
from collections.abc import Iterable
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.types as kinds

from .columns import EXTENSION, PREFIX, Crossing, kind_of, own_metadata
from .errors import ColumnNamesError, RowNamesError
from .extras import needing
from .frame_metadata import MEMORY, OF_R, own_parts, read_labels, write_labels
from .pandas_columns import dtype_name, read_column, to_column


def read(frame: pd.DataFrame) -> tuple[list[Crossing], dict[str, str], list[str]]:
    """Bring the columns of a data frame to the wire; name what stays behind."""
    need_row_numbers(frame)
    for name in frame.columns:
        if not isinstance(name, str):
            raise ColumnNamesError(name=repr(name), type=type(name).__name__)
    memory = frame.attrs.get(MEMORY, {})
    own, left = own_parts(frame)
    series = [frame.iloc[:, at] for at in range(frame.shape[1])]
    crossings = list(map(read_column, frame.columns, series))
    for crossing, key in zip(crossings, _keys(frame.columns), strict=True):
        crossing.remember(memory.get("columns", {}).get(key, {}))
        attributes = crossing.metadata.pop("attributes", None)
        attributes = write_labels(attributes, crossing.name, frame.attrs, left)
        if attributes:
            crossing.metadata["attributes"] = attributes
    metadata = {key: memory[key] for key in OF_R if key in memory}
    active = getattr(frame, "active_geometry_name", None)  # of a GeoDataFrame
    geometries = [c.name for c in crossings if c.kind == "geometry"]
    if isinstance(active, str):
        metadata["geometry"] = active
    elif geometries and "sf" in memory.get("r", "sf"):  # which has an active one
        own["inactive"] = geometries[0]
    if own:
        metadata["python"] = json.dumps(own, ensure_ascii=False)
    return crossings, metadata, left


def need_row_numbers(frame: pd.DataFrame) -> None:
    """Refuse an index that would be lost: all but unnamed integers, the row numbers."""
    index = frame.index
    counts = pd.api.types.is_integer_dtype(index) or not len(index)
    if index.nlevels > 1 or index.name is not None or not counts:
        names = ", ".join(repr(name) for name in index.names)
        raise RowNamesError(names=names, remedy="frame.reset_index()")


def to_pandas(table: pa.Table) -> pd.DataFrame:
    """Make a data frame of columns that have their own Arrow types back."""
    metadata = own_metadata(table.schema)
    marks = [own_metadata(field) for field in table.schema]
    columns = list(map(to_column, table.columns, marks))
    memory, attrs = {}, {}
    for name, key, series, array, known in zip(
        *(table.column_names, _keys(table.column_names), columns, table.columns, marks),
        strict=True,
    ):
        kind = "geometry" if EXTENSION in known else _kind(array.type)
        attributes = known.get("attributes", "{}")
        if table.column_names.count(name) == 1:
            attributes = read_labels(attributes, name, attrs)
        if "r" in known:
            memory[key] = {"kind": kind, "r": known["r"]}
            if attributes != "{}":
                memory[key]["attributes"] = attributes
        elif kind == "string" and series.dtype == object:
            memory[key] = {"kind": kind}  # of None only, pandas 2 cannot tell
    rows = table.num_rows if columns else int(metadata.get("rows", table.num_rows))
    index = pd.RangeIndex(rows)
    frame = pd.DataFrame(dict(enumerate(columns)), index=index, copy=False)
    frame.columns = pd.Index(table.column_names, dtype=None if columns else object)
    own = json.loads(metadata.get("python", "{}"))
    frame.columns.name = own.get("name")
    if any(EXTENSION in known for known in marks):
        active = metadata.get("geometry")
        frame = _to_geopandas(frame, None if active == own.get("inactive") else active)
    of_frame = {key: metadata[key] for key in OF_R if key in metadata}
    if memory or of_frame:
        attrs[MEMORY] = {"columns": memory, **of_frame}
    frame.attrs |= own.get("attrs", {}) | attrs
    return frame


def with_classes(table: pa.Table, dtypes: Iterable[Any]) -> pa.Table:
    """Ask for a class for each column of a table."""
    fields = [
        field.with_metadata({f"{PREFIX}python": dtype_name(dtype)})
        for field, dtype in zip(table.schema, dtypes, strict=True)
    ]
    return pa.Table.from_arrays(table.columns, schema=pa.schema(fields))


def _keys(names: Iterable[str]) -> list[str]:
    """Tell columns of one name apart by counting them."""
    seen = Counter()
    keys = []
    for name in names:
        seen[name] += 1
        keys.append(f"{seen[name]} {name}")
    return keys


def _kind(type_: pa.DataType) -> str:
    return "factor" if kinds.is_dictionary(type_) else kind_of(type_)


def _to_geopandas(frame: pd.DataFrame, active: str | None) -> Any:
    with needing("files", "read_geometry"):
        import geopandas
    if active is None:
        return geopandas.GeoDataFrame(frame)
    return geopandas.GeoDataFrame(frame, geometry=active)
