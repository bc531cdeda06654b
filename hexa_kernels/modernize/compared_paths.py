"""Whether code looks at paths as texts, of which a change would make others."""

import re
from collections.abc import Iterator
from functools import lru_cache

from .document import Cell, Document
from .syntax import Node, last_name, text_of
from .variable_access import is_bound

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
# What counts letters or folders from the beginning, or takes them all, also of what a
# variable has.
_CUTTERS = {
    *("strsplit", "str_split", "str_split_i", "substr", "substring", "str_sub"),
    *("nchar", "split", "rsplit", "partition", "len", "str_length", "startswith"),
    *("startsWith", "encode", "hash", "md5", "sha1", "sha256", "slugify", "quote"),
    *("make.names", "make_clean_names", "chartr", "path_sanitize", "make.unique"),
}
# What puts paths together, or gives one of a path.
_JOINERS = {
    *("file.path", "path", "paste", "paste0", "c", "os.path.join", "pathlib.Path"),
    *("os.path.dirname", "dirname", "path.expand", "os.path.expanduser", "str"),
    *("as.character", "os.fspath", "pathlib.Path.home", "list", "sorted", "sort"),
    *("list.files", "dir_ls", "Sys.glob", "glob.glob", "glob.iglob"),
}
_LISTERS = ("glob.glob", "glob.iglob", ".glob", ".rglob", "os.walk", "list.files")


@lru_cache(maxsize=1)  # files come one after the other
def compares_paths(document: Document) -> bool:
    """Whether a path in another spelling than OpenHEXA's is looked at as a text."""
    if any(_is_other(one) and _is_compared(one) for _, one in document.walk("text")):
        return True
    if document.calls(*_RELATIVES):
        return True
    nodes = document.walk("call", "binary", "index")
    return any(_looks_at(cell, node) for cell, node in nodes)


def _looks_at(cell: Cell, node: Node) -> bool:
    """Whether a call, a comparison or a cut looks at a path that is in a variable."""
    if node.kind == "index":
        return _is_cut(cell, node)
    if node.kind == "binary":
        if node.text not in _COMPARISONS:
            return False
        is_empty = any(
            one.kind in ("text", "constant") and one.text in _EMPTY
            for one in node.children
        )
        return not is_empty and any(_is_other_path(cell, o) for o in node.children)
    owner = node.children[0].owner
    if _rewrites_folder(cell, node):
        return True
    if last_name(node) in _CUTTERS:
        given = [owner, *node.arguments]
    elif node.text in _SETS or last_name(node) == "isin":
        given = node.arguments
    elif {node.text, last_name(node)} & _COMPARERS:
        # Of stringr, the pattern is the second, and was tried.
        is_tried = node.text in _REPLACERS and node.text.startswith("str_")
        given = [] if is_tried else node.arguments[:1]
        if any(_is_place(cell, one) for one in [owner, *node.arguments] if one):
            return True
    else:
        return False
    return any(_is_other_path(cell, one) for one in given if one)


_REPLACERS = {"sub", "gsub", "str_replace", "str_replace_all", "replace"}
_REPLACERS |= {"str_remove", "str_remove_all"}
_CLASSES = {"[:alnum:]": "A-Za-z0-9", "[:alpha:]": "A-Za-z", "[:digit:]": "0-9"}
_CLASSES |= {"[:space:]": r"\s", "[:blank:]": " ", "[:punct:]": r"!-/:-@\[-`{-~"}
_CLASSES |= {"[:upper:]": "A-Z", "[:lower:]": "a-z"}


def _rewrites_folder(cell: Cell, call: Node) -> bool:
    """Whether a path's folder is replaced or cut, too: ``gsub("/", "_", path)``."""
    name = last_name(call)
    if name not in _REPLACERS:
        return False
    piped = call.parent.children[0] if call.parent.text in ("%>%", "|>") else None
    given = [one.value for one in call.arguments if one.value is not None]
    whole = [call.children[0].owner, piped, *given]
    paths = [one for one in whole if one is not None and _is_other_path(cell, one)]
    rest = [cell.resolve(one) for one in given if one not in paths]
    if not paths or not rest:
        return False
    if last_name(rest[0]) in ("fixed", "coll", "regex") and rest[0].arguments:
        rest[0] = rest[0].arguments[0].value
    pattern, *rest = [text_of(one) for one in rest]
    if pattern is None:
        return True
    new = rest[0] if rest and rest[0] is not None else ""
    is_fixed = call.argument("fixed") is not None or any(
        last_name(one) in ("fixed", "coll") for one in call.walk("call")
    )
    is_literal = name == "replace" or is_fixed
    is_once = name in ("str_replace", "str_remove") or (cell.is_r and name == "sub")
    if is_literal:
        pattern, new = re.escape(pattern), new.replace("\\", r"\\")
    for letters, written in _CLASSES.items():
        pattern = pattern.replace(letters, written)
    # What R writes otherwise; and groups that repeat, which may take very long.
    if re.search(r"\[\[|\)[*+{]", pattern):
        return True
    try:
        return not _keeps_folder(pattern, new, int(is_once))
    except re.error:
        return True


def _keeps_folder(pattern: str, new: str, count: int) -> bool:
    """Try it on each spelling: what follows the folder must become the same."""
    ends = {}
    for folder in ("~", "/home/jovyan", "/home/hexa"):
        path = f"{folder}/workspace/data 2024/cases.csv"
        made = re.sub(pattern, new, path, count=count)
        ends[folder] = made.removeprefix(f"{folder}/workspace/")
    return len({*ends.values()}) == 1


def _is_cut(cell: Cell, node: Node) -> bool:
    """``path[23:-4]``: how long is the workspace's path?"""
    cut, whole = node.children[-1], node.children[0]
    if cell.is_r or not re.match(r"[1-9]\d+\s*:[^,]*$", cell.code(cut)):
        return False
    is_listed = is_bound(cell, whole.text) and bool(cell.document.calls(*_LISTERS))
    return _is_other_path(cell, whole) or (whole.kind == "name" and is_listed)


def _is_other(text: Node) -> bool:
    return re.search(r"jovyan|^~/|^/home/hexa//", text.text) is not None


def _is_other_path(cell: Cell, node: Node) -> bool:
    """Whether an expression is such a path, or where a process or a file is."""
    parts = [*_parts_of_path(cell, node)]
    return any(_is_other(one) for one in parts if one.kind == "text") or any(
        last_name(one) in _PLACES for one in parts
    )


def _is_place(cell: Cell, node: Node) -> bool:
    return any(last_name(one) in _PLACES for one in _parts_of_path(cell, node))


def _parts_of_path(cell: Cell, node: Node, depth: int = 0) -> Iterator[Node]:
    """Give what a path is put together from, behind the names of variables."""
    yield node
    if depth > 8:
        return
    if node.kind == "name":
        value = cell.resolve(node)
        inside = [value] if value is not node else []
    elif node.kind == "call":
        inside = node.arguments if node.text in _JOINERS else []
    elif node.kind in ("argument", "binary", "template", "unary"):
        inside = node.children
    elif node.kind == "index":
        inside = node.children[:1] if last_name(node.children[0]) in _PLACES else []
    else:
        inside = node.children if node.text in ("List", "Tuple", "Set") else []
    for one in inside:
        yield from _parts_of_path(cell, one, depth + 1)


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
