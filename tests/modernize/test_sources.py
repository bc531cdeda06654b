"""Reading notebooks and scripts of every kind, and bad ones; writing them back."""

import json
import os
from pathlib import Path

import pytest

from hexa_kernels import errors
from hexa_kernels.modernize.sources import find_files, read_source

from .cases import CASES

EMPTY = {"cells": [], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}


def notebook(*sources, **options):
    cells = [{"cell_type": "code", "source": source} for source in sources]
    return json.dumps({**EMPTY, "cells": cells}, **options)


@pytest.mark.parametrize("name", CASES)
def test_what_is_not_edited_is_not_touched(name):
    source = read_source(CASES[name].path)
    assert source.edited({}) == CASES[name].path.read_bytes()


@pytest.mark.parametrize("name", CASES)
def test_an_edit_keeps_all_other_bytes(name):
    """Each character of each cell is replaced by itself: JSON may spell it anew."""
    path = CASES[name].path
    source = read_source(path)
    for code in source.codes:
        edits = {code.index: [(i, i + 1, c) for i, c in enumerate(code.text)]}
        data = source.edited(edits)
        if path.suffix != ".ipynb":
            assert data == path.read_bytes()
            continue
        assert json.loads(data) == json.loads(path.read_bytes()) or (
            "".join(_cells(data)[code.index]) == code.text
        )
        start, end = source.places[code.index].span
        kept = len(source.text) - end
        text = data.removeprefix(source.mark).decode()
        assert text[:start] == source.text[:start]
        assert text[len(text) - kept :] == source.text[end:]


def _cells(data):
    book = json.loads(data)
    sheets = [book] if book["nbformat"] == 4 else book["worksheets"]
    cells = [cell for sheet in sheets for cell in sheet["cells"]]
    return [cell.get("source", cell.get("input")) for cell in cells]


@pytest.mark.parametrize(
    ("source", "metadata", "language"),
    [
        ("x <- 1", {}, "r"),
        ("library(dplyr)", {}, "r"),
        ("x = 1\ny = x <- 1", {}, "python"),
        ("x <- 1", {"kernelspec": {"name": "python3"}}, "python"),
        ("x = 1", {"kernelspec": {"name": "ir"}}, "r"),
        ("x <- 1", {"language_info": {"name": "julia"}}, "julia"),
    ],
)
def test_the_language_of_a_notebook(source, metadata, language, tmp_path):
    path = tmp_path / "x.ipynb"
    cells = [{"cell_type": "code", "source": source}]
    path.write_text(json.dumps({**EMPTY, "metadata": metadata, "cells": cells}))
    (code,) = read_source(path).codes
    assert code.language == language


@pytest.mark.parametrize(
    ("source", "edit", "expected"),
    [
        (["a\n", "b\n", "c"], (2, 4, ""), ["a\n", "c"]),
        (["a\n", "b\n", "c"], (0, 0, "x\ny\n"), ["x\n", "y\n", "a\n", "b\n", "c"]),
        (["a\n", "b"], (0, 1, "'é'"), ["'é'\n", "b"]),
        (["a\n", "b"], (0, 3, ""), []),
        (["a b"], (1, 2, "\n"), ["a\n", "b"]),
        ("a\nb", (0, 1, '"'), '"\nb'),
        ([], (0, 0, "x"), ["x"]),
    ],
)
@pytest.mark.parametrize("options", [{}, {"indent": 1}, {"ensure_ascii": False}])
def test_lines_stay_items_of_a_list(source, edit, expected, options, tmp_path):
    path = tmp_path / "n.ipynb"
    path.write_text(notebook(source, "é", **options), "utf-8")
    data = read_source(path).edited({0: [edit]})
    assert _cells(data) == [expected, "é"]
    assert data.isascii() == options.get("ensure_ascii", True)


def test_line_ends_and_odd_escapes_of_other_lines_are_kept(tmp_path):
    path = tmp_path / "n.ipynb"
    lines = r'["\u0061 <- 1\r\n",   "b\/c \ud83d\ude00"]'
    cell = '{"source": %s, "cell_type": "code"}' % lines  # noqa: UP031
    text = '{"nbformat": 4, "cells": [ %s ]\r\n}' % cell  # noqa: UP031
    path.write_bytes(text.encode())
    source = read_source(path)
    assert source.codes[0].text == "a <- 1\r\nb/c 😀"
    data = source.edited({0: [(5, 6, "2")]})
    assert data.decode() == text.replace("<- 1", "<- 2")


BAD = {
    "notebook_empty": ("n.ipynb", b" \n"),
    "notebook_corrupt": ("n.ipynb", b'{"nbformat": 4, "cells": [}'),
    "notebook_version": ("n.ipynb", b'{"nbformat": 2, "cells": []}'),
    "file_not_text": ("n.ipynb", b"\x89PNG\r\n\x1a\n\0\0"),
    "not_modernizable": ("n.csv", b"a,b"),
}


@pytest.mark.parametrize("code", BAD)
def test_each_bad_file_has_its_code(code, tmp_path):
    name, data = BAD[code]
    path = tmp_path / name
    path.write_bytes(data)
    with pytest.raises(errors.of_code(code)) as caught:
        read_source(path)
    assert str(path) in str(caught.value)


@pytest.mark.parametrize(
    "data",
    [
        *(b"[]", b"3", b'"x"', b"null", b'{"nbformat": 4}', b'{"nbformat": 3}'),
        *(b'{"nbformat": 4, "cells": {}}', b'{"nbformat": 4, "cells": [3]}'),
        b'{"nbformat": 4, "cells": [{"cell_type": "code", "source": 3}]}',
        b'{"nbformat": 4, "cells": [{"cell_type": "code", "source": [3]}]}',
        b'{"nbformat": 4, "cells": [], "metadata": []}',
        b'{"nbformat": 4, "cells": [], "metadata": {"kernelspec": 3}}',
        b'{"nbformat": 4, "cells": [' + b"[" * 100_000,
    ],
)
def test_json_that_is_no_notebook_is_corrupt(data, tmp_path):
    path = tmp_path / "n.ipynb"
    path.write_bytes(data)
    with pytest.raises(errors.NotebookCorruptError):
        read_source(path)


@pytest.mark.parametrize("suffix", [".R", ".py"])
def test_a_binary_script_is_no_text(suffix, tmp_path):
    path = tmp_path / f"x{suffix}"
    path.write_bytes(bytes(range(256)))
    with pytest.raises(errors.FileNotTextError):
        read_source(path)


def test_files_that_do_not_open(tmp_path):
    with pytest.raises(errors.SourceUnreadableError):
        read_source(tmp_path / "missing.R")
    loop = tmp_path / "loop.R"
    loop.symlink_to(loop)
    with pytest.raises(errors.LinkLoopError):
        read_source(loop)
    (tmp_path / "folder.R").mkdir()
    with pytest.raises(errors.SourceUnreadableError):
        read_source(tmp_path / "folder.R")


def test_a_pipe_is_no_file(tmp_path):
    os.mkfifo(tmp_path / "x.R")
    with pytest.raises(errors.FileNotTextError):
        read_source(tmp_path / "x.R")
    assert [path.name for path, _ in find_files([tmp_path])] == ["x.R"]


def test_a_name_that_is_too_long_is_said(tmp_path):
    path = tmp_path / ("x" * 300 + ".R")
    assert list(find_files([path])) == [(path, Path(path.name))]
    with pytest.raises(errors.SourceUnreadableError):
        read_source(path)


def test_100_mb_are_read_and_written(tmp_path):
    path = tmp_path / "n.ipynb"
    output = {"output_type": "stream", "name": "stdout", "text": ["é" * 50_000_000]}
    cells = [{"cell_type": "code", "source": ["x"], "outputs": [output]}]
    path.write_text(json.dumps({**EMPTY, "cells": cells}, ensure_ascii=False), "utf-8")
    assert path.stat().st_size > 100_000_000
    data = read_source(path).edited({0: [(0, 1, "y")]})
    assert data == path.read_bytes().replace(b'["x"]', b'["y"]')


def test_folders_are_walked_without_links_and_copies_of_others(tmp_path):
    wanted = ["a.ipynb", "b/c.R", "b/d.py", "b/e.r"]
    others = [
        *(".ipynb_checkpoints/a.ipynb", "renv/x.R", ".venv/x.py", "x.csv"),
        *("node_modules/x.py", "a.modernized.ipynb", "b/.hidden.R"),
    ]
    for name in [*wanted, *others]:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    (tmp_path / "b" / "up").symlink_to(tmp_path)
    (tmp_path / "link.R").symlink_to(tmp_path / "b/c.R")
    found = list(find_files([tmp_path, tmp_path / "link.R"]))
    assert [str(below) for _, below in found] == [*wanted, "link.R"]


def test_a_folder_that_cannot_be_read_is_said_and_the_rest_goes_on(tmp_path):
    closed, opened = tmp_path / "closed", tmp_path / "open"
    for folder in (closed, opened):
        folder.mkdir()
        (folder / "x.R").touch()
    closed.chmod(0)
    try:
        names = [path.name for path, _ in find_files([tmp_path])]
    finally:
        closed.chmod(0o700)
    # root may enter every folder
    assert names == (["x.R", "x.R"] if os.getuid() == 0 else ["closed", "x.R"])
