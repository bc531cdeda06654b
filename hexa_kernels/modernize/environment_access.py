"""How code reads and sets environment variables."""

import re

from .syntax import Node, text_of

READERS = {"Sys.getenv", "os.getenv", "os.environ.get"}
_WRAPPERS = {"as.integer", "as.numeric", "as.character", "int", "str", "unname"}


def variable_read(node: Node | None) -> str | None:
    """Name the environment variable that an expression reads."""
    while node is not None and node.kind == "call" and node.text in _WRAPPERS:
        node = node.arguments[0].value if len(node.arguments) == 1 else None
    if node is None:
        return None
    if node.kind == "call" and node.text in READERS:
        return text_of(node.argument("x", 0) or node.argument("key", 0))
    if node.kind == "index" and node.children[0].text == "os.environ":
        return text_of(node.children[-1])
    return None


def variables_set(node: Node) -> list[str]:
    """Name the environment variables that a statement sets."""
    if node.kind == "assign":
        target = node.children[0]
        if target.kind == "index" and target.children[0].text == "os.environ":
            return [target.children[-1].text]
    if node.kind == "call" and node.text == "Sys.setenv":
        return [argument.text for argument in node.arguments]
    if node.kind == "call" and node.text in ("os.environ.setdefault", "os.putenv"):
        return [text_of(node.argument("key", 0)) or ""]
    if node.kind == "call" and node.text == "os.environ.update":
        pairs = [
            p for a in node.arguments for p in ([a] if a.text else a.value.children)
        ]
        return [pair.text for pair in pairs]
    if node.kind == "magic" and (
        match := re.match(r"%(?:set_)?env (\w+)[= ]", node.text)
    ):
        return [match[1]]
    return []
