"""The forms in which code gives a variable a default unless it is there already.

A name in braces, ``{name}``, is the one that a variable of a loop holds.
"""

from dataclasses import dataclass

from .document import Cell
from .syntax import Node, unwrapped
from .variable_access import (
    is_global,
    is_scope,
    joined_tests,
    key_of,
    value_or_null,
    variable_asked,
    variable_of,
)


@dataclass(frozen=True)
class Default:
    """A parameter, its default, and the variable that gets one of them.

    Attributes
    ----------
    name : str
    value : Node
    target : str
    is_loose : bool
        Whether the code takes values too, such as NA or 0, for absent.
    """

    name: str
    value: Node
    target: str
    is_loose: bool = False


def default_of(cell: Cell, node: Node) -> Default | None:
    """Read a statement that gives a default."""
    if node.kind == "try":
        return _tried(cell, node)
    if node.kind == "if":
        return _in_branches(cell, node)
    if node.kind == "call":
        found = _set_default(node)
        return found if found and cell.is_statement(node) else None
    target, value = node.children
    if target.kind != "name" or value is None:
        return None
    return _assigned(cell, cell.code(target), value)


def _assigned(cell: Cell, target: str, value: Node) -> Default | None:
    parts = value.children if value.kind == "if" else []
    if value.kind == "call" and value.text == "ifelse":
        parts = [one.value for one in value.arguments if not one.text and one.value]
    if len(parts) == 3:
        return _chosen(cell, target, [unwrapped(one) for one in parts])
    if value.kind == "binary" and value.text == "%||%":
        name = value_or_null(value.children[0])
        return Default(name, value.children[1], target) if name else None
    operator, pieces = joined_tests(cell, value)
    if operator == "or" and len(pieces) == 2:  # globals().get("year") or 2024
        name = value_or_null(pieces[0])
        return Default(name, pieces[1], target, True) if name else None
    if value.kind != "call":
        return None
    if value.text == "tryCatch":
        return _caught(cell, value, target)
    if value.text in ("get0", ".get"):
        return _got(value, target)
    found = _set_default(value)
    return found if found and found.name == target else None


def _chosen(cell: Cell, target: str, parts: list[Node]) -> Default | None:
    """``if (exists("year")) year else 2024``"""
    test, then, otherwise = parts
    for kept, default in ((then, otherwise), (otherwise, then)):
        asked = variable_asked(cell, test, absent=kept is otherwise)
        if asked and asked[0] in (variable_of(cell, kept), value_or_null(kept)):
            return Default(asked[0], default, target, asked[1])
    return None


def _in_branches(cell: Cell, node: Node) -> Default | None:
    """``if (!exists("year")) year <- 2024``, whatever the branches' order."""
    test, *branches = node.children
    then, otherwise = [*branches, None][:2]
    for given, kept in ((then, otherwise), (otherwise, then)):
        assignment = given and _only_assignment(cell, given)
        asked = variable_asked(cell, test, absent=given is then)
        if not assignment or not asked or assignment[0] != asked[0]:
            continue
        if _keeps(cell, kept, asked[0]):
            return Default(asked[0], assignment[1], asked[0], asked[1])
    return None


def _keeps(cell: Cell, branch: Node | None, name: str) -> bool:
    """Whether the other branch leaves the variable as it is: ``year <- year``."""
    if branch is None or unwrapped(branch).text == "Pass":
        return True
    assignment = _only_assignment(cell, branch)
    return bool(assignment) and (assignment[0], variable_of(cell, assignment[1])) == (
        name,
        name,
    )


def _only_assignment(cell: Cell, node: Node) -> tuple[str, Node] | None:
    """Give name and value of the one assignment that a branch is."""
    node = unwrapped(node)
    is_assign = cell.is_r and node.kind == "call" and node.text == "assign"
    if is_assign and is_global(node, "value"):
        name, value = key_of(node.argument("x", 0)), node.argument("value", 1)
        return (name, value) if name and value is not None else None
    if node.kind != "assign" or node.text not in ("<-", "=", "<<-"):
        return None
    target, value = node.children
    name = target.text if target.kind == "text" else variable_of(cell, target)
    return (name, value) if name else None


def _caught(cell: Cell, value: Node, target: str) -> Default | None:
    """``tryCatch(year, error = function(e) 2024)``"""
    tried, handler = value.argument("expr", 0), value.argument("error")
    if len(value.arguments) != 2 or tried is None or handler is None:
        return None
    name = variable_of(cell, unwrapped(tried)) if tried.text != "get0" else None
    if not name or handler.kind != "function" or len(handler.children) != 2:
        return None
    default, error = unwrapped(handler.children[1]), handler.children[0].text
    uses_error = any(one.text == error for one in default.walk("name"))
    is_value = default.kind not in ("block", "assign") and not uses_error
    return Default(name, default, target) if is_value else None


def _tried(cell: Cell, node: Node) -> Default | None:
    if len(node.children) != 2:
        return None
    body, handler = node.children
    tried, given = unwrapped(body), handler.children
    if tried.kind == "assign":  # year = globals()["year"]
        target, tried = tried.children
        if target.kind != "name" or target.text != variable_of(cell, tried):
            return None
    elif tried.kind != "name":
        return None
    # Of a name alone, nothing else can fail.
    error = "KeyError" if tried.kind == "index" else "NameError"
    catches = given[0].text in (error, "Exception") or len(given) == 1
    assignment = (
        _only_assignment(cell, given[-1]) if len(given) <= 2 and catches else None
    )
    if assignment is None or assignment[0] != variable_of(cell, tried):
        return None
    return Default(assignment[0], assignment[1], assignment[0])


def _got(value: Node, target: str) -> Default | None:
    """``get0("year", ifnotfound = 2024)``, ``globals().get("year", 2024)``."""
    name = key_of(value.argument("x", 0))
    # The second argument of get0() is an environment.
    default = value.argument("ifnotfound")
    if value.text == ".get":
        owner = value.children[0].owner
        if len(value.arguments) != 2 or owner is None or not is_scope(owner):
            return None
        default = value.arguments[1].value
    elif default is None or not is_global(value, "ifnotfound"):
        return None
    return Default(name, default, target) if name else None


def _set_default(call: Node) -> Default | None:
    """``globals().setdefault("year", 2024)``"""
    owner = call.children[0].owner if call.text == ".setdefault" else None
    if owner is None or not is_scope(owner) or len(call.arguments) != 2:
        return None
    name, default = key_of(call.arguments[0].value), call.arguments[1].value
    return Default(name, default, name) if name else None
