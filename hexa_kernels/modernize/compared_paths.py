"""Whether code looks at paths as texts, of which a change would make others."""

import re
from collections.abc import Iterator
from functools import lru_cache

from .document import Cell, Document
from .syntax import Node, last_name

_SETS = {"setdiff", "intersect", "union", "merge", "match", "identical", "digest"}
_COMPARERS = _SETS | {
    *("sub", "gsub", "grepl", "grep", "regexpr", "startsWith", "strsplit", "nchar"),
    *("str_replace", "str_replace_all", "str_remove", "str_detect", "str_split", "len"),
    *("str_starts", "str_sub", "substr", "substring", "str_length", "gregexpr", "scan"),
    *("replace", "startswith", "removeprefix", "split", "lstrip", "count", "find"),
    *("partition", "rpartition", "rsplit", "index", "search", "fullmatch", "findall"),
    *("fnmatch", "contains", "isin", "encode", "separate"),
    *("relative_to", "is_relative_to", "os.path.relpath", "path_rel"),
    *("os.path.commonpath", "commonpath"),
}
_COMPARISONS = {"==", "!=", "%in%", "eq", "not eq", "in", "not in"}
_EMPTY = {"", "None", "NULL"}
# What says where a process or a file is, in the spelling of the machine.
_PLACES = {
    *("getcwd", "cwd", "resolve", "realpath", "abspath", "getwd", "normalizePath"),
    *("path_real", "path_abs", "parents"),
}
_RELATIVES = {
    *(".relative_to", ".is_relative_to", "os.path.relpath", "os.path.commonpath"),
    "path_rel",
}
# What counts letters or folders from the beginning, also of what a variable has.
_CUTTERS = {
    *("strsplit", "str_split", "str_split_i", "substr", "substring", "str_sub"),
    *("nchar", "split", "rsplit", "partition", "len", "str_length", "startswith"),
    "startsWith",
}
_NAMERS = {"basename", "file_ext", "path_file", "path_ext", "list.dirs"}


@lru_cache(maxsize=1)  # files come one after the other
def compares_paths(document: Document) -> bool:
    """Whether a path in another spelling than OpenHEXA's is looked at as a text."""
    if any(_is_other(one) and _is_compared(one) for _, one in document.walk("text")):
        return True
    if document.calls(*_RELATIVES) or any(
        _cuts_by_number(cell, node) for cell, node in document.walk("index", "call")
    ):
        return True
    nodes = document.walk("call", "binary")
    return any(_looks_at(cell, node) for cell, node in nodes)


def _looks_at(cell: Cell, node: Node) -> bool:
    """Whether a call or a comparison looks at a path that is in a variable."""
    is_compared = node.kind == "binary" and node.text in _COMPARISONS
    if is_compared and any(
        one.kind in ("text", "constant") and one.text in _EMPTY for one in node.children
    ):
        return False
    if last_name(node) in _CUTTERS or is_compared:
        texts = _values_given(cell, node.children)
    elif {node.text, last_name(node)} & _COMPARERS:
        is_set = node.text in _SETS or last_name(node) == "isin"
        texts = _values_given(cell, node.arguments[: None if is_set else 1])
        if any(last_name(one) in _PLACES for one in _values_given(cell, node.children)):
            return True
    else:
        return False
    return any(
        _is_other(one) if one.kind == "text" else last_name(one) in _PLACES
        for one in texts
    )


def _cuts_by_number(cell: Cell, node: Node) -> bool:
    """``path[23:-4]``, ``substr(path, 24, 40)``: how long is the workspace's path?"""
    if node.kind == "index":
        return re.match(r"[1-9]\d+\s*:", cell.code(node.children[-1])) is not None
    is_cut = node.text in ("substr", "substring", "str_sub")
    first = node.argument("start", 1) if is_cut else None
    is_number = first is not None and first.kind == "constant"
    return is_number and re.fullmatch(r"[1-9]\d+L?", first.text) is not None


def _is_other(text: Node) -> bool:
    return re.search(r"jovyan|^~/", text.text) is not None


def _values_given(cell: Cell, given: list[Node]) -> Iterator[Node]:
    """Give the texts of variables, and the calls, in what is given."""
    nodes = [one for part in given for one in part.walk()]
    if {last_name(one) for one in nodes} & _NAMERS:
        return
    for one in nodes:
        if one.kind == "name":
            value = cell.resolve(one)
            if value is one and one.owner:
                value = cell.resolve(one.owner)
            yield from value.walk("text", "call")
            yield one  # such as Path.cwd().parents
        elif one.kind in ("call", "member"):
            yield one


def _is_compared(node: Node) -> bool:
    parent = node.parent
    if parent.kind == "member":
        return parent.text in _COMPARERS
    if parent.text == "MatchValue":
        return True
    call = parent.parent
    if parent.kind == "argument" and call.kind == "call":
        return bool({call.text, last_name(call)} & _COMPARERS)
    return parent.kind == "binary" and parent.text in _COMPARISONS
