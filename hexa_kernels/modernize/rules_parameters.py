"""Defaults of parameters behind a test of existence."""

import builtins
import re
from collections.abc import Iterator

from .document import Cell
from .obstacles import OURS
from .parameter_forms import Default, default_of
from .rules import Finding, advise, replace, rule
from .syntax import Node, last_name, quoted
from .variable_access import (
    cell_of,
    is_global,
    is_name,
    is_written_by_name,
    looks_elsewhere,
)

_NO_PARAMETERS = {"openhexa", "get_ipython", "display"}
_KINDS = ("if", "try", "assign", "call")


@rule("parameter-default")
def parameter_defaults(cell: Cell) -> Iterator[Finding]:
    for node in cell.walk(*_KINDS):
        if node.enclosing("function"):
            continue  # a local variable is no parameter
        if cell.is_r and node.text == "mget":
            yield from _of_several(cell, node)
        shape = default_of(cell, node)
        if shape is None or shape.name in _NO_PARAMETERS:
            continue
        if node.kind == "try" and hasattr(builtins, shape.name):
            continue  # which is there, though not among the notebook's names
        if shape.name.startswith("{"):
            yield from _of_a_loop(cell, node, shape)
            continue
        if not is_name(cell, shape.name):
            continue
        if shape.value.kind == "function" or shape.value.text == "Lambda":
            continue  # of a helper
        if cell.is_r and node.enclosing("call") and looks_elsewhere(node):
            continue  # which is not where local() is
        yield _finding(cell, node, shape)


def _finding(cell: Cell, node: Node, shape: Default) -> Finding:
    default = shape.value
    if reason := _obstacle(cell, node, shape):
        return advise("parameter-default", cell, node, reason)
    head = _head(cell, shape.target, shape.name)
    is_other = default.kind == "call" and default.text in _CLASSES
    if shape.is_loose or is_other:
        reason = "more_is_absent" if shape.is_loose else "other_class"
        code = f"{head}{cell.code(default)})"
        return advise("parameter-default", cell, node, reason, code=code)
    # The default itself stays, for what other rules change in it.
    edits = [(node.start, default.start, head), (default.end, node.end, ")")]
    name = "parameter-default"
    found = replace(name, cell, node, edits, needs="notebook_parameter")
    if found.safe and cell.is_r and cell.document.reads_others:
        found.leave("own_defaults")  # of two, the last one that runs would count
    return found


def _obstacle(cell: Cell, node: Node, shape: Default) -> str:
    if cell.is_r and shape.name in OURS:
        return "asked_for"
    # In the place of elif, and in a loop, where only the first time counts.
    is_elif = cell.text.startswith("elif", node.start)
    if is_elif or _is_repeated(cell, node) or (cell.is_r and _is_local(node)):
        return "not_here"
    if _is_given_elsewhere(cell, node, shape):
        return "given_elsewhere"
    return _unsafe(cell, shape.value)


def _of_a_loop(cell: Cell, node: Node, shape: Default) -> Iterator[Finding]:
    """``for (name in names(defaults)) if (!exists(name)) assign(name, …)``"""
    loop = next((one for one in node.above() if _is_loop(cell, one)), None)
    if loop is None or shape.target != shape.name:
        return
    # R has both in brackets.
    target, given = (loop.children[0] if cell.is_r else loop).children[:2]
    if shape.name.strip("{}") in {one.text for one in target.walk()}:
        code = "\n".join(_lines(cell, given))
        yield advise("parameter-default", cell, node, "several", code=code)


def _of_several(cell: Cell, call: Node) -> Iterator[Finding]:
    """``mget(c("year", "month"), ifnotfound = list(2024, 1))``"""
    defaults = call.argument("ifnotfound")
    names = cell.resolve(call.argument("x", 0))
    if defaults is None or names is None or not is_global(call, "ifnotfound"):
        return
    given = [one.value for one in names.arguments] or [names]
    values = [one.value for one in defaults.arguments] or [defaults]
    lines = [
        f"{_head(cell, name.text, name.text)}{cell.code(value)})"
        for name, value in zip(given, values, strict=False)
        if name is not None and value is not None
    ]
    is_known = len(given) == len(values) == len(lines) and defaults.kind != "name"
    is_known = is_known and all(
        one.kind == "text" and is_name(cell, one.text) for one in given
    )
    code = "\n".join(lines) if is_known else ""
    yield advise("parameter-default", cell, call, "several", code=code)


def _head(cell: Cell, target: str, name: str) -> str:
    """Write what is before the default: ``year <- notebook_parameter("year", ``."""
    arrow = "<-" if cell.is_r else "="
    return f"{target} {arrow} {cell.ours('notebook_parameter')}({quoted(name)}, "


def _is_loop(cell: Cell, node: Node) -> bool:
    return node.kind == "other" and re.match(r"for\b", cell.code(node)) is not None


def _lines(cell: Cell, given: Node) -> Iterator[str]:
    """Write a line for each parameter, where a list of them is written out."""
    named = given
    if given.kind == "call" and given.text == "names":
        named = given.argument("x", 0)
    elif given.kind == "call" and last_name(given) == "items":
        named = given.children[0].owner
    named = cell.resolve(named)
    if named is None or named.text not in ("Dict", "list", "c"):
        return
    home = cell_of(cell.document, named)
    for one in named.children:
        if one.kind == "argument" and one.value and is_name(cell, one.text):
            yield f"{_head(cell, one.text, one.text)}{home.code(one.value)})"


def _is_repeated(cell: Cell, node: Node) -> bool:
    """Whether it stands in a loop, where only the first time counts, or in a class."""
    start = r"(async\s+)?(for|while|repeat|class)\b"
    return any(
        one.kind == "other" and re.match(start, cell.code(one)) for one in node.above()
    )


_WRAPPERS = {
    *("suppressMessages", "suppressWarnings", "suppressPackageStartupMessages"),
    *("invisible", "try", "tryCatch", "withCallingHandlers", "system.time", "print"),
}


def _is_local(node: Node) -> bool:
    """Whether names may be of a list or a data frame there, as in with()."""
    calls = (one for one in node.above() if one.kind in ("call", "index"))
    return any(one.text not in _WRAPPERS for one in calls)


def _is_given_elsewhere(cell: Cell, node: Node, shape: Default) -> bool:
    """Whether the file gives the variable other values, which are no parameters."""
    name = shape.name
    definitions = cell.document.definitions[cell.language].get(name, ())
    others = [one for one in definitions if node not in (one, *one.above())]
    is_attached = cell.is_r and bool(cell.document.calls("attach"))
    return (
        is_attached
        or is_written_by_name(cell, node, name)
        or any(
            name != shape.target
            or _type(cell, one.value) != _type(cell, shape.value)
            or any(
                default_of(cell_of(cell.document, outer), outer)
                for outer in (one, *one.above())
                if outer.kind in _KINDS
            )
            for one in others
        )
    )


def _type(cell: Cell, value: Node) -> str:
    """Tell the type of a literal; of another value, how it is written."""
    if value.kind in ("text", "template"):
        return "text"
    home = cell_of(cell.document, value)
    code = home.code(value)
    if value.kind == "constant" or (value.kind == "unary" and value.text == "-"):
        code = {"TRUE": "bool", "FALSE": "bool", "T": "bool", "F": "bool"}.get(
            code.upper(), code
        )
        return "number" if re.match(r"-?\s*[\d.]", code) else code
    return code


# What costs nothing to call, and gives the same each time.
_CHEAP = {
    *("c", "list", "file.path", "paste", "paste0", "as.integer", "as.Date", "Sys.Date"),
    *("os.path.join", "pathlib.Path", "datetime.date.today", "date", "datetime.date"),
    *("int", "str", "float", "Path", "format", "as.numeric", "dict", "set", "tuple"),
}
# What gives no text, number or list, which alone can be injected.
_CLASSES = {
    *("as.Date", "Sys.Date", "pathlib.Path", "Path", "datetime.date.today"),
    *("date", "datetime.date", "set", "tuple"),
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
                for _, one in cell.document.walk("other")
                if one.text == "AugAssign"
            )
