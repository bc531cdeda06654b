"""The same notebook, unedited: in a kernel, under papermill, in the lab's server."""

import os
import subprocess
import sys

import nbclient
import nbformat
import pytest

from hexa_kernels.local import lab as module

CELLS = {
    "openhexa-python": [
        "import os, pandas as pd",
        "from hexa_kernels import notebook_dir, workspace_path",
        "pd.read_csv(os.path.join(notebook_dir(), 'helper.csv'))",
        "pd.DataFrame({'x': [1, 2]}).to_sql('port_python', engine, "
        "if_exists='replace', index=False)",
        "pd.read_sql('SELECT sum(x) AS total FROM port_python', engine)",
        "path = workspace_path('out', 'python.txt')\n"
        "_ = open(path, 'w').write('été')\npath",
        "print(workspace.slug, workspace.tmp_path)\nworkspace.files_path",
    ],
    "openhexa-r": [
        "read.csv(file.path(notebook_dir(), 'helper.csv'))",
        "ok <- DBI::dbWriteTable(con, 'port_r', data.frame(x = 1:2), overwrite = TRUE)",
        "DBI::dbGetQuery(con, 'SELECT sum(x) AS total FROM port_r')",
        "path <- workspace_path('out', 'r.txt'); writeLines('été', path); path",
        "cat(workspace$slug, workspace$tmp_path, '\\n')\nworkspace$files_path",
    ],
}


def shown(outputs):
    """What a reader sees: kind and text, without counters."""
    found = []
    for output in outputs:
        text = output.get("text") or output.get("data", {}).get("text/plain", "")
        found.append(
            (output["output_type"].replace("display_data", "execute_result"), text)
        )
    return found


@pytest.mark.parametrize("name", CELLS)
def test_outputs_are_the_same_everywhere(name, lab, tmp_path):
    folder = lab.folder / "workspace" / "reports"
    folder.mkdir()
    (folder / "helper.csv").write_text("name,deaths\nÉpidémie,3\n")
    notebook = nbformat.v4.new_notebook(
        cells=[nbformat.v4.new_code_cell(text) for text in CELLS[name]],
        metadata={"kernelspec": {"name": name, "display_name": name}},
    )
    path = folder / "notebook.ipynb"
    nbformat.write(notebook, path)
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()

    with module.running(lab.folder, share=True):
        in_kernel = nbclient.NotebookClient(
            nbformat.read(path, 4), resources={"metadata": {"path": str(folder)}}
        ).execute()
        # As OpenHEXA runs a notebook pipeline: from the home folder, with its path.
        printed = subprocess.run(
            [sys.executable, "-m", "papermill", path, "-", "--no-progress-bar"],
            cwd=elsewhere,
            env={**os.environ, "HEXA_NOTEBOOK_PATH": "reports/notebook.ipynb"},
            capture_output=True,
            text=True,
        )
    by_papermill = nbformat.reads(printed.stdout, 4)  # pure JSON, or this fails

    client = lab.start_kernel(path, name)
    in_lab = []
    for text in CELLS[name]:
        outputs = []
        client.execute_interactive(
            text,
            output_hook=lambda message, to=outputs: to.append(message),
            timeout=60,
        )
        in_lab.append(
            [
                nbformat.v4.output_from_msg(message)
                for message in outputs
                if message["msg_type"] in ("stream", "execute_result", "display_data")
            ]
        )
    client.stop_channels()

    everywhere = [
        [shown(cell.outputs) for cell in in_kernel.cells],
        [shown(cell.outputs) for cell in by_papermill.cells],
        [shown(outputs) for outputs in in_lab],
    ]
    assert everywhere[0] == everywhere[1] == everywhere[2]
    text = str(everywhere[0])
    assert "Épidémie" in text
    assert str(lab.folder / "workspace/out") in text
    assert list(elsewhere.iterdir()) == []
