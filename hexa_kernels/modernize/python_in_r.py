"""What R code of a file uses Python for: the SDK, or more."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from .document import Cell, Document
from .syntax import Node

_PYTHON_OBJECTS = {
    *("iterate", "iter_next", "as_iterator", "py_to_r", "r_to_py", "py_call"),
    *("py_run_string", "py_run_file", "source_python", "py_eval", "py_get_attr"),
    *("import_from_path", "import_main", "import_builtins", "py_available"),
    *("py_module_available", "py_has_attr", "repl_python", "py_install"),
}
_PYTHON_PACKAGES = {"rgee", "keras", "keras3", "tensorflow", "tfdatasets", "spacyr"}
_MIRRORED = {"workspace", "current_run", "current_pipeline"}


@lru_cache(maxsize=1)  # files come one after the other
def uses_python(document: Document) -> bool:
    """Whether R code goes on to use Python, or objects of Python, beside the SDK."""
    own = "py" in document.definitions["r"]
    for cell, node in document.walk("call", "name"):
        if not cell.is_r:
            continue
        if node.kind == "name" and node.text.startswith("py.") and not own:  # py$total
            return True
        attached = node.text in ("library", "require", "requireNamespace")
        packages = {one.text for one in node.walk()} if attached else set()
        if node.text in _PYTHON_OBJECTS or packages & _PYTHON_PACKAGES:
            return True
        is_asked = node.text == "py_config" and node.kind == "call"
        if is_asked and not cell.is_statement(with_members(node)):
            return True
        module = _module(node)
        if module is not None and module.text != "openhexa.sdk":
            return True
    return False


def with_members(node: Node) -> Node:
    """Climb from ``py_config()`` to ``py_config()$python``, which is only shown."""
    while node.parent.kind == "member":
        node = node.parent
    return node


def _module(node: Node) -> Node | None:
    return node.argument("module", 0) if node.text == "import" else None


@dataclass
class SdkImport:
    """An import of the SDK into R.

    Attributes
    ----------
    cell : Cell
    node : Node
        The call.
    whole : Node
        With all around it that only catches, keeps or asks for the import.
    reason : str
        Why it must stay: an entry of "reasons" in rules.json; else empty.
    """

    cell: Cell
    node: Node
    whole: Node
    reason: str


@lru_cache(maxsize=1)
def sdk_imports(document: Document) -> list[SdkImport]:
    """Find the imports of the SDK."""
    found = [
        SdkImport(cell, node, whole, _reason(cell, node, whole))
        for cell, node in _imports(document)
        for whole in [_with_guards(node)]
    ]
    if _hides_ours(document, found):
        for one in found:
            one.reason = one.reason or "given_elsewhere"
    return found


def _hides_ours(document: Document, imports: list[SdkImport]) -> bool:
    """Whether another `openhexa`, such as a NULL, would stand before ours."""
    parts = {n for one in imports for n in (*one.whole.walk(), *one.node.above())}
    given = document.definitions["r"]
    # Of openhexa <- start(), the function that start() calls imports it.
    makers = {name for name, found in given.items() if parts & {*found}}
    return any(
        one not in parts and not (one.value and one.value.text in makers)
        for one in given.get("openhexa", ())
    )


def _imports(document: Document) -> Iterator[tuple[Cell, Node]]:
    for cell, node in document.walk("call"):
        module = _module(node) if cell.is_r else None
        if module is not None and module.text == "openhexa.sdk":
            yield cell, node


def _reason(cell: Cell, node: Node, whole: Node) -> str:
    has_options = len(node.arguments) > 1  # such as convert = FALSE
    others = _used_of_sdk(cell, node) - _MIRRORED
    others |= {one.text for _, one in cell.document.walk("name") if _is_other(one)}
    others |= {one.text for one in cell.document.calls(".read")}  # bytes in Python
    if uses_python(cell.document) or others or has_options:
        return "uses_python"
    if cell.document.reads_others:
        return "other_files"
    return "comment" if cell.has_comment(whole.start, whole.end) else ""


def _is_other(name: Node) -> bool:
    """Whether it is a member that openhexaR gives in another class."""
    return re.search(r"\bworkspace\.(countries|configuration)\b", name.text) is not None


def _used_of_sdk(cell: Cell, imported: Node) -> set[str]:
    """Name the members that the file asks the imported SDK for."""
    names = (node.text for one, node in cell.document.walk("name") if one.is_r)
    parts = [name.split(".") for name in names]
    sdk = {"openhexa"}
    if imported.parent.kind == "assign":
        sdk.add(imported.parent.children[0].text)
    return {part[1] for part in parts if len(part) > 1 and part[0] in sdk}


_HANDLERS = {"tryCatch", "try", "suppressWarnings", "suppressMessages", "invisible"}
_ATTACHERS = {"library", "require", "requireNamespace"}


def _with_guards(node: Node) -> Node:
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
    if call.argument("finally") is not None:
        return False
    return call.text in _HANDLERS or (given is not None and given.text == "openhexa")


def _only_imports(block: Node, node: Node) -> bool:
    owner = block.parent
    if owner is None or owner.kind not in ("argument", "if"):
        return False
    others = [one for one in block.children if one is not node]
    return all(one.kind == "call" and _is_harmless(one) for one in others)


def _is_harmless(call: Node) -> bool:
    given = call.argument("package", 0)
    is_reticulate = given is not None and given.text == "reticulate"
    return call.text in ("message", "print", "cat") or (
        call.text in _ATTACHERS and is_reticulate
    )


def _asks_for_sdk(outer: Node, node: Node) -> bool:
    if outer.kind != "if" or len(outer.children) != 2 or outer.children[0] is node:
        return False
    names = {one.text for one in outer.children[0].walk()}
    return "openhexa" in names and bool(names & {"exists", "is.null"})
