"""How one column crosses: any Arrow array to the wire's plain types, and back.

The wire holds only types that R's nanoarrow reads exactly. What a column was before,
and what R is to make of it, is in its field's metadata, under keys ``openhexa:…``:

``arrow``
    The Arrow type that comes back: a serialised schema, as parquet's ``ARROW:schema``.
    Absent where R gives back the wire's own type.
``python``, ``r``
    The class that the column has on the side that it came from.
``number``
    The narrowest class in R that holds these integers: it need not look.
``attributes``
    What R has beside the values of the column, such as labels: JSON, by name.
``levels``, ``ordered``
    Of a factor, whose codes on the wire count from 1, as R does.
"""

import json
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.types as kinds

from .arrow_types import (
    EXACT_DIGITS,
    REFUSALS,
    cast,
    count_different,
    exact_cast,
    leaves,
    pack_type,
    plain_type,
    unpack_type,
)
from .contract import contract
from .errors import EmbeddedNulError, UnsupportedColumnError
from .r_numbers import count_lost, count_lost_integers, integer_class

PREFIX = "openhexa:"
EXTENSION = "ARROW:extension:name"

# What R gives back by itself; every other type is written down as `arrow`.
_NATIVE = {
    *(pa.bool_(), pa.int32(), pa.float64(), pa.string(), pa.date32()),
    *(pa.time64("us"), pa.duration("us")),
}
_ONE = pa.scalar(1, pa.int32())
_SAME_INTEGERS = {("int32", "integer"), ("int64", "integer64")}


@dataclass
class Crossing:
    """One column on the wire, and what becomes of it on the way.

    Attributes
    ----------
    name, source : str
        Its name, and its type in the frame.
    array : pyarrow.ChunkedArray
        Its values, in a type of the wire.
    metadata : dict
        Of its field, without the prefix ``openhexa:``.
    reason : str
        Why it has another class on the other side: a phrase of the contract.
    changed : int
        How many values are not the same after coming back.
    """

    name: str
    source: str
    array: pa.ChunkedArray
    metadata: dict[str, str] = field(default_factory=dict)
    reason: str = "same_class"
    changed: int = 0

    @property
    def status(self) -> str:
        """Give "exact", "widened" (the same values in another class) or "lossy"."""
        if self.changed:
            return "lossy"
        return "exact" if self.reason == "same_class" else "widened"

    @property
    def target(self) -> str:
        """Give the class in R."""
        classes = contract()["columns"][self.kind]["r"]
        return self.metadata.get("r") or self.metadata.get("number") or classes

    @property
    def kind(self) -> str:
        """Give the key of its type in the contract's ``columns``."""
        if EXTENSION in self.metadata:
            return "geometry"
        return "factor" if "levels" in self.metadata else kind_of(self.array.type)

    @property
    def field(self) -> pa.Field:
        """Give its field on the wire."""
        keys = {k: k if k.startswith("ARROW:") else PREFIX + k for k in self.metadata}
        metadata = {keys[k]: text for k, text in self.metadata.items()}
        return pa.field(self.name, self.array.type, metadata=metadata)

    def remember(self, memory: dict[str, str]) -> None:
        """Ask R for the class that the column had there, if its kind is the same."""
        if EXTENSION in memory:
            self.metadata |= {k: v for k, v in memory.items() if k.startswith("ARROW:")}
        if self.array.type == pa.null() and memory.get("kind") == "string":
            self.array = cast(self.array, pa.string())
        if memory.get("kind", self.kind) != self.kind:
            return
        if "attributes" in memory:
            self.metadata["attributes"] = memory["attributes"]
        if "r" in memory:
            # It came from R, which makes the type by itself.
            self.metadata = {"r": memory["r"], **self.metadata}
            self.metadata.pop("arrow", None)
            self.metadata.pop("python", None)


def own_metadata(holder: pa.Field | pa.Schema) -> dict[str, str]:
    """Read what the contract wrote about a column or a table; geometry's mark too."""
    prefixes = (PREFIX.encode(), b"ARROW:")
    found = {k: v for k, v in (holder.metadata or {}).items() if k.startswith(prefixes)}
    return {k.decode().removeprefix(PREFIX): v.decode() for k, v in found.items()}


def kind_of(type_: pa.DataType) -> str:
    """Give the key of a type of the wire in the contract's ``columns``."""
    if kinds.is_timestamp(type_):
        return "timestamp" if type_.tz else "naive_timestamp"
    return str(type_).partition("[")[0].partition("<")[0].removeprefix("large_")


def encode(name: str, array: pa.ChunkedArray, source: str) -> Crossing:
    """Bring a column to the wire; raise ``UnsupportedColumnError`` if no rule fits."""
    crossing = Crossing(name, source, array)
    try:
        if kinds.is_dictionary(array.type):
            _encode_factor(crossing)
        elif kinds.is_decimal(array.type):
            _encode_decimal(crossing)
        else:
            _encode_plain(crossing)
    except REFUSALS as error:
        raise UnsupportedColumnError(column=name, type=source) from error
    wire = crossing.array.type
    native = wire in _NATIVE or (kinds.is_timestamp(wire) and named_zone(wire.tz))
    if array.type != wire or not native or crossing.reason == "other_number":
        crossing.metadata["arrow"] = pack_type(array.type)
    _refuse_nul(crossing)
    return crossing


def _encode_plain(crossing: Crossing) -> None:
    array, type_ = crossing.array, crossing.array.type
    wire = cast(array, plain_type(type_), safe=False)
    crossing.changed = count_different(array, wire)
    if crossing.changed and kinds.is_timestamp(type_) and type_.unit == "ns":
        # Finer than microseconds: R's doubles may hold them all the same.
        wire, crossing.changed = array, 0
    crossing.array = wire
    if kinds.is_integer(type_):
        number = integer_class(wire)
        crossing.metadata["number"] = number
        crossing.changed += count_lost_integers(wire, number)
        same = (str(type_), number) in _SAME_INTEGERS
        crossing.reason = "same_class" if same else "other_number"
    else:
        crossing.changed += sum(map(count_lost, leaves(wire)))
    if kinds.is_float32(type_) or kinds.is_float16(type_):
        crossing.reason = "other_number"
    elif kinds.is_timestamp(type_) and not named_zone(type_.tz):
        crossing.reason = "no_zone"
    if crossing.changed:
        crossing.reason = "rounded"


def named_zone(zone: str | None) -> bool:
    """Say whether R knows a zone by its name: not an offset such as +02:00."""
    return zone is not None and zone[:1] not in ("+", "-", "")


def _encode_decimal(crossing: Crossing) -> None:
    array = crossing.array
    double = cast(array, pa.float64())
    crossing.array, crossing.reason = double, "decimal_as_double"
    if array.type.precision > EXACT_DIGITS and count_different(array, double):
        crossing.array, crossing.reason = cast(array, pa.string()), "decimal_as_text"


def _encode_factor(crossing: Crossing) -> None:
    array = crossing.array.unify_dictionaries()
    ordered, value_type = array.type.ordered, array.type.value_type
    values = array.chunk(0).dictionary if array.num_chunks else pa.nulls(0, value_type)
    if values.null_count or len(values.unique()) < len(values):
        array = array.cast(value_type).dictionary_encode().unify_dictionaries()
        values = array.chunk(0).dictionary if array.num_chunks else values
    levels = pa.chunked_array([values.cast(pa.string())])
    if count_different(pa.chunked_array([values]), levels):
        raise pa.ArrowInvalid("levels that text does not hold")
    codes = [pc.add(chunk.indices.cast("int32"), _ONE) for chunk in array.chunks]
    crossing.array = pa.chunked_array(codes, pa.int32())
    crossing.metadata["levels"] = json.dumps(levels.to_pylist(), ensure_ascii=False)
    crossing.metadata["ordered"] = "true" if ordered else "false"
    _refuse_nul(Crossing(crossing.name, "", levels))
    if not (kinds.is_string(value_type) or kinds.is_large_string(value_type)):
        crossing.reason = "levels_as_text"


def _refuse_nul(crossing: Crossing) -> None:
    """Refuse text that ends R's process: a C string ends at its first NUL."""
    for leaf in leaves(crossing.array):
        if kinds.is_string(leaf.type) or kinds.is_large_string(leaf.type):
            _, offsets, data = leaf.buffers()
            if len(leaf) == 0 or data is None:
                continue
            width = "int64" if kinds.is_large_string(leaf.type) else "int32"
            first, last = np.frombuffer(offsets, width)[
                [leaf.offset, leaf.offset + len(leaf)]
            ]
            text = np.frombuffer(data, "uint8", last - first, first)
            if len(text) and text.min() == 0:
                raise EmbeddedNulError(column=crossing.name)


def decode(array: pa.ChunkedArray, metadata: dict[str, str]) -> pa.ChunkedArray:
    """Give a column of the wire its own Arrow type back, where all values fit it."""
    wanted = unpack_type(metadata["arrow"]) if "arrow" in metadata else None
    if "levels" not in metadata or kinds.is_dictionary(array.type):
        restored = None if wanted is None else exact_cast(array, wanted)
        return array if restored is None else restored
    levels = pa.chunked_array([pa.array(json.loads(metadata["levels"]), pa.string())])
    index_type = pa.int32()
    if wanted is not None and kinds.is_dictionary(wanted):
        typed = exact_cast(levels, wanted.value_type)
        levels = levels if typed is None else typed
        index_type = wanted.index_type
    dictionary = levels.combine_chunks()
    ordered = metadata.get("ordered") == "true"
    try:
        codes = [pc.subtract(chunk, _ONE).cast(index_type) for chunk in array.chunks]
    except pa.ArrowInvalid:  # R added levels
        codes = [pc.subtract(chunk, _ONE) for chunk in array.chunks]
    return pa.chunked_array(
        [pa.DictionaryArray.from_arrays(c, dictionary, ordered=ordered) for c in codes],
        pa.dictionary(codes[0].type if codes else index_type, dictionary.type, ordered),
    )
