"""Files that have a call of their own: datasets, settings, outputs. Advice only."""

import re
from collections.abc import Iterator

from .dataset_links import has_links, is_link, is_short, reads, target_of
from .document import Cell
from .format_switches import switches
from .rules import Finding, advise, rule
from .syntax import Node, last_name


@rule("dataset-download")
def dataset_downloads(cell: Cell) -> Iterator[Finding]:
    opener = "$" if cell.is_r else "."
    code = opener.join(
        ["workspace", 'get_dataset("…")', "latest_version", 'get_file("…")', "read()"]
    )
    for node in _downloads(cell):
        yield advise("dataset-download", cell, node, "shape_unknown", code=code)


def _downloads(cell: Cell) -> Iterator[Node]:
    if not has_links(cell.document):
        return
    choices = {one.node for one in switches(cell)}
    done = set()
    for node in cell.walk("call"):
        is_read = reads(cell, node) and is_link(cell, target_of(node))
        if not is_read or is_short(cell, node):
            continue
        # One block: a reader for each extension.
        choice = choices & {*node.above()}
        if not choice or choice.isdisjoint(done):
            done |= choice
            yield node
    for node in cell.walk("magic"):
        if re.search(r"\b(curl|wget)\b.*\bdownload_url\b", node.text):
            yield node


@rule("format-switch")
def format_switches(cell: Cell) -> Iterator[Finding]:
    # After a download it is part of that block, and goes with it.
    owners = {node.enclosing("function") for node in _downloads(cell)}
    for switch in switches(cell):
        if switch.node.enclosing("function") not in owners:
            code = f"{cell.ours('file_read')}({switch.path})"
            yield advise("format-switch", cell, switch.node, "own_readers", code=code)


_CONFIG = re.compile(r"(?i)config\w*\.json$")


@rule("config-json")
def json_configurations(cell: Cell) -> Iterator[Finding]:
    code = "workspace$configuration" if cell.is_r else "workspace.configuration"
    for node in cell.walk("call"):
        if node.text not in ("fromJSON", "read_json", "json.load", "json.loads"):
            continue
        texts = [
            inner.text
            for one in node.walk()
            for inner in cell.resolve(one).walk("text")
        ]
        is_elsewhere = any("://" in text for text in texts) or any(
            one.text == "system.file" for one in node.walk("call")
        )
        if not is_elsewhere and any(map(_CONFIG.search, texts)):
            yield advise("config-json", cell, node, "moved_by_author", code=code)


_WHOLE = re.compile(r"\^?(/home/(hexa|jovyan)|~)/workspace/?")
_CUTTERS = {
    *("gsub", "sub", "str_replace", "str_remove", "str_replace_all", "path_rel"),
    *("os.path.relpath", "replace", "removeprefix", "relative_to", "lstrip"),
}


@rule("ready-made-output")
def output_paths(cell: Cell) -> Iterator[Finding]:
    """The folder of the workspace cut off a path, as older SDKs wanted it."""
    dot = "$" if cell.is_r else "."
    code = f"current_run{dot}add_file_output(path)"
    for node in cell.walk("call"):
        if not {node.text, last_name(node)} & _CUTTERS:
            continue
        names = {
            last_name(one) for argument in node.arguments for one in argument.walk()
        }
        texts = (one.text for one in node.walk("text"))
        is_output = any(last_name(one) == "add_file_output" for one in node.above())
        is_cut = is_output and any(map(_WHOLE.fullmatch, texts))
        if "files_path" in names or is_cut:
            yield advise("ready-made-output", cell, node, "path_used", code=code)
