"""Which PostgreSQL type a column gets, and how its values become those of a table's."""

import json
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.types as kinds

from . import environment
from .arrow_types import cast, exact_cast
from .columns import EXTENSION, own_metadata
from .contract import phrase
from .errors import ColumnMismatchError, UnsupportedColumnError, ValueOutOfRangeError

_NEW = {
    **dict.fromkeys((pa.int8(), pa.uint8(), pa.int16()), "smallint"),
    **dict.fromkeys((pa.uint16(), pa.int32()), "integer"),
    **dict.fromkeys((pa.uint32(), pa.int64(), pa.uint64()), "bigint"),
    **dict.fromkeys((pa.float16(), pa.float32()), "real"),
    pa.float64(): "double precision",
    pa.bool_(): "boolean",
    **dict.fromkeys((pa.string(), pa.large_string(), pa.string_view()), "text"),
    **dict.fromkeys((pa.binary(), pa.large_binary(), pa.binary_view()), "bytea"),
    **dict.fromkeys((pa.date32(), pa.date64()), "date"),
    pa.null(): "text",
}
# By PostgreSQL's own names: what ADBC 1.13 writes exactly, measured.
_DIRECT = {
    **{"int2": pa.int16(), "int4": pa.int32(), "int8": pa.int64()},
    **{"float4": pa.float32(), "float8": pa.float64(), "bool": pa.bool_()},
    **dict.fromkeys(("text", "varchar", "bpchar", "json"), pa.string()),
    **{"bytea": pa.binary(), "date": pa.date32(), "time": pa.time64("us")},
    **{"timestamp": pa.timestamp("us"), "timestamptz": pa.timestamp("us", "UTC")},
    "interval": pa.duration("us"),
}
_DIRECT |= {f"_{name}": pa.list_(type_) for name, type_ in _DIRECT.items()}
_NUMBERS = ("int2", "int4", "int8", "float4", "float8", "numeric")
_MAPS = ("geometry", "geography")
# What the server rounds or cuts to a declared precision or length, and says nothing.
_CUT = ("numeric", "varchar", "bpchar", "bit", "varbit")
_CUT_TIMES = ("time", "timetz", "timestamp", "timestamptz", "interval")


@dataclass
class Sent:
    """How one column is sent.

    ``type`` is Arrow's. Where the table's type needs it, the column goes first to a
    temporary table, as type ``staged``; ``cast``, of {}, makes the other of that.
    ``loss``, of {} too, is true of a value that the cast changes.
    """

    name: str
    type: pa.DataType
    cast: str | None = None
    staged: str = ""
    loss: str | None = None


def new_type(field: pa.Field) -> str:
    """Give the PostgreSQL type that a column gets in a new table."""
    type_ = field.type
    marks = own_metadata(field)
    if EXTENSION in marks:
        return "geometry"
    if kinds.is_dictionary(type_) or kinds.is_run_end_encoded(type_):
        return new_type(field.with_type(type_.value_type))
    if type_ in _NEW:
        return _NEW[type_]
    if kinds.is_decimal(type_):
        return f"numeric({type_.precision},{type_.scale})"
    if kinds.is_timestamp(type_):
        return "timestamp with time zone" if type_.tz else "timestamp without time zone"
    if kinds.is_time(type_):
        return "time without time zone"
    if kinds.is_duration(type_):
        return "interval"
    if kinds.is_fixed_size_binary(type_):
        return "bytea"
    if _is_list(type_) and not kinds.is_nested(type_.value_type):
        return f"{new_type(type_.value_field)}[]"
    raise UnsupportedColumnError(column=field.name, type=str(type_))


def _is_list(type_: pa.DataType) -> bool:
    return kinds.is_nested(type_) and hasattr(type_, "value_field")


def choose(
    field: pa.Field, column: dict, srid: int | None, *, is_asked: bool
) -> Sent | None:
    """Choose how a column goes into a table's; None where their kinds differ.

    Where the user has asked for the type, the server makes it of text.
    """
    base, type_ = column["base"], field.type
    if kinds.is_dictionary(type_) or kinds.is_run_end_encoded(type_):
        type_ = type_.value_type
    if srid is not None or base in _MAPS:
        if srid is None or base not in _MAPS:
            return None
        made = f"ST_SetSRID(ST_GeomFromWKB({{}}), {srid})::{base}"
        return Sent(field.name, pa.binary(), made, "bytea")
    if base == "numeric" and _is_number(type_):
        return _choose_numeric(field.name, type_, column)
    wanted = pa.string() if column["is_enum"] else _DIRECT.get(base)
    is_kin = kinds.is_null(type_) or _is_kin(type_, base, wanted)
    if not is_kin and not is_asked:
        return None
    if wanted is None or not is_kin:
        if _is_list(type_):
            return _staged(field.name, pa.list_(pa.string()), column, "text[]")
        return _staged(field.name, pa.string(), column, "text")
    if _is_bounded(column, _CUT_TIMES):
        return _staged(field.name, wanted, column, column["unbounded"])
    return Sent(field.name, wanted)


def _staged(name: str, type_: pa.DataType, column: dict, staged: str) -> Sent:
    """Send a column to a temporary table first, for the server to cast."""
    full = f"{{0}}::{column['type']}"
    is_cut = _is_bounded(column, _CUT + _CUT_TIMES)
    loss = f"{{0}}::{column['unbounded']} <> {full}" if is_cut else None
    return Sent(name, type_, full, staged, loss)


def _is_bounded(column: dict, bases: tuple[str, ...]) -> bool:
    """Say whether a type, or that of an array's items, has a precision or a length."""
    is_one = column["base"].lstrip("_") in bases
    return is_one and column["type"] != column["unbounded"]


def _is_kin(type_: pa.DataType, base: str, wanted: pa.DataType | None) -> bool:
    """Say whether values of one type may be those of the other at all."""
    if _is_number(type_) or base in _NUMBERS:
        return _is_number(type_) and base in (*_NUMBERS, "money", "oid")
    if wanted is None:
        if _is_list(type_):
            return base[0] == "_" and _is_text(type_.value_type)
        return _is_text(type_)
    if _is_text(type_) or kinds.is_string(wanted):
        return _is_text(type_) and kinds.is_string(wanted)
    if _is_time(type_) and _is_time(wanted):
        return bool(getattr(type_, "tz", None)) == (base == "timestamptz")
    if _is_list(type_) and _is_list(wanted):
        return _is_kin(type_.value_type, base[1:], wanted.value_type)
    same = (kinds.is_boolean, kinds.is_time, kinds.is_duration)
    return any(test(type_) and test(wanted) for test in same) or (
        kinds.is_binary(wanted)
        and _NEW.get(type_, "bytea") == "bytea"
        and not _is_list(type_)
    )


def _is_number(type_: pa.DataType) -> bool:
    return any(
        test(type_) for test in (kinds.is_integer, kinds.is_floating, kinds.is_decimal)
    )


def _is_text(type_: pa.DataType) -> bool:
    return _NEW.get(type_) == "text" and not kinds.is_null(type_)


def _is_time(type_: pa.DataType) -> bool:
    return kinds.is_date(type_) or kinds.is_timestamp(type_)


def _choose_numeric(name: str, type_: pa.DataType, column: dict) -> Sent:
    """Keep every digit: what a declared precision would round is refused."""
    if column["type"] != column["unbounded"]:
        declared = column["type"].partition("(")[2].rstrip(")")
        precision, _, scale = declared.partition(",")
        precision, scale = int(precision), int(scale or 0)
        if 0 <= scale <= precision <= 76:
            wide = pa.decimal128 if precision <= 38 else pa.decimal256
            return Sent(name, wide(precision, scale))
    elif kinds.is_decimal(type_):
        return Sent(name, type_)
    return _staged(name, pa.string(), column, "text")


def conform(
    field: pa.Field, array: pa.ChunkedArray, sent: Sent, column: dict, label: str
) -> pa.ChunkedArray:
    """Give values the type that is sent; refuse those that would change."""
    if kinds.is_dictionary(array.type):
        array = array.cast(array.type.value_type)
    values = _cast(array, sent.type)
    if values is not None:
        return values
    if kinds.is_timestamp(array.type) and kinds.is_timestamp(sent.type):
        found, instead = phrase("finer_times", environment.language()), "text"
    elif kinds.is_decimal(sent.type) or kinds.is_uint64(array.type):
        found, instead = _first_refused(array, sent.type), "numeric"
    elif kinds.is_integer(array.type) and kinds.is_integer(sent.type):
        found, instead = _first_refused(array, sent.type), "bigint"
    else:
        raise ColumnMismatchError(table=label, columns=mismatch(field, column["type"]))
    raise out_of_range({**column, "unbounded": instead}, found)


def out_of_range(column: dict, found: str) -> ValueOutOfRangeError:
    """Make the error for values that a wider type would hold."""
    name, type_ = column["name"], column["type"]
    dtype = json.dumps({name: column["unbounded"]}, ensure_ascii=False)
    return ValueOutOfRangeError(
        column=name, type=type_, values=found, remedy=f"dtype={dtype}"
    )


def _first_refused(array: pa.ChunkedArray, wanted: pa.DataType) -> str:
    """Find the first value that does not fit, in halves."""
    while len(array) > 1:
        half = array.slice(0, len(array) // 2)
        array = half if _cast(half, wanted) is None else array.slice(len(half))
    return str(array[0].as_py())


def mismatch(field: pa.Field, wanted: str, given: str | None = None) -> str:
    """Say of a column which type was wanted, and which was given."""
    text = phrase("column_wanted", environment.language())
    return text.format(name=field.name, wanted=wanted, given=given or new_type(field))


def _cast(array: pa.ChunkedArray, wanted: pa.DataType) -> pa.ChunkedArray | None:
    if kinds.is_decimal(wanted) and kinds.is_integer(array.type):
        array = cast(array, pa.decimal256(20, 0))
    if kinds.is_string(wanted) and not _is_text(array.type):
        if kinds.is_float16(array.type):
            array = array.cast(pa.float32())
        return array.cast(pa.string())  # the shortest that is the same number
    return exact_cast(array, wanted)
