"""What the platform gives by itself: set-up, the SDK, the database, connections."""

import re
from collections import defaultdict
from collections.abc import Iterator

from .document import Cell, variable_read, variables_set
from .rules import Finding, advise, remove, replace, rule
from .rules_paths import quoted
from .syntax import Node, last_name

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
        elif is_interpreter or (names and names <= _SET_UP):
            yield remove("environment-setup", cell, _guard(node))
        elif names & _SET_UP:
            yield advise("environment-setup", cell, node, "sets_more")


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


_FIELDS = {
    "HOST": "database_host",
    "PORT": "database_port",
    "USERNAME": "database_username",
    "PASSWORD": "database_password",
    "DB_NAME": "database_name",
}
_PSYCOPG = {"psycopg2.connect", "psycopg.connect"}
_DRIVERS = {"Postgres", "PostgreSQL"}
_HARMLESS_OPTIONS = {"future", "echo", "pool_pre_ping", "drv"}


@rule("database-block")
def database_blocks(cell: Cell) -> Iterator[Finding]:
    for node in cell.walk("call"):
        name = node.text.rpartition(".")[2]
        if node.text == "dbConnect" and _is_postgres(cell, node):
            fields = [one for one in node.arguments if one.text]
            options = {one.text for one in fields} - {
                *("host", "port", "user", "password", "dbname")
            }
            yield from _database(cell, node, "database_connection", options)
        elif name == "create_engine" and node.arguments:
            options = {one.text for one in node.arguments[1:]}
            yield from _database(cell, node, "database_engine", options)
        elif node.text in _PSYCOPG and _origins(cell, node) & {*_FIELDS, "URL"}:
            code = f"{cell.ours('engine')}.raw_connection()"
            yield advise("database-block", cell, node, "other_driver", code=code)


def _is_postgres(cell: Cell, node: Node) -> bool:
    driver = cell.resolve(node.argument("drv", 0))
    if driver is None or driver.kind != "call":
        return False
    texts = {one.text for one in driver.walk() if one.kind == "text"}
    return driver.text in _DRIVERS or (
        driver.text == "dbDriver" and bool(texts & _DRIVERS)
    )


def _database(cell: Cell, node: Node, opener: str, options: set[str]):
    origins = _origins(cell, node)
    ours = origins & {*_FIELDS, "URL"}
    code = f"{cell.ours(opener)}()"
    if not ours:
        return
    if origins - ours or not ("URL" in ours or ours == {*_FIELDS}):
        yield advise("database-block", cell, node, "other_server", code=code)
    elif options - _HARMLESS_OPTIONS:
        yield advise("database-block", cell, node, "options", code=code)
    else:
        edits = [(node.start, node.end, code)]
        yield replace("database-block", cell, node, edits, needs=opener)


def _origins(cell: Cell, node: Node) -> set[str]:
    """Say where each part of an address comes from: a field of ours, or "other"."""
    found = set()
    for part in _parts(cell, node):
        name = variable_read(part) or ""
        field = name.removeprefix("WORKSPACE_DATABASE_")
        is_text = part.kind == "text" and part.parent.text in _PLACES
        if field != name:
            found.add(field)
        elif part.kind == "name" and last_name(part) in _MEMBERS:
            found.add(_MEMBERS[last_name(part)])
        elif name or part.kind in ("name", "constant") or is_text:
            found.add("other")
    return found


# The labels of parts of an address in dbConnect(), create_engine(), URL.create().
_ADDRESS = {
    *("", "url", "host", "port", "user", "password", "dbname", "dsn"),
    *("username", "database", "drivername", "query"),
}
_PLACES = {"host", "dbname", "database"}
_MEMBERS = {member: field for field, member in _FIELDS.items()} | {
    "database_url": "URL"
}


def _parts(cell: Cell, node: Node, depth: int = 0) -> Iterator[Node]:
    """Give the parts that an address is put together from, behind their names."""
    node = cell.resolve(node) if depth else node
    if variable_read(node) or not node.children or depth > 8:
        yield node
        return
    inside = node.arguments if node.kind == "call" else node.children
    if node.kind == "call" and node.children[0].kind == "member":
        inside = [*node.children[0].children, *inside]  # "…{}".format(…)
    elif node.text.endswith((".replace", ".format")):  # workspace.database_url.replace
        owner = node.text.rpartition(".")[0]
        inside = [Node("name", node.start, node.end, owner), *inside]
    for child in inside:
        is_option = child.kind == "argument" and child.text not in _ADDRESS
        if not is_option and not _is_driver(child):
            yield from _parts(cell, child, depth + 1)


def _is_driver(node: Node) -> bool:
    value = node.value if node.kind == "argument" else node
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
_CONNECTION = re.compile(rf"(?!WORKSPACE_|HEXA_|AWS_)(\w+?)_({'|'.join(_SUFFIXES)})")


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
