"""Connections opened by hand: the workspace's database, and others' variables."""

import re
from collections import defaultdict
from collections.abc import Iterator

from .document import Cell
from .environment_access import variable_read
from .rules import Finding, advise, replace, rule
from .syntax import Node, last_name, quoted, text_of
from .variable_access import settled

_FIELDS = {
    "HOST": "database_host",
    "PORT": "database_port",
    "USERNAME": "database_username",
    "PASSWORD": "database_password",
    "DB_NAME": "database_name",
}
_OURS = {*_FIELDS, "URL"}
_FIELD_LABELS = {"host", "port", "user", "password", "dbname"}
_SQL_READERS = {
    *("pandas.read_sql", "pandas.read_sql_query", "pandas.read_sql_table"),
    "geopandas.read_postgis",
}
_PSYCOPG = {"psycopg2.connect", "psycopg.connect"}
_DRIVERS = {"Postgres", "PostgreSQL"}
_HARMLESS_OPTIONS = {"future", "echo", "pool_pre_ping", "drv"}


@rule("database-block")
def database_blocks(cell: Cell) -> Iterator[Finding]:
    for node in cell.walk("call"):
        if _is_literal(cell, node):
            code = f'{cell.ours("connect")}("…")'
            yield advise("database-block", cell, node, "literal_address", code=code)
        elif node.text in _PSYCOPG and _origins(cell, node) & _OURS:
            code = f"{cell.ours('database_engine')}().raw_connection()"
            yield advise("database-block", cell, node, "other_driver", code=code)
        elif node.text == "dbConnect" and _is_postgres(cell, node):
            options = {one.text for one in node.arguments if one.text} - _FIELD_LABELS
            yield from _database(cell, node, "database_connection", options)
        elif last_name(node) == "create_engine" and node.arguments:
            options = {one.text for one in node.arguments[1:]}
            yield from _database(cell, node, "database_engine", options)
        else:
            yield from _other_forms(cell, node)


def _other_forms(cell: Cell, node: Node) -> Iterator[Finding]:
    """Find pools, ODBC, ``do.call(dbConnect, …)``, and addresses given to pandas."""
    callee = node.argument("what", 0) if node.text == "do.call" else None
    if callee is not None and callee.text == "dbConnect":
        given = cell.resolve(node.argument("args", 1))
        if given is not None and given.text == "list" and _is_postgres(cell, given):
            options = {one.text for one in given.arguments if one.text} - _FIELD_LABELS
            yield from _database(cell, node, "database_connection", options, given)
    elif node.text in ("dbConnect", "dbPool") and _origins(cell, node) & _OURS:
        driver = cell.resolve(node.argument("drv", 0))
        is_odbc = driver is not None and driver.text == "odbc"
        if is_odbc or _is_postgres(cell, node):
            reason = "pooled" if node.text == "dbPool" else "other_driver"
            code = f"{cell.ours('database_connection')}()"
            yield advise("database-block", cell, node, reason, code=code)
    elif node.text in _SQL_READERS or last_name(node) == "to_sql":
        given = node.argument("con", 1)
        address = cell.resolve(given)
        is_address = variable_read(address) or (address and address.kind != "call")
        if is_address and not {"dask", "pyspark"} & cell.document.modules:
            # which take no engine
            yield from _database(cell, given, "database_engine", set(), address)


def _is_literal(cell: Cell, node: Node) -> bool:
    """Whether an address is written out, its password too."""
    is_engine = last_name(node) == "create_engine"
    is_driven = node.text in ("dbConnect", "dbPool") and _is_postgres(cell, node)
    if not (is_engine or is_driven or node.text in _PSYCOPG):
        return False
    parts = [*_parts(cell, node)]
    if not parts or any(one.kind not in ("text", "constant") for one in parts):
        return False
    password = cell.resolve(_labelled(node, "password"))
    is_given = password is not None and password.kind == "text" and password.text
    address = "".join(one.text for one in parts)
    in_address = re.match(r"postgres\w*(\+\w+)?://[^:@/]+:[^@]+@", address) or (
        node.text in _PSYCOPG and re.search(r"\bpassword\s*=\s*\S", address)
    )
    is_ours = "postgres" in address or not is_engine
    return bool(in_address or (is_given and is_ours))


def _labelled(node: Node, label: str) -> Node | None:
    """Find the value of a label in a call or in one inside: ``URL.create(…)``."""
    found = (one for one in node.walk("argument") if one.text == label)
    return next((one.value for one in found), None)


def _is_postgres(cell: Cell, node: Node) -> bool:
    driver = cell.resolve(node.argument("drv", 0))
    if driver is None or driver.kind != "call":
        return False
    texts = {one.text for one in driver.walk("text")}
    return driver.text in _DRIVERS or (
        driver.text == "dbDriver" and bool(texts & _DRIVERS)
    )


def _database(cell: Cell, node: Node, opener: str, options: set[str], address=None):
    origins = _origins(cell, address or node)
    ours = origins & _OURS
    code = f"{cell.ours(opener)}()"
    if not ours:
        return
    if origins - ours or not ("URL" in ours or ours == {*_FIELDS}):
        yield advise("database-block", cell, node, "other_server", code=code)
    elif _needs_driver(cell):
        yield advise("database-block", cell, node, "other_driver", code=code)
    elif options - _HARMLESS_OPTIONS:
        yield advise("database-block", cell, node, "options", code=code)
    else:
        edits = [(node.start, node.end, code)]
        yield replace("database-block", cell, node, edits, needs=opener)


_OTHER_DRIVER = r"psycopg2|postgresql\+(?!psycopg\b)"
_METHODS = (".raw_connection", ".cursor", ".mogrify", ".copy_expert", ".copy_from")
_TUPLES = r"(?i)\bin\s*(%s|%\(\w+\)s|:\w+)"  # which psycopg 3 does not write out
# What psycopg2 writes out itself, and the server does not take as a value.
_WRITTEN_OUT = (
    r"(?is):\w+\s+is\s+(?:not\s+)?null|\binterval\s+:\w|\bgenerate_series\(\s*:\w"
    r"|(?:^|;)\s*set\s+[\w.]+\s*(?:=|\bto\b)\s*:\w"
    r"|(?:^|;)\s*create\s+(?:or\s+replace\s+)?view\b.*(?<![:\w]):[a-z]"
)
_VERBS = r"(?:select|set|insert|update|delete|create|drop|alter|truncate|with)\b"
_SEVERAL = rf"\s*{_VERBS}.*;\s*{_VERBS}"
# Of several, psycopg 3 takes no values, and gives the result of the first.
_SEVERAL_IN_PYTHON = (
    rf"(?is)^(?=.*(?<![:\w]):[a-z]|.*%[s(]|.*;\s*(?:select|with)\b){_SEVERAL}"
)
_R_CALLS = ("dbEscapeStrings", "postgresqlpqExec", "postgresqlExecStatement")
_R_CALLS += ("postgresqlCopyInDataframe", "dbGetInfo", "dbGetException", "dbApply")
_R_CALLS += ("dbListConnections", "isPostgresqlIdCurrent")
_TABLE_CALLS = ("dbWriteTable", "dbReadTable", "dbExistsTable", "dbListFields")
_TABLE_CALLS += ("dbRemoveTable",)


def _needs_driver(cell: Cell) -> bool:
    """Whether the file uses what only its own driver has."""
    document = cell.document
    if not cell.is_r:
        is_named = "psycopg2" in document.modules or document.mentions(_OTHER_DRIVER)
        is_used = document.mentions(r"\.pgcode$") or document.calls(*_METHODS)
        return (
            is_named
            or is_used
            or any(map(document.mentions, (_TUPLES, _WRITTEN_OUT, _SEVERAL_IN_PYTHON)))
        )
    if document.mentions("integer64|bit64"):
        return True
    if not (document.calls("PostgreSQL") or document.mentions("^PostgreSQL$")):
        return False
    if document.calls(*_R_CALLS) or document.mentions(
        rf"(?is)^(?:PostgreSQLConnection$|{_SEVERAL})"
    ):
        return True
    # RPostgreSQL writes the names of rows too, unless it is told not to.
    writes = document.calls("dbWriteTable")
    if any(one.argument("row.names") is None for one in writes):
        return True
    # A table of a schema, as RPostgreSQL names it.
    return any(
        one.value is not None and one.value.kind == "call" and one.value.text == "c"
        for call in document.calls(*_TABLE_CALLS)
        for one in call.arguments[1:2]
    )


def _origins(cell: Cell, node: Node) -> set[str]:
    """Say where each part of an address comes from: a field of ours, or "other"."""
    found = set()
    for part in _parts(cell, node):
        name = variable_read(part) or ""
        field = name.removeprefix("WORKSPACE_DATABASE_")
        is_text = part.kind == "text" and not _is_frame(part.text)
        if field != name:
            found.add(field)
            if field != "PORT" and _has_fallback(part):
                found.add("other")
        elif part.kind == "name" and last_name(part) in _MEMBERS:
            found.add(_MEMBERS[last_name(part)])
        elif name or part.kind in ("name", "constant") or is_text:
            found.add("other")
    return found


def _has_fallback(read: Node) -> bool:
    """Whether a variable that is not set has another value than none."""
    given = (one.value for one in read.arguments[1:])
    return any(one and one.text not in ("", "None", "NULL") for one in given)


# The labels of parts of an address in dbConnect(), create_engine(), URL.create().
_ADDRESS = {
    *("", "url", "host", "port", "user", "password", "dbname", "dsn"),
    *("username", "database", "drivername", "query"),
    *("server", "Server", "uid", "UID", "pwd", "PWD", "Database", "Port"),
    ".connection_string",
}
_FRAME = re.compile(r"(postgres(ql)?(\+\w+)?(:/{0,2})?)?[:@/]*")


def _is_frame(text: str) -> bool:
    """Whether a text only holds the parts of an address together."""
    return bool(_FRAME.fullmatch(re.sub(r"\{\w*\}|%[sd]", "", text)))


_MEMBERS = {member: field for field, member in _FIELDS.items()} | {
    "database_url": "URL"
}


def _parts(cell: Cell, node: Node, depth: int = 0) -> Iterator[Node]:
    """Give the parts that an address is put together from, behind their names."""
    node = _member(cell, cell.resolve(node)) if depth else node
    if variable_read(node) or not node.children or depth > 8:
        yield node
        return
    inside = node.arguments if node.kind == "call" else node.children
    callee = node.children[0]
    # "…{}".format(…), workspace.database_url.replace(…)
    is_made = callee.kind == "member" or node.text.endswith((".replace", ".format"))
    if node.kind == "call" and is_made and callee.owner:
        inside = [callee.owner, *inside]
    for child in inside:
        is_option = child.kind == "argument" and child.text not in _ADDRESS
        if not is_option and not _is_driver(cell, child):
            yield from _parts(cell, child, depth + 1)


def _member(cell: Cell, node: Node) -> Node:
    """Follow ``given$host``, ``given["host"]`` into a list that is written out."""
    key = text_of(node.children[-1]) if node.kind == "index" else last_name(node)
    owner = node.children[0] if node.kind == "index" else node.owner
    whole = settled(cell, owner) if node.kind in ("index", "name") else None
    if whole is None or whole.text not in ("list", "Dict"):
        return node
    # given$host <- "…", given.update(…)
    names = cell.document.definitions[cell.language]
    is_changed = any(one.startswith(f"{owner.text}.") for one in names)
    if is_changed or cell.document.calls(f"{owner.text}.update"):
        return node
    given = [
        one for one in whole.children if one.kind == "argument" and one.text == key
    ]
    return given[0].value if len(given) == 1 else node


def _is_driver(cell: Cell, node: Node) -> bool:
    value = cell.resolve(node.value if node.kind == "argument" else node)
    return (
        value is not None
        and value.kind == "call"
        and (value.text in _DRIVERS or value.text == "dbDriver")
    )


_SUFFIXES = [
    *("ACCESS_KEY_SECRET", "SECRET_ACCESS_KEY", "SERVICE_ACCOUNT_KEY"),
    *("ACCESS_KEY_ID", "BUCKET_NAME", "USERNAME", "PASSWORD", "DATABASE", "API_URL"),
    *("DB_NAME", "HOST", "PORT", "URL"),
]
_OTHERS = (
    r"WORKSPACE_|HEXA_|AWS_|(?:\w+_)?(?:SMTP|E?MAIL)_"  # no connections of OpenHEXA
    r"|(?:DB|DATABASE|PG|POSTGRES|MYSQL|REDIS|S?FTP|HTTPS?|PROXY)_"
)
_CONNECTION = re.compile(rf"(?!{_OTHERS})(\w+?)_({'|'.join(_SUFFIXES)})")


@rule("connection-variables")
def connection_variables(cell: Cell) -> Iterator[Finding]:
    fields = defaultdict(set)
    for name in cell.document.environment_variables:
        if match := _CONNECTION.fullmatch(name):
            fields[match[1]].add(match[2])
    for node in cell.walk("call", "index"):
        if node.kind == "call" and node.text in ("as.integer", "int", "str"):
            continue  # what is inside is found
        match = _CONNECTION.fullmatch(variable_read(node) or "")
        if match and _is_connection(fields[match[1]]) and not _is_target(node):
            identifier = match[1].lower().replace("_", "-")
            code = f"{cell.ours('connect')}({quoted(identifier)})"
            yield advise("connection-variables", cell, node, "client_chosen", code=code)


def _is_connection(fields: set[str]) -> bool:
    """Whether a prefix is one: `_URL` alone may be of anything."""
    alone = {*_SUFFIXES[:4]}
    return bool(fields & alone) or ("PASSWORD" in fields and len(fields) > 1)


def _is_target(node: Node) -> bool:
    return node.parent.kind == "assign" and node.parent.children[0] is node
