"""Whether code looks at paths as texts, of which a change would make others."""

import itertools
import re
from collections.abc import Iterator
from functools import lru_cache

from .document import Cell, Document
from .folder_patterns import keeps_folder
from .syntax import PIPES, Node, last_name, text_of
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
    *("bytes", "translate", "uuid5", "uuid3"),
}
# What puts paths together, or gives one of a path.
_JOINERS = {
    *("file.path", "path", "paste", "paste0", "c", "os.path.join", "pathlib.Path"),
    *("os.path.dirname", "dirname", "path.expand", "os.path.expanduser", "str"),
    *("as.character", "os.fspath", "pathlib.Path.home", "list", "sorted", "sort"),
    *("list.files", "dir_ls", "Sys.glob", "glob.glob", "glob.iglob", ".join"),
    *("sprintf", "glue", "file_path_sans_ext", "path_ext_remove", "os.path.splitext"),
    *("sub", "gsub", "str_replace", "str_remove"),
}
# Methods that give a path in the spelling of theirs.
_KEEPERS = {"as_posix", "replace", "strip", "rstrip", "lower", "upper", "with_suffix"}
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
_OPTIONS = {"fixed", "perl", "ignore.case", "count", "flags"}


def _rewrites_folder(cell: Cell, call: Node) -> bool:
    """Whether a path's folder is replaced or cut, too: ``gsub("/", "_", path)``."""
    name = last_name(call)
    if name not in _REPLACERS:
        return False
    owner = call.children[0].owner
    given = [one.value for one in call.arguments if one.text not in _OPTIONS]
    given = [one for one in given if one is not None]
    compiled = cell.resolve(owner)
    if compiled is not None and compiled.text == "re.compile" and compiled.arguments:
        given.insert(0, compiled.arguments[0].value)
    piped = call.parent.children[0] if call.parent.text in PIPES else None
    paths = [
        one
        for one in (owner, piped, *given)
        if one is not None
        and any(_is_other_path(cell, value) for value in (one, *_looped(call, one)))
    ]
    rest = [cell.resolve(one) for one in given if one not in paths]
    if not paths or not rest:
        return False
    is_fixed = name == "replace" or _is_true(call.argument("fixed"))
    if last_name(rest[0]) in ("fixed", "coll", "regex") and rest[0].arguments:
        is_fixed = last_name(rest[0]) != "regex"
        rest[0] = rest[0].arguments[0].value or rest[0]
    pattern = "/" if rest[0].text in _SEPARATORS else text_of(rest[0])
    if pattern is None:  # any of what it is made of
        parts = _texts(cell, call, rest[0])
        return not all(keeps_folder(part, "", is_fixed, 0) for part in parts)
    new = text_of(rest[1]) if len(rest) > 1 else None
    is_once = name in ("str_replace", "str_remove") or (cell.is_r and name == "sub")
    is_once |= name == "replace" and len(given) == 3
    return not keeps_folder(pattern, new or "", is_fixed, int(is_once))


def _is_true(node: Node | None) -> bool:
    return node is not None and node.text in ("TRUE", "T")


def _looped(place: Node, node: Node) -> Iterator[Node]:
    """Give what a loop around a place hands to a name, or a parameter's default."""
    for one in place.above() if node.kind == "name" else ():
        if one.kind == "function":
            values = (part.value for part in one.parameters if part.text == node.text)
            yield from (value for value in values if value is not None)
        for head in (one, *one.children[:1]):
            pairs = itertools.pairwise(head.children if head.kind == "other" else ())
            for names, values in pairs:  # for a, b in …
                parts = names.children if names.text == "Tuple" else [names]
                if any(part.text == node.text for part in parts):
                    yield values


_SEPARATORS = {"os.sep", "os.path.sep", ".Platform.file.sep"}


def _texts(cell: Cell, place: Node, pattern: Node) -> Iterator[str]:
    """Give the texts that a pattern may be, or be put together from."""
    for value in (pattern, *_looped(place, pattern)):
        for one in cell.resolve(value).walk():
            if one.kind == "text" and one is value:  # for c in "/ ."
                yield from one.text
            elif one.kind == "argument" and one.text:  # c("/" = "_")
                yield one.text
            elif one.kind == "text" and not _has_label(one):
                yield "~" if one.text == "HOME" else one.text
            elif one.text in _SEPARATORS:
                yield "/"


def _has_label(node: Node) -> bool:
    return node.parent.kind == "argument" and node.parent.text != ""


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
        if last_name(node) in _KEEPERS and (owner := node.children[0].owner):
            inside = [owner]
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
