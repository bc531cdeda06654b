"""Files written to a bare name, where they get lost."""

import re
from collections.abc import Iterator

from .document import Cell
from .rules import Finding, advise, rule
from .rules_paths import ROOT, quoted
from .syntax import Node, last_name

_WRITERS = {
    *("write.csv", "write.csv2", "write.table", "write_csv", "write_csv2", "write_tsv"),
    *("write_delim", "saveRDS", "write_rds", "save", "fwrite", "write_parquet"),
    *("write_feather", "st_write", "write_sf", "ggsave", "write.xlsx", "write_xlsx"),
    *("saveWorkbook", "write_json", "writeLines", "write_dta", "write_sav", "pdf"),
    *("png", "svg", "jpeg", "tiff", "sink", "cat", "write_file", "saveWidget", "write"),
}
_WRITING_METHODS = {
    *("to_csv", "to_excel", "to_parquet", "to_json", "to_file", "to_pickle"),
    *("to_feather", "to_stata", "to_html", "savefig", "write_image", "write_html"),
    *("write_csv", "write_parquet", "write_excel", "tofile", "to_markdown"),
}
_DESTINATIONS = {
    "file",
    "path",
    "filename",
    "dsn",
    "sink",
    "path_or_buf",
    "con",
    "fname",
}
_RELATIVE = re.compile(r"(?![/~]|[A-Za-z]:|\w+://)[^\n%{}]*\.[A-Za-z]\w{0,7}(\.gz)?")


@rule("relative-write")
def relative_writes(cell: Cell) -> Iterator[Finding]:
    for node in cell.walk("call"):
        value = _destination(cell, node)
        if value is None or not _RELATIVE.fullmatch(value.text):
            continue
        if not _goes_to_workspace(cell, value):
            code = f"{cell.ours('workspace_path')}({quoted(value.text)})"
            yield advise("relative-write", cell, value, "place_unknown", code=code)


_MOVERS = {"setwd", "os.chdir"}


def _goes_to_workspace(cell: Cell, node: Node) -> bool:
    """Whether the last change of folder above a place goes to a known one."""
    moves = [
        (one, call)
        for one in cell.document.cells
        for call in one.walk("call", "magic")
        if (call.text in _MOVERS or call.text.startswith("%cd "))
        and (one.index, call.start) < (cell.index, node.start)
    ]
    if not moves:
        return False
    place, call = moves[-1]
    texts = [two.text for one in call.walk() for two in place.resolve(one).walk()]
    return any(
        ROOT.fullmatch(text.removeprefix("%cd ").strip())
        or text.rpartition(".")[2] in ("files_path", "workspace_path")
        for text in texts
    )


def _destination(cell: Cell, node: Node) -> Node | None:
    """Find the text that names the file which a call writes."""
    if node.text == "open" and not cell.is_r:
        mode = node.argument("mode", 1)
        writes = mode is not None and mode.kind == "text" and {*mode.text} & {*"wax"}
        path = node.argument("file", 0) if writes else None
        return path if path is not None and path.kind == "text" else None
    if node.text not in _WRITERS and last_name(node) not in _WRITING_METHODS:
        return None
    if node.text in ("writeLines", "write"):  # the first is what they write
        path = node.argument("con", 1) or node.argument("file", 1)
        return path if path is not None and path.kind == "text" else None
    for argument in node.arguments:
        value = argument.value
        if value is None or value.kind != "text":
            continue
        if argument.text in _DESTINATIONS:
            return value
        if not argument.text and node.text != "cat":  # which shows what it is given
            return value
    return None
