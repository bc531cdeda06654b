"""Paths in texts that are filled in: only the folder is replaced.

``place`` is a folder of the workspace, as rules_paths.py describes it.
"""

import re

from .home_paths import home_in_fstring, home_of
from .sources import Edit
from .syntax import Node, quoted

_TAKERS = {"Return", "List", "Tuple"}

_PIPES = {"%>%", "%<>%", "%T>%", "%$%", "|>"}


def in_template(place, node: Node) -> list[Edit] | None:
    """A text that is filled in: the folder must not be taken for a part of it."""
    tail, outer = place.tail(node.text), node.parent
    if tail is None or not re.search("[%{]", tail):
        return None
    if place.cell.is_r:
        call = outer.parent or outer
        code = place.cell.text[call.start : node.start]
        is_format = call.text in ("sprintf", "gettextf") and not outer.text
        is_format = is_format and call.parent.text not in _PIPES  # it takes a place
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
    if owner.kind in ("argument", "assign") or owner.text in _TAKERS:
        return [(node.start, node.end, pasted)]
    return [(node.start, node.end, f"({pasted}"), (outer.end, outer.end, ")")]


def in_fstring(place, node: Node) -> Edit | None:
    """``f"/home/hexa/workspace/{name}"``: only the folder is replaced."""
    first = node.children[0] if node.children else None
    if first is not None and first.kind != "text" and home_of(place.cell, first):
        return home_in_fstring(place, node)
    if first is None or first.kind != "text" or place.tail(first.text) is None:
        return None
    code = place.cell.code(node)
    literal = first.text.removesuffix(place.tail(first.text))
    opening = re.match(r"(?:[fF][rR]?|[rR][fF])(?:'''|\"\"\"|'|\")", code)
    if opening is None or not code.startswith(literal, opening.end()):
        return _in_pieces(place, node)
    start = node.start + opening.end()
    return start, start + len(literal), f"{{{place.call}()}}"


_PLAIN = re.compile(r"""\s*[rR]?("[^"\\\n]*"|'[^'\\\n]*')""")


def _in_pieces(place, node: Node) -> Edit | None:
    """``"/home/hexa/" "workspace/" f"{name}"``: the pieces before the f-string."""
    code, text, end = place.cell.code(node), "", 0
    while piece := _PLAIN.match(code, end):
        text, end = text + piece[1][1:-1], piece.end()
    tail = place.tail(text)
    if tail is None or re.search(r'[\\%{}"\n]', tail):
        return None
    return node.start, node.start + end, f'f"{{{place.call}()}}{tail}"'
