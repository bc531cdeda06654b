"""Paths put together from the home folder: ``Path.home() / "workspace"``.

``place`` is a folder of the workspace, as rules_paths.py describes it.
"""

import re

from .document import Cell
from .environment_access import READERS, variable_read
from .sources import Edit
from .syntax import Node, last_name, quoted
from .variable_access import cell_of, settled

_ABSOLUTE = {"/home/hexa", "/home/jovyan"}
EXPANDERS = {"os.path.expanduser", "path.expand", "path_expand"}


def home_of(cell: Cell, node: Node | None) -> str | None:
    """Give the home folder, "~" where the system is asked, if an expression is it."""
    node = settled(cell, node)
    if node is None or node.kind == "text":
        path = node.text.rstrip("/") if node else ""
        return path if path in {*_ABSOLUTE, "~"} else None
    if node.text in ("str", "os.fspath", "as.character") and len(node.arguments) == 1:
        return home_of(cell, node.arguments[0].value)
    return "~" if _is_home(node) else None


def _is_home(node: Node) -> bool:
    if node.kind == "index":
        return variable_read(node) == "HOME"
    if node.kind != "call":
        return False
    given = [one.value and one.value.text for one in node.arguments]
    return (
        (node.text in ("pathlib.Path.home", "path_home") and not given)
        or (node.text in READERS and given == ["HOME"])
        or (node.text in EXPANDERS and given == ["~"])
    )


def below_home(place, node: Node) -> Edit | None:
    """Replace what begins with the home folder and goes on into ``place``."""
    if node.kind == "binary":
        return _added(place, node)
    callee = node.children[0]
    if node.text == "path_home":
        path = place.cell.code(callee).removesuffix("_home")
        return _joined(place, node, "~", (f"{path}(", "", ", "))
    if last_name(node) != "joinpath" or callee.owner is None:
        return None
    home, path = _home_object(place, callee.owner)
    return home and _joined(place, node, home, (f"{path}(", ")", ".joinpath("))


def _added(place, node: Node) -> Edit | None:
    left, right = node.children
    if right.kind != "text":
        return None
    if node.text == "+":
        home = home_of(place.cell, left)
        if home is None or _home_object(place, left)[0]:
            return None  # a Path takes no text
        tail = place.tail(f"{home}{right.text}")
        code = "" if tail is None else place.expression(node, tail)
    else:  # Path.home() / "workspace"
        home, path = _home_object(place, left) if node.text == "/" else ("", "")
        tail = place.tail(f"{home}/{right.text}") if home else None
        code = "" if tail is None else f"{path}({place.expression(node, tail)})"
    return (node.start, node.end, code) if code else None


def _home_object(place, node: Node) -> tuple[str, str]:
    """Give the home folder and the class of a Path of it; else two empty texts."""
    value = settled(place.cell, node)
    if value.kind != "call" or value.text not in ("pathlib.Path", "pathlib.Path.home"):
        return "", ""
    cell = place.cell if value is node else cell_of(place.cell.document, value)
    path = cell.code(value.children[0]).removesuffix(".home")
    if value.text == "pathlib.Path.home":
        return "~", path
    is_alone = len(value.arguments) == 1 and not value.arguments[0].text
    home = home_of(cell, value.arguments[0].value) if is_alone else None
    return (home, path) if home else ("", "")


def _joined(place, node: Node, home: str, frame: tuple[str, str, str]) -> Edit | None:
    """Replace the parts that lead to the folder; all, where all are literal."""
    opening, closing, seam = frame
    known = []
    for one in node.arguments:
        if one.text or one.value is None or one.value.kind != "text":
            break
        known.append(one.value.text)
    if any(part.startswith("/") for part in known):
        return None
    if len(known) == len(node.arguments):
        tail = place.tail("/".join([home, *known]))
        inner = None if tail is None else place.expression(node.children[0], tail)
        return inner and (node.start, node.end, f"{opening}{inner})")
    for count in range(1, len(known) + 1):
        tail = place.tail("/".join([home, *known[:count]]))
        if tail is not None:
            rest = f"{quoted(tail[1:])}, " if tail[1:] else ""
            code = f"{opening}{place.call}(){closing}{seam}{rest}"
            return node.start, node.arguments[count].start, code
    return None


def home_in_fstring(place, node: Node) -> Edit | None:
    """``f"{Path.home()}/workspace/{name}"``: what is before the name is replaced."""
    if len(node.children) < 2:
        return None
    # Before Python 3.12, what is inside does not know its place.
    written = rf"([fF](?:'''|\"\"\"|'|\"))\{{[^{{}}!:]*\}}/{place.folder}(?![^/'\"{{])"
    match = re.match(written, place.cell.code(node))
    if match is None or node.children[1].kind != "text":
        return None
    code = f"{match[1]}{{{place.call}()}}"
    return node.start, node.start + match.end(), code
