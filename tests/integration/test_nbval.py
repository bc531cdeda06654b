"""Notebooks with stored outputs, which nbval runs and compares."""

import json
import os
import shutil
import subprocess
import sys

import pytest

from ..conftest import ROOT, require


def nbval(notebook):
    """Run a notebook under nbval, with no settings of this project."""
    return subprocess.run(
        [
            *(sys.executable, "-m", "pytest", "--nbval", notebook.name),
            *("-p", "no:cacheprovider", "--nbval-cell-timeout=120"),
        ],
        cwd=notebook.parent,
        env={**os.environ, "HEXA_WORKSPACE": "malaria"},
        capture_output=True,
        text=True,
    )


@pytest.mark.parametrize("name", ["stored_python", "stored_r"])
def test_stored_outputs_hold(name, files, database, tmp_path):
    require("rscript", shutil.which("R") is not None)
    notebook = tmp_path / f"{name}.ipynb"
    text = (ROOT / f"tests/data/{name}.ipynb").read_text("utf-8")
    notebook.write_text(text, "utf-8")
    done = nbval(notebook)
    assert done.returncode == 0, done.stdout
    cells = len(json.loads(text)["cells"])
    assert f"{cells} passed" in done.stdout

    notebook.write_text(text.replace("malaria", "cholera"), "utf-8")
    done = nbval(notebook)
    assert done.returncode == 1
    assert f"1 failed, {cells - 1} passed" in done.stdout
