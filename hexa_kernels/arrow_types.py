"""Arrow types: their counterpart on the wire, and casts that change nothing."""

import base64
from collections.abc import Iterator

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.types as kinds

EXACT_DIGITS = 15  # every decimal of so many digits survives as a double
REFUSALS = (pa.ArrowInvalid, pa.ArrowNotImplementedError, pa.ArrowTypeError)


def plain_type(type_: pa.DataType) -> pa.DataType:
    """Give the type on the wire of an Arrow type, whatever the values."""

    def any_of(*tests):
        return any(test(type_) for test in tests)

    if any_of(kinds.is_boolean, kinds.is_integer, kinds.is_float32, kinds.is_float64):
        return type_
    if any_of(kinds.is_string, kinds.is_large_string, kinds.is_binary, kinds.is_null):
        return type_
    if any_of(kinds.is_large_binary, kinds.is_binary_view, kinds.is_fixed_size_binary):
        return pa.binary()
    if any_of(kinds.is_dictionary, kinds.is_run_end_encoded):
        return plain_type(type_.value_type)
    if kinds.is_struct(type_):
        return pa.struct([f.with_type(plain_type(f.type)) for f in type_])
    if kinds.is_map(type_):
        pair = {"key": type_.key_type, "value": type_.item_type}
        return pa.list_(pa.struct([(n, plain_type(t)) for n, t in pair.items()]))
    if kinds.is_nested(type_) and hasattr(type_, "value_type"):  # the lists
        return pa.list_(type_.value_field.with_type(plain_type(type_.value_type)))
    if kinds.is_decimal(type_):
        return pa.float64() if type_.precision <= EXACT_DIGITS else pa.string()
    for test, wire in {
        kinds.is_float16: pa.float32(),
        kinds.is_string_view: pa.string(),
        kinds.is_date: pa.date32(),
        kinds.is_time: pa.time64("us"),
        kinds.is_duration: pa.duration("us"),
    }.items():
        if test(type_):
            return wire
    if kinds.is_timestamp(type_):
        return pa.timestamp("us", type_.tz)
    raise pa.ArrowNotImplementedError(str(type_))


def pack_type(type_: pa.DataType) -> str:
    """Write an Arrow type as text."""
    schema = pa.schema([pa.field("", type_)]).serialize().to_pybytes()
    return base64.b64encode(schema).decode()


def unpack_type(text: str) -> pa.DataType:
    """Read an Arrow type that ``pack_type`` wrote."""
    return pa.ipc.read_schema(pa.py_buffer(base64.b64decode(text))).field(0).type


def exact_cast(array: pa.ChunkedArray, wanted: pa.DataType) -> pa.ChunkedArray | None:
    """Cast where no value changes, else give None."""
    try:
        there = cast(array, wanted)
        if _refuses_change(array.type, wanted) or not count_different(array, there):
            return there
    except REFUSALS:
        pass
    return None


def _refuses_change(type_: pa.DataType, wanted: pa.DataType) -> bool:
    """Say whether Arrow's own safe cast raises when a value would change."""
    if kinds.is_integer(wanted):
        return kinds.is_integer(type_) or kinds.is_floating(type_)
    if kinds.is_floating(wanted):
        return kinds.is_integer(type_)
    if kinds.is_string(type_) or kinds.is_large_string(type_):
        return kinds.is_string(wanted) or kinds.is_large_string(wanted)
    return kinds.is_timestamp(type_) and kinds.is_timestamp(wanted)


def cast(
    array: pa.ChunkedArray, wanted: pa.DataType, *, safe: bool = True
) -> pa.ChunkedArray:
    """Cast between any two types that the wire or a rule asks for."""
    if array.type == wanted:
        return array
    if array.null_count == len(array):  # what is only missing fits any type
        return pa.chunked_array([pa.nulls(len(array), wanted)])
    if kinds.is_run_end_encoded(array.type):
        chunks = [pc.run_end_decode(chunk) for chunk in array.chunks]
        return cast(pa.chunked_array(chunks, array.type.value_type), wanted)
    if kinds.is_run_end_encoded(wanted):
        chunks = cast(array, wanted.value_type).chunks
        run_ends = wanted.run_end_type
        chunks = [pc.run_end_encode(chunk, run_end_type=run_ends) for chunk in chunks]
        return pa.chunked_array(chunks, wanted)
    # Arrow has no cast to these, and its cast from list_view loses offsets.
    if kinds.is_map(wanted) or "list_view" in f"{array.type} {wanted}":
        rows = array.to_pylist()
        if kinds.is_map(wanted):
            rows = [row and [tuple(pair.values()) for pair in row] for row in rows]
        return pa.chunked_array([pa.array(rows, wanted)])
    return array.cast(wanted, safe=safe)


def leaves(array: pa.ChunkedArray | pa.Array) -> Iterator[pa.Array]:
    """Give the flat arrays that a column is made of, nested ones taken apart."""
    for chunk in array.chunks if isinstance(array, pa.ChunkedArray) else [array]:
        if kinds.is_run_end_encoded(chunk.type):
            parts = pc.run_end_decode(chunk)
        elif kinds.is_map(chunk.type):
            parts = [chunk.keys, chunk.items]
        elif kinds.is_nested(chunk.type):
            parts = chunk.flatten()
        else:
            parts = None
            yield chunk
        for part in [parts] if isinstance(parts, pa.Array) else parts or []:
            yield from leaves(part)


def count_different(array: pa.ChunkedArray, there: pa.ChunkedArray) -> int:
    """Count the values that do not come back from another type, by flat parts."""
    if array.type == there.type or array.null_count == len(array):
        return 0
    count = 0
    parts = leaves(array.combine_chunks()), leaves(there.combine_chunks())
    for part, after in zip(*parts, strict=True):
        encoded = kinds.is_dictionary(part.type)
        before = part.dictionary_decode() if encoded else part
        if before.type == after.type or kinds.is_null(before.type):
            continue
        if kinds.is_float16(before.type):  # a float32 holds all of these
            continue
        same = pc.equal(before, after.cast(before.type, safe=False))
        if pc.all(same).as_py():  # missing values aside
            continue
        if kinds.is_floating(before.type):
            same = pc.or_(same, pc.is_nan(before))
        count += pc.sum(pc.invert(same)).as_py() or 0
    return count
