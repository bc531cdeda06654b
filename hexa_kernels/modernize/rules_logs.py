"""Log helpers of notebooks, the calls of them, and logs behind a test for a run."""

from collections.abc import Iterator

from .document import Cell
from .log_guards import Guard, guard_of, is_run
from .log_helpers import acts, default_level, logs, logs_at, prints, says_first
from .rules import Finding, advise, replace, rule
from .syntax import Node, last_name, text_of
from .variable_access import is_bound


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
        is_helper = len(given) == 1 and logs(given[0]) and given[0] not in node.above()
        if is_helper and _is_meant(cell, node, given[0]):
            yield from _log_call(cell, node, given[0].value)
    yield from _guards(cell)


def _is_meant(cell: Cell, call: Node, helper: Node) -> bool:
    """Whether a call is of this helper: not of a parameter, or a method, so called."""
    if is_bound(cell, call.text):
        return False
    owner = next((o for o in helper.above() if o.kind == "function"), None)
    is_method = any(one.text == "ClassDef" for one in helper.above())
    return not is_method and (owner is None or owner in call.above())


def _log_call(cell: Cell, node: Node, function: Node) -> Iterator[Finding]:
    names = [one.text for one in function.parameters]
    ours = cell.ours("run_log")
    if reason := _unlike(cell, node, function, names):
        code = "" if reason in ("does_more", "value_used") else f"{ours}(…)"
        yield advise("log-helper", cell, node, reason, code=code)
        return
    if _is_redirected(cell, node):
        yield advise("log-helper", cell, node, "redirected", code=f"{ours}(…)")
        return
    callee = node.children[0]
    edits = [(callee.start, callee.end, ours)]
    for argument in node.arguments:
        if argument.text:
            label = ("message", "level")[names.index(argument.text)]
            end = argument.start + len(argument.text)
            edits.append((argument.start, end, label))
    yield replace("log-helper", cell, node, edits, needs="run_log")


def _is_redirected(cell: Cell, node: Node) -> bool:
    """Whether R catches messages there, or writes what is printed to a file."""
    if not cell.is_r:
        return False
    around = {one.text for one in node.above() if one.kind == "call"}
    return bool(around & _CATCHERS) or bool(cell.document.calls("sink"))


_CATCHERS = {"suppressMessages", "capture.output", "withCallingHandlers"}


def _unlike(cell: Cell, call: Node, function: Node, names: list[str]) -> str:
    """Give the reason why a call of a helper is none of run_log(); else ""."""
    labels = {one.text for one in call.arguments if one.text}
    fits = labels <= {*names} and len(call.arguments) <= len(names) < 3
    fits = fits and not any(cell.code(one).startswith("*") for one in call.arguments)
    if acts(function):
        return "does_more"
    owner = call.parent
    is_test = owner.kind == "if" and owner.children[0] is call
    if is_test or owner.kind not in ("block", "if", "other", "function"):
        return "value_used"
    if not prints(function):
        return "prints_too"
    if not fits or not says_first(function) or not _is_known(call, function, names):
        return "other_signature"
    asked = [one for one in function.walk("name") if last_name(one) == "current_run"]
    if not all(is_run(cell, one.text, one) for one in asked):
        return "given_elsewhere"
    level = _level(call, function, names)
    if not logs_at(function, level):
        return "other_level"
    return "debug_hidden" if level.lower() == "debug" else ""


def _is_known(call: Node, function: Node, names: list[str]) -> bool:
    """Whether run_log() has the same level where a call names none."""
    is_given = len(names) == 2 and call.argument(names[1], 1) is not None
    return is_given or (default_level(function) or "").lower() == "info"


def _level(call: Node, function: Node, names: list[str]) -> str | None:
    """Give the level that a call of a helper means; None where it is no text."""
    given = call.argument(names[1], 1) if len(names) == 2 else None
    return default_level(function) if given is None else text_of(given)


def _guards(cell: Cell) -> Iterator[Finding]:
    """Find tests for a run that are no part of a helper, outermost only."""
    found = set()
    for node in cell.walk("if", "try", "call"):
        guard = guard_of(cell, node)
        above = {*node.above()} if guard else set()
        is_helper = any(one.kind == "assign" and logs(one) for one in above)
        if guard and not above & found and not is_helper:
            found.add(node)
            yield _guard(cell, node, guard)


def _guard(cell: Cell, node: Node, guard: Guard) -> Finding:
    ours = cell.ours("run_log")
    end = ")" if guard.level == "info" else f', "{guard.level}")'
    text = cell.code(guard.text) if guard.text else "…"
    code = f"{ours}(…)" if "\n" in text else f"{ours}({text}{end}"
    reason = guard.reason or ("redirected" if _is_redirected(cell, node) else "")
    if reason:
        return advise("log-helper", cell, node, reason, code=code)
    # The message stays as it is written, for what other rules change in it.
    edits = [
        (node.start, guard.text.start, f"{ours}("),
        (guard.text.end, node.end, end),
    ]
    found = replace("log-helper", cell, node, edits, needs="run_log")
    found.replacement = found.replacement or code
    return found
