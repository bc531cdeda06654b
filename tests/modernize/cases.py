"""The corpus: old notebooks and scripts, and what must be found in them."""

import json
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import nbformat

CORPUS = Path(__file__).with_name("corpus")
_LANGUAGES = {".R": "ir", ".r": "ir", ".py": "python3"}


@dataclass(frozen=True)
class Case:
    """A notebook or script of the corpus.

    Attributes
    ----------
    path : Path
    findings : list of dict
        ``cell``, ``line``, ``rule``, ``safe``: see the corpus' README.
    values : list of str or None
        Variables to compare, of a file that runs.
    """

    path: Path
    findings: list[dict]
    values: list[str] | None

    @property
    def name(self) -> str:
        return self.path.stem

    @cached_property
    def kernel(self) -> str:
        """Name of the kernel that the file is for."""
        if self.path.suffix != ".ipynb":
            return _LANGUAGES[self.path.suffix]
        return nbformat.read(self.path, 4).metadata.kernelspec.name


def cells(path: Path) -> list[tuple[str, str]]:
    """List kind and text of each cell; a script is one cell of code."""
    if path.suffix == ".ipynb":
        book = nbformat.read(path, 4)
        return [(cell.cell_type, cell.source) for cell in book.cells]
    data = path.read_bytes()
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = data.decode("latin-1")
    return [("code", text)]


def cases() -> Iterator[Case]:
    """Give each file of the corpus, in the order of their names."""
    for path in sorted(CORPUS.iterdir()):
        if path.suffix in {".ipynb", *_LANGUAGES}:
            expected = json.loads(path.with_suffix(".expected.json").read_text("utf-8"))
            assert expected.get("runs", False) == ("values" in expected)
            yield Case(path, expected["findings"], expected.get("values"))


CASES = {case.name: case for case in cases()}


def show(case: Case) -> None:
    """Print a file, the findings beside their lines."""
    for index, (kind, text) in enumerate(cells(case.path)):
        print(f"-- cell {index}, {kind}")
        for number, line in enumerate(text.splitlines(), 1):
            found = [
                finding["rule"] + ("" if finding["safe"] else "?")
                for finding in case.findings
                if (finding["cell"], finding["line"]) == (index, number)
            ]
            print(f"{number:>3}  {line}" + "".join(f"  <- {rule}" for rule in found))


if __name__ == "__main__":
    for name in sys.argv[1:]:
        show(CASES[name])
