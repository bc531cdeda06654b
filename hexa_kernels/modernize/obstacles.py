"""What else of a file keeps a change from doing the same."""

import re
from functools import lru_cache

from .document import Cell, Document
from .environment_access import variables_set
from .log_guards import guard_of
from .log_helpers import does_more, logs
from .python_in_r import sdk_imports
from .syntax import Node, last_name, parameter_of
from .variable_access import is_bound


def obstacle(cell: Cell, node: Node, edits: list) -> str:
    """Give the reason why nothing may change here, whatever the rule; else ""."""
    if any(cell.has_comment(start, end) for start, end, _ in edits):
        return "comment"
    if cell.is_r and _is_read_as_code(cell, node):
        return "code_read"
    if not cell.is_r and _loses_imports(cell.document):
        return "cleared"
    # Before Python 3.12, what is in an f-string does not know its place. A pipeline's
    # decorators are read, not run; what %%timeit defines holds there only.
    is_timeit = re.match(r"\s*%%timeit", cell.text)
    if node.enclosing("template") or is_timeit or _is_decoration(cell, node):
        return "not_here"
    return ""


def _is_decoration(cell: Cell, node: Node) -> bool:
    parts = (one for one in (node, *node.above()) if one.parent)
    return not cell.is_r and any(
        one.parent.kind == "function" and one.kind not in ("argument", "block")
        for one in parts
    )


_CODE_READERS = {"substitute", "match.call", "sys.call", "enquo", "enexpr", "ensym"}
_CODE_READERS |= {"enquos", "enexprs", "ensyms"}


def _is_read_as_code(cell: Cell, node: Node) -> bool:
    """Whether R looks at the code of a default or an argument, as substitute()."""
    for one in node.above():
        owner = one.parent
        if one.kind != "argument":
            continue
        if owner.kind == "function" and _are_defaults_read(cell, owner):
            return True
        for function in cell.functions_of(owner):
            if {"*", parameter_of(function, one)} & _read_as_code(function):
                return True
    return False


def _are_defaults_read(cell: Cell, function: Node) -> bool:
    """Whether ``formals()`` may be of this function: of no other with a name."""
    own = function.parent.children[0].text if function.parent.kind == "assign" else ""
    others = {*cell.document.definitions["r"]} - {own}
    asked = [call.argument("fun", 0) for call in cell.document.calls("formals")]
    handed = [one for _, one in cell.document.walk("name") if one.text == "formals"]
    is_handed = any(one.parent.kind != "call" for one in handed)
    return is_handed or any(
        one is None or one.text not in others or is_bound(cell, one.text)
        for one in asked
    )


def _read_as_code(function: Node) -> set[str]:
    """Name the parameters whose code a function reads; ``*`` where it reads all."""
    names = set()
    for call in function.walk("call"):
        if call.text in _CODE_READERS:
            is_all = call.text == "match.call" or not call.arguments
            given = (one for part in call.arguments for one in part.walk("name"))
            names |= {"*"} if is_all else {one.text for one in given}
    return names


OURS = {
    *("workspace", "openhexa", "con", "current_run", "current_pipeline"),
    *("workspace_path", "tmp_path", "run_log", "notebook_parameter", "notebook_dir"),
    *("file_read", "file_write", "db_read", "db_write", "db_tables", "connect"),
    *("database_connection", "test_connection", "dhis2_get", "iaso_get"),
    *("share_frame", "receive_frame", "hexa_require", "hexa_status", "hexa_snippet"),
}


def asks_for_ours(document: Document) -> bool:
    """Whether R code behaves otherwise once openhexaR is attached."""
    gone = {one.whole for one in sdk_imports(document) if not one.reason}
    if _asks_by_variable(document) or _tries_ours(document):
        return True
    for cell, call in document.walk("call"):
        name, above = call.argument("x", 0), [*call.above()]
        asks = call.text in ("exists", "get0") and name is not None
        if not asks or name.text not in OURS or gone & {*above}:
            continue
        if document.attaches_us(cell, call.start):
            continue
        # What only logs is replaced too; a helper goes on for those who call it.
        if not any(_only_logs(one) or _is_replaced(cell, one) for one in above):
            return True
    return False


def _asks_by_variable(document: Document) -> bool:
    """``for (name in c("con", "year")) if (!exists(name)) …``"""
    names = [one for cell, one in document.walk("name") if cell.is_r]
    is_handed_on = any(o.text == "exists" and o.parent.kind != "call" for o in names)
    asked = [call.argument("x", 0) for call in document.calls("exists")]
    return (is_handed_on or any(one and one.kind == "name" for one in asked)) and any(
        one.text in OURS and one.parent.parent.text == "c"
        for cell, one in document.walk("text")
        if cell.is_r and one.parent.kind == "argument"
    )


_TRIERS = ("try", "tryCatch", "try_fetch")


def _tries_ours(document: Document) -> bool:
    """``tryCatch({openhexa$current_run; "pipeline"}, …)``, where nobody imports it."""
    if document.reads_others or not document.calls(*_TRIERS):
        return False
    named = document.definitions["r"]
    for cell, node in document.walk("name"):
        # $log_info() of our run is an error outside of pipelines, too.
        if not cell.is_r or node.parent.kind == "call":
            continue
        name = re.split(r"[$@]", cell.code(node))[0]
        if name not in OURS or name in named or is_bound(cell, name):
            continue
        above = [*node.above()]
        is_tried = any(one.kind == "call" and one.text in _TRIERS for one in above)
        is_ours = any(_only_logs(o) or _is_replaced(cell, o) for o in above)
        if is_tried and not is_ours and not document.attaches_us(cell, node.start):
            return True
    return False


def _is_replaced(cell: Cell, node: Node) -> bool:
    guard = guard_of(cell, node)
    is_safe = guard is not None and not guard.reason
    return is_safe and not cell.has_comment(node.start, node.end)


def _only_logs(node: Node) -> bool:
    """Whether it defines a log helper that works where the run is NULL."""
    if node.kind != "assign" or not logs(node) or does_more(node.value):
        return False
    called = {one.text for one in node.value.walk("call")}
    return bool(called & {"is.null", "tryCatch", "try"})


def clears_names(node: Node) -> bool:
    """Whether it is ``%reset``, which takes imports away too."""
    if node.kind == "magic":
        return re.match(r"%reset(_selective)?\b", node.text) is not None
    given = node.arguments[0].value if node.arguments else None
    is_magic = last_name(node) in ("run_line_magic", "magic") and given is not None
    return is_magic and given.text.startswith("reset")


@lru_cache(maxsize=1)  # files come one after the other
def _loses_imports(document: Document) -> bool:
    """Whether names are cleared after anything else than what opens the file."""
    is_open = True
    for cell in document.cells:
        for node in [] if cell.is_r else cell.root.children:
            if any(clears_names(one) for one in node.walk()):
                if not (is_open and clears_names(node)):
                    return True
            else:
                is_open = is_open and node.kind in ("magic", "text")
    return False


_MAKERS = ("os.makedirs", "os.mkdir", "shutil.copytree", ".mkdir")
_ASKERS = ("dir.exists", "dir_exists", "os.path.isdir", ".is_dir", "os.access")
_ASKERS += ("file_test", "file.info", "file.access", "os.rename", "os.rmdir")
_EXISTS = {"file.exists", "file_exists", "os.path.exists"}


@lru_cache(maxsize=1)
def notices_folders(document: Document) -> bool:
    """Whether code does something else where a folder is there already."""
    if document.calls(*_MAKERS, *_ASKERS) or _makes_bases(document):
        return True
    handed = {one.text for _, one in document.walk("name") if one.parent.kind != "call"}
    if handed & {"dir.exists", "dir.create"}:  # vapply(folders, dir.create, NA)
        return True
    return any(
        _looks_at_making(cell, node)
        if node.text == "dir.create"
        else _asks_for_folder(cell, node)
        for cell, node in document.walk("call")
    )


def _makes_bases(document: Document) -> bool:
    """Whether SQLite or DuckDB may make a base, which they do in folders only."""
    opened = [
        call.argument("database", 0)
        for call in document.calls("sqlite3.connect", "duckdb.connect")
    ]
    opened += [call.argument("dbdir", 0) for call in document.calls("duckdb")]
    for cell, call in document.walk("call"):
        is_opened = call.text == "dbConnect"
        driver = cell.resolve(call.argument("drv", 0)) if is_opened else None
        if driver is not None and driver.text in ("SQLite", "duckdb"):
            opened += [call.argument("dbname", 1), call.argument("dbdir")]
    return any(one is not None and one.text not in ("", ":memory:") for one in opened)


def _asks_for_folder(cell: Cell, call: Node) -> bool:
    """Whether it may ask for a folder: for all but a text with an extension."""
    is_method = last_name(call) == "exists" and call.text != "exists"
    if call.text not in _EXISTS and not is_method:
        return False
    asked = (call.children[0].owner, *(one for one in call.walk() if one is not call))
    values = (cell.resolve(one) for one in asked if one is not None)
    texts = [text.text for one in values for text in one.walk("text")]
    if any(last_name(one) == "dirname" for one in call.walk("call")):
        return True
    return not (texts and re.search(r"\.\w+$", texts[-1]))


def _looks_at_making(cell: Cell, node: Node) -> bool:
    """Of a folder that is there, dir.create() gives FALSE, with a warning."""
    above = {one.text for one in node.above() if one.kind == "call"}
    catches = above & {"tryCatch", "try_fetch", "withCallingHandlers"}
    options = cell.document.calls("options")
    is_strict = any(one.argument("warn") is not None for one in options)
    return bool(catches) or is_strict or not cell.is_statement(node)


@lru_cache(maxsize=1)
def makes_scratch(document: Document) -> bool:
    """Whether code makes the scratch folder itself, or asks whether it is there."""
    return any(
        re.fullmatch(r"(/home/(hexa|jovyan)|~)/tmp/?", text.text)
        for cell, call in document.walk("call")
        if {call.text, f".{last_name(call)}"} & {*_MAKERS, *_ASKERS}
        and call.argument("exist_ok") is None
        and not _makes_if_absent(call)
        for one in call.walk("name", "text")
        for text in [cell.resolve(one)]
        if text.kind == "text"
    )


def _makes_if_absent(call: Node) -> bool:
    """``if not os.path.isdir(x): os.makedirs(x)``, which then makes nothing."""
    test = call.enclosing("if")
    made = {f".{last_name(one)}" for one in test.walk("call")} if test else set()
    return bool(made & {".makedirs", ".mkdir", ".create"})


@lru_cache(maxsize=1)
def moves_folders(document: Document) -> bool:
    """Whether code says itself where the workspace, or the home folder, is."""
    places = {"WORKSPACE_FILES_PATH", "WORKSPACE_TMP_PATH", "HOME"}
    return any(
        places & {*variables_set(node)}
        for _, node in document.walk("call", "assign", "magic")
    )


# What names its parts after the code that gives them, where no label does.
_NAMERS = ("lst", "tibble", "data_frame", "data.frame", "mutate", "transmute")
_NAMERS += ("summarise", "summarize", "quos", "exprs")


@lru_cache(maxsize=1)
def names_of_elements(document: Document) -> set[str]:
    """Give the paths that name elements: of dicts, of vectors of R, in brackets."""
    names = {node.text for _, node in document.walk("argument")}
    # res$`~/workspace/a`
    names |= {node.text.partition(".")[2] for _, node in document.walk("name")}
    parts = [part for call in document.calls(*_NAMERS) for part in call.arguments]
    names |= {part.value.text for part in parts if part.value and not part.text}
    for _, node in document.walk("index"):
        names |= {one.text for one in node.children[1:] if one.kind == "text"}
    return {name for name in names if "/" in name}
