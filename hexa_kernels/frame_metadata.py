"""What a pandas frame has beside its columns: their name, ``attrs``, labels.

Labels are those of Stata and SPSS, in ``attrs`` where pyreadstat and ``file_read`` put
them; R has them in attributes of the column. Other ``attrs`` cross as JSON where that
gives back the same.
"""

import json
from collections.abc import Mapping
from typing import Any

from .r_numbers import INTEGER_MAX

MEMORY = "openhexa"  # key of DataFrame.attrs: what R wants back
LABELS, VALUE_LABELS = "column_labels", "variable_value_labels"  # column: label(s)
# Marks of a whole frame: those that R reads, and all that come back.
OF_R = ("r", "attributes", "agr", "groups", "groups_kept")
OF_FRAME = (*OF_R, "geometry", "rows", "python")
_READ = {"integer": int, "double": float, "character": str}


def own_parts(frame: Any) -> tuple[dict[str, Any], list[str]]:
    """Give what R only keeps for us, and the parts that have no form in JSON."""
    own, left = {}, []
    if frame.columns.name is not None:
        _add(own, "name", frame.columns.name, left, "frame.columns.name")
    attrs = {}
    for key, value in frame.attrs.items():
        labels = key in (LABELS, VALUE_LABELS) and isinstance(value, Mapping)
        if key != MEMORY and not labels:
            _add(attrs, key, value, left, f"frame.attrs[{key!r}]")
    if attrs:
        own["attrs"] = attrs
    return own, left


def _add(own: dict, key: Any, value: Any, left: list[str], part: str) -> None:
    try:
        same = json.loads(json.dumps({key: value})) == {key: value}
    except (TypeError, ValueError):
        same = False
    if same:
        own[key] = value
    else:
        left.append(part)


def write_labels(
    attributes: str | None, name: str, attrs: Mapping, left: list[str]
) -> str | None:
    """Add the labels of a column to the attributes that it had in R; None for none."""
    found = json.loads(attributes or "{}")
    label = _of_column(attrs, LABELS, name)
    if isinstance(label, str):
        found["label"] = {"type": "character", "values": [label]}
    elif label is not None:
        left.append(f"frame.attrs[{LABELS!r}][{name!r}]")
    labels = _of_column(attrs, VALUE_LABELS, name)
    type_ = _type_of(labels) if labels else None
    if type_:
        texts = [key if type_ == "character" else repr(key) for key in labels]
        found["labels"] = {
            "type": type_,
            "values": texts,
            "names": list(labels.values()),
        }
    elif labels:
        left.append(f"frame.attrs[{VALUE_LABELS!r}][{name!r}]")
    return json.dumps(found, ensure_ascii=False) if found else None


def _of_column(attrs: Mapping, key: str, name: str) -> Any:
    known = attrs.get(key)
    return known.get(name) if isinstance(known, Mapping) else None


def _type_of(labels: Any) -> str | None:
    """Give R's type of the values that have labels; None where it has none."""
    if not isinstance(labels, Mapping):
        return None
    if not all(isinstance(text, str) for text in labels.values()):
        return None
    kinds = {type(key) for key in labels}
    if kinds == {str}:
        return "character"
    if kinds == {int} and all(abs(key) <= INTEGER_MAX for key in labels):
        return "integer"
    return "double" if kinds == {float} else None


def read_labels(attributes: str, name: str, attrs: dict) -> str:
    """Move the labels of a column to where pandas users look; give what is left."""
    found = json.loads(attributes)
    match found.get("label"):
        case {"type": "character", "values": [str(label)], **others} if not others:
            attrs.setdefault(LABELS, {})[name] = label
            del found["label"]
    labels = found.get("labels", {})
    keys = labels.get("values", [])
    if "names" in labels and None not in keys and len(set(keys)) == len(keys):
        values = [_READ[labels["type"]](key) for key in keys]
        texts = dict(zip(values, labels["names"], strict=True))
        attrs.setdefault(VALUE_LABELS, {})[name] = texts
        del found["labels"]
    return json.dumps(found, ensure_ascii=False)
