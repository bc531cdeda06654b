"""From PostgreSQL's types to Arrow's: nothing that ADBC gets wrong is left to it.

A column that ADBC reads exactly is read as it is. The others are cast by a SELECT
around the statement, to what it reads exactly; text is the last resort and always
there. What even Arrow or Python could not hold is an error that names the column.
"""

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.types as kinds

from . import environment
from .arrow_types import leaves
from .contract import phrase
from .errors import UnsupportedColumnError, ValueOutOfRangeError

# As ADBC 1.13 reads them: each type that is not here was measured to be raw bytes,
# another number (money, oid) or nothing (composites).
_EXACT = {
    *("bool", "int2", "int4", "int8", "float4", "float8", "text", "varchar"),
    *("bpchar", "name", "bytea", "date", "time", "timestamp", "timestamptz"),
    *("json", "jsonb", "numeric", "interval"),
}
_EXACT_ITEMS = _EXACT - {"numeric", "interval", "json", "jsonb", "bytea"}
_CASTS = {"money": "{}::numeric", "oid": "{}::bigint"}
_MAPS = {"geometry", "geography"}
_YEAR_1, _YEAR_10000 = -719162, 2932897  # in days since 1970
_DAY_US = 86_400_000_000
_DIGITS = 76  # of Arrow's widest decimal
_INTERVAL = [("months", "int32"), ("days", "int32"), ("nanoseconds", "int64")]


@dataclass
class Column:
    """How one column of a statement is read."""

    name: str
    postgres: str
    typmod: int
    expression: str  # of {}, its name in the statement
    check: str | None = None  # of {}, in a column of its own beside it

    @property
    def remedy(self) -> str:
        return '"' + self.name.replace('"', '""') + '"::text'


def plan(schema: pa.Schema) -> list[Column]:
    """Choose how each column of a statement is read, by its description."""
    return [_choose(field) for field in schema]


def _choose(field: pa.Field) -> Column:
    metadata = field.metadata or {}
    postgres = metadata.get(b"POSTGRESQL:type", b"").decode()
    typmod = int(metadata.get(b"POSTGRESQL:typmod", b"-1"))
    column = Column(field.name, postgres, typmod, "{}")
    if postgres in _MAPS:
        column.expression = "ST_AsBinary({}::geometry)"
        column.check = "ST_SRID({}::geometry)"
    elif postgres.startswith("_"):
        exact = postgres[1:] in _EXACT_ITEMS
        column.expression = "{}" if exact else "{}::text[]"
        column.check = "array_ndims({}) > 1"
    elif postgres not in _EXACT:
        column.expression = _CASTS.get(postgres, "{}::text")
    return column


def wrap(statement: str, columns: list[Column]) -> str:
    """Put a SELECT around a statement that reads columns as planned, checks last."""
    names = [f"c{at}" for at in range(len(columns))]
    pairs = list(zip(columns, names, strict=True))
    if all(column.expression == "{}" and not column.check for column in columns):
        return statement
    items = [f"{column.expression.format(name)} AS {name}" for column, name in pairs]
    items += [column.check.format(name) for column, name in pairs if column.check]
    # The statement may end in a comment.
    return f"SELECT {', '.join(items)} FROM ({statement}\n) AS q({', '.join(names)})"


class Finisher:
    """Makes the frame's columns of what the driver gives, a batch or all at once.

    Parameters
    ----------
    columns : list of Column
        As ``plan`` gave them.
    crs_of : function of int
        Gives the CRS of a SRID, as GeoArrow writes it; None without one.
    has_all : bool
        Whether the first batch is the only one: the type of a numeric without a
        declared precision is then the narrowest decimal; of a part, it is text.
    """

    def __init__(self, columns: list[Column], crs_of: Callable, *, has_all: bool):
        self.columns = columns
        self._crs_of = crs_of
        self._has_all = has_all
        self._srids: dict[int, set[int]] = {}

    def finish(self, batches: Iterable[pa.RecordBatch], schema: pa.Schema) -> pa.Table:
        """Give the columns their types; refuse values that these do not hold."""
        table = pa.Table.from_batches(batches, schema)
        checks = table.columns[len(self.columns) :]
        arrays, fields = [], []
        for at, column in enumerate(self.columns):
            check = checks.pop(0) if column.check else None
            array, metadata = self._finish(at, column, table.column(at), check)
            arrays.append(array)
            fields.append(pa.field(column.name, array.type, metadata=metadata))
        return pa.Table.from_arrays(arrays, schema=pa.schema(fields))

    def _finish(self, at, column, array, check):
        if isinstance(array.type, pa.BaseExtensionType):
            chunks = [chunk.storage for chunk in array.chunks]
            array = pa.chunked_array(chunks, array.type.storage_type)
        if column.postgres in _MAPS:
            return array, self._geometry(at, column, check)
        if check is not None and pc.any(check).as_py():
            raise _refusal(column, "many_dimensions")
        if column.postgres in ("numeric", "money"):
            array = _to_decimal(column, array, self._has_all)
        elif column.postgres == "interval":
            array = _to_duration(column, array)
        else:
            _check_times(column, array)
        return array, None

    def _geometry(self, at: int, column: Column, srids: pa.ChunkedArray) -> dict:
        """Write GeoArrow's marks; all values of a column share one CRS."""
        found = self._srids.setdefault(at, set())
        found.update(srids.unique().drop_null().to_pylist())
        if len(found) > 1:
            text = ", ".join(map(str, sorted(found)))
            raise UnsupportedColumnError(column=column.name, type=f"SRID {text}")
        crs = self._crs_of(min(found)) if found else None
        marks = {} if crs is None else {"crs": crs}
        return {
            "ARROW:extension:name": "geoarrow.wkb",
            "ARROW:extension:metadata": json.dumps(marks),
        }


def _refusal(column: Column, reason: str, **values) -> ValueOutOfRangeError:
    text = phrase(reason, environment.language())
    return ValueOutOfRangeError(
        column=column.name,
        type="Python",
        values=text.format(**values),
        remedy=column.remedy,
    )


def _to_decimal(column: Column, texts: pa.ChunkedArray, has_all: bool):
    """Read a numeric exactly, as a decimal; a declared precision is kept."""
    if column.typmod >= 4:
        # As PostgreSQL packs them, the scale in two's complement of 11 bits.
        packed = column.typmod - 4
        precision, scale = packed >> 16, ((packed & 0x7FF) ^ 1024) - 1024
        precision, scale = max(precision - min(scale, 0), scale), max(scale, 0)
    elif not has_all:
        return texts
    else:
        whole, scale = _digits(texts)
        precision = max(whole + scale, 1)
        precision = 38 if precision <= 38 else precision
    wide = pa.decimal128 if precision <= 38 else pa.decimal256
    try:
        return texts.cast(wide(precision, scale))
    except (pa.ArrowInvalid, ValueError) as error:
        raise _refusal(column, "no_decimal", digits=_DIGITS) from error


def _digits(texts: pa.ChunkedArray) -> tuple[int, int]:
    """Count the digits before and after the point that the longest values have."""
    if texts.null_count == len(texts):
        return 0, 0
    parts = pc.utf8_length(pc.utf8_ltrim(texts, "-"))
    point = pc.find_substring(pc.utf8_ltrim(texts, "-"), ".")
    is_whole = pc.less(point, 0)
    whole = pc.max(pc.if_else(is_whole, parts, point)).as_py()
    after = pc.subtract(pc.subtract(parts, point), 1)
    return whole, pc.max(pc.if_else(is_whole, 0, after)).as_py()


def _to_duration(column: Column, array: pa.ChunkedArray) -> pa.ChunkedArray:
    """Read an interval as the time it lasts: a day has 24 hours, a month none."""
    chunks = []
    for chunk in array.chunks:
        values = _interval_parts(chunk)
        if values["months"].any():
            raise _refusal(column, "some_months")
        micro = values["days"].astype("int64") * _DAY_US
        micro = micro + values["nanoseconds"] // 1000
        mask = chunk.is_null().to_numpy(zero_copy_only=False)
        chunks.append(pa.array(micro, pa.int64(), mask=mask).view(pa.duration("us")))
    return pa.chunked_array(chunks, pa.duration("us"))


def _interval_parts(chunk: pa.Array):
    """Look at the bytes of intervals; where one is missing, they are zero."""
    import numpy as np

    size = np.dtype(_INTERVAL)
    _, data = chunk.buffers()
    if data is None or not len(chunk):
        return np.zeros(len(chunk), size)
    values = np.frombuffer(data, size, len(chunk), chunk.offset * size.itemsize).copy()
    values[chunk.is_null().to_numpy(zero_copy_only=False)] = 0
    return values


def _check_times(column: Column, array: pa.ChunkedArray) -> None:
    """Refuse what Python has no date or time for; infinities are far outside, too."""
    for leaf in leaves(array):
        type_ = leaf.type
        if kinds.is_date32(type_):
            first, last, values = _YEAR_1, _YEAR_10000, leaf.view("int32")
        elif kinds.is_timestamp(type_):
            first, last = _YEAR_1 * _DAY_US, _YEAR_10000 * _DAY_US
            values = leaf.view("int64")
        elif kinds.is_time64(type_):
            first, last, values = 0, _DAY_US, leaf.view("int64")
        else:
            continue
        lowest, highest = pc.min_max(values).as_py().values()
        if lowest is None or first <= lowest <= highest < last:
            continue
        if kinds.is_time64(type_):
            raise _refusal(column, "end_of_day")
        outside = pc.or_(pc.less(values, first), pc.greater_equal(values, last))
        raise _refusal(column, "outside_years", count=pc.sum(outside).as_py())
