"""Whether code looks at paths as texts, of which a change would make others."""

import re
from functools import lru_cache

from .document import Document
from .syntax import Node, last_name

_COMPARERS = {
    *("sub", "gsub", "grepl", "grep", "regexpr", "startsWith", "strsplit", "nchar"),
    *("str_replace", "str_replace_all", "str_remove", "str_detect", "str_split", "len"),
    *("str_starts", "str_sub", "substr", "substring", "identical", "os.path.relpath"),
    *("replace", "startswith", "removeprefix", "split", "lstrip", "count", "find"),
    *("partition", "rpartition", "rsplit", "index", "relative_to", "is_relative_to"),
    *("os.path.commonpath", "commonpath", "path_rel", "str_length", "gregexpr"),
}
_COMPARISONS = {"==", "!=", "%in%", "eq", "not eq", "in", "not in"}


@lru_cache(maxsize=1)  # files come one after the other
def compares_paths(document: Document) -> bool:
    """Whether a path in another spelling than OpenHEXA's is looked at as a text."""
    return any(
        re.search(r"jovyan|^~/", node.text) and _is_compared(node)
        for cell in document.cells
        for node in cell.walk("text")
    )


def _is_compared(node: Node) -> bool:
    parent = node.parent
    if parent.kind == "member":
        return parent.text in _COMPARERS
    call = parent.parent if parent.kind == "argument" else None
    is_looked_at = call is not None and call.kind == "call"
    return (is_looked_at and bool({call.text, last_name(call)} & _COMPARERS)) or (
        parent.kind == "binary" and parent.text in _COMPARISONS
    )
