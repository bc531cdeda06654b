"""What a path holds: the code of a notebook or a script, and how to put it back.

A file is read as bytes and written as bytes: what is not edited is not touched, neither
outputs nor indents, escapes, line ends or a byte order mark.
"""

import codecs
import contextlib
import errno
import io
import json
import os
import re
import stat
import tokenize
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from ..contract import phrase
from ..environment import language
from ..errors import (
    FileNotTextError,
    LinkLoopError,
    NotebookCorruptError,
    NotebookEmptyError,
    NotebookVersionError,
    NotModernizableError,
    SourceUnreadableError,
)
from .notebook_json import SourceText, output_texts, read_sources, write_source

LANGUAGES = {".r": "r", ".py": "python"}
SKIPPED_FOLDERS = {"node_modules", "renv", "venv", "__pycache__"}  # and hidden ones
SHELLS = {"bash", "sh", "script"}  # magics of cells whose first line hands over values
COPY_MARK = ".modernized"
_BY_NUMBER = "backslashreplace"  # a letter that an encoding lacks: \u2019, in quotes

Edit = tuple[int, int, str]  # a span, and what to put in its place


@dataclass
class Code:
    """The text of one code cell, or of a script.

    Attributes
    ----------
    index : int
        Place among all cells of the notebook, from 0; 0 in a script.
    language : str
        "python", "r", or another that the notebook names.
    text : str
    """

    index: int
    language: str
    text: str


@dataclass
class Text:
    """What is no code that is parsed: it is searched by form alone.

    Attributes
    ----------
    index : int
        Place of the cell, as of ``Code``.
    where : str
        "code", "markdown", "output", or "metadata": those of the notebook, as one
        line.
    kind : str
        See secret_forms.py.
    text : str
    magic : str
        The language that the first line of a code cell names: "bash" of ``%%bash``.
    """

    index: int
    where: str
    kind: str
    text: str
    magic: str = ""


@dataclass
class Source:
    """A file, decoded.

    Attributes
    ----------
    path : Path
    kernel : str or None
        Kernel name that the notebook asks for; None in a script.
    codes : list of Code
    prose : list of Text
        Markdown, raw cells, outputs, and the notebook's metadata.
    """

    path: Path
    kernel: str | None
    codes: list[Code]
    text: str
    encoding: str
    mark: bytes = b""
    places: dict[int, SourceText] = field(default_factory=dict)
    prose: list[Text] = field(default_factory=list)

    def edited(self, edits: dict[int, list[Edit]]) -> bytes:
        """Give the file's bytes with edits, by cell: sorted, not overlapping."""
        text = self.text
        for index in sorted(edits, reverse=True):
            if self.kernel is None:
                text = splice(text, edits[index])
                continue
            place = self.places[index]
            start, end = place.span
            value = write_source(place, edits[index], text.isascii())
            text = text[:start] + value + text[end:]
        return self.mark + text.encode(self.encoding, _BY_NUMBER)


def splice(text: str, edits: list[Edit]) -> str:
    """Put new texts in the place of spans: sorted, not overlapping."""
    for start, end, new in reversed(edits):
        text = text[:start] + new + text[end:]
    return text


def find_files(paths: list[Path]) -> Iterator[tuple[Path, Path]]:
    """List notebooks and scripts, and their paths below the folder that was given.

    Of a folder, all inside, sorted. Left aside are links, what ``--write`` made, hidden
    folders (``.ipynb_checkpoints``, ``.venv``), ``renv``, ``venv``, ``node_modules``.
    """
    for path in paths:
        if _is_folder(path):
            yield from ((file, file.relative_to(path)) for file in _below(path))
        else:
            yield path, Path(path.name)


def _is_folder(path: Path) -> bool:
    try:
        return path.is_dir()
    except OSError:  # as of a name that is too long
        return False


def _below(folder: Path) -> Iterator[Path]:
    try:
        with os.scandir(folder) as found:  # which knows the kind without a look inside
            entries = sorted(found, key=lambda entry: entry.name)
    except OSError:
        yield folder  # which read_source() then says why it cannot read
        return
    for entry in entries:
        path = Path(entry.path)
        if entry.is_symlink() or entry.name.startswith("."):
            continue
        if entry.is_dir():
            if entry.name not in SKIPPED_FOLDERS:
                yield from _below(path)
        elif not Path(path.stem).suffix.startswith(COPY_MARK) and _is_known(path):
            yield path


def _is_known(path: Path) -> bool:
    return path.suffix.lower() in {".ipynb", *LANGUAGES}


def read_source(path: Path) -> Source:
    """Read a notebook or a script.

    Raises
    ------
    SourceUnreadableError, LinkLoopError
        If the file does not open.
    NotModernizableError
        If its name ends in nothing that is known.
    FileNotTextError
        If it is binary, or a notebook that is not UTF-8.
    NotebookEmptyError, NotebookCorruptError, NotebookVersionError
        If it is no notebook of format 3 or 4.
    """
    suffix = path.suffix.lower()
    data = _read(path)
    if not _is_known(path):
        raise NotModernizableError(path=str(path))
    mark = codecs.BOM_UTF8 if data.startswith(codecs.BOM_UTF8) else b""
    data = data[len(mark) :]
    if suffix == ".ipynb":
        return _read_notebook(path, data, mark)
    text, encoding = _decode_script(path, data, suffix)
    codes = [Code(0, LANGUAGES[suffix], text)]
    return Source(path, None, codes, text, encoding, mark)


def _read(path: Path) -> bytes:
    try:
        if not stat.S_ISREG(path.stat().st_mode) and not path.is_dir():
            raise FileNotTextError(path=str(path))  # a pipe would never end
        return path.read_bytes()
    except OSError as error:
        if error.errno == errno.ELOOP:
            raise LinkLoopError(path=str(path)) from None
        reason = error.strerror or str(error)
        raise SourceUnreadableError(path=str(path), reason=reason) from error


def _decode_script(path: Path, data: bytes, suffix: str) -> tuple[str, str]:
    if re.search(rb"[\x00-\x08\x0e-\x1a]", data):
        raise FileNotTextError(path=str(path))
    encodings = ["utf-8", "latin-1"]  # Latin-1 takes and gives back any byte
    if suffix == ".py":
        with contextlib.suppress(SyntaxError):  # a coding line that names nothing
            encodings.insert(0, tokenize.detect_encoding(io.BytesIO(data).readline)[0])
    for encoding in encodings:
        # A coding line may also name what is no encoding of texts, such as hex.
        with contextlib.suppress(UnicodeError, LookupError):
            text = data.decode(encoding)
            if text.encode(encoding, _BY_NUMBER) == data:
                return text, encoding
    raise FileNotTextError(path=str(path))


def _read_notebook(path: Path, data: bytes, mark: bytes) -> Source:
    if not data.strip():
        raise NotebookEmptyError(path=str(path))
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        raise FileNotTextError(path=str(path)) from None
    if "\0" in text:
        raise FileNotTextError(path=str(path))
    try:
        book = json.loads(text, strict=False)
        if book.get("nbformat") not in (3, 4):
            found = book.get("nbformat", "?")
            raise NotebookVersionError(path=str(path), version=found)
        places = dict(enumerate(read_sources(text)))
        return _notebook(path, book, places, text=text, mark=mark)
    except (ValueError, TypeError, AttributeError, KeyError, RecursionError) as error:
        reason = getattr(error, "msg", None) or phrase("no_notebook", language())
        line = getattr(error, "lineno", 1)
        raise NotebookCorruptError(path=str(path), line=line, reason=reason) from None


def _told_language(metadata: dict, texts: list[str]) -> str:
    """Give the language of a notebook; of one that tells none, by its lines."""
    spec = metadata.get("kernelspec", {})
    told = metadata.get("language_info", {}).get("name") or spec.get("language")
    if told:
        return str(told)
    if kernel := spec.get("name"):
        return "r" if kernel in ("ir", "openhexa-r") else "python"
    is_r = any(re.search(r"(?m)^[\w.]+ <- |^library\(\w", text) for text in texts)
    return "r" if is_r else "python"


def _notebook(path: Path, book: dict, places: dict, *, text: str, mark: bytes):
    sheets = [book] if book["nbformat"] == 4 else book["worksheets"]
    cells = [cell for sheet in sheets for cell in sheet["cells"]]
    metadata = book.get("metadata", {})
    kernel = str(metadata.get("kernelspec", {}).get("name", ""))
    coded = {i for i, cell in enumerate(cells) if cell.get("cell_type") == "code"}
    told = _told_language(metadata, [places[i].text for i in coded if places[i]])
    codes, prose = [], [Text(0, "metadata", "prose", json.dumps(metadata))]
    for index, cell in enumerate(cells):
        if index in coded and places[index]:
            spoken = str(cell.get("language") or told).lower()
            codes.append(Code(index, spoken, places[index].text))
        elif places[index]:
            prose.append(Text(index, "markdown", "prose", places[index].text))
        if said := "\n".join(output_texts(cell.get("outputs"))):
            prose.append(Text(index, "output", "prose", said))
    return Source(path, kernel, codes, text, "utf-8", mark, places, prose)
