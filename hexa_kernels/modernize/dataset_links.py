"""Links to the files of datasets, and the calls that read what is behind one."""

import re
from functools import lru_cache

from .document import Cell, Document
from .syntax import Node, last_name

_R_TABLES = re.compile(
    r"read([._A-Z][\w.]*)?|[fv]read|st_read|vroom(_\w+)?|scan|fromJSON|stream_in|load"
    r"|open_dataset|rast|raster|vect|brick|import|geojson_(read|sf)|topojson_read"
    r"|loadWorkbook|nc_open"
)
_R_LINKS = re.compile(
    r"GET|RETRY|request|url|curl(_download|_fetch_\w+)?|multi_download|get(Binary)?URL"
    r"|download([._]file)?"
)
_PYTHON_TABLES = re.compile(r"(read|scan)_\w+|ExcelFile|load_workbook|open_dataset")
_PYTHON_LINKS = re.compile(
    r"(.*\.)?(urlopen|urlretrieve)|(requests|httpx)\.(get|stream|request)|wget\.download"
    r"|requests\.Session\.get|(fsspec|rasterio|fiona|smart_open)\.open"
)
_SESSIONS = re.compile(r"(?i)(^|[._])(session|client|http|pool|poolmanager)s?$")


def own_function(cell: Cell, name: str) -> Node | None:
    """Find the function of the notebook's own that has a name."""
    name = name.removeprefix("self.")
    given = cell.document.definitions[cell.language].get(name, ())
    values = [one.value for one in given if one.value is not None]
    return next((one for one in values if one.kind == "function"), None)


def is_table_reader(cell: Cell, name: str) -> bool:
    """Whether a function of a library reads a table, a map or JSON."""
    if own_function(cell, name):
        return False
    if cell.is_r:
        return _R_TABLES.fullmatch(name) is not None
    return _PYTHON_TABLES.fullmatch(name.rpartition(".")[2]) is not None


def reads(cell: Cell, call: Node) -> bool:
    """Whether a call reads, or opens, what a path or a link points to."""
    if own_function(cell, call.text):
        return False
    links = _R_LINKS if cell.is_r else _PYTHON_LINKS
    if is_table_reader(cell, call.text) or links.fullmatch(call.text):
        return True
    return last_name(call) in ("get", "stream", "request") and _is_session(cell, call)


def _is_session(cell: Cell, call: Node) -> bool:
    """Whether a method is one of a session of requests, or the like."""
    owner = cell.resolve(call.children[0].owner)
    is_named = owner is not None and _SESSIONS.search(owner.text)
    return bool(is_named) and owner.kind in ("name", "call", "member")


_LABELS = {
    *("url", "file", "con", "path", "input", "txt", "description", "dsn", "source"),
    *("filepath_or_buffer", "io", "path_or_buf", "filename", "data_source", "base_url"),
}
_METHODS = {"get", "GET"}


def target_of(call: Node) -> Node | None:
    """Give the path or link that a call reads; None where it is given a text."""
    for one in call.arguments:
        if one.text in _LABELS:
            return one.value
    plain = [one for one in call.arguments if not one.text]
    # session.request("GET", link)
    first = plain[0].value if plain else None
    is_method = first is not None and first.kind == "text" and first.text in _METHODS
    given = plain[1:] if is_method else plain
    owner = call.parent
    is_piped = owner.kind == "binary" and owner.text in ("|>", "%>%")
    is_left_out = (
        not given or given[0].value is None or given[0].value.text in (".", "_")
    )
    if is_piped and owner.children[1] is call and is_left_out:
        return owner.children[0]
    return given[0].value if given else None


def is_link(cell: Cell, node: Node | None, depth: int = 5) -> bool:
    """Whether it is, or is made of, the ``download_url`` of a file."""
    if node is None or depth <= 0:
        return False
    if node.kind == "name":
        return _is_linked_name(cell, node, depth)
    if node.kind == "index":
        key = node.children[-1]
        is_key = key.kind == "text" and _is_link_name(key.text)
        return is_key and cell.document.mentions("get_dataset|latest_version|openhexa")
    if node.kind == "function":
        return False
    if node.kind == "call" and reads(cell, node):
        return False  # of which its own finding speaks
    function = own_function(cell, node.text) if node.kind == "call" else None
    if function is not None:
        body = function.children[-1]
        given = body.children[-1] if body.kind == "block" else body
        return is_link(cell, given, depth - 1)
    if node.kind in ("member", "call") and _is_link_name(node.text):
        return True
    return any(is_link(cell, one, depth) for one in node.children)


def _is_link_name(name: str) -> bool:
    return not {"download_url", "generate_download_url"}.isdisjoint(name.split("."))


def _is_linked_name(cell: Cell, node: Node, depth: int) -> bool:
    if "." in node.text and _is_link_name(node.text):
        return True
    for outer in node.above():
        names = [one.text for one in outer.parameters]
        if node.text in names:
            return _is_given_link(cell, outer, names.index(node.text), depth)
    given = cell.document.definitions[cell.language].get(node.text, ())
    if given:
        return all(is_link(cell, one.value, depth - 1) for one in given)
    return _is_link_name(node.text)


def _is_given_link(cell: Cell, function: Node, position: int, depth: int) -> bool:
    """Whether a parameter of a function is given a link, or is called so."""
    parameters = function.parameters
    name, default = parameters[position].text, parameters[position].value
    if default is not None and is_link(cell, default, depth - 1):
        return True
    owner = function.parent
    is_named = owner is not None and owner.kind == "assign"
    own = owner.children[0].text if is_named else ""
    calls = cell.document.calls(own, f"self.{own}") if own else []
    place = position - (parameters[0].text == "self")
    values = [one.argument(name, place) for one in calls]
    return any(is_link(cell, value, depth - 2) for value in values) or (
        not calls and _is_link_name(name)
    )


def is_short(cell: Cell, call: Node) -> bool:
    """Whether one call of Python already reads a file that was asked for by name.

    There, read() gives bytes: ``pandas.read_csv(file.download_url)`` is no longer.
    """
    link = target_of(call)
    if cell.is_r or not is_table_reader(cell, call.text) or link is None:
        return False
    owner = cell.resolve(link.owner)
    return owner is not None and owner.kind == "call" and last_name(owner) == "get_file"


@lru_cache(maxsize=1)  # files come one after the other
def has_links(document: Document) -> bool:
    """Whether a file has links of datasets; GitHub calls those of its own the same."""
    is_there = any("download_url" in cell.text for cell in document.cells)
    return is_there and not document.mentions(r"api\.github\.com|^gh(\.|$)")
