"""What the platform gives by itself: set-up, and the SDK."""

import re
from collections.abc import Iterator

from .document import OUR_KERNELS, Cell, Document
from .environment_access import variable_read, variables_set
from .python_in_r import sdk_imports, uses_python, with_members
from .rules import Finding, advise, remove, replace, rule
from .syntax import Node

# What the kernel openhexa-r sets where these are there; no other does.
_PLATFORM = {
    "RETICULATE_PYTHON": "/opt/conda/bin/python",
    "PROJ_LIB": "/opt/conda/share/proj",
    "PROJ_DATA": "/opt/conda/share/proj",
    "GDAL_DATA": "/opt/conda/share/gdal",
}
_INTERPRETER = {
    *("py_config", "use_python", "use_python_version", "use_condaenv"),
    *("use_virtualenv", "use_miniconda"),
}


@rule("environment-setup")
def environment_setup(cell: Cell) -> Iterator[Finding]:
    for node in cell.walk("call", "assign", "magic"):
        names = {*variables_set(node)}
        if node.kind == "call" and node.text in _INTERPRETER:
            names = {"RETICULATE_PYTHON"}
        if not names & {*_PLATFORM}:
            continue
        if reason := _needed(cell, node, names):
            yield advise("environment-setup", cell, node, reason)
        else:
            yield remove("environment-setup", cell, _guard(node))


def _needed(cell: Cell, node: Node, names: set[str]) -> str:
    """Give the reason why a statement that sets variables must stay; else ""."""
    if "RETICULATE_PYTHON" in names:
        if _keeps_python(cell.document):
            return "uses_python"
        if cell.document.reads_others:
            return "other_files"
    if names - {*_PLATFORM}:
        return "sets_more"
    if not _is_platforms(cell, node):
        return "own_place"
    others = names - {"RETICULATE_PYTHON"}
    if (others or _reads_python(cell, node)) and not _runs_in_ours(cell):
        return "kernel_sets"
    return "other_value" if _other_values(cell.document) & names else ""


def _keeps_python(document: Document) -> bool:
    """Whether R code needs Python even when all that is safe was changed."""
    imports = (one for cell in document.cells for one in sdk_import(cell))
    is_used = bool(document.unparsed) or uses_python(document)
    return is_used or any(one.reason not in ("", "other_files") for one in imports)


def _is_platforms(cell: Cell, node: Node) -> bool:
    """Whether every value is what the kernel openhexa-r sets."""
    if node.text == "py_config":
        return True
    if not cell.is_r:
        texts = (one.text for one in node.walk("text", "magic"))
        paths = [path for text in texts for path in re.findall(r"/[^\s'\"]*", text)]
        return bool(paths) and {*paths} <= {*_PLATFORM.values()}
    values = [
        (one.text if node.text == "Sys.setenv" else "RETICULATE_PYTHON", one.value)
        for one in node.arguments
        if one.value is not None and one.value.kind != "constant"
    ]
    return bool(values) and all(
        _PLATFORM.get(name) == _value(cell, value).text for name, value in values
    )


def _reads_python(cell: Cell, node: Node) -> bool:
    """Whether the file asks for the interpreter elsewhere than around a statement."""
    reads = cell.document.calls("Sys.getenv")
    return any(
        variable_read(read) == "RETICULATE_PYTHON" and _guard(node) not in read.above()
        for read in reads
    )


def _value(cell: Cell, node: Node) -> Node:
    """Follow a name, also of a parameter that no call of the file sets."""
    function = node.enclosing("function")
    if node.kind != "name" or function is None:
        return cell.resolve(node)
    owner = function.parent
    is_called_plainly = owner.kind == "assign" and not any(
        call.arguments for call in cell.document.calls(owner.children[0].text)
    )
    for one in function.children[:-1]:
        if one.text == node.text and one.value is not None and is_called_plainly:
            return one.value
    return cell.resolve(node)


def _runs_in_ours(cell: Cell) -> bool:
    """Whether openhexa-r runs a cell: also ``%%R`` of our Python kernel."""
    document = cell.document
    embedded = "rpy2" in document.source.text or "embedded" in cell.text
    return cell.is_r and document.source.kernel in OUR_KERNELS and not embedded


def _other_values(document: Document) -> set[str]:
    """Name the variables that the file also takes away, or gives another value."""
    found = set()
    for cell, node in document.walk("call"):
        if cell.is_r and node.text == "Sys.unsetenv":
            found |= {one.text for one in node.walk("text")}
        elif cell.is_r and node.text == "Sys.setenv" and not _is_platforms(cell, node):
            found |= {*variables_set(node)}
    return found


_QUESTIONS = {
    *("Sys.getenv", "nzchar", "is.na", "identical", "interactive", "nchar"),
    *("file.exists", "dir.exists", "os.path.exists", "os.path.isdir", "os.getenv"),
}


def _guard(node: Node) -> Node:
    """Climb to the ``if`` that does nothing else."""
    node = with_members(node)
    parent = node.parent
    if parent.kind == "block" and len(parent.children) == 1 and parent.parent:
        parent = parent.parent
    is_guard = parent.kind == "if" and len(parent.children) == 2
    if not is_guard or parent.children[0] is node:
        return node
    asked = {one.text for one in parent.children[0].walk("call")}
    return parent if asked <= _QUESTIONS else node


@rule("sdk-import")
def sdk_import(cell: Cell) -> Iterator[Finding]:
    for one in sdk_imports(cell.document):
        if one.cell is not cell:
            continue
        if reason := one.reason or ("asked_for" if cell.document.notices_us else ""):
            yield advise("sdk-import", cell, one.node, reason)
        elif cell.is_statement(one.whole):
            yield remove("sdk-import", cell, one.whole, needs="openhexa")
        else:
            is_shown = one.whole.kind != "assign"
            code = "openhexa" if is_shown else "invisible(openhexa)"
            edits = [(one.whole.start, one.whole.end, code)]
            yield replace("sdk-import", cell, one.whole, edits, needs="openhexa")
