"""Log helpers of notebooks, and the calls of them."""

from collections.abc import Iterator

from .document import Cell
from .log_helpers import does_more, logs, logs_at
from .rules import Finding, advise, replace, rule
from .syntax import Node


@rule("log-helper")
def log_helpers(cell: Cell) -> Iterator[Finding]:
    definitions = cell.document.definitions[cell.language]
    for node in cell.walk("assign", "call"):
        if node.kind == "assign":
            if logs(node):
                yield advise("log-helper", cell, node, "still_called")
            continue
        if node.children[0].kind != "name":
            continue
        given = definitions.get(node.text, ())
        if len(given) == 1 and logs(given[0]) and given[0] not in node.above():
            yield from _log_call(cell, node, given[0].value)


def _log_call(cell: Cell, node: Node, function: Node) -> Iterator[Finding]:
    parameters = [one for one in function.children if one.kind == "argument"]
    level = parameters[1].value if len(parameters) == 2 else None
    is_known = len(parameters) == 1 or (level is not None and level.text == "info")
    names = [one.text for one in parameters]
    labels = {one.text for one in node.arguments if one.text}
    fits = labels <= {*names} and len(node.arguments) <= len(names)
    fits = fits and not any(cell.code(one).startswith("*") for one in node.arguments)
    if does_more(function):
        yield advise("log-helper", cell, node, "does_more")
        return
    if node.parent.kind not in ("block", "if", "other", "function"):
        yield advise("log-helper", cell, node, "value_used")
        return
    if not is_known or not fits:
        code = f"{cell.ours('run_log')}(…)"
        yield advise("log-helper", cell, node, "other_signature", code=code)
        return
    if not logs_at(function, _level(node, names)):
        code = f"{cell.ours('run_log')}(…)"
        yield advise("log-helper", cell, node, "other_level", code=code)
        return
    callee = node.children[0]
    edits = [(callee.start, callee.end, cell.ours("run_log"))]
    for argument in node.arguments:
        if argument.text:
            label = ("message", "level")[names.index(argument.text)]
            end = argument.start + len(argument.text)
            edits.append((argument.start, end, label))
    yield replace("log-helper", cell, node, edits, needs="run_log")


def _level(call: Node, names: list[str]) -> str | None:
    """Give the level that a call of a helper names; None where it is no text."""
    if len(names) < 2 or len(call.arguments) < 2:
        return "info"
    given = call.argument(names[1], 1)
    return given.text if given is not None and given.kind == "text" else None
