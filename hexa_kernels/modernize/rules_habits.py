"""Habits of notebooks: parameters, logs, packages, datasets, settings, outputs."""

import re
from collections.abc import Iterator

from .document import Cell
from .rules import Finding, advise, replace, rule
from .rules_paths import quoted
from .syntax import Node, last_name


@rule("parameter-default")
def parameter_defaults(cell: Cell) -> Iterator[Finding]:
    for node in cell.walk("if", "try", "assign"):
        if node.enclosing("function"):
            continue  # a local variable is no parameter
        shape = _default_of(node)
        if shape is None or shape[0] == "openhexa":
            continue
        name, default, target = shape
        if reason := _unsafe(cell, default):
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
    if value.kind == "if" and len(value.children) == 3:
        test, then, otherwise = (_unwrapped(one) for one in value.children)
        name = _asked(test, absent=False)
        if name and then.kind == "name" and then.text == name:
            return name, otherwise, target.text
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
    if test.kind == "binary" and test.text == ("not in" if absent else "in"):
        name, place = test.children
        is_scope = place.kind == "call" and place.text in ("globals", "locals", "vars")
        return name.text if is_scope and name.kind == "text" else None
    return None


def _tried(node: Node) -> tuple[str, Node, str] | None:
    if len(node.children) != 2:
        return None
    body, handler = node.children
    tried, given = _unwrapped(body), handler.children
    if tried.kind != "name" or len(given) != 2 or given[0].text != "NameError":
        return None
    assignment = _only_assignment(given[1])
    if assignment is None or assignment.children[0].text != tried.text:
        return None
    return tried.text, assignment.value, tried.text


def _got(value: Node, target: Node) -> tuple[str, Node, str] | None:
    """``get0("year", ifnotfound = 2024)``, ``globals().get("year", 2024)``."""
    if value.text == ".get":
        owner = value.children[0].children[0]
        if owner.kind != "call" or owner.text != "globals":
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


_CHEAP = {
    *("c", "list", "file.path", "paste", "paste0", "as.integer", "as.Date", "Sys.Date"),
    *("os.path.join", "pathlib.Path", "datetime.date.today", "date", "datetime.date"),
    *("int", "str", "float", "Path", "format", "as.numeric", "dict", "set", "tuple"),
}


_CONTAINERS = {"Dict", "List", "Set"}


def _unsafe(cell: Cell, default: Node) -> str:
    """Give the reason why a default cannot be handed over; else ""."""
    if any(one.kind == "call" and one.text not in _CHEAP for one in default.walk()):
        return "costly_default"
    makes = {default.text} & ({"dict", "list", "set"} | _CONTAINERS)
    if not cell.is_r and makes and default.kind in ("other", "call"):
        return "kept_value"
    if cell.is_r and re.fullmatch(r"NA(_\w+_)?", cell.code(default)):
        return "untyped_default"
    return ""


@rule("log-helper")
def log_helpers(cell: Cell) -> Iterator[Finding]:
    definitions = cell.document.definitions[cell.language]
    for node in cell.walk("assign", "call"):
        if node.kind == "assign":
            if _logs(node):
                yield advise("log-helper", cell, node, "still_called")
            continue
        if node.children[0].kind != "name":
            continue
        given = definitions.get(node.text, ())
        if len(given) == 1 and _logs(given[0]) and given[0] not in node.above():
            yield from _log_call(cell, node, given[0].value)


def _logs(node: Node) -> bool:
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
    *("str.upper", ".upper", ".format", ".lower", ".strip", "logging.info"),
}


def _does_more(function: Node) -> bool:
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
        if node.text in ("Raise", "Global", "Nonlocal", "AugAssign", "Assert"):
            return True
    return not names


def _log_call(cell: Cell, node: Node, function: Node) -> Iterator[Finding]:
    parameters = [one for one in function.children if one.kind == "argument"]
    level = parameters[1].value if len(parameters) == 2 else None
    is_known = len(parameters) == 1 or (level is not None and level.text == "info")
    names = [one.text for one in parameters]
    labels = {one.text for one in node.arguments if one.text}
    fits = labels <= {*names} and len(node.arguments) <= len(names)
    if _does_more(function):
        yield advise("log-helper", cell, node, "does_more")
        return
    if not is_known or not fits:
        code = f"{cell.ours('run_log')}(…)"
        yield advise("log-helper", cell, node, "other_signature", code=code)
        return
    callee = node.children[0]
    edits = [(callee.start, callee.end, cell.ours("run_log"))]
    for argument in node.arguments:
        if argument.text:
            label = ("message", "level")[names.index(argument.text)]
            end = argument.start + len(argument.text)
            edits.append((argument.start, end, label))
    yield replace("log-helper", cell, node, edits, needs="run_log")


_INSTALLERS = {
    *("install.packages", "pkg_install", "pak", "p_load", "install_github"),
    *("install_local", "install_cran", "install_version", "install_url", "install_git"),
    *("install_gitlab", "install_bioc", "renv.restore", "pip.main"),
}
_PIP = re.compile(r"!(.*\s)?\s*(pip3?|conda|mamba)\s(.*\s)?install\s", re.DOTALL)
_RUNNERS = re.compile(r"(subprocess\.\w+|os\.system|system2?)")


@rule("package-install")
def package_installs(cell: Cell) -> Iterator[Finding]:
    code = f"{cell.ours('hexa_require')}(…)" if cell.is_r else "%pip install …"
    for node in cell.walk("call", "magic"):
        if node.kind == "magic":
            found = _PIP.match(node.text)
        elif node.text in ("restore", "install"):  # renv:: and BiocManager::
            found = re.match(r"(renv|BiocManager)::", cell.code(node))
        elif _RUNNERS.fullmatch(node.text):
            words = " ".join(one.text for one in node.walk() if one.kind == "text")
            found = _PIP.match(f"! {words} ")
        else:
            found = node.text in _INSTALLERS
        if found:
            yield advise("package-install", cell, node, "machine_changed", code=code)


_DOWNLOADERS = {
    *("GET", "download.file", "curl_download", "request", "requests.get", "httpx.get"),
    *("urllib.request.urlopen", "urllib.request.urlretrieve", "curl_fetch_memory"),
    *("urlopen", "urlretrieve", "requests.Session.get"),
}


@rule("dataset-download")
def dataset_downloads(cell: Cell) -> Iterator[Finding]:
    opener = "$" if cell.is_r else "."
    code = opener.join(
        ["workspace", 'get_dataset("…")', "latest_version", 'get_file("…")', "read()"]
    )
    for node in cell.walk("call"):
        if node.text not in _DOWNLOADERS or not node.arguments:
            continue
        given = cell.resolve(node.arguments[0].value)
        names = {last_name(one) for one in given.walk()} if given else set()
        if names & {"download_url", "generate_download_url"}:
            yield advise("dataset-download", cell, node, "shape_unknown", code=code)


@rule("config-json")
def json_configurations(cell: Cell) -> Iterator[Finding]:
    code = "workspace$configuration" if cell.is_r else "workspace.configuration"
    for node in cell.walk("call"):
        if node.text not in ("fromJSON", "read_json", "json.load", "json.loads"):
            continue
        texts = [
            inner.text
            for one in node.walk()
            for inner in (cell.resolve(one) or one).walk()
            if inner.kind == "text"
        ]
        if any(re.search(r"(?i)config\w*\.json$", text) for text in texts):
            yield advise("config-json", cell, node, "moved_by_author", code=code)


_CUTTERS = {
    *("gsub", "sub", "str_replace", "str_remove", "str_replace_all", "path_rel"),
    *("os.path.relpath", "replace", "removeprefix", "relative_to", "lstrip"),
}


@rule("ready-made-output")
def output_paths(cell: Cell) -> Iterator[Finding]:
    """The folder of the workspace cut off a path, as older SDKs wanted it."""
    dot = "$" if cell.is_r else "."
    code = f"current_run{dot}add_file_output(path)"
    for node in cell.walk("call"):
        if node.text not in _CUTTERS and last_name(node) not in _CUTTERS:
            continue
        names = {
            last_name(one) for argument in node.arguments for one in argument.walk()
        }
        if "files_path" in names:
            yield advise("ready-made-output", cell, node, "path_used", code=code)
