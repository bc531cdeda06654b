"""Paths put together from the home folder: ``Path.home() / "workspace"``.

``place`` is a folder of the workspace, as rules_paths.py describes it.
"""

import json
import re

from .document import variable_read
from .syntax import Node, last_name

Edit = tuple[int, int, str]
_ABSOLUTE = {"/home/hexa", "/home/jovyan"}
_CALLS = {"Sys.getenv", "os.getenv", "os.environ.get"}
_EXPANDERS = {"os.path.expanduser", "path.expand", "path_expand"}


def is_home(node: Node | None) -> bool:
    """Whether an expression gives the home folder, but is no text."""
    if node is None:
        return False
    if node.kind == "index":
        return variable_read(node) == "HOME"
    if node.kind != "call":
        return False
    given = [one.value and one.value.text for one in node.arguments]
    return node.text == "pathlib.Path.home" or (
        (node.text in _CALLS and given == ["HOME"])
        or (node.text in _EXPANDERS and given == ["~"])
    )


def below_home(place, node: Node) -> Edit | None:
    """Replace what begins with the home folder and goes on into ``place``."""
    if node.kind == "binary":
        return _added(place, node)
    callee = node.children[0]
    if node.text == "path_home":
        path = place.cell.code(callee).removesuffix("_home")
        return _joined(place, node, "~", (f"{path}(", "", ", "))
    if last_name(node) != "joinpath" or callee.kind != "member":
        return None
    home, path = _home_object(place, callee.children[0])
    return home and _joined(place, node, home, (f"{path}(", ")", ".joinpath("))


def _added(place, node: Node) -> Edit | None:
    left, right = node.children
    if right.kind != "text":
        return None
    if node.text == "+" and is_home(left) and left.text != "pathlib.Path.home":
        tail = place.tail(f"~{right.text}")
        code = "" if tail is None else place.expression(node, tail)
    else:  # Path.home() / "workspace"
        home, path = _home_object(place, left) if node.text == "/" else ("", "")
        tail = place.tail(f"{home}/{right.text}") if home else None
        code = "" if tail is None else f"{path}({place.expression(node, tail)})"
    return (node.start, node.end, code) if code else None


def _home_object(place, node: Node) -> tuple[str, str]:
    """Give the home folder and the class of a Path of it; else two empty texts."""
    if node.kind == "call" and node.text in ("pathlib.Path", "pathlib.Path.home"):
        given = [one.value and one.value.text for one in node.arguments]
        path = place.cell.code(node.children[0]).removesuffix(".home")
        if node.text == "pathlib.Path.home":
            return "~", path
        if len(given) == 1 and given[0] in _ABSOLUTE:
            return given[0], path
    return "", ""


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
            rest = f"{json.dumps(tail[1:], ensure_ascii=False)}, " if tail[1:] else ""
            code = f"{opening}{place.call}(){closing}{seam}{rest}"
            return node.start, node.arguments[count].start, code
    return None


def home_in_fstring(place, node: Node) -> Edit | None:
    """``f"{Path.home()}/workspace/{name}"``: what is before the name is replaced."""
    if len(node.children) < 2 or not is_home(node.children[0]):
        return None
    # Before Python 3.12, what is inside does not know its place.
    written = rf"([fF](?:'''|\"\"\"|'|\"))\{{[^{{}}!:]*\}}/{place.folder}(?![^/'\"{{])"
    match = re.match(written, place.cell.code(node))
    if match is None or node.children[1].kind != "text":
        return None
    code = f"{match[1]}{{{place.call}()}}"
    return node.start, node.start + match.end(), code
