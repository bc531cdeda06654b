"""Values that are no frames: scalars, vectors, lists and dicts of them, dates, None.

On the wire, a table of one row. Each vector is a list column, whose item is encoded as
a column of a frame is, so that values cross by the same rules; how the vectors make up
the value is a tree in the table's metadata (``openhexa:value``, JSON):

``null``
    None, NULL.
``{"vector": 0, "scalar": true}``
    The first column; one value of Python rather than a list.
``{"names": ["a", "b"], "items": […]}``
    A dict, a named list. Without names, a list of different things.
"""

import datetime as dt
import json
from decimal import Decimal
from typing import Any

import pandas
import pyarrow as pa
import pyarrow.types as kinds

from .arrow_types import REFUSALS
from .columns import PREFIX, Crossing, decode, encode, own_metadata
from .errors import FrameError, UnsupportedValueError
from .pandas_columns import read_series

TREE = f"{PREFIX}value".encode()
SCALARS = (
    *(bool, int, float, str, bytes, Decimal),
    *(dt.date, dt.time, dt.timedelta),  # a datetime is a date
)


def value_to_wire(value: Any) -> pa.Table:
    """Bring a value to the wire.

    Parameters
    ----------
    value : object
        None, ``pandas.NA``, a scalar (also of numpy), a list or tuple of scalars of one
        type or of anything here, a numpy array or pandas Series of one dimension, a
        dict with text keys.

    Returns
    -------
    pyarrow.Table, shape (1, n_vectors)

    Raises
    ------
    UnsupportedValueError
        With the place in the value, and the type.

    Examples
    --------
    >>> value_from_wire(value_to_wire({"year": 2024, "regions": ["Kanem", None]}))
    {'year': 2024, 'regions': ['Kanem', None]}
    """
    vectors: list[Crossing] = []
    tree = _plant(value, "value", vectors)
    columns, fields = [], []
    for at, crossing in enumerate(vectors):
        items = crossing.array.combine_chunks()
        type_ = pa.list_(crossing.field.with_name("item"))
        columns.append(pa.ListArray.from_arrays([0, len(items)], items, type=type_))
        fields.append(pa.field(str(at), type_))
    metadata = {TREE: json.dumps(tree), PREFIX + "wire": "1", PREFIX + "rows": "1"}
    return pa.Table.from_arrays(columns, schema=pa.schema(fields, metadata=metadata))


def value_from_wire(table: pa.Table) -> Any:
    """Read a value off the wire.

    Returns
    -------
    object
        None, scalars, lists of scalars (a factor is a ``pandas.Categorical``), lists
        and dicts of these. A vector of R of length one is a scalar, unless R says
        ``I()``. Missing is None in a list; alone, where None is NULL, ``pandas.NA``.
    """
    vectors = []
    for column in table.columns:
        item = column.type.value_field
        flat = pa.chunked_array([chunk.flatten() for chunk in column.chunks], item.type)
        vectors.append(decode(flat, own_metadata(item)))
    return _harvest(json.loads(table.schema.metadata[TREE]), vectors)


def _plant(value: Any, path: str, vectors: list[Crossing]) -> Any:
    """Give the tree of a value; put its vectors in a row."""
    if value is None:
        return None
    if value is pandas.NA:
        return _vector([None], path, vectors) | {"scalar": True}
    if isinstance(value, SCALARS):
        return _vector([value], path, vectors) | {"scalar": True}
    if getattr(value, "ndim", None) == 0:  # of numpy
        return _vector(pandas.Series([value[()]]), path, vectors) | {"scalar": True}
    if isinstance(value, dict):
        for key in value:
            if not isinstance(key, str):
                raise UnsupportedValueError(path=f"{path}[{key!r}]", type="key")
        items = [_plant(item, f"{path}[{k!r}]", vectors) for k, item in value.items()]
        return {"names": list(value), "items": items}
    if isinstance(value, list | tuple):
        if value and all(item is None or isinstance(item, SCALARS) for item in value):
            types = {type(item) for item in value} - {type(None)}
            if len(types) <= 1:
                return _vector(list(value), path, vectors)
        items = [_plant(item, f"{path}[{i}]", vectors) for i, item in enumerate(value)]
        return {"items": items}
    if getattr(value, "ndim", None) == 1:
        return _vector(pandas.Series(value), path, vectors)
    kind = type(value)
    raise UnsupportedValueError(
        path=path, type=f"{kind.__module__}.{kind.__qualname__}"
    )


def _vector(values: Any, path: str, vectors: list[Crossing]) -> dict[str, Any]:
    try:
        if isinstance(values, list):
            array = pa.chunked_array([pa.array(values)])
            vectors.append(encode(path, array, str(array.type)))
        else:
            vectors.append(read_series(path, values))
    except (*REFUSALS, FrameError, OverflowError, UnicodeEncodeError) as error:
        kinds_of = sorted({type(item).__name__ for item in values})
        raise UnsupportedValueError(path=path, type=", ".join(kinds_of)) from error
    return {"vector": len(vectors) - 1}


def _harvest(tree: Any, vectors: list[pa.ChunkedArray]) -> Any:
    """Put a value together from its tree and its vectors."""
    if tree is None:
        return None
    if "vector" in tree:
        array = vectors[tree["vector"]]
        if tree.get("scalar"):
            return array[0].as_py() if array[0].is_valid else pandas.NA
        return (
            array.to_pandas().array
            if kinds.is_dictionary(array.type)
            else (array.to_pylist())
        )
    items = [_harvest(item, vectors) for item in tree["items"]]
    names = tree.get("names")
    return items if names is None else dict(zip(names, items, strict=True))
