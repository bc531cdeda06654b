"""Format, lint and spelling of both languages: ``make check``."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from .conftest import ROOT, require

BIN = Path(sys.executable).parent
COMMANDS = {
    "ruff": [BIN / "ruff", "check", "."],
    "ruff format": [BIN / "ruff", "format", "--check", "."],
    "air": [BIN / "air", "format", "--check", "r/openhexaR"],
    "codespell": [BIN / "codespell"],
}


@pytest.mark.parametrize("name", COMMANDS)
def test_tools_have_nothing_to_say(name):
    done = subprocess.run(COMMANDS[name], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def test_r_code_has_no_lints_and_needs_no_newer_r():
    require("rscript", shutil.which("Rscript") is not None)
    code = "found <- lintr::lint_package(); print(found); quit(status = length(found))"
    done = subprocess.run(
        ["Rscript", "--no-init-file", "-e", code],
        cwd=ROOT / "r/openhexaR",
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_no_r_name_is_defined_twice():
    """R would take the last file's, and say nothing."""
    sources = sorted((ROOT / "r/openhexaR/R").glob("*.R"))
    text = "\n".join(path.read_text("utf-8") for path in sources)
    names = re.findall(r"^([A-Za-z_.]\w*) <- ", text, re.MULTILINE)
    assert [name for name in set(names) if names.count(name) > 1] == []


def test_help_pages_and_namespace_are_those_of_the_sources(tmp_path):
    require("rscript", shutil.which("Rscript") is not None)
    copy = shutil.copytree(ROOT / "r/openhexaR", tmp_path / "openhexaR")
    code = "roxygen2::roxygenise(load_code = 'installed')"
    subprocess.run(
        ["Rscript", "--no-init-file", "-e", code],
        cwd=copy,
        check=True,
        capture_output=True,
    )
    for path in [copy / "NAMESPACE", *sorted((copy / "man").iterdir())]:
        original = ROOT / "r/openhexaR" / path.relative_to(copy)
        assert path.read_text() == original.read_text(), f"{original}: make sync"
