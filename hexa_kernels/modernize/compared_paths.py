"""Whether code looks at paths as texts, of which a change would make others."""

import re
from collections.abc import Iterator
from functools import lru_cache

from .document import Cell, Document
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
    texts = ((cell, node) for cell in document.cells for node in cell.walk("text"))
    if any(_is_other(node) and _is_compared(node) for _, node in texts):
        return True
    calls = ((cell, call) for cell in document.cells for call in cell.walk("call"))
    return any(
        _is_other(text)
        for cell, call in calls
        if last_name(call) in _CUTTERS
        for text in _texts_given(cell, call)
    )


# What counts letters or folders from the beginning, also of what a variable has.
_CUTTERS = {
    *(
        "strsplit",
        "str_split",
        "str_split_i",
        "substr",
        "substring",
        "str_sub",
        "nchar",
    ),
    *("split", "rsplit", "partition", "len", "str_length", "startswith", "startsWith"),
}
_NAMERS = {"basename", "file_ext", "path_file", "path_ext", "list.dirs"}


def _is_other(text: Node) -> bool:
    return re.search(r"jovyan|^~/", text.text) is not None


def _texts_given(cell: Cell, call: Node) -> Iterator[Node]:
    """Give the texts in what a call is given, and in the values of its variables."""
    given = [call.children[0], *call.arguments]
    nodes = [one for part in given for one in part.walk()]
    if {last_name(one) for one in nodes} & _NAMERS:
        return
    for node in nodes:
        if node.kind == "name":
            value = cell.resolve(node)
            owner = Node("name", 0, 0, node.text.rpartition(".")[0])
            value = cell.resolve(owner) if value is node and owner.text else value
            yield from (one for one in value.walk() if one.kind == "text")


def _is_compared(node: Node) -> bool:
    parent = node.parent
    if parent.kind == "member":
        return parent.text in _COMPARERS
    call = parent.parent if parent.kind == "argument" else None
    is_looked_at = call is not None and call.kind == "call"
    return (is_looked_at and bool({call.text, last_name(call)} & _COMPARERS)) or (
        parent.kind == "binary" and parent.text in _COMPARISONS
    )
