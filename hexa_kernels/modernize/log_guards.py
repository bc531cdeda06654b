"""Logs behind a test for a run: ``if current_run: current_run.log_info(x)``."""

import re
from dataclasses import dataclass

from .document import Cell
from .log_helpers import LEVELS, only_statement
from .syntax import Node, last_name
from .variable_access import settled


@dataclass(frozen=True)
class Guard:
    """What is logged where a run is active.

    Attributes
    ----------
    text : Node or None
        The message, where there is one only.
    level : str
    reason : str
        Why run_log() would not do the same: an entry of "reasons"; empty where it does.
    """

    text: Node | None = None
    level: str = "info"
    reason: str = ""


def guard_of(cell: Cell, node: Node) -> Guard | None:
    """Read a test for a run around a log; None where it is something else."""
    guard = None
    if node.kind == "if":
        guard = _tested(cell, node)
    elif node.kind == "try":
        guard = _tried(cell, node)
    elif node.kind == "call" and node.text in ("tryCatch", "try"):
        guard = _caught(cell, node)
    if guard and not guard.reason and not _is_unused(cell, node):
        return Guard(guard.text, guard.level, "value_used")
    return guard


def _is_unused(cell: Cell, node: Node) -> bool:
    """Whether nobody takes the value of a statement, also without braces around it."""
    owner = node.parent
    may_loop = cell.is_r and owner.kind == "other"
    if may_loop and re.match(r"(for|while|repeat)\b", cell.code(owner)):
        return True
    if owner.kind == "if" and node is not owner.children[0]:
        return _is_unused(cell, owner)
    return cell.is_statement(node)


def _tested(cell: Cell, node: Node) -> Guard | None:
    asked = _asked(cell, node.children[0])
    arms = [*node.children[1:], None][:2]
    inside = (one for arm in arms if arm for one in arm.walk())
    if not asked or not any(_level(cell, one) for one in inside):
        return None
    then, other = arms if asked != "no run" else arms[::-1]
    log = then and _only_log(cell, then)
    if not log:
        return Guard(reason="guards_more")
    if asked == "more" or cell.text.startswith("elif", node.start):
        return Guard(*log, "asks_more")
    return Guard(*log, _difference(cell, other, *log))


_NO_RUN = {"AttributeError", "NameError", "Exception", "BaseException"}


def _tried(cell: Cell, node: Node) -> Guard | None:
    """A log in ``try``: of None it is an error."""
    body, *rest = node.children
    log = _only_log(cell, body)
    if not log or not rest or rest[0].text != "ExceptHandler":
        return None
    *caught, arm = rest[0].children
    names = {one.text for error in caught for one in error.walk() if one.text}
    if names and not names & _NO_RUN:
        return None
    reason = "guards_more" if len(rest) > 1 else _difference(cell, arm, *log)
    return Guard(*log, reason)


def _caught(cell: Cell, node: Node) -> Guard | None:
    """A log in ``tryCatch()``: of NULL it is an error."""
    tried = node.argument("expr", 0)
    log = tried and _only_log(cell, tried)
    if not log:
        return None
    handler = node.argument("error")
    if node.text == "try":
        return Guard(*log, "prints_too")
    if len(node.arguments) != 2 or handler is None or handler.kind != "function":
        return Guard(*log, "guards_more")
    return Guard(*log, _difference(cell, handler.value, *log))


def _level(cell: Cell, node: Node) -> str:
    """Name the level of the run's method, ``current_run.log_info``; else ""."""
    owner, _, method = node.text.rpartition(".")
    level = method.removeprefix("log_")
    is_method = node.kind == "name" and method != level and level in LEVELS
    return level if is_method and is_run(cell, owner, node) else ""


def is_run(cell: Cell, name: str, node: Node) -> bool:
    """Whether a name at a node is the SDK's run, and nothing else."""
    first, _, rest = name.partition(".")
    # Where it is imported, a parameter of the same name is called like it.
    names = {first, name.rpartition(".")[2]}
    if any(one.text in names for outer in node.above() for one in outer.parameters):
        return False
    given = cell.document.definitions[cell.language].get(name, ())
    values = [one.value for one in given if one.value is not None]
    runs = [_gives_run(value) for value in values]
    nothing = [one.kind == "constant" and one.text in _NOTHING for one in values]
    if not all(a or b for a, b in zip(runs, nothing, strict=True)):
        return False
    if not rest:
        return name == "current_run" or any(runs)
    is_sdk = first == "openhexa" or (cell.is_r and first not in ("self", "private"))
    return is_sdk and name.endswith(".current_run")


_NOTHING = {"None", "NULL"}
_GIVERS = {"tryCatch", "get0", "getattr", "try"}


def _gives_run(value: Node) -> bool:
    """Whether a value is the run where there is one, and no object made of it."""
    if value.kind in ("name", "text"):
        return last_name(value) == "current_run"
    is_giver = value.kind == "call" and value.text in _GIVERS
    is_giver |= value.kind == "binary" and value.text == "%||%"
    if is_giver or value.kind in ("if", "block", "argument", "function"):
        return any(_gives_run(one) for one in value.children)
    return False


def _asked(cell: Cell, test: Node) -> str:
    """Say what a test asks for: "run", "no run", "more" than that, or "" for none."""
    if test.kind == "unary" and test.text == "!":
        asked = _asked(cell, test.children[0])
        return {"run": "no run", "no run": "run"}.get(asked, asked)
    if test.kind == "name" and not cell.is_r and is_run(cell, test.text, test):
        return "run"
    value = settled(cell, test)
    if test.kind == "name" and value is not test and value.kind != "name":
        return _asked(cell, value)  # has_run <- !is.null(current_run)
    answer = ""
    if test.kind == "call" and len(test.arguments) == 1:
        answer = _asked_by_call(cell, test)
    elif len(test.children) == 2:
        answer = _asked_of_two(cell, test)
    if answer:
        return answer
    return "more" if any(_mentions(cell, one) for one in test.walk()) else ""


def _mentions(cell: Cell, node: Node) -> bool:
    if node.kind == "text":
        return node.text == "current_run"
    owner = node.text.rpartition(".")[0]
    return node.kind == "name" and any(
        one and is_run(cell, one, node) for one in (node.text, owner)
    )


def _asked_by_call(cell: Cell, test: Node) -> str:
    given = test.arguments[0].value
    if given is None:
        return ""
    if test.text in ("isTRUE", "bool"):
        return _asked(cell, given)
    if test.text == "exists" and given.kind == "text":
        return "run" if given.text in ("current_run", "openhexa") else ""
    is_null = test.text == "is.null" and given.kind == "name"
    return "no run" if is_null and is_run(cell, given.text, given) else ""


_SCOPES = {"globals", "locals", "dir", "vars"}
_SIGNS = {
    **{"is": "no run", "eq": "no run", "in": "run"},
    **{"is not": "run", "not eq": "run", "not in": "no run"},
}


def _asked_of_two(cell: Cell, test: Node) -> str:
    left, right = test.children
    sign = test.text
    if sign in ("&&", "||", "&", "|", "BoolOp"):
        sign = cell.text[left.end : right.start].strip(" ()\n\\")
        asked = {_asked(cell, left), _asked(cell, right)}
        wanted = {"&&": "run", "and": "run", "||": "no run", "or": "no run"}
        return wanted[sign] if asked == {wanted.get(sign)} else ""
    if sign in ("in", "not in"):
        is_scope = right.kind == "call" and right.text in _SCOPES
        is_plain = is_scope and not right.arguments and left.text == "current_run"
        return _SIGNS[sign] if is_plain else ""
    is_none = right.kind == "constant" and right.text == "None"
    if sign in _SIGNS and is_none and left.kind == "name":
        return _SIGNS[sign] if is_run(cell, left.text, left) else ""
    return ""


def _only_log(cell: Cell, arm: Node) -> tuple[Node, str] | None:
    """Give the message and level of code that is one log, and nothing else."""
    call = only_statement(arm)
    level = _level(cell, call.children[0]) if call.kind == "call" else ""
    if not level or len(call.arguments) != 1:
        return None
    given = call.arguments[0]
    is_one = given.text in ("", "message") and given.value is not None
    if not is_one or cell.code(given).startswith("*") or given.value.text == "...":
        return None
    return given.value, level


def _difference(cell: Cell, arm: Node | None, text: Node, level: str) -> str:
    """Give the reason why code without a run is not the message printed; else ""."""
    if arm is None or _is_nothing(only_statement(arm)):
        return "prints_too"
    said = _said(cell, only_statement(arm))
    if said is None or not _is_same(cell, said, text):
        return "other_arm"
    return "debug_hidden" if level == "debug" else ""


def _is_nothing(arm: Node) -> bool:
    if arm.kind == "call" and arm.text == "invisible":
        return all(_is_nothing(one.value) for one in arm.arguments if one.value)
    is_empty = arm.kind in ("block", "other") and not arm.children
    return arm.text in ("Pass", "NULL", "None") or (is_empty and not arm.text)


_PRINTERS = {"r": {"print", "cat", "message", "writeLines"}, "python": {"print"}}
_OPTIONS = {"sep", "fill", "flush", "quote"}


def _said(cell: Cell, call: Node) -> Node | None:
    """Give the one text that a call prints."""
    if call.kind != "call" or call.text not in _PRINTERS[cell.language]:
        return None
    if call.text in cell.document.definitions[cell.language]:
        return None  # the notebook's own
    for one in call.arguments:
        is_screen = one.text == "file" and last_name(one.value) in ("stdout", "stderr")
        if one.text and one.text not in _OPTIONS and not is_screen:
            return None
    said = [one.value for one in call.arguments if not one.text]
    if call.text == "cat" and len(said) == 2 and said[1] and said[1].text == "\n":
        said.pop()
    return said[0] if len(said) == 1 else None


def _is_same(cell: Cell, said: Node, logged: Node) -> bool:
    """Whether two texts are written alike; the end of a line may be in R's."""
    codes = [re.sub(r"\s", "", cell.code(one)) for one in (said, logged)]
    texts = [[inner.text for inner in one.walk("text")] for one in (said, logged)]
    is_format = said.text == "sprintf" and said.arguments
    first = said.arguments[0].value if is_format else said
    is_line = cell.is_r and first and first.kind == "text" and first.text.endswith("\n")
    if is_line and texts[0] != texts[1]:
        written = re.sub(r"\s", "", cell.code(first))
        codes[0] = codes[0].replace(written, re.sub(r"\\n(\W*)$", r"\1", written), 1)
        texts[0][0] = texts[0][0].removesuffix("\n")
    # Blanks count in texts, and nowhere else.
    is_text = said.kind == logged.kind == "text"
    return texts[0] == texts[1] and (is_text or codes[0] == codes[1])
