"""Examples in docstrings run, on a workspace with a database."""

import doctest
import importlib
import pkgutil
import shutil
import subprocess

import nbclient
import nbformat
import pytest

import hexa_kernels

from .conftest import ROOT, require

MODULES = [
    module.name
    for module in pkgutil.walk_packages(hexa_kernels.__path__, "hexa_kernels.")
    if not module.name.endswith(("__main__", "launch"))
]


@pytest.mark.parametrize("name", MODULES)
def test_examples(name, files, database):
    assert doctest.testmod(importlib.import_module(name)).failed == 0


def test_the_notebooks_of_the_docs_run(files, setenv, tmp_path):
    require("rscript", shutil.which("Rscript") is not None)
    setenv({"JUPYTER_DATA_DIR": str(tmp_path / "data")})
    code = (
        "library(openhexaR)\n"
        "path <- system.file('shape/nc.shp', package = 'sf')\n"
        "map <- sf::st_read(path, quiet = TRUE)\n"
        "file_write(map, 'maps/nc.gpkg')"
    )
    subprocess.run(["Rscript", "--no-init-file", "-e", code], check=True)
    shown = {}
    for name in ("map_python", "map_r"):
        book = nbformat.read(ROOT / f"docs/notebooks/{name}.ipynb", as_version=4)
        nbclient.NotebookClient(book, timeout=120).execute()
        shown[name] = [
            output
            for cell in book.cells
            if cell.cell_type == "code"
            for output in cell.outputs
        ]
        nbformat.write(book, tmp_path / f"{name}.ipynb")
    python, r = (
        [o.get("data", {}).get("text/plain", "") for o in shown[n]] for n in shown
    )
    assert "('EPSG:4267', (100, 5))" in python
    assert [o for o in shown["map_python"] if "image/png" in o.get("data", {})]
    assert any("ordered=True" in text and text.startswith("(True,") for text in python)
    assert r[0] == '[1] "sf"         "data.frame"'
    assert r[-1] == "[1] TRUE"
