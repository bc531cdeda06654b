"""What both engines share: how values cross, and how a cell shows what R says."""

import json
import re
import sys
from typing import Any

import pyarrow
from IPython.display import clear_output, publish_display_data

from ..errors import OpenHexaError, RCellError, of_code
from ..frames import from_wire, to_wire
from ..values import TREE, value_from_wire, value_to_wire


def to_r(value: Any) -> pyarrow.Table:
    """Bring a data frame, or a value that is none, to the wire."""
    is_frame = getattr(value, "shape", None) is not None and hasattr(value, "columns")
    return to_wire(value) if is_frame else value_to_wire(value)


def from_r(table: pyarrow.Table, as_: str) -> Any:
    """Take a data frame, of the kind ``as_``, or a value off the wire."""
    if TREE in (table.schema.metadata or {}):
        return value_from_wire(table)
    return from_wire(table, as_)


def show(message: dict) -> None:
    """Relay one message of R's to the cell that runs."""
    content = message["content"]
    match message["msg_type"]:
        case "stream":
            stream = sys.stderr if content["name"] == "stderr" else sys.stdout
            print(content["text"], end="", file=stream, flush=True)
        case "display_data" | "execute_result" | "update_display_data":
            publish_display_data(content["data"], content.get("metadata", {}))
        case "clear_output":
            clear_output(content["wait"])
        case "error":
            print("\n".join(content["traceback"]), file=sys.stderr, flush=True)


def call_of(function: str, *arguments: Any) -> str:
    """Compose R's call of one of our functions, whose errors become Python's."""
    texts = [json.dumps(str(a), ensure_ascii=False) for a in (function, *arguments)]
    return f"openhexaR:::bridge_call({', '.join(texts)})"


def failure_of(text: str) -> OpenHexaError:
    """Make an error of R's: the same as there where it is one of ours."""
    reason = _plain(text)
    found = re.fullmatch(r'Error: ({"code":.*})', reason)
    if found is None:
        return RCellError(reason=reason)
    content = json.loads(found[1])
    kind = of_code(content["code"])
    if kind is None:
        return RCellError(reason=content["text"].rstrip("."))
    return kind(**content["values"])


def _plain(text: str) -> str:
    """Give R's error in a line, without its colours."""
    text = re.sub(r"\x1b\[[0-9;]*m", "", text).strip()
    return re.sub(r"\s*\n\s*", " ", text).rstrip(".")
