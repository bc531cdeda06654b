"""The demonstration: one Python and one R notebook on a table of real deaths.

The table is the one behind Florence Nightingale's diagram of causes of mortality
(Notes on Matters Affecting the Health of the British Army, 1858), as the package
vega_datasets (MIT licence) ships it.
"""

import json
import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from ... import environment
from ...database import database_engine
from ...errors import NotebookFailedError
from ...extras import needing
from .. import lab, notebooks, postgres, workspace_yaml

NOTEBOOKS = ("crimea_python.ipynb", "crimea_r.ipynb")
_CONNECTIONS = """\
connections:
  dhis2-demo:
    type: dhis2
    url: https://dhis2.example.org
    username: demo
    password: "an example, not a password"
"""


@dataclass
class Result:
    """What became of one notebook.

    Attributes
    ----------
    name : str
    cells : int
        Code cells run.
    seconds : float
    notebook, html : Path
        The executed notebook, and its page.
    error : str or None
        The error that stopped it.
    """

    name: str
    cells: int
    seconds: float
    notebook: Path
    html: Path
    error: str | None


def demo(folder: Path, say: Callable[[str], None]) -> list[Result]:
    """Make a workspace with data, run both notebooks in it, and write their pages.

    A folder that already is a workspace is used again. ``say`` is told each step.
    """
    if not (folder / "workspace.yaml").exists():
        say(f"Making the workspace {folder}")
        workspace_yaml.create(folder, postgres.free_port(), _CONNECTIONS)
    say("Starting the database")
    with lab.running(folder, share=True) as workspace:
        files = Path(environment.lookup("files_path"))
        say("Loading the table crimea")
        load_data(files)
        results = []
        for name in NOTEBOOKS:
            say(f"Running {name}")
            shutil.copy(Path(__file__).with_name(name), files / name)
            results.append(_run(files / name, workspace))
    return results


def load_data(files: Path) -> None:
    """Write the table as crimea.csv, and into the database as crimea."""
    with needing("lab", "run_workspace"):
        import pandas
        import vega_datasets

    raw = json.loads(vega_datasets.local_data.crimea.raw())
    table = pandas.DataFrame(raw)[["date", "disease", "wounds", "other"]]
    table["date"] = pandas.to_datetime(table["date"]).dt.date
    table.to_csv(files / "crimea.csv", index=False)
    table.to_sql("crimea", database_engine(), if_exists="replace", index=False)


def _run(notebook: Path, workspace: workspace_yaml.Workspace) -> Result:
    with needing("lab", "run_workspace"):
        import nbformat
        from nbconvert import HTMLExporter

    output = notebook.parent / "executed" / notebook.name
    begin, error = time.perf_counter(), None
    try:
        notebooks.execute(notebook, workspace.folder, output=output)
    except NotebookFailedError as failure:
        error = failure.values["reason"]
    seconds = time.perf_counter() - begin
    executed = nbformat.read(output, as_version=4)
    html = output.with_suffix(".html")
    html.write_text(
        HTMLExporter().from_notebook_node(executed)[0],
        encoding="utf-8",
    )
    run = [
        cell
        for cell in executed.cells
        if cell.cell_type == "code" and cell.execution_count
    ]
    return Result(notebook.stem, len(run), seconds, output, html, error)
