"""Rules: each is an entry of rules.json and one function that finds it in a cell."""

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from .document import Cell, Document
from .obstacles import asks_for_ours, obstacle
from .sources import Edit, Text, splice
from .syntax import Node


@dataclass
class Finding:
    """Code that is no longer needed.

    Attributes
    ----------
    rule : str
        Its entry in rules.json.
    cell : int
        Place of the cell among all of the notebook, from 0.
    line : int
        In the cell, from 1.
    span : tuple of int
        Offsets in the cell.
    replacement : str
        What to write in its place; empty: nothing.
    edits : tuple of (start, end, text)
        The change of the cell that is safe; none where it is advice only.
    needs : str
        The name of ours that the replacement uses.
    reason : str
        Why it is advice only: an entry of "reasons" in rules.json; empty where safe.
    secrets : tuple of str
        What must not be shown to anybody.
    where : str
        "code", "markdown", "output" or "metadata" of the notebook; the line of an
        output counts in all of the cell's, one after the other.
    """

    rule: str
    cell: int
    line: int
    span: tuple[int, int]
    replacement: str = ""
    edits: tuple = ()
    needs: str = ""
    reason: str = ""
    secrets: tuple = ()
    where: str = "code"

    @property
    def safe(self) -> bool:
        return not self.reason

    def leave(self, reason: str) -> None:
        """Make it advice: the replacement is shown, and not made."""
        self.reason, self.edits = reason, ()


@cache
def texts() -> dict:
    """Read rules.json: what each rule says, in English and French."""
    text = Path(__file__).with_name("rules.json").read_text(encoding="utf-8")
    return json.loads(text)


RULES: dict[str, Callable[[Cell], Iterator[Finding]]] = {}
TEXT_RULES: list[Callable[[Text], Iterator[Finding]]] = []


def rule(name: str):
    """Register the function of a rule: it takes a cell and gives what it finds."""

    def register(function):
        RULES[name] = function
        return function

    return register


def text_rule(function):
    """Register a function that finds things in a text which is no parsed code."""
    TEXT_RULES.append(function)
    return function


def replace(name: str, cell: Cell, node: Node, edits: list, *, needs: str) -> Finding:
    """Find something in whose place ``edits`` put a call of ours, ``needs``."""
    edits = sorted(_apart(cell.text, edit) for edit in edits)
    if reason := obstacle(cell, node, edits):
        return advise(name, cell, node, reason)
    start = min(node.start, edits[0][0])
    end = max(node.end, edits[-1][1])
    moved = [(first - start, last - start, text) for first, last, text in edits]
    code = splice(cell.text[start:end], moved)
    line = cell.line(node)
    return Finding(name, cell.index, line, (start, end), code, tuple(edits), needs)


def _apart(text: str, edit: Edit) -> Edit:
    """Keep a name from growing together with the keyword of ``return"…"``."""
    start, end, new = edit
    glued = re.match(r"\w\w", text[max(start - 1, 0) : start] + new[:1])
    return (start, end, f" {new}") if glued else edit


def advise(
    name: str, cell: Cell, node: Node, reason: str, *, code: str = ""
) -> Finding:
    """Find something that only its author can change."""
    return _finding(name, cell, node, replacement=code, reason=reason)


def remove(name: str, cell: Cell, node: Node, *, needs: str = "") -> Finding:
    """Find a statement of R that can go; advice only where its value is used."""
    if not cell.is_statement(node):
        return advise(name, cell, node, "value_used")
    block = node.parent
    alone = block.parent is not None and len(block.children) == 1
    whole = None if alone else cell.lines_of(node)
    edit = (*whole, "") if whole else (node.start, node.end, "invisible()")
    if reason := obstacle(cell, node, [edit]):
        return advise(name, cell, node, reason)
    return _finding(name, cell, node, edits=(edit,), needs=needs)


def _finding(name: str, cell: Cell, node: Node, **more) -> Finding:
    span = (node.start, node.end)
    return Finding(name, cell.index, cell.line(node), span, **more)


def find(document: Document) -> list[Finding]:
    """Apply all rules to all cells; in the order of the file."""
    from . import (  # noqa: F401
        rules_database,
        rules_files,
        rules_logs,
        rules_packages,
        rules_parameters,
        rules_paths,
        rules_platform,
        rules_secrets,
        rules_shell,
        rules_writes,
    )

    document.notices_us = asks_for_ours(document)
    found = [
        Finding("unparsed-cell", index, line, (0, 0), reason="unparsed")
        for index, line in document.unparsed
    ]
    for cell in document.cells:
        for function in RULES.values():
            found += function(cell)
    for text in document.texts:
        for function in TEXT_RULES:
            found += function(text)
    order = list(texts()["rules"])
    return sorted(
        found,
        key=lambda f: (f.cell, f.where, f.line, order.index(f.rule), f.span),
    )
