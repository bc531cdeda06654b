"""Where each cell's source lies in the JSON of a notebook, character by character."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from json.decoder import WHITESPACE, JSONDecoder

_DECODER = JSONDecoder(strict=False)
# One character of a JSON string as it is written; a pair of surrogates is one.
_WRITTEN = re.compile(
    r"\\u[dD][89abAB]\w\w\\u[dD][c-fC-F]\w\w|\\u\w{4}|\\.|[^\\]", re.DOTALL
)


@dataclass
class SourceText:
    """The source of a cell: what it says, and how the file writes that.

    Attributes
    ----------
    text : str
    written : list of str, one per character of ``text``
        ``"\\n"`` may be written as ``\\n``, ``"é"`` as it is or as ``\\u00e9``.
    starts : set of int
        Offsets in ``text`` at which a new item of a list begins.
    span : tuple of int
        Offsets of the JSON value in the file's text.
    frame : tuple of str
        What is before the first item, between items and after the last one.
    """

    text: str
    written: list[str]
    starts: set[int] = field(default_factory=set)
    span: tuple[int, int] = (0, 0)
    frame: tuple[str, str, str] = ("", "", "")


def read_sources(document: str) -> Iterator[SourceText | None]:
    """Find the source of each cell, in their order; a cell without one gives None.

    What is not on the way is skipped by json's own scanner, in C. ValueError where the
    text is no notebook.
    """
    for key, start, _ in _members(document, _after_space(document, 0)):
        if key == "cells":
            yield from _read_list(document, start)
        elif key == "worksheets":  # format 3
            for sheet, _ in _items(document, start):
                for name, at, _ in _members(document, sheet):
                    if name == "cells":
                        yield from _read_list(document, at)


def _read_list(document: str, start: int) -> Iterator[SourceText | None]:
    for at, _ in _items(document, start):
        found = None
        for key, value, stop in _members(document, at):
            if key in ("source", "input"):
                found = _read_source(document, value, stop)
        yield found


def _read_source(document: str, start: int, end: int) -> SourceText:
    if document[start] == '"':
        written = _WRITTEN.findall(document, start + 1, end - 1)
        return SourceText(_said(written), written, {0}, (start, end))
    source = SourceText("", [], set(), (start, end))
    previous, seams = start, []
    for at, stop in _items(document, start):
        if document[at] != '"':
            raise ValueError("a line of a cell is no text")
        seams.append(document[previous:at])
        source.starts.add(len(source.written))
        source.written += _WRITTEN.findall(document, at + 1, stop - 1)
        previous = stop
    source.text = _said(source.written)
    seam = seams[1] if len(seams) > 1 else ", "
    first = seams[0] if seams else "["
    source.frame = (first, seam, document[previous:end] if seams else "]")
    return source


def _said(written: list[str]) -> str:
    return json.loads(f'"{"".join(written)}"', strict=False)


def _after_space(document: str, start: int) -> int:
    return WHITESPACE.match(document, start).end()


def _members(document: str, start: int) -> Iterator[tuple[str, int, int]]:
    """Give the key and the span of the value of each member of an object."""
    for at, end in _items(document, start, "{}"):
        key, colon = _DECODER.raw_decode(document, at)
        value = _after_space(document, _after_space(document, colon) + 1)
        yield key, value, end


def _items(document: str, start: int, brackets="[]") -> Iterator[tuple[int, int]]:
    """Give the span of each item of a list, or of each ``key: value`` of an object."""
    if document[start : start + 1] != brackets[0]:
        raise ValueError(f"{brackets} expected at character {start}")
    at = _after_space(document, start + 1)
    while document[at : at + 1] not in (brackets[1], ""):
        end = _DECODER.raw_decode(document, at)[1]
        if brackets == "{}":
            colon = _after_space(document, end)
            end = _DECODER.raw_decode(document, _after_space(document, colon + 1))[1]
        yield at, end
        at = _after_space(document, end)
        if document[at : at + 1] == ",":
            at = _after_space(document, at + 1)


def write_source(source: SourceText, edits: list, ascii_only: bool) -> str:
    """Write the JSON value anew; what is not edited keeps its bytes.

    ``edits`` are sorted, do not overlap, and count in characters of ``source.text``.
    With ``ascii_only``, new text is escaped, as the file does.
    """
    items, current, at = [], [], 0

    def keep(stop: int) -> None:
        for position in range(at, stop):
            if position in source.starts:
                cut()
            current.append(source.written[position])

    def cut() -> None:
        if current:
            items.append("".join(current))
            current.clear()

    is_list = bool(source.frame[0])
    for start, end, text in edits:
        keep(start)
        if start in source.starts:
            cut()
        for line in text.splitlines(keepends=True):
            current.append(json.dumps(line, ensure_ascii=ascii_only)[1:-1])
            if is_list and line.endswith("\n"):
                cut()
        at = end
    keep(len(source.text))
    cut()
    if not is_list:
        return '"' + "".join(items) + '"'
    if not items:
        return "[]"
    first, seam, last = source.frame
    return first + seam.join(f'"{item}"' for item in items) + last


_COLOURS = re.compile(r"\x1b\[[\d;]*m")


def output_texts(outputs) -> Iterator[str]:
    """Give what people read in the outputs of a cell, whatever they are made of."""
    for output in outputs if isinstance(outputs, list) else ():
        if not isinstance(output, dict):
            continue
        data = output.get("data")  # format 3 has no such thing
        data = data if isinstance(data, dict) else {}
        for said, seam in (
            *((output.get("text"), ""), (output.get("traceback"), "\n")),
            *((data.get("text/plain"), ""), (data.get("text/markdown"), "")),
        ):
            lines = said if isinstance(said, list) else [said]
            text = seam.join(line for line in lines if isinstance(line, str))
            if text:
                yield _COLOURS.sub("", text).removesuffix("\n")
