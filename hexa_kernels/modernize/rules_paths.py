"""Paths of the workspace and of its scratch folder, written out."""

import json
import re
from collections.abc import Iterator
from functools import lru_cache

from .document import Cell, Document, variables_set
from .home_paths import below_home, home_in_fstring, is_home
from .obstacles import names_of_elements, notices_folders
from .rules import Finding, advise, replace, rule
from .rules_shell import paths_of_magic
from .syntax import Node, last_name

ROOT = re.compile(r"(?:/home/hexa|/home/jovyan|~)/(workspace|tmp)(/.*)?", re.DOTALL)
_PART = re.compile(r"(?!\.\.?$|[A-Za-z]:)[^/~\\%{}*?\[$<>]+")  # that makes a folder
_HOMES = {"Sys.getenv", "os.getenv", "os.path.expanduser", "path.expand"}
_JOINERS = {
    "file.path": "/",
    "os.path.join": "/",
    "posixpath.join": "/",
    "pathlib.Path": "/",
    "pathlib.PurePath": "/",
    "pathlib.PosixPath": "/",
    "paste": " ",
    "paste0": "",
    "str_c": "",
}
_EXPANDERS = {"os.path.expanduser", "path.expand", "path_expand"}
_VARIABLES = {"workspace": "WORKSPACE_FILES_PATH", "tmp": "WORKSPACE_TMP_PATH"}


@rule("workspace-path")
def workspace_paths(cell: Cell) -> Iterator[Finding]:
    return _paths(cell, "workspace")


@rule("tmp-path")
def tmp_paths(cell: Cell) -> Iterator[Finding]:
    return _paths(cell, "tmp")


def _paths(cell: Cell, folder: str) -> Iterator[Finding]:
    for node in cell.walk("magic"):
        yield from paths_of_magic(cell, node, folder)
    done: set[Node] = set()
    names = names_of_elements(cell.document)
    for node in cell.walk("call", "binary", "text", "template"):
        if done.intersection([node, *node.above()]):
            continue
        if _is_left_alone(node, cell.is_r):
            continue
        place = _Place(cell, folder)
        edits = _in_template(place, node) if node.kind == "text" else None
        edits = edits or [edit for edit in [_edit(place, node)] if edit]
        if edits:
            done.add(node)
            if any(place.tail(name) is not None for name in names):
                yield advise(f"{folder}-path", cell, node, "named_after")
                continue
            if not _is_openhexas(node) and _compares_paths(cell.document):
                yield advise(f"{folder}-path", cell, node, "compared")
                continue
            yield replace(f"{folder}-path", cell, node, edits, needs=place.name)


def _is_left_alone(node: Node, is_r: bool) -> bool:
    parent = node.parent
    if node.kind == "text":
        is_docstring = parent.kind == "block" and not is_r
        if is_docstring or parent.text == "MatchValue":  # a pattern takes no call
            return True
        if parent.kind in ("template", "index"):
            return True
    if is_r and any(one.text in _QUOTERS for one in node.above() if one.kind == "call"):
        return True
    owners = [node.parent, parent.parent] if parent else []
    return any(one and {*variables_set(one)} & {*_VARIABLES.values()} for one in owners)


_QUOTERS = {"quote", "bquote", "expression", "substitute"}  # take code as it is
_COMPARERS = {
    *("sub", "gsub", "grepl", "grep", "regexpr", "startsWith", "strsplit", "nchar"),
    *("str_replace", "str_replace_all", "str_remove", "str_detect", "str_split", "len"),
    *("str_starts", "str_sub", "substr", "substring", "identical", "os.path.relpath"),
    *("replace", "startswith", "removeprefix", "split", "lstrip", "count", "find"),
    *("partition", "rpartition", "rsplit", "index", "relative_to", "is_relative_to"),
    *("os.path.commonpath", "commonpath", "path_rel", "str_length", "gregexpr"),
}
_COMPARISONS = {"==", "!=", "%in%", "eq", "not eq", "in", "not in"}


def _is_openhexas(node: Node) -> bool:
    """Whether a path is written as the call gives it on OpenHEXA."""
    texts = (one.text for one in node.walk() if one.kind == "text")
    return next(texts, "").startswith("/home/hexa")


@lru_cache(maxsize=1)  # files come one after the other
def _compares_paths(document: Document) -> bool:
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


class _Place:
    """One of the two folders, as code of a cell."""

    def __init__(self, cell: Cell, folder: str):
        self.cell = cell
        self.folder = folder
        self.name = f"{folder}_path"
        self.call = cell.ours(self.name)

    def tail(self, path: str | None) -> str | None:
        """Give what follows the folder in a path: "" for the folder itself."""
        match = ROOT.fullmatch(path or "")
        return match[2] or "" if match and match[1] == self.folder else None

    def expression(self, node: Node, tail: str) -> str:
        """Write a path as a call with its parts, else pasted, which is always exact."""
        parts = tail.split("/")[1:]
        # Parts make folders, which the code may want to make itself.
        pastes = len(parts) > 1 and notices_folders(self.cell.document)
        if all(map(_PART.fullmatch, parts)) and not pastes:
            return f"{self.call}({', '.join(map(quoted, parts))})"
        if self.cell.is_r:
            return f"paste0({self.call}(), {quoted(tail)})"
        if not re.search(r'[\\%{}"\n]', tail):
            return f'f"{{{self.call}()}}{tail}"'
        pasted = f"{self.call}() + {quoted(tail)}"
        return pasted if node.parent.kind in ("argument", "assign") else f"({pasted})"


def quoted(text: str) -> str:
    """Write a string of either language."""
    return json.dumps(text, ensure_ascii=False)


def _edit(place: _Place, node: Node) -> tuple[int, int, str] | None:
    if node.kind == "text":
        tail = place.tail(node.text)
        return tail if tail is None else _whole(node, place.expression(node, tail))
    if node.kind == "template":
        return _in_fstring(place, node)
    if node.kind == "binary" or last_name(node) in ("joinpath", "path_home"):
        return below_home(place, node)
    if node.text in _HOMES and _names_folder(place, node):
        return _whole(node, f"{place.call}()")
    if node.text in _EXPANDERS and len(node.arguments) == 1:
        value = node.arguments[0].value
        tail = place.tail(value.text) if value and value.kind == "text" else None
        return tail if tail is None else _whole(node, place.expression(node, tail))
    if node.text in _JOINERS or place.cell.code(node).startswith("fs::path("):
        return _in_join(place, node)
    return None


def _whole(node: Node, code: str) -> tuple[int, int, str]:
    return node.start, node.end, code


def _names_folder(place: _Place, node: Node) -> bool:
    """Whether it is ``Sys.getenv("WORKSPACE_FILES_PATH", "/home/hexa/workspace")``."""
    values = [argument.value for argument in node.arguments]
    return (
        len(values) == 2
        and all(value is not None and value.kind == "text" for value in values)
        and values[0].text == _VARIABLES[place.folder]
        and place.tail(values[1].text.rstrip("/")) == ""
    )


def _in_template(place: _Place, node: Node) -> list[tuple[int, int, str]] | None:
    """A text that is filled in: the folder must not be taken for a part of it."""
    tail, outer = place.tail(node.text), node.parent
    if tail is None or not re.search("[%{]", tail):
        return None
    if place.cell.is_r:
        call = outer.parent
        code = place.cell.text[call.start : node.start] if call else ""
        is_format = call.text in ("sprintf", "gettextf") and not outer.text
        if is_format and outer is call.arguments[0]:
            code = f"file.path({place.call}(), {code}{quoted(tail[1:])}"
            return [(call.start, node.end, code), (call.end, call.end, ")")]
        root = node.text.removesuffix(tail)
        is_glue = call.text in ("glue", "str_glue") and len(call.arguments) == 1
        if is_glue and place.cell.text.startswith(root, node.start + 1):
            end = node.start + 1 + len(root)
            return [(node.start + 1, end, f"{{{place.call}()}}")]
        return None
    if outer.kind == "member" and outer.text == "format":
        member, outer = outer, outer.parent
        is_filled = outer.kind == "call" and outer.children[0] is member
    else:
        is_filled = outer.kind == "binary" and outer.text == "%"
        is_filled = is_filled and outer.children[0] is node
    if not is_filled:
        return None
    # `+` binds less than the call and than `%`.
    pasted = f"{place.call}() + {quoted(tail)}"
    owner = outer.parent
    if owner.kind in ("argument", "assign") or owner.text in (
        "Return",
        "List",
        "Tuple",
    ):
        return [(node.start, node.end, pasted)]
    return [(node.start, node.end, f"({pasted}"), (outer.end, outer.end, ")")]


def _in_fstring(place: _Place, node: Node) -> tuple[int, int, str] | None:
    """``f"/home/hexa/workspace/{name}"``: only the folder is replaced."""
    first = node.children[0] if node.children else None
    if is_home(first):
        return home_in_fstring(place, node)
    if first is None or first.kind != "text" or place.tail(first.text) is None:
        return None
    code = place.cell.code(node)
    literal = first.text.removesuffix(place.tail(first.text))
    opening = re.match(r"(?:[fF][rR]?|[rR][fF])(?:'''|\"\"\"|'|\")", code)
    if opening is None or not code.startswith(literal, opening.end()):
        return None
    start = node.start + opening.end()
    return start, start + len(literal), f"{{{place.call}()}}"


def _home(node: Node | None) -> str | None:
    """Give a literal text, or "~" for a call that gives the home folder."""
    if node is None or node.kind == "text":
        return node and node.text
    return "~" if is_home(node) else None


def _in_join(place: _Place, node: Node) -> tuple[int, int, str] | None:
    """``file.path("~/workspace", "data", name)``: what is literal is replaced."""
    separator = _JOINERS.get(node.text, "/")
    labels = {one.text: one.value for one in node.arguments if one.text}
    for label in ("sep", "fsep"):
        if label in labels:
            separator = labels[label].text
    plain = [one for one in node.arguments if not one.text]
    known = []
    for argument in plain:
        if (text := _home(argument.value)) is None:
            break
        known.append(text)
    if separator not in ("", "/") or not known:
        return None
    if not place.cell.is_r and any(text.startswith("/") for text in known[1:]):
        return None  # which makes Python forget what is before
    if separator == "/":
        known = [text.rstrip("/") or text for text in known[:-1]] + known[-1:]
    tail = place.tail(separator.join(known))
    if tail is None:
        return None
    first, last = plain[0], plain[len(known) - 1]
    if len(known) == len(plain) and not {*labels} - {"sep", "fsep"}:
        code = place.expression(node, tail)
        if node.text.startswith("pathlib."):
            return first.start, last.end, place.expression(first, tail)
        return _whole(node, code)
    rest = tail.strip("/") if separator == "/" else tail
    code = f"{place.call}()" + (f", {quoted(rest)}" if rest else "")
    return first.start, last.end, code
