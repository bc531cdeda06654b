"""Paths of the workspace in magics, and in lines and cells of a shell: advice only."""

import re
from collections.abc import Iterator

from .document import Cell
from .environment_access import variables_set
from .rules import Finding, advise, text_rule
from .sources import SHELLS, Text
from .syntax import Node

ROOT_WITHIN = re.compile(
    r"(?<![\w./~:-])(?:/home/(?:hexa|jovyan)|~|\$HOME|\$\{HOME\})/(workspace|tmp)"
    r"(?![\w.-])"
)


def folder_call(cell: Cell, folder: str) -> str:
    """Write the call that gives a folder of the workspace."""
    return f"{cell.ours(f'{folder}_path')}()"


def paths_of_magic(cell: Cell, node: Node, folder: str) -> Iterator[Finding]:
    """IPython puts the value of ``{…}`` into lines that begin with ``!`` or ``%``."""
    sets_ours = any(name.startswith("WORKSPACE_") for name in variables_set(node))
    if sets_ours or _first_folder(node.text) != folder:
        return  # one finding for the line, though it may name both

    def called(match: re.Match) -> str:
        return f"{{{folder_call(cell, match[1])}}}"

    if re.match(r"%(time|timeit|prun|memit|R)\b", node.text):
        # Code, into which IPython puts nothing.
        code = folder_call(cell, folder)
        yield advise(f"{folder}-path", cell, node, "magic_code", code=code)
        return
    # Other braces, as of awk, would keep IPython from filling in any.
    is_free = not re.search("[{}]", node.text)
    target = cell.text[cell.text.rfind("\n", 0, node.start) + 1 : node.start].lstrip()
    code = target + ROOT_WITHIN.sub(called, node.text) if is_free else ""
    yield advise(f"{folder}-path", cell, node, "shell_line", code=code)


def _first_folder(line: str) -> str | None:
    match = ROOT_WITHIN.search(line)
    return match and match[1]


@text_rule
def paths_in_shells(text: Text) -> Iterator[Finding]:
    """A shell takes what the first line of its cell hands over."""
    if text.magic not in SHELLS:
        return
    lines = text.text.split("\n")
    opening = text.text.lstrip().partition("\n")[0].rstrip()
    for number, line in enumerate(lines, 1):
        folder = _first_folder(line)
        if folder and not re.match(r"\s*#", line):
            option = "" if re.search(r"\s-s\s", opening) else " -s"
            code = f'{opening}{option} "{{{folder}_path()}}"'
            place = (f"{folder}-path", text.index, number, (0, 0))
            yield Finding(*place, code, reason="shell_cell")
