"""Defaults of parameters behind a test of existence."""

import re
from collections.abc import Iterator

from .document import Cell
from .obstacles import OURS
from .rules import Finding, advise, replace, rule
from .rules_paths import quoted
from .syntax import Node

_KINDS = ("if", "try", "assign")


@rule("parameter-default")
def parameter_defaults(cell: Cell) -> Iterator[Finding]:
    for node in cell.walk(*_KINDS):
        if node.enclosing("function"):
            continue  # a local variable is no parameter
        shape = _default_of(node)
        if shape is None or shape[0] == "openhexa":
            continue
        name, default, target = shape
        if default.kind == "function" or default.text == "Lambda":
            continue  # of a helper
        if cell.is_r and name in OURS:
            reason = "asked_for"
        elif _is_repeated(cell, node):
            reason = "not_here"
        elif _is_given_elsewhere(cell, node, shape):
            reason = "given_elsewhere"
        else:
            reason = _unsafe(cell, default)
        if reason:
            yield advise("parameter-default", cell, node, reason)
            continue
        opener = cell.ours("notebook_parameter")
        arrow = "<-" if cell.is_r else "="
        head = f"{target} {arrow} {opener}({quoted(name)}, "
        # The default itself stays, for what other rules change in it.
        edits = [(node.start, default.start, head), (default.end, node.end, ")")]
        yield replace(
            "parameter-default", cell, node, edits, needs="notebook_parameter"
        )


def _default_of(node: Node) -> tuple[str, Node, str] | None:
    """Give the parameter, its default and what it is assigned to."""
    if node.kind == "try":
        return _tried(node)
    if node.kind == "if":
        name = _asked(node.children[0], absent=True)
        given = _only_assignment(node.children[1]) if len(node.children) == 2 else None
        if name and given and given.children[0].text == name:
            return name, given.value, name
        return None
    target, value = node.children
    if target.kind != "name" or value is None:
        return None
    parts = value.children if value.kind == "if" else []
    if value.kind == "call" and value.text == "ifelse":
        parts = [one.value for one in value.arguments if not one.text and one.value]
    if len(parts) == 3:
        test, then, otherwise = (_unwrapped(one) for one in parts)
        for kept, default in ((then, otherwise), (otherwise, then)):
            name = _asked(test, absent=kept is otherwise)
            if name and kept.kind == "name" and kept.text == name:
                return name, default, target.text
    if value.kind == "binary" and value.text == "%||%":
        name = _got_or_null(value.children[0])
        return name and (name, value.children[1], target.text)
    if value.kind == "call" and value.text == "tryCatch":
        return _caught(value, target)
    if value.kind == "call" and value.text in ("get0", ".get"):
        return _got(value, target)
    return None


def _unwrapped(node: Node) -> Node:
    return (
        node.children[0] if node.kind == "block" and len(node.children) == 1 else node
    )


def _only_assignment(node: Node) -> Node | None:
    node = _unwrapped(node)
    return node if node.kind == "assign" and node.text in ("<-", "=", "<<-") else None


def _asked(test: Node, *, absent: bool) -> str | None:
    """Name the variable whose presence, or absence, is asked for."""
    if test.kind == "unary" and test.text == "!":
        return _asked(test.children[0], absent=not absent)
    is_plain = test.kind == "call" and len(test.arguments) == 1
    if is_plain and test.text == "exists" and not absent:
        given = test.argument("x", 0)
        return given.text if given is not None and given.kind == "text" else None
    if is_plain and test.text == "is.null" and absent:
        return _got_or_null(test.arguments[0].value)
    within = ("not in",) if absent else ("in", "%in%")
    if test.kind == "binary" and test.text in within:
        name, place = test.children
        is_scope = place.kind == "call" and place.text in _SCOPES
        # ls() leaves out names that begin with a dot.
        is_shown = name.kind == "text" and not name.text.startswith(".")
        return name.text if is_scope and is_shown and not place.arguments else None
    return None


_SCOPES = {"globals", "locals", "vars", "dir", "ls"}


def _got_or_null(node: Node | None) -> str | None:
    """Name the variable of ``get0("year")``."""
    if node is None or node.kind != "call" or node.text != "get0":
        return None
    given = node.argument("x", 0)
    is_alone = len(node.arguments) == 1 and given is not None and given.kind == "text"
    return given.text if is_alone else None


def _caught(value: Node, target: Node) -> tuple[str, Node, str] | None:
    """``tryCatch(year, error = function(e) 2024)``"""
    tried, handler = value.argument("expr", 0), value.argument("error")
    if len(value.arguments) != 2 or tried is None or handler is None:
        return None
    if tried.kind != "name" or handler.kind != "function" or len(handler.children) != 2:
        return None
    default, error = _unwrapped(handler.children[1]), handler.children[0].text
    uses_error = any(one.text == error for one in default.walk() if one.kind == "name")
    is_value = default.kind not in ("block", "assign") and not uses_error
    return (tried.text, default, target.text) if is_value else None


def _tried(node: Node) -> tuple[str, Node, str] | None:
    if len(node.children) != 2:
        return None
    body, handler = node.children
    tried, given = _unwrapped(body), handler.children
    # Of a name alone, nothing else can fail.
    catches = given[0].text in ("NameError", "Exception") or len(given) == 1
    if tried.kind != "name" or len(given) > 2 or not catches:
        return None
    assignment = _only_assignment(given[-1])
    if assignment is None or assignment.children[0].text != tried.text:
        return None
    return tried.text, assignment.value, tried.text


def _got(value: Node, target: Node) -> tuple[str, Node, str] | None:
    """``get0("year", ifnotfound = 2024)``, ``globals().get("year", 2024)``."""
    if value.text == ".get":
        owner = value.children[0].children[0]
        if owner.text not in _SCOPES or owner.kind != "call" or owner.arguments:
            return None
    name = value.argument("x", 0)
    # The second argument of get0() is an environment.
    default = value.argument("ifnotfound", 1 if value.text == ".get" else None)
    if (
        len(value.arguments) != 2
        or name is None
        or default is None
        or name.kind != "text"
    ):
        return None
    return name.text, default, target.text


def _is_repeated(cell: Cell, node: Node) -> bool:
    """Whether it stands in a loop, where only the first time counts, or in a class."""
    start = r"(async\s+)?(for|while|repeat|class)\b"
    return any(
        one.kind == "other" and re.match(start, cell.code(one)) for one in node.above()
    )


def _is_given_elsewhere(cell: Cell, node: Node, shape: tuple) -> bool:
    """Whether the file gives the variable other values, which are no parameters."""
    name, default, target = shape
    definitions = cell.document.definitions[cell.language].get(name, ())
    others = [one for one in definitions if node not in (one, *one.above())]
    return any(
        name != target
        or one.value.kind != default.kind
        or any(
            _default_of(outer) for outer in (one, *one.above()) if outer.kind in _KINDS
        )
        for one in others
    )


# What costs nothing to call, and gives the same each time.
_CHEAP = {
    *("c", "list", "file.path", "paste", "paste0", "as.integer", "as.Date", "Sys.Date"),
    *("os.path.join", "pathlib.Path", "datetime.date.today", "date", "datetime.date"),
    *("int", "str", "float", "Path", "format", "as.numeric", "dict", "set", "tuple"),
}
_MUTABLE = {
    *("Dict", "List", "Set", "DictComp", "ListComp", "SetComp", "GeneratorExp"),
    *("dict", "list", "set"),
}


def _unsafe(cell: Cell, default: Node) -> str:
    """Give the reason why a default cannot be handed over; else ""."""
    if default.parent.kind == "argument" and default.parent.parent.text == "ifelse":
        return "first_element"
    if any(one.kind == "call" and one.text not in _CHEAP for one in default.walk()):
        return "costly_default"
    made = {one.text for one in default.walk() if one.kind in ("other", "call")}
    if (not cell.is_r and made & _MUTABLE) or any(_varies(cell, default)):
        return "kept_value"
    if default.text == "Tuple" and default.children:
        is_bare = default.start == default.children[0].start
        return "not_here" if is_bare else ""  # 1, 2: would be two arguments
    if cell.is_r and re.fullmatch(r"NA(_\w+_)?", cell.code(default)):
        return "untyped_default"
    return ""


def _varies(cell: Cell, default: Node) -> Iterator[bool]:
    """Tell of each name in a default whether it may have another value next time."""
    for node in default.walk():
        owner = node.parent
        is_callee = owner.kind == "call" and owner.children[0] is node
        if node.kind == "name" and "." not in node.text and not is_callee:
            value = cell.resolve(node)
            yield value.kind not in ("text", "constant", "call", "template")
            yield any(
                one.children and one.children[0].text == node.text
                for other in cell.document.cells
                for one in other.walk("other")
                if one.text == "AugAssign"
            )
