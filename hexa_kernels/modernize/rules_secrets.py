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
    secrets_in,
)
from .sources import Text
from .syntax import Node, last_name

# What takes a name, and then its value or what stands in for it.
_NAMED_FIRST = {
    *("assign", "setdefault", "putenv", "getenv", "Sys.getenv", "get", "set_key"),
    *("add_argument", "option", "parameter", "notebook_parameter", "setattr"),
}
# Where calls take secrets without labels.
_POSITIONS = {
    **{"authenticate": (1,), "req_auth_basic": (2,), "HTTPBasicAuth": (1,)},
    **{"HTTPDigestAuth": (1,), "BasicAuth": (1,), "login": (1,), "FTP": (2,)},
    **{"Minio": (1, 2), "set_password": (2,), "key_set_with_value": (2,)},
    **{"DHIS2": (2,), "IASO": (2,), "loginToDHIS2": (2,)},
}
_RENAMERS = {"rename", "select", "transmute", "aes", "setnames"}
_COLLECTIONS = {"Tuple", "List", "Set", "Dict", "c", "list"}
_COMPARISONS = {"identical", "hmac.compare_digest", "secrets.compare_digest"}
_ACCOUNT = re.compile(r".*\w://[^\s/:@]+:", re.DOTALL)  # of an address
_SCHEME = re.compile(r"(?:.*[ :])?(Bearer|ApiToken|Basic|Token) *(?:%s|\{\w*\})?")


@rule("secret-in-code")
def secrets_in_code(cell: Cell) -> Iterator[Finding]:
    for start, end in cell.root.comments:
        comment = Node("comment", start, end, cell.text[start:end])
        is_help = cell.is_r and comment.text.startswith("#'")  # with examples
        if not is_help and (values := _forms(comment.text, "code")):
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
    direct, around = _labels(cell, node)
    if any(is_password(one) for one in direct) and is_passphrase(value):
        return True
    if is_placeholder(value):
        return False
    if _has_place_of_secret(cell, node) or _follows_scheme(node, value):
        return True
    # token = "token", next_page_token = "nextPageToken"
    if _letters(value) in {_letters(label) for label in direct}:
        return False
    if node.kind == "constant" and value.isdigit():
        return any(re.search("(?i)passw|pwd|mdp|passe", label) for label in direct)
    return any(is_label(label) for label in direct) or any(
        is_password(label) or (is_label(label) and looks_made(value))
        for label in around
    )


def _letters(text: str) -> str:
    return re.sub(r"[\W_]", "", text).lower()


def _labels(cell: Cell, node: Node) -> tuple[set[str], set[str]]:
    """Name what keeps or takes a literal; and the list it is in, or its rival in ==."""
    direct, around = _nearest_labels(cell, node), set()
    owner = node.parent
    if owner.kind == "binary" and owner.text in ("eq", "not eq", "==", "!="):
        around |= {_name(cell, one) for one in owner.children if one is not node}
    if owner.kind == "argument":
        owner = owner.parent
        if owner.text in _COMPARISONS:
            values = [one.value for one in owner.arguments if one.value]
            around |= {_name(cell, one) for one in values if one is not node}
    while owner.kind in ("other", "call") and owner.text in _COLLECTIONS:
        around |= _nearest_labels(cell, owner)
        owner = owner.parent
        if owner.kind == "argument" and owner.parent.text in _COLLECTIONS:
            owner = owner.parent
    return direct, around


def _nearest_labels(cell: Cell, node: Node) -> set[str]:
    parent = node.parent
    if parent.kind == "argument":
        if last_name(parent.parent) in _RENAMERS:
            return set()  # a column of that name
        is_second = parent.text in ("", "unset", "default")
        return {_second_of_pair(parent) if is_second else parent.text}
    if parent.kind == "assign" and parent.children[0] is not node:
        return {_name(cell, parent.children[0])}
    if parent.text in ("Assign", "NamedExpr"):  # a = b = "…", (a := "…")
        return {_name(cell, one) for one in parent.children if one is not node}
    if parent.text in ("Tuple", "List") and parent.parent.kind == "assign":
        targets = parent.parent.children[0].children  # a, b = "…", "…"
        if len(targets) == len(parent.children) and parent.parent.children[1] is parent:
            return {_name(cell, targets[parent.children.index(node)])}
    return set()


def _name(cell: Cell, node: Node) -> str:
    key = node.children[-1] if node.kind == "index" else node
    if key.kind == "call" and key.text == "attr" and key.arguments:
        key = key.arguments[-1].value  # attr(x, "password") <- "…"
    if key.kind != "name":
        return key.text
    # In R a dot is part of a name: password.dhis2
    written = re.split(r"[$@:]", cell.code(key))[-1].strip(" \n`")
    return written if cell.is_r else last_name(key)


def _second_of_pair(argument: Node) -> str:
    """``assign("token", "…")`` and ``os.environ.setdefault("TOKEN", "…")``."""
    call = argument.parent
    if call.kind != "call" or not {call.text, last_name(call)} & _NAMED_FIRST:
        return ""
    name = call.arguments[1 if call.text == "setattr" else 0]
    is_value = name is not argument and name.value is not None
    return name.value.text if is_value else ""


def _has_place_of_secret(cell: Cell, node: Node) -> bool:
    owner = node.parent
    if owner.text == "Tuple":  # auth=("user", "…")
        return owner.children[-1] is node and _nearest_labels(cell, owner) == {"auth"}
    if owner.kind != "argument" or owner.text:
        return False
    call = owner.parent
    places = _POSITIONS.get(last_name(call), ()) if call.kind == "call" else ()
    plain = [one.value for one in call.arguments if not one.text]
    return node in plain and plain.index(node) in places


def _follows_scheme(node: Node, value: str) -> bool:
    """``paste("Bearer", "…")``, ``"Token " + "…"``, ``"postgresql://me:" + "…"``."""
    owner = node.parent
    if owner.kind == "argument" and owner.parent.kind == "call":
        siblings = [one.value for one in owner.parent.arguments]
        callee = owner.parent.children[0]
        siblings[0:0] = callee.children if callee.kind == "member" else []
    elif owner.kind == "binary":
        siblings = owner.children
    else:
        return False
    at = siblings.index(node)
    before = siblings[at - 1] if at else None
    if before is None or before.kind != "text" or re.search(r"\s", value):
        return False
    if _ACCOUNT.fullmatch(before.text):
        return True
    scheme = _SCHEME.fullmatch(before.text)
    is_word = scheme is not None and scheme[1] in ("Basic", "Token")
    return scheme is not None and (looks_made(value) or not is_word)
