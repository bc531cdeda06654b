"""The same notebook, unedited: in a kernel, under papermill, by ``hexa-kernels run``,
in the lab's server, on a JupyterHub."""

import os
import subprocess
import sys

import nbclient
import nbformat
import pytest

from hexa_kernels.local import lab as module
from hexa_kernels.local import workspace_yaml

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


def outputs_on(hub, folder, name):
    """Run the cells on a hub, whose server has the variables of that workspace."""
    variables = workspace_yaml.read(folder).variables()
    server = f"alice@example.org/{variables['HEXA_WORKSPACE']}"
    hub.answer(server, variables)
    hub.start(server)
    with hub.kernel(server, name, "reports/notebook.ipynb") as client:
        replies = [client.execute(text, timeout=120) for text in CELLS[name]]
    hub.stop_server(server)
    return [reply["outputs"] for reply in replies]


@pytest.mark.timeout(900)
@pytest.mark.parametrize("name", CELLS)
def test_outputs_are_the_same_everywhere(name, lab, hub, tmp_path):
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

    command = [sys.executable, "-m", "hexa_kernels", "run", path]
    ran = subprocess.run(command, cwd=elsewhere, capture_output=True, text=True)
    assert ran.returncode == 0, ran.stderr
    by_run = nbformat.read(folder / ".runs_outputs/notebook.ipynb", 4)

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
        [shown(cell.outputs) for cell in by_run.cells],
        [shown(outputs) for outputs in in_lab],
        [shown(outputs) for outputs in outputs_on(hub, lab.folder, name)],
    ]
    assert all(place == everywhere[0] for place in everywhere)
    text = str(everywhere[0])
    assert "Épidémie" in text
    assert str(lab.folder / "workspace/out") in text
    assert list(elsewhere.iterdir()) == []
