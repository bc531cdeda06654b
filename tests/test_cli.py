"""The command line."""

import json
import sys

import nbformat
import pytest
from click.testing import CliRunner

from hexa_kernels.cli import main

from .conftest import ROOT


@pytest.fixture
def cli():
    def run(*arguments):
        return CliRunner().invoke(main, [str(argument) for argument in arguments])

    return run


def test_install_starts_what_it_installs(cli, tmp_path):
    done = cli("install", "--prefix", tmp_path, "--r-library", ROOT / ".rlib")
    assert done.exit_code == 0, done.output
    assert f"openhexaR: {ROOT / '.rlib'}" in done.output
    assert done.output.count("(starts)") == 2


def test_without_r_python_alone_is_installed_and_r_is_said_to_be_missing(
    cli, tmp_path, setenv
):
    setenv({"PATH": str(tmp_path)})
    done = cli("install", "--prefix", tmp_path)
    assert done.exit_code == 0, done.output
    assert done.output.startswith("[r_missing]")
    assert "openhexa-python: " in done.output
    done = cli("install", "--prefix", tmp_path, "--kernel", "all")
    assert done.exit_code == 1
    assert "[r_missing]" in done.output


def test_install_with_another_name_list_and_uninstall(cli, tmp_path, setenv):
    setenv({"JUPYTER_PATH": str(tmp_path / "share/jupyter")})
    options = ["--kernel", "python", "--name", "mine", "--display-name", "Mine"]
    assert cli("install", "--prefix", tmp_path, *options).exit_code == 0
    listed = json.loads(cli("list", "--json").output)
    (mine,) = [kernel for kernel in listed if kernel["name"] == "mine"]
    assert mine["display_name"] == "Mine"
    assert mine["interpreter"] == sys.executable
    assert "mine  Mine" in cli("list").output
    assert "mine: " in cli("uninstall", "--name", "mine").output
    assert "No such kernel" in cli("uninstall", "--name", "mine").output


@pytest.mark.parametrize(
    "options",
    [
        ["--user", "--sys-prefix"],
        ["--name", "x"],
        ["--kernel", "julia"],
    ],
)
def test_options_that_contradict_each_other_are_refused(cli, options):
    assert cli("install", *options).exit_code == 2


def test_an_error_is_a_code_a_sentence_and_a_remedy(cli, tmp_path, setenv):
    done = cli("lab", tmp_path)
    assert done.exit_code == 1
    assert done.output == (
        f"[workspace_missing] Folder {tmp_path} is no workspace: it holds no "
        f"workspace.yaml.\n  Make one: `hexa-kernels init {tmp_path}`.\n"
    )
    setenv({"HEXA_LANG": "fr"})
    assert "n'est pas un espace de travail" in cli("lab", tmp_path).output
    assert "Traceback" not in done.output


def test_a_reserved_name_is_refused_before_anything_is_done(cli):
    done = cli("install", "--kernel", "r", "--name", "ir")
    assert done.output.startswith("[kernel_name_reserved]")


def test_init_makes_a_workspace_once(cli, tmp_path):
    folder = tmp_path / "w"
    assert "hexa-kernels lab" in cli("init", folder).output
    assert (folder / "workspace.yaml").exists()
    assert cli("init", folder).output.startswith("[workspace_exists]")


@pytest.mark.parametrize("place", ["data/files", "{absolute}"])
def test_a_notebook_knows_its_folder_wherever_the_files_are(
    place, cli, workspace_folder, tmp_path
):
    files = tmp_path / "elsewhere"
    yaml = workspace_folder / "workspace.yaml"
    place = place.format(absolute=files)
    yaml.write_text(yaml.read_text().replace("./workspace", place))
    folder = workspace_folder / place / "reports"
    folder.mkdir(parents=True)
    code = "from hexa_kernels import notebook_dir\nnotebook_dir()"
    spec = {"name": "openhexa-python", "display_name": "x", "language": "python"}
    notebook = nbformat.v4.new_notebook(
        cells=[nbformat.v4.new_code_cell(code)], metadata={"kernelspec": spec}
    )
    nbformat.write(notebook, folder / "n.ipynb")
    output = tmp_path / "out.ipynb"
    done = cli("run", folder / "n.ipynb", output, "--workspace", workspace_folder)
    assert done.exit_code == 0, done.output
    (executed,) = nbformat.read(output, 4).cells
    assert executed.outputs[0]["data"]["text/plain"] == repr(str(folder))


def test_run_executes_a_notebook_in_a_workspace(cli, workspace_folder, tmp_path):
    cell = nbformat.v4.new_code_cell("engine.connect().closed, workspace.slug")
    spec = {"name": "openhexa-python", "display_name": "x", "language": "python"}
    notebook = nbformat.v4.new_notebook(cells=[cell], metadata={"kernelspec": spec})
    nbformat.write(notebook, tmp_path / "in.ipynb")
    output = tmp_path / "new/out.ipynb"
    done = cli("run", tmp_path / "in.ipynb", output, "--workspace", workspace_folder)
    assert done.exit_code == 0, done.output
    (executed,) = nbformat.read(output, 4).cells
    assert executed.outputs[0]["data"]["text/plain"] == "(False, 'demo')"
