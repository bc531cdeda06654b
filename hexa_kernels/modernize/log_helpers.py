"""Functions of a notebook that log, and ask whether a run is active before."""

import re

from .syntax import Node


def logs(node: Node) -> bool:
    """Whether it defines a function that logs, and asks for the run before."""
    function = node.value
    if function is None or function.kind != "function" or len(function.children) > 4:
        return False
    names = [one.text for one in function.children[-1].walk() if one.kind == "name"]
    logs = any(re.search(r"(^|\.)log_[a-z]+$", name) for name in names)
    asks = any(
        "current_run" in one.text or "run" in one.text.split(".")[0].lower()
        for test in function.walk()
        if test.kind == "if"
        for one in test.children[0].walk()
        if one.kind == "name"
    )
    return logs and asks and any("current_run" in name for name in names)


_SAYS = {
    *("print", "cat", "message", "paste", "paste0", "format", "sprintf", "Sys.time"),
    *("toupper", "exists", "is.null", "inherits", "getattr", "hasattr", "globals"),
    *("str", "invisible", "switch", "do.call", "is", "identical", "isTRUE", "nzchar"),
    *("str.upper", ".upper", ".format", ".lower", ".strip"),
}
_SCREEN = {"sys.stdout", "sys.stderr", ""}


def does_more(function: Node) -> bool:
    """Whether a helper also stops, writes a file, or keeps something."""
    body = function.children[-1]
    names = {one.text for one in function.children if one.kind == "argument"}
    for node in body.walk():
        if node.kind == "call" and node.text not in _SAYS:
            name = node.text.rpartition(".")[2]
            if not re.fullmatch(r"log_[a-z]+", name) and name not in ("upper", "lower"):
                return True
        if node.kind == "assign" and node.text == "<<-":
            return True
        is_file = node.kind == "argument" and node.text == "file"
        if is_file and (node.value is None or node.value.text not in _SCREEN):
            return True
        if node.text in ("Raise", "Global", "Nonlocal", "AugAssign", "Assert"):
            return True
    return not names or _logs_otherwise(function)


def logs_at(function: Node, level: str | None) -> bool:
    """Whether a helper that is given a level, or takes none, logs at it."""
    nodes = [*function.children[-1].walk()]
    found = (_LOG.search(one.text) for one in nodes if one.kind in ("name", "call"))
    named = {match[1] for match in found if match}
    # getattr(current_run, f"log_{level}"), do.call(paste0("log_", level), …)
    is_any = any(one.kind == "text" and one.text.startswith("log_") for one in nodes)
    if len(function.children) == 2:
        return named == {"info"} and not is_any
    return level in _LEVELS and (is_any or level in named)


_LOG = re.compile(r"(?:^|\.)log_([a-z]+)$")
_LEVELS = {"debug", "info", "warning", "error", "critical"}


def _logs_otherwise(function: Node) -> bool:
    """Whether something else decides what is logged, or another text is."""
    names = {one.text for one in function.children if one.kind == "argument"}
    for node in function.children[-1].walk():
        if node.kind == "call" and _LOG.search(node.text) and node.arguments:
            given = node.arguments[0].value
            if given is None or given.text not in names:
                return True
        if node.kind == "if":
            asked = (one for one in node.children[0].walk() if one.kind == "name")
            if any(
                one.text not in names and not _RUN.search(one.text) for one in asked
            ):
                return True
    return False


# In a test: the run, or a function.
_RUN = re.compile(
    r"(?i)run|hexa|workspace|pipeline|^(NULL|None|exists|is\.null|inherits|isTRUE|globals"
    r"|hasattr|getattr|identical|nzchar|is|Environment|environment)$"
)
