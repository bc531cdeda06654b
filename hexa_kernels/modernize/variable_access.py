"""How code reads a variable of the notebook by its name, and asks whether it is there.

A name in braces, ``{name}``, is the one that a variable of a loop holds.
"""

import keyword
import re
from collections.abc import Iterator
from functools import lru_cache

from .document import Cell, Document
from .syntax import Node

_SCOPES = {"globals", "locals", "vars", "dir", "ls"}
_FALSE = {"FALSE", "False"}


def variable_asked(cell: Cell, test: Node, *, absent: bool) -> tuple[str, bool] | None:
    """Name the variable whose presence, or absence, is asked for; whether loosely."""
    operator, parts = joined_tests(cell, test)
    if operator == ("or" if absent else "and"):
        return _asked_with_more(cell, parts, absent)
    if test.kind == "unary" and test.text == "!":
        return variable_asked(cell, test.children[0], absent=not absent)
    if test.kind == "binary" and test.text in ("==", "eq", "is"):
        left, right = test.children
        if right.text in _FALSE and right.kind != "text":
            return variable_asked(cell, left, absent=not absent)
    if cell.is_r and test.text == "exists" and test.kind == "call" and not absent:
        name = key_of(test.argument("x", 0)) if is_global(test) else None
        return name and (name, False)
    value = _null_tested(test, absent)
    if value is not None:
        name = value_or_null(value)
        return name and (name, False)
    name = None if absent else value_or_null(test)
    if name and not cell.is_r:  # of what is there, 0 counts as absent too
        return name, True
    within = ("not in",) if absent else ("in", "%in%")
    if test.kind == "binary" and test.text in within:
        given, place = test.children
        # ls() leaves out names that begin with a dot.
        is_shown = not given.text.startswith(".")
        name = key_of(given) if is_scope(place) and is_shown else None
        return name and (name, False)
    return None


def _asked_with_more(
    cell: Cell, parts: list[Node], absent: bool
) -> tuple[str, bool] | None:
    """``!exists("year") || is.na(year)``"""
    asked = variable_asked(cell, parts[0], absent=absent)
    name, is_loose = asked or ("", False)
    for part in parts[1:]:
        value = _null_tested(part, absent)
        if value is not None and variable_of(cell, value) == name:
            continue
        callees = [one.children[0] for one in part.walk("call")]
        named = {one.text for one in part.walk("name") if one not in callees}
        if named != {name}:
            return None
        is_loose = True
    return asked and (name, is_loose)


def key_of(node: Node | None) -> str | None:
    """Name the variable that a text names, or the name that a variable holds."""
    if node is None or node.kind not in ("text", "name"):
        return None
    return node.text if node.kind == "text" else f"{{{node.text}}}"


_RESERVED = {
    *("if", "else", "repeat", "while", "function", "for", "next", "break", "in"),
    *("TRUE", "FALSE", "NULL", "Inf", "NaN", "NA"),
}


def is_name(cell: Cell, name: str) -> bool:
    """Whether a text can stand in code as the name of a variable."""
    if cell.is_r:
        is_plain = re.fullmatch(r"(?:[^\W\d_]|\.(?!\d))[\w.]*", name) is not None
        return is_plain and name not in _RESERVED
    return name.isidentifier() and not keyword.iskeyword(name)


def variable_of(cell: Cell, node: Node | None) -> str | None:
    """Name the variable whose value an expression gives."""
    if node is None:
        return None
    if node.kind == "name":  # in the tree, `year$first` is year.first
        return None if re.search("[$@:]", cell.code(node)) else node.text
    if node.kind == "index" and is_scope(node.children[0]):
        return key_of(node.children[1])
    is_get = node.kind == "call" and node.text in ("get", "get0")
    return key_of(node.argument("x", 0)) if is_get and is_global(node) else None


def is_scope(node: Node) -> bool:
    """Whether it is ``globals()``, ``ls()``, ``globals().keys()``."""
    if node.kind == "call" and node.text == ".keys" and not node.arguments:
        node = node.children[0].owner or node
    is_asked = node.kind == "call" and node.text in _SCOPES
    return is_asked and all(_is_globalenv(one.value) for one in node.arguments)


def is_global(call: Node, *more: str) -> bool:
    """Whether a call of R has a name, and at most R's global environment beside it."""
    plain = [one for one in call.arguments if not one.text]
    labels = {one.text for one in call.arguments} - {"", "x", *more}
    rest = plain[sum(call.argument(one) is None for one in ("x", *more)) :]
    places = [one.value for one in rest]
    places += [call.argument(one) for one in labels & {"envir", "where"}]
    return labels <= {"envir", "where", "inherits"} and all(map(_is_globalenv, places))


def _is_globalenv(node: Node | None) -> bool:
    if node is None or node.kind not in ("call", "name"):
        return False
    return node.text in ("globalenv", ".GlobalEnv") and not node.arguments


def looks_elsewhere(node: Node) -> bool:
    """Whether a statement names an environment, which inside local() is another."""
    return any(
        one.text in ("envir", "where", "inherits")
        if one.kind == "argument"
        else _is_globalenv(one)
        for one in node.walk()
    )


def value_or_null(node: Node | None) -> str | None:
    """Name the variable of ``get0("year")``, of ``globals().get("year")``."""
    if node is None or node.kind != "call":
        return None
    if node.text == "get0" and is_global(node):
        return key_of(node.argument("x", 0))
    owner = node.children[0].owner if node.text == ".get" else None
    given = [one.value for one in node.arguments if not _is_none(one.value)]
    is_got = owner is not None and is_scope(owner) and len(given) == 1
    return key_of(given[0]) if is_got else None


def _null_tested(test: Node, absent: bool) -> Node | None:
    """Give what is compared with NULL or None: equal where it means absent."""
    if test.kind == "unary" and test.text == "!":
        return _null_tested(test.children[0], not absent)
    if absent and test.kind == "call" and test.text == "is.null":
        return test.arguments[0].value if len(test.arguments) == 1 else None
    if test.kind != "binary" or test.text != ("is" if absent else "is not"):
        return None
    return test.children[0] if _is_none(test.children[1]) else None


def _is_none(node: Node | None) -> bool:
    return node is None or (node.kind == "constant" and node.text == "None")


def joined_tests(cell: Cell, node: Node) -> tuple[str, list[Node]]:
    """Give "or" or "and", and what it joins; else an empty text."""
    if node.kind == "binary" and node.text in ("||", "&&"):
        left, right = node.children
        first = joined_tests(cell, left)[1] if left.text == node.text else [left]
        return {"||": "or", "&&": "and"}[node.text], [*first, right]
    if node.text == "BoolOp":
        between = cell.text[node.children[0].end : node.children[1].start]
        return "or" if re.search(r"\bor\b", between) else "and", node.children
    return "", []


def cell_of(document: Document, node: Node) -> Cell:
    """Find the cell that a node is in."""
    root = next((one for one in node.above() if one.parent is None), node)
    return next(cell for cell in document.cells if cell.root is root)


def settled(cell: Cell, node: Node | None) -> Node | None:
    """Follow a name to its value, if the file gives it this one and never another."""
    if node is None or node.kind != "name" or "." in node.text:
        return node  # of a member, its owner may change
    given = cell.document.definitions[cell.language].get(node.text, ())
    # One inside an `if` may not come about.
    is_given = len(given) == 1 and given[0].parent.parent is None and given[0].value
    if not is_given or is_bound(cell, node.text):
        return node
    return given[0].value


def is_bound(cell: Cell, name: str) -> bool:
    """Whether a name also gets values otherwise than by plain assignments."""
    return (cell.language, name) in _changing(cell.document)


@lru_cache(maxsize=1)  # files come one after the other
def _changing(document: Document) -> set[tuple[str, str]]:
    """Give the names that not only assignments give values: parameters, loops."""
    found = set()
    for cell in document.cells:
        names = {node.text for node in cell.walk("name", "argument") if _binds(node)}
        names |= {text.text for text in _written_names(cell)}
        found |= {(cell.language, name) for name in names}
    return found


_READERS = {
    *("argument", "assign", "binary", "block", "call", "if", "index", "member"),
    *("template", "unary"),
}


def _binds(node: Node) -> bool:
    """Whether a name may get a value here, otherwise than by a plain assignment."""
    parent = node.parent
    if node.kind == "argument":
        return parent.kind == "function"
    if parent.kind == "assign":
        return False
    if parent.kind not in _READERS and parent.text != "Return":
        return True
    inner = node
    for outer in node.above():  # a part of what is assigned to, a lambda's parameter
        is_target = outer.kind == "assign" and outer.children[0] is inner
        if is_target or outer.text == "Lambda":
            return True
        inner = outer
    return False


_BY_NAME = {"assign", ".setdefault", "delayedAssign", "makeActiveBinding"}


def _written_names(cell: Cell) -> Iterator[Node]:
    """Give the texts that name variables which get a value: ``assign("year", …)``."""
    for text in cell.walk("text"):
        owner, call = text.parent, text.parent.parent
        is_given = owner.kind == "argument" and call.text in _BY_NAME
        is_target = owner.kind == "index" and call and call.children[0] is owner
        is_set = is_target and call.kind == "assign"
        if is_given or (is_set and is_scope(owner.children[0])):
            yield text


def is_written_by_name(cell: Cell, node: Node, name: str) -> bool:
    """Whether ``assign("year", …)`` and the like give it a value outside ``node``."""
    return any(
        text.text == name and node not in text.above()
        for other in cell.document.cells
        for text in _written_names(other)
    )
