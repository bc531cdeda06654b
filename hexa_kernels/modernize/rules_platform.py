"""What the platform gives by itself: set-up, and the SDK."""

import re
from collections.abc import Iterator

from .document import Cell, variables_set
from .rules import Finding, advise, remove, replace, rule
from .syntax import Node

_SET_UP = {"RETICULATE_PYTHON", "PROJ_LIB", "PROJ_DATA", "GDAL_DATA"}
_INTERPRETER = {
    *("py_config", "use_python", "use_python_version", "use_condaenv"),
    *("use_virtualenv", "use_miniconda"),
}


@rule("environment-setup")
def environment_setup(cell: Cell) -> Iterator[Finding]:
    for node in cell.walk("call", "assign", "magic"):
        names = set(variables_set(node))
        is_interpreter = node.kind == "call" and node.text in _INTERPRETER
        chooses_python = is_interpreter or "RETICULATE_PYTHON" in names
        if chooses_python and _uses_python(cell):
            yield advise("environment-setup", cell, node, "uses_python")
        elif (is_interpreter or names) and not _is_platforms(node):
            if is_interpreter or names & _SET_UP:
                yield advise("environment-setup", cell, node, "own_place")
        elif is_interpreter or (names and names <= _SET_UP):
            yield remove("environment-setup", cell, _guard(node))
        elif names & _SET_UP:
            yield advise("environment-setup", cell, node, "sets_more")


def _is_platforms(node: Node) -> bool:
    """Whether every path that is set is one of OpenHEXA's images."""
    texts = (one.text for one in node.walk() if one.kind in ("text", "magic"))
    paths = (path for text in texts for path in re.findall(r"[/~][^\s'\"]*", text))
    return all(re.match(r"/(opt/conda|usr)\b", path) for path in paths)


def _guard(node: Node) -> Node:
    """Climb to the ``if`` that does nothing else."""
    parent = node.parent
    if parent.kind == "block" and len(parent.children) == 1 and parent.parent:
        parent = parent.parent
    is_guard = parent.kind == "if" and len(parent.children) == 2
    return parent if is_guard and parent.children[0] is not node else node


_PYTHON_OBJECTS = {
    *("iterate", "iter_next", "as_iterator", "py_to_r", "r_to_py", "py_call"),
    *("py_run_string", "py_run_file", "source_python", "py_eval", "py_get_attr"),
}
_MIRRORED = {"workspace", "current_run", "current_pipeline"}


def _uses_python(cell: Cell) -> bool:
    """Whether R code of the file goes on to use Python, or Python's objects."""
    calls = (n for c in cell.document.cells if c.is_r for n in c.walk("call"))
    for node in calls:
        module = node.argument("module", 0) if node.text == "import" else None
        is_other = module is not None and not module.text.startswith("openhexa")
        if node.text in _PYTHON_OBJECTS or is_other:
            return True
    return False


def _used_of_sdk(cell: Cell, imported: Node) -> set[str]:
    """Name the members that the file asks the imported SDK for."""
    names = (n.text for c in cell.document.cells if c.is_r for n in c.walk("name"))
    parts = [name.split(".") for name in names]
    sdk = {"openhexa"}
    if imported.parent.kind == "assign":
        sdk.add(imported.parent.children[0].text)
    return {part[1] for part in parts if len(part) > 1 and part[0] in sdk}


_HANDLERS = {"tryCatch", "try", "suppressWarnings", "suppressMessages", "invisible"}
_HARMLESS = {"library", "require", "requireNamespace", "message", "print", "cat"}


@rule("sdk-import")
def sdk_import(cell: Cell) -> Iterator[Finding]:
    if not cell.is_r:
        return
    for node in cell.walk("call"):
        given = node.argument("module", 0) if node.text == "import" else None
        if given is None or given.text != "openhexa.sdk":
            continue
        whole = _import_with_guards(node)
        if _uses_python(cell) or _used_of_sdk(cell, node) - _MIRRORED:
            yield advise("sdk-import", cell, node, "uses_python")
        elif cell.document.calls("source", "sys.source"):
            yield advise("sdk-import", cell, node, "other_files")
        elif cell.is_statement(whole):
            yield remove("sdk-import", cell, whole, needs="openhexa")
        else:
            edits = [(whole.start, whole.end, "openhexa")]
            yield replace("sdk-import", cell, whole, edits, needs="openhexa")


def _import_with_guards(node: Node) -> Node:
    """Climb through what only catches, keeps or asks for the import."""
    whole = node
    while (outer := node.parent) is not None:
        if outer.kind == "argument" and _takes_sdk(outer.parent):
            outer = outer.parent
        elif not (
            (outer.kind == "assign" and outer.children[0].text == "openhexa")
            or (outer.kind == "block" and _only_imports(outer, node))
            or _asks_for_sdk(outer, node)
        ):
            break
        node = outer
        if node.kind != "block":
            whole = node
    return whole


def _takes_sdk(call: Node) -> bool:
    given = call.argument("x", 0) if call.text == "assign" else None
    return call.text in _HANDLERS or (given is not None and given.text == "openhexa")


def _only_imports(block: Node, node: Node) -> bool:
    owner = block.parent
    if owner is None or owner.kind not in ("argument", "if"):
        return False
    others = [one for one in block.children if one is not node]
    return all(one.kind == "call" and one.text in _HARMLESS for one in others)


def _asks_for_sdk(outer: Node, node: Node) -> bool:
    if outer.kind != "if" or len(outer.children) != 2 or outer.children[0] is node:
        return False
    names = {one.text for one in outer.children[0].walk()}
    return "openhexa" in names and bool(names & {"exists", "is.null"})
