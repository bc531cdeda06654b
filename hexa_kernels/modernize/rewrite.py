"""Make the safe changes of a file, and write them beside it or in its place."""

import difflib
import os
import shutil
import tempfile
from dataclasses import dataclass, replace
from pathlib import Path

from ..errors import FileUnwritableError, RewriteUnsafeError
from .document import Cell, Document, parse
from .obstacles import clears_names
from .r_syntax import RParser
from .rules import Finding
from .sources import Code, Edit, splice
from .syntax import imported


@dataclass
class Change:
    """What becomes of a file.

    Attributes
    ----------
    document : Document
    edits : dict of int to list of (start, end, text)
        By cell: sorted, not overlapping.
    """

    document: Document
    edits: dict[int, list[Edit]]

    @property
    def data(self) -> bytes:
        """The new content of the file."""
        return self.document.source.edited(self.edits)

    def diff(self) -> list[str]:
        """Give a unified diff of each changed cell, as lines."""
        pieces = []
        for code in self.document.source.codes:
            if code.index in self.edits:
                name = f"{self.document.source.path}, cell {code.index + 1}"
                old = code.text.splitlines()
                new = splice(code.text, self.edits[code.index]).splitlines()
                pieces += difflib.unified_diff(old, new, name, name, lineterm="", n=2)
        return pieces


def change(
    document: Document, findings: list[Finding], r_parser: RParser
) -> Change | None:
    """Put the safe findings of a file together; None where there are none.

    Raises
    ------
    RewriteUnsafeError
        If a changed cell would no longer parse.
    """
    edits: dict[int, list[Edit]] = {}
    missing: dict[str, tuple[Cell, set[str]]] = {}
    cells = {cell.index: cell for cell in document.cells}
    # Of a statement and what is inside, the statement comes first and wins.
    for finding in sorted(findings, key=lambda f: (f.cell, f.span[0], -f.span[1])):
        taken = edits.get(finding.cell, [])
        if not finding.safe or any(
            _overlap(a, b) for a in finding.edits for b in taken
        ):
            continue
        edits.setdefault(finding.cell, []).extend(finding.edits)
        if finding.needs:
            cell = cells[finding.cell]
            missing.setdefault(cell.language, (cell, set()))[1].add(finding.needs)
    for cell, names in missing.values():
        first = min(start for start, _, _ in edits[cell.index])
        edits[cell.index] += _import(cell, names, first)
    if not edits:
        return None
    for index in edits:
        edits[index].sort(key=lambda edit: edit[:2])
    result = Change(document, edits)
    _check(result, r_parser)
    return result


def _overlap(one: Edit, other: Edit) -> bool:
    return one[0] < other[1] and other[0] < one[1]


def _import(cell: Cell, names: set[str], start: int) -> list[Edit]:
    """Write the line that the code from a place on needs, above all statements."""
    if cell.document.attaches_us(cell, start):
        return []
    if cell.is_r:
        is_attached = any(
            name == cell.ours(name) or name == "openhexa" for name in names
        )
        lines = ["library(openhexaR)"] if is_attached else []
    else:
        names = names - _imported_before(cell)
        plain = sorted(name for name in names if cell.ours(name) == name)
        lines = [f"from hexa_kernels import {', '.join(plain)}"] if plain else []
        if len(plain) < len(names):
            lines.append("import hexa_kernels")
    end = "\r\n" if "\r\n" in cell.text else "\n"
    first = _first_statement(cell)
    at = cell.text.rfind("\n", 0, first) + 1
    if cell.text[at:first].rstrip().endswith(";"):  # "…"; import os
        at, end = first, "; "
    return [(at, at, "".join(line + end for line in lines))] if lines else []


def _imported_before(cell: Cell) -> set[str]:
    return {
        name
        for other in cell.document.cells
        if other.language == "python" and other.index < cell.index
        for node in other.root.children
        if node.kind == "import" and not other.text.lstrip().startswith("%%timeit")
        for name, home in imported(node)
        if home == f"hexa_kernels.{name}"
    }


def _first_statement(cell: Cell) -> int:
    for node in cell.root.children:
        is_opening = node.kind == "text" or "__future__" in cell.code(node)
        is_opening |= clears_names(node)
        if not is_opening or cell.is_r:
            return node.start
    return len(cell.text)


def _check(result: Change, r_parser: RParser) -> None:
    source = result.document.source
    codes = [
        Code(code.index, code.language, splice(code.text, result.edits[code.index]))
        for code in source.codes
        if code.index in result.edits
    ]
    again = parse(replace(source, codes=codes), r_parser)
    for index, _ in again.unparsed:
        raise RewriteUnsafeError(path=str(source.path), cell=index + 1)


def write_copy(data: bytes, path: Path, target: Path) -> Path:
    """Write a changed file to another place, with the permissions of the first.

    What stands there stays: another file gets a number. Gives the path of the copy.
    """
    stem, number = target.stem, 1
    try:
        while target.exists() and target.read_bytes() != data:
            number += 1
            target = target.with_name(f"{stem}-{number}{target.suffix}")
        is_there = target.exists()
    except OSError as error:
        raise FileUnwritableError(path=str(target), reason=error.strerror) from error
    if not is_there:
        _write(data, path, target)
    return target


def write_in_place(data: bytes, path: Path) -> Path:
    """Replace a file by its changed form at once; give the backup that was made."""
    path = path.resolve()
    backup = path.with_name(f"{path.name}.bak")
    number = 1
    while backup.exists():
        number += 1
        backup = path.with_name(f"{path.name}.bak{number}")
    try:
        shutil.copy2(path, backup)
    except OSError as error:
        raise FileUnwritableError(path=str(backup), reason=error.strerror) from error
    _write(data, path, path)
    return backup


def _write(data: bytes, original: Path, target: Path) -> None:
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=target.parent, delete=False) as file:
            try:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
                shutil.copymode(original, file.name)
                Path(file.name).replace(target)
            except BaseException:
                Path(file.name).unlink(missing_ok=True)
                raise
    except OSError as error:
        raise FileUnwritableError(path=str(target), reason=error.strerror) from error
