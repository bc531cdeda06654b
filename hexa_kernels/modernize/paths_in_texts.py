"""Paths inside longer texts: commands, SQL, addresses with a scheme. Advice only."""

import re
from collections.abc import Iterator
from functools import lru_cache

from .document import Cell, Document
from .rules import Finding, advise
from .rules_shell import ROOT_WITHIN, folder_call
from .syntax import Node, last_name, quoted

_COMMANDS = {
    *("system", "system2", "shell", "pipe", "exec_wait", "exec_internal", ".system"),
    *("os.system", "os.popen", "subprocess.run", "subprocess.call", "subprocess.Popen"),
    *("subprocess.check_call", "subprocess.check_output", "subprocess.getoutput"),
    *("subprocess.getstatusoutput", "asyncio.create_subprocess_shell"),
}
_QUERIES = {
    *("dbGetQuery", "dbExecute", "dbSendQuery", "dbSendStatement", "sqldf"),
    *("glue_sql", "read_sql", "read_sql_query", "executescript"),
}
# These names are of other things too: what they are given must be SQL.
_PERHAPS_QUERIES = {"execute", "query", "sql", "from_query"}
_SQL = re.compile(r"(?i)\b(select|copy|from|attach|insert|create|export|import|load)\b")
SAYERS = {
    *("print", "cat", "message", "stop", "warning", "info", "debug", "error", "log"),
    *("log_info", "log_error", "log_warning", "run_log", "exception", "critical"),
}
_ADDRESS = re.compile(
    r"(?:[A-Za-z][\w+.-]*://(?:localhost)?/?|jdbc:\w+:/{0,3}|file:|(?:/vsi\w+)+/\{?"
    r"|(?:NETCDF|HDF5|GPKG):\"?)"
    r"(?=/)(/home/(?:hexa|jovyan)/(workspace|tmp))(?![\w.-])"
)
_OPENING = re.compile(r"(?:/home/(?:hexa|jovyan)|~)/(workspace|tmp)(?=/|$)")
_LITERAL = re.compile(
    r"(?P<prefix>[fFrR]{0,2})(?P<quote>\"\"\"|'''|\"|')"
    r"(?:\\.|(?!(?P=quote))[^\\\n])*(?P=quote)"
)


def paths_in_text(cell: Cell, node: Node, folder: str) -> Iterator[Finding]:
    """Advise on a text, or a template, that has the folder in its middle."""
    texts = node.children if node.kind == "template" else [node]
    texts = [one.text for one in texts if one.kind == "text"]
    find = _finder(cell, node, texts, folder)
    if find is None:
        return
    folders = [_folder(match) for text in texts for match in find(text)]
    if folder in folders:
        code = _code(cell, node, find, len(folders))
        code = code or folder_call(cell, folder)
        yield advise(f"{folder}-path", cell, node, "text_holds_it", code=code)


def is_command_line(cell: Cell, node: Node) -> bool:
    """Whether a text that begins with a path is a command and what it is given."""
    if node.kind != "text" or not re.search(r"\s", node.text):
        return False
    for outer in node.above():
        if outer.kind == "call" and _runs(cell, outer):
            return True
        if outer.kind not in ("argument", "binary") and outer.text not in _PASTERS:
            break
    return False


_PASTERS = {"paste", "paste0", "sprintf", "glue", "str_glue", "str_c", ".format"}


def _finder(cell: Cell, node: Node, texts: list[str], folder: str):
    """Give the function that finds paths in a text of this kind; None for prose."""
    begins = [one.kind for one in node.children[:1]] == ["text"]
    opening = _OPENING.match(texts[0]) if begins else None
    if opening and opening[1] == folder:  # in pieces of an f-string
        return _at_start(_OPENING)
    if texts and _ADDRESS.match(texts[0]):
        is_said = any(last_name(one) in SAYERS for one in node.above())
        return None if is_said else _at_start(_ADDRESS)
    is_sql = any(map(_SQL.search, texts))
    return ROOT_WITHIN.finditer if _is_executed(cell, node, is_sql) else None


def _at_start(pattern: re.Pattern):
    return lambda text: [match for match in [pattern.match(text)] if match]


def _is_executed(cell: Cell, node: Node, is_sql: bool) -> bool:
    """Whether a text is handed to a shell or a database, at once or by a variable."""
    inner = node
    for outer in node.above():
        if outer.kind in ("block", "function"):
            break
        is_given = outer.kind == "call" and inner.kind == "argument"
        if is_given and (_runs(cell, outer) or _asks(outer, is_sql)):
            return True
        if is_given and inner.text == "cmd":  # fread(cmd = "…")
            return True
        if outer.kind == "assign" and outer.children[0].kind == "name":
            name = (cell.language, outer.children[0].text)
            commands, queries = _handed_over(cell.document)
            return name in commands or (is_sql and name in queries)
        inner = outer
    return False


def _runs(cell: Cell, call: Node) -> bool:
    is_processx = call.text == "run" and cell.code(call).startswith("processx")
    return call.text in _COMMANDS or is_processx


def _asks(call: Node, is_sql: bool) -> bool:
    name = last_name(call)
    if call.text == "sqlalchemy.text":
        return is_sql
    return name in _QUERIES or (is_sql and name in _PERHAPS_QUERIES)


@lru_cache(maxsize=1)  # files come one after the other
def _handed_over(document: Document) -> tuple[set, set]:
    """Give the variables that are in the calls of shells and of databases."""
    commands, queries = set(), set()
    for cell, call in document.walk("call"):
        names = commands if _runs(cell, call) else queries
        if names is commands or _asks(call, is_sql=True):
            inner = (one for given in call.arguments for one in given.walk("name"))
            names |= {(cell.language, one.text) for one in inner}
    return commands, queries


def _code(cell: Cell, node: Node, find, count: int) -> str:
    """Write the text with calls in the place of its paths, where that is sure."""
    if "\n" in node.text or "\n" in cell.code(node):
        return ""
    outer = node.parent.parent if node.parent.kind == "argument" else node.parent
    if not cell.is_r:
        return _python(cell, node, find, count)
    if outer.kind == "call" and outer.text in ("glue", "str_glue"):
        is_plain = not any(argument.text for argument in outer.arguments)
        return _filled(cell, cell.code(node), find, count) if is_plain else ""
    if outer.text in ("sprintf", "gettextf", "glue_sql", "glue_data"):
        return ""
    pieces, at = [], 0
    for match in find(node.text):
        start, end = _span(match)
        pieces += [quoted(node.text[at:start])] if start > at else []
        pieces.append(folder_call(cell, _folder(match)))
        at = end
    pieces += [quoted(node.text[at:])] if node.text[at:] else []
    return f"paste0({', '.join(pieces)})"


def _folder(match: re.Match) -> str:
    return match[match.re.groups]


def _span(match: re.Match) -> tuple[int, int]:
    """Give the place of the path: of an address, without what is before."""
    return match.span(1) if match.re is _ADDRESS else match.span()


def _python(cell: Cell, node: Node, find, count: int) -> str:
    code = cell.code(node)
    literal = _LITERAL.fullmatch(code)
    is_formatted = node.parent.text in ("%", "format") or (
        node.kind == "text" and re.search(r"[{}]", code)
    )
    if literal is None or is_formatted:
        return ""
    opening = len(literal["prefix"]) + len(literal["quote"])
    inner = _filled(cell, code[opening:], find, count)
    is_fstring = "f" in literal["prefix"].lower()
    return inner and ("" if is_fstring else "f") + code[:opening] + inner


def _filled(cell: Cell, code: str, find, count: int) -> str:
    """Put calls in braces into code; nothing where it shows other paths than it has."""
    inner = code.lstrip("\"'")
    matches, shift = [*find(inner)], len(code) - len(inner)
    if len(matches) != count:
        return ""
    for match in reversed(matches):
        start, end = (shift + at for at in _span(match))
        call = folder_call(cell, _folder(match))
        code = f"{code[:start]}{{{call}}}{code[end:]}"
    return code
