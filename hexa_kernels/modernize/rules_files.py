"""Files that have a call of their own: datasets, settings, outputs. Advice only."""

import re
from collections.abc import Iterator

from .document import Cell
from .rules import Finding, advise, rule
from .syntax import last_name

_DOWNLOADERS = {
    *("GET", "download.file", "curl_download", "request", "requests.get", "httpx.get"),
    *("urllib.request.urlopen", "urllib.request.urlretrieve", "curl_fetch_memory"),
    *("urlopen", "urlretrieve", "requests.Session.get"),
}


@rule("dataset-download")
def dataset_downloads(cell: Cell) -> Iterator[Finding]:
    opener = "$" if cell.is_r else "."
    code = opener.join(
        ["workspace", 'get_dataset("…")', "latest_version", 'get_file("…")', "read()"]
    )
    for node in cell.walk("call"):
        if node.text not in _DOWNLOADERS or not node.arguments:
            continue
        given = cell.resolve(node.arguments[0].value)
        names = {last_name(one) for one in given.walk()} if given else set()
        if names & {"download_url", "generate_download_url"}:
            yield advise("dataset-download", cell, node, "shape_unknown", code=code)


@rule("config-json")
def json_configurations(cell: Cell) -> Iterator[Finding]:
    code = "workspace$configuration" if cell.is_r else "workspace.configuration"
    for node in cell.walk("call"):
        if node.text not in ("fromJSON", "read_json", "json.load", "json.loads"):
            continue
        texts = [
            inner.text
            for one in node.walk()
            for inner in (cell.resolve(one) or one).walk()
            if inner.kind == "text"
        ]
        if any(re.search(r"(?i)config\w*\.json$", text) for text in texts):
            yield advise("config-json", cell, node, "moved_by_author", code=code)


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
        if node.text not in _CUTTERS and last_name(node) not in _CUTTERS:
            continue
        names = {
            last_name(one) for argument in node.arguments for one in argument.walk()
        }
        if "files_path" in names:
            yield advise("ready-made-output", cell, node, "path_used", code=code)
