"""Notebooks that nobody thought of: never a crash, nothing else is changed."""

import json

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hexa_kernels.errors import OpenHexaError
from hexa_kernels.modernize.document import parse
from hexa_kernels.modernize.rewrite import change
from hexa_kernels.modernize.rules import find
from hexa_kernels.modernize.sources import read_source, splice

from .cases import CASES

ANY = settings(
    max_examples=150,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
PIECES = st.sampled_from(
    [
        *(
            '"',
            "'",
            "\\",
            "(",
            ")",
            "{",
            "}",
            "\n",
            "\r\n",
            "\t",
            "#",
            "%",
            "!",
            "é",
            "😀",
        ),
        *("%%R\n", "%%time\n", "f'", '"~/workspace/é"', "'/home/hexa/tmp'", ";", "\0"),
        *(
            "\ud800",
            "\f",
            "\x85",
            "\u2028",
            "if (",
            "else ",
            "def f():\n    ",
            "`",
            "🇫🇷",
        ),
    ]
)


def outside(source):
    """Give the pieces of a notebook's text between the sources of its cells."""
    pieces, at = [], 0
    for _, place in sorted(source.places.items()):
        if place is not None:
            pieces.append(source.text[at : place.span[0]])
            at = place.span[1]
    return [*pieces, source.text[at:]]


def check(path, r_parser):
    """Modernize a file; nothing may change but what was found."""
    try:
        source = read_source(path)
        document = parse(source, r_parser)
        result = change(document, find(document), r_parser)
    except OpenHexaError as error:
        assert error.code != "rewrite_unsafe", error
        return
    if result is None:
        return
    path.write_bytes(result.data)
    again = read_source(path)
    assert again.mark == source.mark
    assert again.encoding == source.encoding
    for old, new in zip(source.codes, again.codes, strict=True):
        edits = result.edits.get(old.index, [])
        assert new.text == splice(old.text, edits)
        if path.suffix == ".ipynb" and not edits:
            start, end = source.places[old.index].span
            first, last = again.places[old.index].span
            assert source.text[start:end] == again.text[first:last]
    if path.suffix == ".ipynb":
        assert outside(again) == outside(source)


@ANY
@given(data=st.data())
def test_code_with_pieces_put_in_or_taken_out(data, r_parser, tmp_path):
    name = data.draw(st.sampled_from(sorted(CASES.keys() - {"no_cells"})))
    original = CASES[name].path
    path = tmp_path / original.name
    source = read_source(original)
    code = data.draw(st.sampled_from(source.codes))
    places = st.integers(0, len(code.text))
    cuts = sorted(data.draw(st.tuples(places, places)))
    end = data.draw(st.sampled_from([cuts[0], min(cuts[0] + 3, cuts[1]), cuts[1]]))
    piece = data.draw(PIECES)
    try:
        path.write_bytes(source.edited({code.index: [(cuts[0], end, piece)]}))
    except UnicodeEncodeError:  # half a character, in a script
        return
    check(path, r_parser)


@ANY
@given(data=st.data())
def test_files_with_bytes_that_changed(data, r_parser, tmp_path):
    original = CASES[data.draw(st.sampled_from(sorted(CASES)))].path
    content = bytearray(original.read_bytes())
    for _ in range(data.draw(st.integers(1, 4))):
        place = data.draw(st.integers(0, len(content) - 1))
        content[place : place + data.draw(st.integers(0, 2))] = data.draw(
            st.binary(max_size=2)
        )
    path = tmp_path / original.name
    path.write_bytes(content)
    check(path, r_parser)


@ANY
@given(
    language=st.sampled_from(["ir", "python3"]),
    sources=st.lists(st.lists(PIECES, max_size=12).map("".join), max_size=3),
)
def test_cells_of_pieces_alone(language, sources, r_parser, tmp_path):
    path = tmp_path / "n.ipynb"
    book = {
        "nbformat": 4,
        "metadata": {"kernelspec": {"name": language}},
        "cells": [{"cell_type": "code", "source": source} for source in sources],
    }
    path.write_text(json.dumps(book))
    check(path, r_parser)
