"""Rewritten files: the same values as before, and nothing left to rewrite."""

import stat

import pytest

from hexa_kernels.errors import FileUnwritableError
from hexa_kernels.modernize.rewrite import write_copy, write_in_place
from hexa_kernels.modernize.survey import survey

from .cases import CASES

CHANGED = [
    name for name, case in CASES.items() if any(f["safe"] for f in case.findings)
]


@pytest.fixture
def rewritten(tmp_path):
    """Give a function that rewrites a file of the corpus into a folder of its own."""

    def rewrite(name):
        (result,) = survey([CASES[name].path])
        assert result.error is None
        path = tmp_path / "rewritten" / result.path.name
        write_copy(result.change.data, result.path, path)
        return path

    return rewrite


@pytest.mark.parametrize("name", [name for name in CHANGED if CASES[name].values])
def test_a_rewritten_file_gives_the_same_values(name, rewritten, values_of):
    case = CASES[name]
    before = values_of(case.path, case.kernel, case.values)
    assert values_of(rewritten(name), case.kernel, case.values) == before


@pytest.mark.parametrize("name", CHANGED)
def test_nothing_safe_is_left_in_a_rewritten_file(name, rewritten):
    (again,) = survey([rewritten(name)])
    assert again.error is None
    assert [finding for finding in again.findings if finding.safe] == []
    advice = [f["rule"] for f in CASES[name].findings if not f["safe"]]
    assert [finding.rule for finding in again.findings] == advice


@pytest.fixture
def code_of(tmp_path):
    """Give a function that rewrites a script; its text."""

    def rewrite(text, suffix=".py"):
        path = tmp_path / f"script{suffix}"
        path.write_text(text, encoding="utf-8", newline="")
        (result,) = survey([path])
        assert result.error is None
        return result.change.data.decode()

    return rewrite


def test_the_import_stands_below_docstring_and_future(code_of):
    text = '"""Doc."""\nfrom __future__ import annotations\n\nx = "~/workspace"\n'
    assert code_of(text) == (
        '"""Doc."""\nfrom __future__ import annotations\n\n'
        "from hexa_kernels import workspace_path\nx = workspace_path()\n"
    )


def test_the_import_has_the_line_ends_of_the_file(code_of):
    text = 'x <- "~/tmp"\r\n'
    assert code_of(text, ".R") == "library(openhexaR)\r\nx <- tmp_path()\r\n"
    assert code_of("library(openhexaR)\n" + text, ".R").count("library") == 1


def test_a_name_that_is_taken_is_asked_of_the_package(code_of):
    text = 'tmp_path = "/home/hexa/tmp"\ny = "/home/hexa/workspace"\n'
    assert code_of(text) == (
        "from hexa_kernels import workspace_path\nimport hexa_kernels\n"
        "tmp_path = hexa_kernels.tmp_path()\ny = workspace_path()\n"
    )


SET_UP = "use_python('/opt/conda/bin/python')"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (f"f <- function() {SET_UP}", None),
        (f"if (x) {SET_UP}\ny <- 1", "y <- 1"),
        (f"if (x()) {SET_UP}\ny <- 1", None),
        (f"f <- function() {{\n  {SET_UP}\n}}", None),
        (f"f({{\n  {SET_UP}\n  1\n}})", "f({\n  1\n})"),
        (f"a <- 1; {SET_UP}; b <- 2", "a <- 1; invisible(); b <- 2"),
        (f"{SET_UP} # why\n", "invisible() # why\n"),
    ],
)
def test_a_statement_goes_without_breaking_what_is_around(
    text, expected, code_of, tmp_path
):
    if expected is not None:
        assert code_of(text, ".R") == expected
        return
    path = tmp_path / "x.R"
    path.write_text(text)
    (result,) = survey([path])
    assert result.change is None
    assert [finding.reason for finding in result.findings] == ["value_used"]


def test_in_place_keeps_every_former_file_and_the_permissions(tmp_path):
    path = tmp_path / "x.R"
    path.write_text("first")
    path.chmod(0o640)
    link = tmp_path / "link.R"
    link.symlink_to(path)
    assert write_in_place(b"second", path).read_text() == "first"
    assert write_in_place(b"third", link).read_text() == "second"
    assert path.read_text() == "third"
    assert link.is_symlink()
    assert stat.S_IMODE(path.stat().st_mode) == 0o640
    names = {"x.R", "x.R.bak", "x.R.bak2", "link.R"}
    assert {one.name for one in tmp_path.iterdir()} == names


def test_a_copy_that_cannot_be_written_is_an_error(tmp_path):
    path = tmp_path / "x.R"
    path.write_text("first")
    with pytest.raises(FileUnwritableError):
        write_copy(b"second", path, path / "below.R")
    assert path.read_text() == "first"
