"""Paths of the workspace and of its scratch folder, written out."""

import re
from collections.abc import Iterator

from .compared_paths import compares_paths
from .document import Cell
from .environment_access import READERS, variables_set
from .filled_paths import in_fstring, in_template
from .home_paths import EXPANDERS, below_home, home_of
from .obstacles import (
    makes_scratch,
    moves_folders,
    names_of_elements,
    notices_folders,
)
from .paths_in_texts import SAYERS, is_command_line, paths_in_text
from .rules import Finding, replace, rule
from .rules_shell import paths_of_magic
from .sources import Edit
from .syntax import Node, last_name, quoted, text_of

ROOT = re.compile(r"(?:/home/hexa|/home/jovyan|~)/+(workspace|tmp)(/[^\n|]*)?")
_PART = re.compile(r"(?!\.\.?$|[A-Za-z]:)[^/~\\%{}*?\[$<>]+")  # that makes a folder
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
        edits = [] if is_command_line(cell, node) else _edits(place, node)
        if not edits and node.kind in ("text", "template"):
            yield from paths_in_text(cell, node, folder)
        if edits:
            done.add(node)
            found = replace(f"{folder}-path", cell, node, edits, needs=place.name)
            if found.safe:
                if any(place.tail(name) is not None for name in names):
                    found.leave("named_after")
                elif not _is_openhexas(node) and compares_paths(cell.document):
                    found.leave("compared")
                elif moves_folders(cell.document):
                    found.leave("moved")
                elif folder == "tmp" and makes_scratch(cell.document):
                    found.leave("folder_made")
            yield found


def _is_left_alone(node: Node, is_r: bool) -> bool:
    parent = node.parent
    if node.kind == "text":
        is_docstring = parent.kind == "block" and not is_r
        if is_docstring or parent.text == "MatchValue":  # a pattern takes no call
            return True
        if parent.kind in ("template", "index") or _is_said(node):
            return True
    if is_r and any(one.text in _QUOTERS for one in node.above() if one.kind == "call"):
        return True
    owners = [node.parent, parent.parent] if parent else []
    return any(one and {*variables_set(one)} & {*_VARIABLES.values()} for one in owners)


def _is_said(text: Node) -> bool:
    """Whether it is a sentence: ``cat("~/workspace/maps : 12 files")``"""
    argument = text.parent
    is_given = argument.kind == "argument" and not argument.text
    return is_given and " " in text.text and last_name(argument.parent) in SAYERS


# What takes code as it is.
_QUOTERS = {"quote", "bquote", "expression", "substitute", "alist"}


def _is_openhexas(node: Node) -> bool:
    """Whether a path is written as the call gives it on OpenHEXA."""
    texts = (one.text for one in node.walk("text"))
    return re.match("/home/hexa(?!//)", next(texts, "")) is not None


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
        pastes = len(parts) > 1 and (
            notices_folders(self.cell.document) or any(map(_is_archive, parts[:-1]))
        )
        if all(map(_PART.fullmatch, parts)) and not pastes:
            return f"{self.call}({', '.join(map(quoted, parts))})"
        if self.cell.is_r:
            return f"paste0({self.call}(), {quoted(tail)})"
        if not re.search(r'[\\%{}"\n]', tail):
            return f'f"{{{self.call}()}}{tail}"'
        pasted = f"{self.call}() + {quoted(tail)}"
        return pasted if node.parent.kind in ("argument", "assign") else f"({pasted})"


def _is_archive(part: str) -> bool:
    """Whether a path goes on inside a file: ``cases.zip/2024.csv``"""
    return re.search(r"\.(zip|tar|gz|tgz|7z|gpkg)$", part) is not None


def _edits(place: _Place, node: Node) -> list[Edit]:
    edits = in_template(place, node) if node.kind == "text" else None
    return edits or [edit for edit in [_edit(place, node)] if edit]


def _edit(place: _Place, node: Node) -> Edit | None:
    if node.kind == "text":
        tail = place.tail(node.text)
        return tail if tail is None else _whole(node, place.expression(node, tail))
    if node.kind == "template":
        return in_fstring(place, node)
    if node.kind == "binary" or last_name(node) in ("joinpath", "path_home"):
        return below_home(place, node)
    if node.text in READERS and _names_folder(place, node):
        return _whole(node, f"{place.call}()")
    if node.text in EXPANDERS and len(node.arguments) == 1:
        value = node.arguments[0].value
        tail = place.tail(text_of(value))
        if tail is None:
            return None
        kept = value if _keeps_class(place.cell, node) else node
        return _whole(kept, place.expression(kept, tail))
    if node.text in _JOINERS or place.cell.code(node).startswith("fs::path("):
        return _in_join(place, node)
    return None


def _whole(node: Node, code: str) -> Edit:
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


def _in_join(place: _Place, node: Node) -> Edit | None:
    """``file.path("~/workspace", "data", name)``: what is literal is replaced."""
    plain = [one for one in node.arguments if not one.text]
    labels = {one.text: one.value for one in node.arguments if one.text}
    separator = _separator(node, labels)
    known = _known(place.cell, plain)
    if separator not in ("", "/") or not known:
        return None
    keeps_class = _keeps_class(place.cell, node)
    if separator == "/" and (known[0] != "/" or keeps_class or not place.cell.is_r):
        known = [text.rstrip("/") for text in known[:-1]] + known[-1:]
    tail = place.tail(separator.join(known))
    if tail is None:
        return None
    first, last = plain[0], plain[len(known) - 1]
    if len(known) == len(plain) and not {*labels} - {"sep", "fsep"}:
        if keeps_class:
            return first.start, last.end, place.expression(first, tail)
        return _whole(node, place.expression(node, tail))
    rest = tail.strip("/") if separator == "/" else tail
    code = f"{place.call}()" + (f", {quoted(rest)}" if rest else "")
    return first.start, last.end, code


def _separator(node: Node, labels: dict) -> str:
    given = [labels[label].text for label in ("sep", "fsep") if label in labels]
    return given[-1] if given else _JOINERS.get(node.text, "/")


def _keeps_class(cell: Cell, node: Node) -> bool:
    """Whether a call gives more than a text: a Path, an fs_path."""
    return node.text.startswith("pathlib.") or cell.code(node).startswith("fs::path")


def _known(cell: Cell, plain: list[Node]) -> list[str]:
    """Give the parts at the beginning that are known; none where that is no path."""
    known = []
    for argument in plain:
        value = argument.value
        is_text = value is not None and value.kind == "text"
        text = value.text if is_text else home_of(cell, value)
        if text is None:
            break
        known.append(text)
    if not cell.is_r and known:
        # Python forgets what is before a root, and an empty part.
        is_odd = not known[0] or any(text.startswith("/") for text in known[1:])
        return [] if is_odd else known
    return known
