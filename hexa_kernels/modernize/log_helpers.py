"""Functions of a notebook that log, and ask whether a run is active before."""

import re
from collections.abc import Iterator

from .log_methods import chosen_logs
from .syntax import Node, last_name, text_of, unwrapped


def logs(node: Node) -> bool:
    """Whether it defines a function that logs its text, and asks for the run before."""
    function = node.value
    if function is None or function.kind != "function" or len(function.children) > 4:
        return False
    body = function.children[-1]
    names = [one.text for one in body.walk("name")]
    if not any("current_run" in name for name in names):
        return False
    is_log = any(_LOG.search(name) for name in names) or any(chosen_logs(body))
    return is_log and _asks_for_run(function) and _is_given_text(function)


def _asks_for_run(function: Node) -> bool:
    """Whether a function tests for a run, or tries to log: of no run it is an error."""
    made = {call for _, call, _ in chosen_logs(function.children[-1])}
    for node in function.walk():
        if node.kind == "if":
            names = node.children[0].walk("name")
            if any(_ASKED.search(one.text) for one in names):
                return True
        tried = node.children[0] if node.kind == "try" else None
        if node.kind == "call" and node.text in _TRIES:
            tried = node.argument("expr", 0)
        tried = tried and only_statement(tried)
        is_call = tried is not None and tried.kind == "call"
        if is_call and (_LOG.search(tried.text) or tried in made):
            return True
    return False


_ASKED = re.compile(r"current_run|^[^.]*(?i:run)")
_TRIES = {"tryCatch", "try"}


def only_statement(arm: Node) -> Node:
    """Take off all braces around one statement: ``{{ x }}``."""
    while (inner := unwrapped(arm)) is not arm:
        arm = inner
    return arm


LEVELS = {"debug", "info", "warning", "error", "critical"}
_LOG = re.compile(r"(?:^|\.)log_([a-z]+)$")


def _parameters(function: Node) -> list[str]:
    return [one.text for one in function.parameters]


def _messages(function: Node) -> Iterator[Node | None]:
    """Give what each log of a function says; None where that is unknown."""
    body = function.children[-1]
    for node in body.walk("call"):
        if _LOG.search(node.text) and node.arguments:
            yield node.arguments[0].value
    for _, _, arguments in chosen_logs(body):
        yield arguments[0].value if len(arguments) == 1 else None


def _is_given_text(function: Node) -> bool:
    """Whether a function logs what it is given; others only say how far they are."""
    names = {*_parameters(function)}
    body = function.children[-1]
    others = [one for one in body.walk("call") if not _says(one)]
    gives = any(one.text == "Return" and one.children for one in body.walk())
    for given in _messages(function):
        if given is not None and given.kind == "name" and given.text in names:
            return True
        # A text with a parameter in it, and little else
        if len(others) <= 3 and not gives and _is_made_of(given, names):
            return True
    return False


def _is_made_of(given: Node | None, names: set[str]) -> bool:
    """Whether a message has a parameter in it: ``"[A] " + message``, no len(data)."""
    if given is None or (given.kind == "call" and not _says(given)):
        return False
    is_name = given.kind == "name" and given.text in names
    return is_name or any(_is_made_of(one, names) for one in given.children)


_SAYS = {
    *("print", "cat", "message", "paste", "paste0", "format", "sprintf", "Sys.time"),
    *("toupper", "exists", "is.null", "inherits", "getattr", "hasattr", "globals"),
    *("str", "invisible", "switch", "do.call", "is", "identical", "isTRUE", "nzchar"),
    *("str.upper", ".upper", ".format", ".lower", ".strip", "tolower", "list", "get"),
    *("match.arg", "flush.console", "sys.stdout.flush", "datetime.datetime.now"),
    *("writeLines", *_TRIES),
}
_SCREEN = {"sys.stdout", "sys.stderr", ""}


def _says(call: Node) -> bool:
    name = last_name(call)
    is_plain = call.text in _SAYS or name in ("upper", "lower", "strftime")
    return is_plain or re.fullmatch(r"log_[a-z]+", name) is not None


_PRINTERS = {"print", "cat", "message", "writeLines"}


def does_more(function: Node) -> bool:
    """Whether a helper also does something else, or says nothing without a run."""
    return acts(function) or not prints(function)


def acts(function: Node) -> bool:
    """Whether a helper also stops, writes a file, or keeps something."""
    body = function.children[-1]
    names = {*_parameters(function)}
    is_decorated = len(function.children) > len(function.parameters) + 1
    if is_decorated or function.parent.text == "AsyncFunctionDef":
        return True
    chosen = {call for _, call, _ in chosen_logs(body)}
    for node in body.walk():
        if node.kind == "call" and node not in chosen and not _says(node):
            is_default = node.text == "c" and "match.arg" in _called(body)
            if not is_default and (node.text != "return" or not _ends_a_run(node)):
                return True
        if node.kind == "assign" and (node.text == "<<-" or _changes(node, names)):
            return True
        if node.kind == "assign" and _keeps(node):
            return True
        is_said = node.kind == "call" and node.text in _PRINTERS
        if is_said and _decorates(node, names | _made_of(body, names)):
            return True
        is_file = node.kind == "argument" and node.text == "file"
        if is_file and (node.value is None or node.value.text not in _SCREEN):
            return True
        if node.text in _STATEMENTS:
            return True
        if node.kind == "other" and node.text == "Return" and not _ends_a_run(node):
            return True
    return not names or _logs_otherwise(function)


_STATEMENTS = {
    *("Raise", "Global", "Nonlocal", "AugAssign", "Assert"),
    *("Yield", "YieldFrom", "Await"),
}


def _keeps(assign: Node) -> bool:
    """``LAST["message"] = message``, ``log.last = message``"""
    target = assign.children[0]
    is_attribute = assign.text == "=" and "." in target.text  # no name of R
    return target.kind in ("index", "member") or is_attribute


def _made_of(body: Node, names: set[str]) -> set[str]:
    """Name the variables that hold the message: ``line = f"{time} {message}"``"""
    made = set()
    for assign in body.walk("assign"):
        if {one.text for one in assign.value.walk("name")} & (names | made):
            made.add(assign.children[0].text)
    return made


def _decorates(call: Node, names: set[str]) -> bool:
    """``print("=" * 20)``, or what does not end a line."""
    said = {one.text for one in call.walk("name")} & names
    return not said or call.argument("end") is not None


def _called(body: Node) -> set[str]:
    return {one.text for one in body.walk("call")}


def _changes(assign: Node, names: set[str]) -> bool:
    """Whether a parameter gets another value: but ``level = level.lower()`` may be."""
    target, value = assign.children[0], assign.value
    if target.text not in names:
        return False
    spelled = {"tolower", "toupper", "lower", "upper", "str", "match.arg", "strip"}
    is_call = value is not None and value.kind == "call"
    return not is_call or not {value.text, last_name(value)} & spelled


def _ends_a_run(leave: Node) -> bool:
    """Whether a function is left at its end, or where no run is active."""
    for one in leave.above():
        if one.kind == "function":
            return True
        names = one.children[0].walk("name")
        if one.kind == "if" and not all(_RUN.search(name.text) for name in names):
            return False
        if one.kind not in ("if", "block", "argument"):
            return False
    return True


def prints(function: Node) -> bool:
    """Whether a helper says something without a run too."""
    return bool(_called(function.children[-1]) & _PRINTERS)


def logs_at(function: Node, level: str | None) -> bool:
    """Whether a helper that is given a level, or takes none, logs at it."""
    body, names = function.children[-1], _parameters(function)
    chosen = [*chosen_logs(body)]
    made = {one for maker, _, _ in chosen for one in maker.walk()}
    found = (_LOG.search(n.text) for n in body.walk("name", "call") if n not in made)
    named = {match[1] for match in found if match}
    if len(names) == 1:
        return named == {"info"} and not chosen
    if level is None or not chosen:
        return level in LEVELS and level in named
    if any({"tolower", "lower"} & {last_name(one), one.text} for one in body.walk()):
        level = level.lower()
    # Where some of the levels take another way, only one is sure.
    others = named or any(_depends(call, names[1]) for _, call, _ in chosen)
    is_sure = not others or (level == "info" and named <= {"info"})
    return level in LEVELS and is_sure


def _depends(call: Node, level: str) -> bool:
    """Whether a call is made for some of the levels only."""
    tests = (one.children[0] for one in call.above() if one.kind == "if")
    return any(one.text == level for test in tests for one in test.walk())


def default_level(function: Node) -> str | None:
    """Give the level of a helper that is given none; None where that is unknown."""
    parameters = function.parameters
    if len(parameters) < 2:
        return "info"
    value = parameters[1].value
    if value is not None and value.text == "c" and value.arguments:
        # The first of level = c("info", "error"), by match.arg()
        is_chosen = "match.arg" in _called(function.children[-1])
        value = value.arguments[0].value if is_chosen else None
    return text_of(value)


def _logs_otherwise(function: Node) -> bool:
    """Whether something else decides what is logged, or another text is."""
    names = _parameters(function)
    for given in _messages(function):
        if given is None or given.text not in names:
            return True
    for node in function.children[-1].walk("if"):
        asked = {one.text for one in node.children[0].walk("name")} - {*names}
        if not all(map(_RUN.search, asked)):
            return True
    said = {given.text for given in _messages(function)}
    levels = [name for name in names if name not in said]
    makers = [maker for maker, _, _ in chosen_logs(function.children[-1])]
    return any(not _is_by_level(maker, levels) for maker in makers)


def says_first(function: Node) -> bool:
    """Whether the message is what a helper takes first, as of run_log()."""
    said = {given.text for given in _messages(function) if given is not None}
    return said == {*_parameters(function)[:1]}


def _is_by_level(maker: Node, levels: list[str]) -> bool:
    """Whether the level, and nothing else, says which method it is."""
    for node in maker.walk("name"):
        if node.text in levels[:1]:
            continue
        is_callee = node.parent.kind == "call" and node.parent.children[0] is node
        owner = node.text.rpartition(".")[0]  # level.lower()
        if is_callee and (owner in levels or node.text in _SAYS):
            continue
        # What do.call() hands over is the message.
        is_listed = any(one.text in ("list", "args") for one in node.above())
        if not is_listed and not _RUN.search(node.text):
            return False
    return bool(levels)


# In a test: the run, or a function.
_RUN = re.compile(
    r"(?i)run|hexa|workspace|pipeline|^(NULL|None|exists|is\.null|inherits|isTRUE|globals"
    r"|hasattr|getattr|identical|nzchar|is|Environment|environment)$"
)
