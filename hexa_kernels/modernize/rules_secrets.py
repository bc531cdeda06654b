"""Passwords and tokens that are written out. Their values are never shown."""

import ast
import re
from collections.abc import Iterator

from .document import Cell
from .rules import Finding, advise, rule, text_rule
from .secret_forms import (
    is_label,
    is_passphrase,
    is_password,
    is_placeholder,
    lines_with_secrets,
    looks_made,
    may_be_key,
    secrets_in,
)
from .secret_labels import labels
from .secret_places import stands_for_secret
from .sources import Text
from .syntax import Node

_NOTED = re.compile(r"(?i)\b(?:mdp|passe|password|passwd|pwd|token|jeton)\s+(\S+)")


@rule("secret-in-code")
def secrets_in_code(cell: Cell) -> Iterator[Finding]:
    for start, end in cell.root.comments:
        comment = Node("comment", start, end, cell.text[start:end])
        is_help = cell.is_r and comment.text.startswith("#'")  # with examples
        noted = {one for one in _NOTED.findall(comment.text) if looks_made(one)}
        if not is_help and (values := _forms(comment.text, "code") | noted):
            yield _finding(cell, comment, values)
    for node in cell.walk("text", "magic", "constant"):
        text = _said(node)
        if node.kind == "constant" and text is None:
            continue
        shown = node.parent if node.parent.kind == "template" else node
        values = _forms(text, _kind(cell, node))
        if node.kind != "magic" and _is_secret(cell, node, text):
            values.add(text)
        if values:
            written = cell.code(shown)
            if not all(value in written for value in values):
                values.add(written)  # with escapes
            yield _finding(cell, shown, values)


@text_rule
def secrets_in_text(text: Text) -> Iterator[Finding]:
    """Search markdown, outputs, and cells that nobody parsed."""
    for line, value in lines_with_secrets(text.text, text.kind):
        yield Finding(
            *("secret-in-code", text.index, line, (0, 0)),
            reason="secret",
            secrets=(value,),
            where=text.where,
        )


def _finding(cell: Cell, node: Node, secrets: set[str]) -> Finding:
    finding = advise("secret-in-code", cell, node, "secret")
    finding.secrets = tuple(secrets)
    return finding


def _kind(cell: Cell, node: Node) -> str:
    if node.kind == "magic":
        return "shell"
    is_docstring = node.parent.kind == "block" and not cell.is_r
    return "prose" if is_docstring else "text"


def _forms(text: str, kind: str) -> set[str]:
    return {value for _, value in secrets_in(text, kind)}


def _said(node: Node) -> str | None:
    """Give what a literal says: bytes and whole numbers may be secrets too."""
    if node.kind != "constant":
        return node.text
    if node.text.startswith(("b'", 'b"')):
        return ast.literal_eval(node.text).decode(errors="replace")
    return node.text if re.fullmatch(r"\d{6,}", node.text) else None


def _is_secret(cell: Cell, node: Node, value: str) -> bool:
    value = value.strip()
    direct, around, beside = labels(cell, node)
    if any(is_password(one) for one in direct) and is_passphrase(value):
        return True
    if is_placeholder(value):
        return False
    if stands_for_secret(cell, node, value):
        return True
    # token = "token", next_page_token = "nextPageToken"
    if _letters(value) in {_letters(label) for label in direct}:
        return False
    if node.kind == "constant" and value.isdigit():
        return any(re.search("(?i)passw|pwd|mdp|passe", label) for label in direct)
    if any(is_label(one) for one in direct) or any(is_password(one) for one in around):
        return True
    is_file = re.search(r"[/\\]|\.\w{2,5}$", value)
    named = around if is_file else around | beside
    is_key = "_" not in value and any(map(may_be_key, direct))
    return looks_made(value) and (is_key or any(is_label(one) for one in named))


def _letters(text: str) -> str:
    return re.sub(r"[\W_]", "", text).lower()
