"""The demonstration, as ``make demo`` runs it."""

import shutil

import nbformat
import pandas
import pytest

from hexa_kernels.local import demo, postgres_account


@pytest.fixture
def folder(tmp_path):
    folder = tmp_path / "demo"
    yield folder
    shutil.rmtree(postgres_account.home_of(folder / ".hexa"), ignore_errors=True)


def test_both_notebooks_run_and_agree(folder):
    said = []
    results = demo.demo(folder, said.append)
    assert [(r.name, r.cells, r.error) for r in results] == [
        ("crimea_python", 6, None),
        ("crimea_r", 6, None),
    ]
    assert len(said) == 5
    files = folder / "workspace"
    by_python = pandas.read_csv(files / "results/python/by_cause.csv")
    by_r = pandas.read_csv(files / "results/r/by_cause.csv")
    pandas.testing.assert_frame_equal(by_python, by_r)
    # Published total of the disease column of the table.
    assert by_python.set_index("cause").loc["disease", "deaths"] == 12640
    for result in results:
        page = result.html.read_text("utf-8")
        assert "data:image/png;base64," in page
        assert "not a password" not in page


def test_the_r_notebook_holds_no_path_and_no_variable():
    file = demo.__file__.replace("__init__.py", "crimea_r.ipynb")
    text = "\n".join(cell.source for cell in nbformat.read(file, 4).cells)
    assert "/home" not in text
    assert "getenv" not in text
    assert "WORKSPACE_" not in text


def test_a_notebook_that_fails_is_reported(folder, monkeypatch, tmp_path):
    notebook = nbformat.read(demo.__file__.replace("__init__.py", "crimea_r.ipynb"), 4)
    notebook.cells[2].source = "stop('no luck')"
    nbformat.write(notebook, tmp_path / "broken.ipynb")
    shutil.copy(tmp_path / "broken.ipynb", tmp_path / "crimea_r.ipynb")
    monkeypatch.setattr(demo, "NOTEBOOKS", ("crimea_r.ipynb",))
    monkeypatch.setattr(demo, "__file__", str(tmp_path / "__init__.py"))
    (result,) = demo.demo(folder, lambda text: None)
    assert "no luck" in result.error
    assert result.html.exists()
