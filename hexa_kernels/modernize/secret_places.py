"""Where a literal is a secret though nothing names it: places in calls, lists, sums."""

import re

from .document import Cell
from .secret_forms import is_label, is_password, looks_made
from .secret_labels import nearest_labels
from .syntax import Node, last_name, text_of

# Where calls take secrets without labels; -1 is the last place, as behind a pipe.
_POSITIONS = {
    **{"authenticate": (1,), "req_auth_basic": (-1,), "HTTPBasicAuth": (1,)},
    **{"HTTPDigestAuth": (1,), "BasicAuth": (1,), "login": (1,), "FTP": (2,)},
    **{"Minio": (1, 2), "set_password": (2,), "key_set_with_value": (2,)},
    **{"DHIS2": (2,), "IASO": (2,), "Iaso": (-1,), "req_auth_bearer_token": (-1,)},
    "Dhis2r.new": (2,),
}
_LOGIN = re.compile(r"(?i).*log_?in.*|.*authent.*")
_CLIENT = re.compile(r"[A-Z].*|(?i:.*(connect|client|api|dhis|session).*)")
_ACCOUNTS = re.compile(r"(?i).*(auth|cred(ential)?s?|identifiants?)|login")
_ACCOUNT = re.compile(r".*\w://[^\s/:@]+:", re.DOTALL)  # of an address
_FILLED = re.compile(r"://[^\s/@]*:(%s|\{\w*\})@")
_SCHEME = re.compile(r"(?:.*[ :])?(Bearer|ApiToken|Basic|Token) *(?:%s|\{\w*\})?")


def stands_for_secret(cell: Cell, node: Node, value: str) -> bool:
    """Whether what takes a literal takes a secret there."""
    if re.search(r"\s", value):
        return False
    is_told = _is_of_account(cell, node, value) or _is_taken(cell, node, value)
    return is_told or _follows(node)


def _is_of_account(cell: Cell, node: Node, value: str) -> bool:
    """``auth=("user", "…")``, ``credentials <- c("user", "…")``"""
    argument = node.parent
    owner = argument.parent if argument.kind == "argument" else argument
    is_pair = owner.text in ("Tuple", "List", "c", "list")
    values = owner.arguments if owner.kind == "call" else owner.children
    if not is_pair or values[-1] not in (node, argument) or len(values) > 3:
        return False
    kept = nearest_labels(cell, owner)
    if owner.parent.text in ("List", "Tuple"):  # [("https://…", "user", "…")]
        kept |= nearest_labels(cell, owner.parent)
    names = {name for name in kept if _ACCOUNTS.fullmatch(name)}
    return "auth" in names or (bool(names) and looks_made(value))


# What dbConnect() takes after the driver, in order.
_OF_DRIVER = {
    "Postgres": ("dbname", "host", "port", "password", "user"),
    "PostgreSQL": ("user", "password", "host", "dbname", "port"),
    "MySQL": ("dbname", "username", "password", "host"),
    "MariaDB": ("dbname", "username", "password", "host"),
}
_ENCODERS = {"charToRaw", "base64encode", "base64_enc", "b64encode"}


def _is_taken(cell: Cell, node: Node, value: str) -> bool:
    argument, call = node.parent, node.parent.parent
    if argument.kind != "argument" or argument.text or call.kind != "call":
        return False
    if last_name(call) in _ENCODERS and re.fullmatch(r"[\w.@-]+:[^\s/]{4,}", value):
        return True  # of the header of Basic
    plain = [one.value for one in call.arguments if not one.text]
    place, name = plain.index(node), last_name(call)
    known = _POSITIONS.get(name, _POSITIONS.get(call.text, ()))
    if place in {one % len(plain) for one in known if one < len(plain)}:
        return True
    if name == "dbConnect":
        return _is_password_of(cell, call, place)
    if place and call.text == "paste" and text_of(call.argument("sep")) == ":":
        kept = nearest_labels(cell, call)
        is_encoded = any(last_name(one) in _ENCODERS for one in node.above())
        return is_encoded or any(map(_ACCOUNTS.fullmatch, kept))
    is_last = place == len(plain) - 1 and place > 0
    texts = [text_of(one) or "" for one in plain]
    # Client("https://…", "admin", "…")
    is_third = place == 2 and "://" in texts[0] and texts[1] and _CLIENT.fullmatch(name)
    fills = any(_FILLED.search(text) for text in [*texts, *_formatted(call)])
    is_apt = (is_last and _LOGIN.fullmatch(name)) or is_third or fills
    return bool(is_apt) and looks_made(value)


def _is_password_of(cell: Cell, call: Node, place: int) -> bool:
    """Whether dbConnect() takes the password at a place among what has no label."""
    driver = cell.resolve(call.argument("drv", 0))
    if driver is not None and driver.text == "dbDriver":
        driver = driver.argument("drvName", 0)
    labels = {one.text for one in call.arguments}
    names = _OF_DRIVER.get(last_name(driver) if driver else "", ())
    free = [name for name in ("drv", *names) if name not in labels]
    return place < len(free) and free[place] == "password"


def _formatted(call: Node) -> list[str]:
    """Give the text of ``"…".format(…)``."""
    callee = call.children[0]
    return [one.text for one in callee.children] if callee.kind == "member" else []


def _follows(node: Node) -> bool:
    """Whether what is before says so: ``paste("Bearer", "…")``, ``["-u", "me:…"]``."""
    before = _before(node)
    value = node.text
    if not before:
        return False
    if re.search(r"\b(?:un)?zip\b.*-P$|\bsshpass -p$", " ".join(before)):
        return True
    is_option = re.fullmatch(r"--?[\w-]+", before[-1]) and value[0] != "-"
    if is_option and (is_label(before[-1]) or before[-1] in ("-u", "--user")):
        return not is_label(value) and (is_label(before[-1]) or ":" in value)
    if _ACCOUNT.fullmatch("".join(before)):
        return True
    label = re.fullmatch(r"(.*\w) ?[:=] ?['\"]?", before[-1], re.DOTALL)
    if label and is_label(label[1]):  # paste("token =", "…")
        return is_password(label[1]) or looks_made(value)
    scheme = _SCHEME.fullmatch(before[-1])
    is_word = scheme is not None and scheme[1] in ("Basic", "Token")
    return scheme is not None and (looks_made(value) or not is_word)


def _before(node: Node) -> list[str]:
    """Give the texts before a literal in a call, a list or a sum; names as ``x``."""
    owner = node.parent
    if owner.kind == "argument" and owner.parent.kind == "call":
        call = owner.parent
        if last_name(call) in ("add_argument", "option"):
            return []  # which name an option in several ways
        siblings = [one.value for one in call.arguments]
        callee = call.children[0]
        siblings[0:0] = callee.children if callee.kind == "member" else []
    elif owner.kind == "binary" or owner.text in ("List", "Tuple"):
        siblings = owner.children
        if siblings[0].kind == "binary":  # "a" + b + "…" is ("a" + b) + "…"
            siblings = [*siblings[0].children, *siblings[1:]]
    else:
        return []
    before = siblings[: siblings.index(node)]
    return [
        one.text if one is not None and one.kind == "text" else "x" for one in before
    ]
