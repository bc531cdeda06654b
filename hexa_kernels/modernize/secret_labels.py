"""What names a literal: the variable that keeps it, the parameter that takes it."""

import re

from .document import Cell
from .secret_forms import is_password
from .syntax import Node, last_name, parameter_of

# What takes a name, and then its value or what stands in for it.
_NAMED_FIRST = {
    *("assign", "setdefault", "putenv", "getenv", "Sys.getenv", "get", "set_key"),
    *("add_argument", "option", "parameter", "notebook_parameter", "setattr"),
}
_RENAMERS = {"rename", "select", "transmute", "aes", "setnames"}
_COLLECTIONS = {"Tuple", "List", "Set", "Dict", "c", "list"}
_COMPARISONS = {"identical", "hmac.compare_digest", "secrets.compare_digest"}
# Calls that hand a value on, more or less as it is.
_WRAPPERS = {
    *("str", "bytes", "b64decode", "b64encode", "quote", "quote_plus", "URLencode"),
    *("ifelse", "if_else", "coalesce", "as.character", "trimws", "I", "invisible"),
    *("paste0", "charToRaw", "enc2utf8", "switch", "case_when"),
}
_ASKERS = re.compile(
    r"(?i)(get|read|load|ask|has|find|fetch|del|rm|remove|is|check|lookup|input|test)"
)


def labels(cell: Cell, node: Node) -> tuple[set[str], set[str], set[str]]:
    """Name what a literal is the value of, in three sets.

    Of what keeps or takes it as it is; of what it is a part of, may become or is
    compared with; of what stands beside it, where other texts stand too.
    """
    direct, around = nearest_labels(cell, node), set()
    whole = _handed_on(node)
    if whole is not node:
        around |= nearest_labels(cell, whole)
    owner = node.parent
    if owner.kind == "binary" and owner.text in ("eq", "not eq", "==", "!="):
        around |= {_name(cell, one) for one in owner.children if one is not node}
    if owner.kind == "argument":
        functions = cell.functions_of(owner.parent) if not owner.text else ()
        around |= {parameter_of(one, owner) for one in functions} | {_column(owner)}
        owner = owner.parent
        if owner.text in _COMPARISONS:
            values = [one.value for one in owner.arguments if one.value]
            around |= {_name(cell, one) for one in values if one is not node}
    while owner.kind in ("other", "call") and owner.text in _COLLECTIONS:
        around |= nearest_labels(cell, owner)
        owner = owner.parent
        if owner.kind == "argument" and owner.parent.text in _COLLECTIONS:
            owner = owner.parent
    return direct, around, _beside(node)


def _handed_on(node: Node) -> Node:
    """Climb to what takes its value: ``x or "…"``, ``"…".strip()``, ``trimws("…")``."""
    while (parent := node.parent) is not None and parent.parent is not None:
        call = parent.parent
        is_callee = parent.kind == "call" and parent.children[0] is node
        is_branch = parent.kind == "if" and parent.children[0] is not node
        is_part = parent.kind in ("member", "template") or parent.text == "BoolOp"
        is_part |= parent.kind == "binary" and parent.text in ("+", "%||%")
        is_part |= parent.text == "~" and parent.children[-1] is node  # case_when()
        is_alone = parent.kind == "block" and len(parent.children) == 1
        if is_callee or is_branch or is_part or is_alone:
            node = parent
        elif parent.kind == "argument" and last_name(call) in _WRAPPERS:
            is_test = last_name(call) in ("ifelse", "if_else", "switch")
            if call.kind != "call" or (is_test and call.arguments[0] is parent):
                return node
            node = call
        else:
            return node
    return node


def _beside(node: Node) -> set[str]:
    """``("token", "…")``, ``{"name": "token", "value": "…"}``, ``SecretStr("…")``."""
    owner, is_argument = node.parent, node.parent.kind == "argument"
    label, owner = (owner.text, owner.parent) if is_argument else ("", owner)
    values = owner.arguments if owner.kind == "call" else owner.children
    texts = [one.value if one.kind == "argument" else one for one in values]
    if owner.text in _COLLECTIONS and label in ("value", "valeur"):
        names = (one for one in values if one.text in ("name", "key", "nom", "id"))
        return {one.value.text for one in names if one.value is not None}
    if owner.text in _COLLECTIONS and len(values) == 2 and not label:
        return {texts[0].text} if texts[1] is node and texts[0] is not None else set()
    is_given = owner.kind == "call" and label in ("", "value")
    is_asked = _ASKERS.match(last_name(owner))
    return {last_name(owner)} if is_given and not is_asked else set()


def nearest_labels(cell: Cell, node: Node) -> set[str]:
    """Name what keeps or takes a value as it is."""
    parent = node.parent
    if parent.kind == "argument":
        if last_name(parent.parent) in _RENAMERS:
            return set()  # a column of that name
        is_second = parent.text in ("", "unset", "default")
        label = _second_of_pair(parent) if is_second else parent.text
        return {label or _name_beside(cell, parent)}
    if parent.kind == "assign" and parent.children[0] is not node:
        return {_name(cell, parent.children[0])}
    if parent.text in ("Assign", "NamedExpr"):  # a = b = "…", (a := "…")
        return {_name(cell, one) for one in parent.children if one is not node}
    if parent.text in ("Tuple", "List") and parent.parent.kind == "assign":
        targets = parent.parent.children[0].children  # a, b = "…", "…"
        if len(targets) == len(parent.children) and parent.parent.children[1] is parent:
            return {_name(cell, targets[parent.children.index(node)])}
    return set()


def _column(argument: Node) -> str:
    """Name the column of a cell in ``tribble(~user, ~password, "awa", "…")``."""
    if last_name(argument.parent) != "tribble" or argument.text:
        return ""
    given = [one.value for one in argument.parent.arguments if not one.text]
    heads = [one.children[0].text for one in given if one and one.kind == "unary"]
    name = heads[given.index(argument.value) % len(heads)] if heads else ""
    return name if is_password(name) else ""  # a token may be a word


def _name(cell: Cell, node: Node) -> str:
    key = node.children[-1] if node.kind == "index" else node
    if key.kind == "call" and key.text == "attr" and key.arguments:
        key = key.arguments[-1].value  # attr(x, "password") <- "…"
    if key.kind != "name":
        return key.text
    # In R a dot is part of a name: password.dhis2
    written = re.split(r"[$@:]", cell.code(key))[-1].strip(" \n`")
    return written if cell.is_r else last_name(key)


def _name_beside(cell: Cell, argument: Node) -> str:
    """``mget(c("token", "year"), ifnotfound = list("…", 2024))``"""
    values = argument.parent
    call = values.parent.parent if values.parent.text == "ifnotfound" else None
    names = cell.resolve(call.argument("x", 0)) if call else None
    if names is None or argument not in values.arguments:
        return ""
    place = values.arguments.index(argument)
    given = names.arguments[place : place + 1]
    return given[0].value.text if given and given[0].value else ""


def _second_of_pair(argument: Node) -> str:
    """``assign("token", "…")`` and ``os.environ.setdefault("TOKEN", "…")``."""
    call = argument.parent
    if call.kind != "call" or not {call.text, last_name(call)} & _NAMED_FIRST:
        return ""
    if not argument.text and last_name(call) in ("add_argument", "option"):
        return ""  # another name of the option
    name = call.arguments[1 if call.text == "setattr" else 0]
    is_value = name is not argument and name.value is not None
    return name.value.text if is_value else ""
