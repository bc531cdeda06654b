"""Passwords and tokens that are written into code. Their values are never shown."""

import re
from collections.abc import Iterator

from .document import Cell
from .rules import Finding, advise, rule
from .syntax import Node, last_name

_LABEL = re.compile(
    r"(?i).*(^|[._-]|(?<=[a-z])(?=[A-Z]))"
    r"(pass|password|passwd|passphrase|pwd|pw|mdp|mot_de_passe|token|secret"
    r"|api_?key|access_?key|secret_?key|private_?key|access_key_secret)"
)
_PLACEHOLDER = re.compile(
    r"(?i)[<\[{*].*|x+|\.+|-+|your\W.*|votre\W.*|your_\w+|votre_\w+|change_?me|todo"
    r"|password|token|secret|mot_de_passe|[A-Z][A-Z0-9]*(?-i:(_[A-Z0-9]+)+)|.*\s.*"
)
_SHAPES = re.compile(
    r"""\b[a-z][\w+.-]*://[^/\s:@{}<>]+:(?P<url>(?:%[0-9a-fA-F]{2}|\$(?![{(\w])|[^@\s/{}<>$%])+)@
    | \b(?:Bearer|Basic|Token|ApiToken)\s(?P<header>[\w.~+/=-]{8,})
    | \b(?P<key>AKIA[0-9A-Z]{16}|gh[pousr]_\w{20,}|glpat-[\w-]{16,}
        |d2pat_\w{20,}|eyJ[\w-]{8,}\.eyJ[\w.-]+)
    | (?P<pem>-----BEGIN\ [A-Z ]*PRIVATE\ KEY-----.*)
    | ^%(?:set_)?env\ \w*(?:PASSWORD|TOKEN|SECRET|KEY)[= ]\s*(?P<env>\S+)
    | \b(?:password|pwd)\s*=\s*(?P<dsn>[^\s;&'"{}<>$%]{4,})
    | ^!.*\s-u\s*['"]?[^\s:'"]+:(?P<user>[^\s'"]+)""",
    re.VERBOSE | re.DOTALL,
)
_ASSIGNED = re.compile(r"""([\w.-]+)['"]?\]?\s*(?:=|<-|:)\s*["']([^"']{4,})["']""")
# What takes a name, and then its value or what stands in for it.
_NAMED_FIRST = {
    *("assign", "os.environ.setdefault", "os.putenv"),
    *("os.getenv", "os.environ.get", "Sys.getenv"),
}
# What takes a user and a password without labels.
_LOGINS = {"authenticate": 1, "req_auth_basic": 2, "HTTPBasicAuth": 1}


@rule("secret-in-code")
def secrets_in_code(cell: Cell) -> Iterator[Finding]:
    for start, end in cell.root.comments:
        comment = Node("comment", start, end, cell.text[start:end])
        is_help = comment.text.startswith("#'")  # of R, with examples
        if not is_help and (values := _commented(comment.text)):
            yield _finding(cell, comment, values)
    for node in cell.walk("text", "magic"):
        shown = node.parent if node.parent.kind == "template" else node
        values = _shaped(node.text)
        if _is_secret(node):
            values.add(node.text)
        if values:
            written = cell.code(shown)
            if not all(value in written for value in values):
                values.add(written)  # with escapes
            yield _finding(cell, shown, values)


def _finding(cell: Cell, node: Node, secrets: set[str]) -> Finding:
    finding = advise("secret-in-code", cell, node, "secret")
    finding.secrets = tuple(secrets)
    return finding


def _shaped(text: str) -> set[str]:
    """Find what is a secret by its own form."""
    found = (one.groupdict().items() for one in _SHAPES.finditer(text))
    pairs = {(kind, value) for one in found for kind, value in one if value}
    return {v for kind, v in pairs if kind != "dsn" or not _PLACEHOLDER.fullmatch(v)}


def _commented(text: str) -> set[str]:
    """Find the values of assignments that a comment keeps, and secrets in addresses."""
    assigned = {
        value
        for label, value in _ASSIGNED.findall(text)
        if _LABEL.fullmatch(label) and not _PLACEHOLDER.fullmatch(value)
    }
    return assigned | {one["url"] for one in _SHAPES.finditer(text) if one["url"]}


def _is_secret(node: Node) -> bool:
    if node.kind != "text" or len(node.text) < 4 or _PLACEHOLDER.fullmatch(node.text):
        return False
    label = _label(node)
    if label is None:
        return _is_login(node)
    return bool(_LABEL.fullmatch(label)) and node.text.lower() != label.lower()


def _label(node: Node) -> str | None:
    """Give the name under which a text is kept or handed over."""
    parent = node.parent
    if parent.kind == "argument":
        is_second = parent.text in ("", "unset", "default")
        return _second_of_pair(parent) if is_second else parent.text
    if parent.kind == "assign" and parent.children[0] is not node:
        target = parent.children[0]
        key = target.children[-1] if target.kind == "index" else target
        return last_name(key) if key.kind == "name" else key.text
    return None


def _second_of_pair(argument: Node) -> str | None:
    """``assign("token", "…")`` and ``os.environ.setdefault("TOKEN", "…")``."""
    call = argument.parent
    if call.kind != "call" or call.text not in _NAMED_FIRST:
        return None
    first = call.arguments[0]
    is_second = first is not argument and first.value is not None
    return first.value.text if is_second else None


def _is_login(node: Node) -> bool:
    if node.parent.kind != "argument":  # auth=("user", "…")
        owner = node.parent.parent
        pair = node.parent.children
        return (
            node.parent.text == "Tuple"
            and pair[-1] is node
            and owner.kind == "argument"
            and owner.text == "auth"
        )
    call = node.parent.parent
    position = _LOGINS.get(last_name(call))
    return position is not None and call.argument("password", position) is node
