"""Files written to a bare name, where they get lost."""

import re
from collections.abc import Iterator

from .document import Cell
from .rules import Finding, advise, rule
from .rules_paths import ROOT
from .syntax import Node, last_name, quoted

_WRITERS = {
    *("write.csv", "write.csv2", "write.table", "write_csv", "write_csv2", "write_tsv"),
    *("write_delim", "saveRDS", "write_rds", "save", "fwrite", "write_parquet"),
    *("write_feather", "st_write", "write_sf", "ggsave", "write.xlsx", "write_xlsx"),
    *("saveWorkbook", "write_json", "writeLines", "write_dta", "write_sav", "pdf"),
    *("png", "svg", "jpeg", "tiff", "sink", "cat", "write_file", "saveWidget", "write"),
    *("qsave", "pandas.ExcelWriter", "numpy.save", "numpy.savez", "numpy.savetxt"),
    *("joblib.dump", "shutil.copy", "shutil.copyfile", "shutil.move"),
    *("writeRaster", "tmap_save", "download.file", "file.copy"),
}
_CONTENT_FIRST = {"writeLines", "write", "joblib.dump", "download.file", "file.copy"}
_CONTENT_FIRST |= {"shutil.copy", "shutil.copyfile", "shutil.move"}
_WRITING_METHODS = {
    *("to_csv", "to_excel", "to_parquet", "to_json", "to_file", "to_pickle"),
    *("to_feather", "to_stata", "to_html", "savefig", "write_image", "write_html"),
    *("write_csv", "write_parquet", "write_excel", "tofile", "to_markdown"),
    *("to_netcdf", "to_zarr"),
}
_DESTINATIONS = {
    *("file", "path", "filename", "dsn", "sink", "path_or_buf", "con", "fname"),
}
# Its beginning and its end are written out.
_RELATIVE = re.compile(r"(?![/~*]|[A-Za-z]:|\w+://)[^\n%{}]*\.[A-Za-z]\w{0,7}(\.gz)?")


@rule("relative-write")
def relative_writes(cell: Cell) -> Iterator[Finding]:
    for node in cell.walk("call"):
        value = _destination(cell, node)
        folder = node.argument("path") if node.text == "ggsave" else None
        if value is not None and folder is not None:
            if _is_relative(folder := cell.resolve(folder)):
                code = f"{cell.ours('workspace_path')}({quoted(folder.text)})"
                yield advise("relative-write", cell, node, "place_unknown", code=code)
            continue
        if value is None or not _RELATIVE.fullmatch(_path(value)):
            continue
        if not _has_folder(cell, node):
            is_text = value.kind == "text"
            written = quoted(value.text) if is_text else cell.code(value)
            code = f"{cell.ours('workspace_path')}({written})"
            yield advise("relative-write", cell, value, "place_unknown", code=code)


_JOINERS = {
    **{"paste0": "", "str_c": "", "glue": "", "str_glue": "", "sprintf": ""},
    **{"file.path": "/", "os.path.join": "/", "pathlib.Path": "/"},
}


def _path(node: Node | None) -> str:
    """Give a path with ``*`` for each part that is no text."""
    if node is None:
        return "*"
    if node.kind == "text":
        return re.sub(r"\{[^{}]*\}|%[-\d.]*[sdif]", "*", node.text)
    parts = [_path(one) for one in node.children]
    if node.kind == "template" or (node.kind == "binary" and node.text == "+"):
        return "".join(parts)
    if node.kind == "binary" and node.text in ("/", "%"):
        return "/".join(parts) if node.text == "/" else parts[0]
    if node.kind == "call" and node.text in _JOINERS:
        plain = [_path(one.value) for one in node.arguments if not one.text]
        is_filled = node.text == "sprintf"
        return _JOINERS[node.text].join(plain[:1] if is_filled else plain)
    if node.text == ".format" and node.children[0].kind == "member":
        return _path(node.children[0].children[0])
    return "*"


_MOVERS = {"setwd", "os.chdir"}
_PLACES = {"files_path", "workspace_path", "tmp_path", "tempdir", "tempfile"}
_PLACES |= {"mkdtemp", "gettempdir", "TemporaryDirectory"}


def _has_folder(cell: Cell, call: Node) -> bool:
    """Whether the folder is known that a call writes to without naming it."""
    above = {last_name(one): one for one in call.above() if one.kind == "call"}
    moved = above["with_dir"].argument("new", 0) if "with_dir" in above else None
    if "with_tempdir" in above or (moved and not _is_relative(cell.resolve(moved))):
        return True
    moves = [
        (one, move)
        for one, move in cell.document.walk("call", "magic")
        if (move.text in _MOVERS or move.text.startswith("%cd "))
        and (one.index, move.start) < (cell.index, call.start)
    ]
    if not moves:
        return False
    place, move = moves[-1]
    values = [place.resolve(one) for one in move.walk()]
    # old <- setwd(…) is where it was before.
    values = [one for one in values if one is move or one.text not in _MOVERS]
    texts = [two.text for one in values for two in one.walk()]
    return any(
        ROOT.fullmatch(text.removeprefix("%cd ").strip())
        or text.rpartition(".")[2] in _PLACES
        for text in texts
    )


def _is_relative(node: Node) -> bool:
    return node.kind == "text" and not re.match(r"[/~]|[A-Za-z]:", node.text)


def _destination(cell: Cell, node: Node) -> Node | None:
    """Find the text that names the file which a call writes."""
    if node.text == "open" and not cell.is_r:
        mode = node.argument("mode", 1)
        writes = mode is not None and mode.kind == "text" and {*mode.text} & {*"wax"}
        return node.argument("file", 0) if writes else None
    if node.text in (".write_text", ".write_bytes"):
        owner = node.children[0].owner
        return owner if owner and owner.text == "pathlib.Path" else None
    if node.text not in _WRITERS and last_name(node) not in _WRITING_METHODS:
        return None
    if node.text in _CONTENT_FIRST:
        labels = ("con", "file", "destfile", "to")
        given = (node.argument(one) for one in labels)
        return next(filter(None, given), node.argument("con", 1))
    for argument in node.arguments:
        if argument.text in _DESTINATIONS:
            return argument.value
        # cat() shows what it is given.
        if not argument.text and node.text != "cat" and _path(argument.value) != "*":
            return argument.value
    return None
