"""Code that chooses a reader by the extension of a file: what file_read() does."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from ..contract import contract
from .dataset_links import is_table_reader, target_of
from .document import Cell
from .syntax import Node, unwrapped

Branch = tuple[list[str], Node]  # extensions, none of the last one; what is done


@dataclass(frozen=True)
class Switch:
    """A choice among readers; ``path`` is what they read, as it is written."""

    node: Node
    path: str


def switches(cell: Cell) -> Iterator[Switch]:
    """Find the choices among readers of at least two formats that we read too."""
    done: set[Node] = set()
    found: set[Node] = set()
    for node in cell.walk("if", "call", "other"):
        if node in done or not found.isdisjoint(node.above()):
            continue
        branches = []
        if node.kind == "if":
            branches = _branches_of_ifs(cell, node, done)
        elif node.kind == "call" and node.text == "switch":
            branches = _branches_of_switch(cell, node)
        elif node.text == "Dict":
            branches = [([one.text], one.value) for one in node.children]
            branches = branches if all(e[0][:1] == "." for e, _ in branches) else []
        elif node.text == "Match":
            branches = _branches_of_match(cell, node)
        path = _path_read(cell, branches)
        if path:
            found.add(node)
            yield Switch(node, path)


def _branches_of_ifs(cell: Cell, node: Node, done: set[Node]) -> list[Branch]:
    """Give the branches of ``if … else if …``, and of the ifs that follow it."""
    branches = []
    for first in _ifs(node):
        one = first
        if one.kind == "if" and not _is_about_extension(cell, one.children[0]):
            break
        while one is not None and one.kind == "if":
            done.add(one)
            test, then, *rest = one.children
            if not _is_about_extension(cell, test):
                return []
            texts = [inner.text for inner in test.walk("text")]
            branches.append((texts, then))
            one = unwrapped(rest[0]) if rest else None
        if one is not None:
            branches.append(([], one))
    return branches


def _ifs(node: Node) -> list[Node]:
    """Give an if and those after it; also what follows where they return."""
    block = node.parent
    if block is None or block.kind != "block":
        return [node]
    after = block.children[block.children.index(node) :]
    count = next((i for i, one in enumerate(after) if one.kind != "if"), len(after))
    found = after[:count]
    leaves = "return" in {one.text.lower() for one in found[-1].walk()}
    return [*found, after[count]] if leaves and count < len(after) else found


def _branches_of_switch(cell: Cell, call: Node) -> list[Branch]:
    """Give the branches of R's ``switch(ext, xls = , xlsx = read_excel(x))``."""
    if not call.arguments or not _is_about_extension(cell, call.arguments[0]):
        return []
    branches, waiting = [], []
    for one in call.arguments[1:]:
        waiting += [one.text] if one.text else []
        if one.value is not None:
            branches.append((waiting, one.value))
            waiting = []
    return branches


def _branches_of_match(cell: Cell, node: Node) -> list[Branch]:
    """Give the branches of ``match``: a pattern, then its statements."""
    if not _is_about_extension(cell, node.children[0]):
        return []
    branches: list[Branch] = []
    for one in node.children[1:]:
        if one.text in ("MatchValue", "MatchOr", "MatchAs"):
            texts = [inner.text for inner in one.walk("text")]
            branches.append((texts, Node("block", one.start, one.end)))
        elif branches:
            branches[-1][1].children.append(one)
    return branches


_ASKERS = {
    *("endswith", "endsWith", "str_ends", "grepl", "str_detect", "file_ext"),
    *("path_ext", "suffix", "splitext", "suffixes", "get_extension"),
}


def _is_about_extension(cell: Cell, test: Node) -> bool:
    for node in test.walk("name", "call", "member"):
        if re.search(r"(?i)(^|[._])(ext|extension|suffix)$", node.text):
            return True
        value = cell.resolve(node) if node.kind == "name" else node
        names = {part for one in value.walk() for part in one.text.split(".")}
        if names & _ASKERS:
            return True
    return False


def _formats(cell: Cell, text: str) -> set[str]:
    """Name the formats of an extension, or a pattern of some; {""} if we have none."""
    words = re.fullmatch(r"(?i)[^\w(]*\(?([\w|.]+?)\)?(?:\\?\.gz)?\$?", text)
    found = set()
    for word in words[1].lower().split("|") if words else [""]:
        found.add(_FORMATS[cell.language].get(word.removesuffix(".gz"), ""))
    return found


_FORMATS = {
    language: {
        extension: name
        for name, entry in contract()["formats"].items()
        if entry[language].get("read")
        for extension in entry["extensions"]
    }
    for language in ("python", "r")
}


def _path_read(cell: Cell, branches: list[Branch]) -> str:
    """Give what the branches read, if file_read() could read all of it; else ""."""
    formats, readers, paths = set(), set(), set()
    for texts, arm in branches:
        asked = {one for text in texts for one in _formats(cell, text)}
        reader = _reader(cell, arm)
        if "" in asked:
            return ""
        if reader is None:
            continue
        path = target_of(reader) if reader.kind == "call" else None
        if reader.kind == "call" and not _is_path(path):
            return ""
        formats |= asked or ({reader.text} if reader.text not in readers else set())
        readers.add(reader.text)
        paths.add(cell.code(path) if path and path.kind == "name" else "path")
    if len(formats) < 2:
        return ""
    return paths.pop() if len(paths) == 1 else "path"


def _reader(cell: Cell, arm: Node) -> Node | None:
    """Find the call that reads, or the name of a function that does."""
    for node in arm.walk():
        if node.kind == "call" and is_table_reader(cell, node.text):
            return node
    is_name = arm.kind == "name" and is_table_reader(cell, arm.text)
    return arm if is_name else None


_JOINERS = {
    *("file.path", "path", "here", "paste0", "str", "pathlib.Path", "os.path.join"),
    *("workspace_path", "tmp_path", "normalizePath", "os.fspath"),
}


def _is_path(node: Node | None) -> bool:
    """Whether a reader is given a path: no bytes, text or connection."""
    if node is None:
        return False
    if node.kind == "call":
        return node.text in _JOINERS
    return node.kind in ("name", "text", "template", "binary", "index", "member")
