"""The type contract: pandas, GeoPandas, polars, Arrow ↔ the wire (a plain Arrow table).

How one column crosses is in ``columns``; here is what makes a frame of columns: their
names, the row index, the class of the frame, and what R wants to have back.
"""

import sys
import warnings
from typing import TYPE_CHECKING, Any, Literal

import pyarrow as pa

from .arrow_types import REFUSALS
from .columns import PREFIX, Crossing, decode, encode, own_metadata
from .crossing import CrossingReport
from .errors import (
    CrossingLossyError,
    DuplicateColumnsError,
    EmbeddedNulError,
    LeftBehindWarning,
    UnsupportedColumnError,
    UnsupportedFrameError,
    ValuesChangedWarning,
)
from .extras import needing
from .frame_metadata import OF_FRAME

if TYPE_CHECKING:
    import pandas


def to_wire(frame: Any, *, strict: bool = False) -> pa.Table:
    """Bring a frame to the wire: the Arrow table from which R reads the same values.

    Parameters
    ----------
    frame : pandas.DataFrame, geopandas.GeoDataFrame, polars.DataFrame or pyarrow.Table
        Column names must be text; they may repeat. Of pandas, an unnamed index of
        integers counts the rows and is left behind; any other is an error.
    strict : bool
        Whether what would change or stay behind is an error. Without it, a warning.

    Returns
    -------
    pyarrow.Table, shape (n_rows, n_columns)
        Times are UTC, in microseconds (nanoseconds where they are finer). Null is
        missing; NaN in a numpy column is missing too, as everywhere in pandas.

    Raises
    ------
    UnsupportedFrameError, UnsupportedColumnError, RowNamesError, ColumnNamesError
        If it has no rule to cross by.
    EmbeddedNulError, InvalidTextError
        If R could not hold a text.
    CrossingLossyError
        If ``strict`` and a value would change or a part of ``attrs`` stay behind.

    References
    ----------
    Arrow columnar format, https://arrow.apache.org/docs/format/Columnar.html

    Examples
    --------
    >>> import pandas
    >>> to_wire(pandas.DataFrame({"year": [2023, 2024]})).schema.types
    [DataType(int64)]
    """
    crossings, metadata, left = _crossings(frame)
    changed = [f"{c.name} ({c.changed})" for c in crossings if c.changed]
    if strict and (changed or left):
        raise CrossingLossyError(columns=", ".join([*changed, *left]))
    if changed:
        warnings.warn(ValuesChangedWarning(columns=", ".join(changed)), stacklevel=2)
    if left:
        warnings.warn(LeftBehindWarning(parts=", ".join(left)), stacklevel=2)
    schema = pa.schema([c.field for c in crossings], metadata=metadata)
    return pa.Table.from_arrays([c.array for c in crossings], schema=schema)


def from_wire(
    table: Any, as_: Literal["pandas", "polars", "arrow"] = "pandas"
) -> "pandas.DataFrame":
    """Make a frame of the wire, or of any Arrow table.

    Parameters
    ----------
    table : pyarrow.Table or anything that exports an Arrow stream
        From R, from ``to_wire``, or from elsewhere.
    as_ : str
        "pandas" (a GeoDataFrame where there is geometry), "polars" or "arrow".

    Returns
    -------
    pandas.DataFrame, geopandas.GeoDataFrame, polars.DataFrame or pyarrow.Table
        A column that was in Python before has its class back where all its values fit
        it. Of the others, whole numbers with a missing one are ``Int64`` and the like,
        never float; what numpy has no exact type for (dates, times of day, decimals,
        binary, lists, structs, NaN apart from missing) is an Arrow column of pandas.

    Raises
    ------
    DuplicateColumnsError
        If polars is asked to hold two columns of one name.
    MissingPackageError
        If polars or geopandas is needed and not installed.
    UnsupportedFrameError
        If ``table`` exports no Arrow stream.

    Examples
    --------
    >>> import pyarrow
    >>> from_wire(pyarrow.table({"cases": [3, None]}))["cases"].dtype
    Int64Dtype()
    """
    if not isinstance(table, pa.Table):
        if not hasattr(table, "__arrow_c_stream__"):
            raise UnsupportedFrameError(actual=repr(type(table)))
        table = pa.table(table)
    marks = [own_metadata(field) for field in table.schema]
    arrays = list(map(decode, table.columns, marks))
    types = zip(table.schema, arrays, strict=True)
    fields = [field.with_type(array.type) for field, array in types]
    schema = pa.schema(fields, metadata=table.schema.metadata)
    own = pa.Table.from_arrays(arrays, schema=schema)
    if as_ == "arrow":
        return own
    if as_ == "polars":
        return _to_polars(own)
    if as_ == "pandas":
        from .pandas_frames import to_pandas

        return to_pandas(own)
    raise UnsupportedFrameError(actual=repr(as_))


def to_arrow(frame: Any) -> pa.Table:
    """Make an Arrow table of a frame: its own types, and geometry as marked WKB.

    What does not cross to R is refused here too, but nothing changes on the way.
    """
    crossings, metadata, _ = _crossings(frame)
    schema = pa.schema([c.field for c in crossings], metadata=metadata)
    arrays = [c.array for c in crossings]
    return from_wire(pa.Table.from_arrays(arrays, schema=schema), as_="arrow")


def crossing_report(frame: Any) -> CrossingReport:
    """Say what happens to each column of a frame when it crosses to R.

    Parameters
    ----------
    frame : pandas.DataFrame, geopandas.GeoDataFrame, polars.DataFrame or pyarrow.Table
        As ``to_wire`` takes it.

    Returns
    -------
    CrossingReport
        ``columns``: a list with ``name``, ``source`` (type here), ``target`` (class in
        R), ``status`` ("exact", "widened": the same values in another class, or
        "lossy"), ``changed`` (how many values) and ``reason``. Shows as a table.

    Raises
    ------
    OpenHexaError
        As ``to_wire`` does, when the frame cannot cross at all.

    Examples
    --------
    >>> import pandas
    >>> report = crossing_report(pandas.DataFrame({"year": [2023, 2024]}))
    >>> [(c.name, c.target, c.status) for c in report.columns]
    [('year', 'integer', 'widened')]
    """
    crossings, _, left = _crossings(frame)
    if left:
        warnings.warn(LeftBehindWarning(parts=", ".join(left)), stacklevel=2)
    return CrossingReport(crossings)


def _crossings(frame: Any) -> tuple[list[Crossing], dict[str, str], list[str]]:
    """Bring each column to the wire; give the metadata of the whole too, and what it
    has that stays behind.
    """
    read = next(
        (
            read
            for package, kind, read in _READERS
            if package in sys.modules
            and isinstance(frame, getattr(sys.modules[package], kind))
        ),
        None,
    )
    if read is None:
        kind = type(frame)
        raise UnsupportedFrameError(actual=f"{kind.__module__}.{kind.__qualname__}")
    crossings, metadata, left = read(frame)
    for name in (crossing.name for crossing in crossings):
        if "\0" in name:
            raise EmbeddedNulError(column=repr(name))
    metadata["wire"] = "1"
    if not crossings:  # an Arrow table of no columns has no rows either
        metadata.setdefault("rows", str(len(frame)))
    return crossings, {PREFIX + k: text for k, text in metadata.items()}, left


def _read_pandas(frame: "pandas.DataFrame") -> tuple[list[Crossing], dict, list[str]]:
    from .pandas_frames import read

    return read(frame)


def _read_polars(frame: Any) -> tuple[list[Crossing], dict, list[str]]:
    import polars

    oldest = polars.CompatLevel.oldest()
    crossings = []
    for column in frame.get_columns():
        dtype = str(column.dtype)
        if dtype == "Object":  # exported as addresses in memory
            raise UnsupportedColumnError(column=column.name, type=dtype)
        try:
            array = column.to_arrow(compat_level=oldest)
        except (polars.exceptions.PolarsError, *REFUSALS) as error:
            raise UnsupportedColumnError(column=column.name, type=dtype) from error
        crossing = encode(column.name, pa.chunked_array([array]), dtype)
        if isinstance(column.dtype, polars.Enum):
            crossing.metadata["python"] = "Enum"
        crossings.append(crossing)
    return crossings, {}, []


def _read_arrow(table: pa.Table) -> tuple[list[Crossing], dict, list[str]]:
    if isinstance(table, pa.RecordBatch):
        table = pa.Table.from_batches([table])
    crossings = []
    for field, column in zip(table.schema, table.columns, strict=True):
        crossing = encode(field.name, column, str(field.type))
        crossing.remember(own_metadata(field))
        crossings.append(crossing)
    kept = own_metadata(table.schema)
    return crossings, {key: kept[key] for key in OF_FRAME if key in kept}, []


# Of a package that was never imported there is no frame.
_READERS = [
    ("pandas", "DataFrame", _read_pandas),
    ("polars", "DataFrame", _read_polars),
    ("pyarrow", "Table", _read_arrow),
    ("pyarrow", "RecordBatch", _read_arrow),
]


def _to_polars(table: pa.Table) -> Any:
    with needing("polars", "read_frames"):
        import polars
    repeated = {n for n in table.column_names if table.column_names.count(n) > 1}
    if repeated:
        raise DuplicateColumnsError(columns=", ".join(sorted(repeated)))
    enums = [field.name for field in table.schema if _is_enum(field)]
    frame = polars.from_arrow(table)
    return frame.with_columns(
        polars.col(name).cast(polars.Enum(table[name].chunk(0).dictionary.to_pylist()))
        for name in enums
    )


def _is_enum(field: pa.Field) -> bool:
    """Whether a column was an Enum, or a factor: R's levels need no value that has one,
    and a Categorical of polars would lose those.
    """
    marks = own_metadata(field)
    is_factor = marks.get("r") in ("factor", "ordered") and "arrow" not in marks
    return pa.types.is_dictionary(field.type) and (
        is_factor or marks.get("python") == "Enum"
    )
