"""The command line."""

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from click.testing import CliRunner

from hexa_kernels.cli import main
from hexa_kernels.local import postgres_account


@pytest.fixture
def cli():
    def run(*arguments):
        return CliRunner().invoke(main, [str(argument) for argument in arguments])

    return run


def test_install_starts_what_it_installs(cli, tmp_path, r_library):
    done = cli("install", "--prefix", tmp_path, "--r-library", r_library)
    assert done.exit_code == 0, done.output
    assert f"openhexaR: {r_library}" in done.output
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


def test_a_working_directory_that_is_gone_is_said(cli, tmp_path, monkeypatch):
    (tmp_path / "gone").mkdir()
    monkeypatch.chdir(tmp_path / "gone")
    (tmp_path / "gone").rmdir()
    for command in (["doctor"], ["init", "x"], ["list"]):
        done = cli(*command)
        assert done.exit_code == 1
        assert "[directory_gone]" in done.output


def test_install_with_another_name_list_and_uninstall(cli, tmp_path, setenv):
    options = ["--kernel", "python", "--name", "mine", "--display-name", "Mine"]
    done = cli("install", "--prefix", tmp_path, *options)
    assert done.exit_code == 0, done.output
    setenv({"JUPYTER_PATH": str(tmp_path / "share/jupyter")})
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
    options = ["-o", output, "--workspace", workspace_folder]
    done = cli("run", folder / "n.ipynb", *options)
    assert done.exit_code == 0, done.output
    (executed,) = nbformat.read(output, 4).cells
    assert executed.outputs[0]["data"]["text/plain"] == repr(str(folder))


def test_run_executes_a_notebook_in_a_workspace(cli, workspace_folder, tmp_path):
    cell = nbformat.v4.new_code_cell("engine.connect().closed, workspace.slug")
    spec = {"name": "openhexa-python", "display_name": "x", "language": "python"}
    notebook = nbformat.v4.new_notebook(cells=[cell], metadata={"kernelspec": spec})
    nbformat.write(notebook, tmp_path / "in.ipynb")
    output = tmp_path / "new/out.ipynb"
    options = ["-o", output, "--workspace", workspace_folder]
    done = cli("run", tmp_path / "in.ipynb", *options)
    assert done.exit_code == 0, done.output
    (executed,) = nbformat.read(output, 4).cells
    assert executed.outputs[0]["data"]["text/plain"] == "(False, 'demo')"


COMMANDS = sorted(main.commands)


@pytest.mark.parametrize("name", COMMANDS)
def test_help_teaches_by_what_changes_and_by_examples(name, cli):
    done = cli(name, "--help")
    assert done.exit_code == 0
    assert "\n  Changes: " in done.output
    examples = re.findall(r"^    hexa-kernels (.+)", done.output, re.MULTILINE)
    assert examples
    for example in examples:
        words = shlex.split(example.partition(" >")[0])
        assert words[0] == name
        # Raises a usage error where an option or an argument is not there.
        main.commands[name].make_context(name, words[1:])


def test_a_command_that_is_not_there_is_a_usage_error(cli):
    assert cli("lst").exit_code == 2
    assert cli("run").exit_code == 2
    assert cli("completion", "tcsh").exit_code == 2


def test_python_m_is_the_same_command():
    outputs = [
        subprocess.run([*start, "run", "-h"], capture_output=True, text=True)
        for start in (
            [Path(sys.executable).with_name("hexa-kernels")],
            [sys.executable, "-m", "hexa_kernels"],
        )
    ]
    assert outputs[0].stdout.startswith("Usage: hexa-kernels run ")
    assert outputs[0].stdout == outputs[1].stdout


@pytest.fixture
def completed(cli):
    """Complete a line in bash itself, with the script that the command prints."""
    script = cli("completion", "bash").output
    bin = Path(sys.executable).parent

    def complete(line):
        words = shlex.split(line) + ([""] if line.endswith(" ") else [])
        code = (
            f"{script}\nCOMP_WORDS=({' '.join(map(shlex.quote, words))})\n"
            f"COMP_CWORD={len(words) - 1}\n"
            f"_hexa_kernels_completion {bin}/hexa-kernels\n"
            'printf "%s\\n" "${COMPREPLY[@]}"'
        )
        return subprocess.run(
            ["bash", "-c", code], capture_output=True, text=True, check=True
        ).stdout.split()

    return complete


def test_bash_completes_commands_options_and_kernels(completed):
    assert set(completed("hexa-kernels ")) == set(COMMANDS)
    assert completed("hexa-kernels unin") == ["uninstall"]
    assert "--overlay" in completed("hexa-kernels install --")
    assert completed("hexa-kernels run --kernel openhexa-") == [
        "openhexa-python",
        "openhexa-r",
    ]
    assert "python3" in completed("hexa-kernels run --kernel ")
    ours = completed("hexa-kernels uninstall --name ")
    assert {"openhexa-python", "openhexa-r"} <= set(ours)
    assert "python3" not in ours


@pytest.mark.parametrize("shell", ["zsh", "fish"])
def test_other_shells_ask_the_command_too(shell, cli):
    script = cli("completion", shell).output
    assert f"_HEXA_KERNELS_COMPLETE={shell}_complete" in script
    line = {
        "COMP_WORDS": "hexa-kernels uninstall --name openhexa-p",
        "COMP_CWORD": {"zsh": "3", "fish": "openhexa-p"}[shell],
        "_HEXA_KERNELS_COMPLETE": f"{shell}_complete",
    }
    done = subprocess.run(
        [Path(sys.executable).with_name("hexa-kernels")],
        env={**os.environ, **line},
        capture_output=True,
        text=True,
    )
    assert "openhexa-python" in done.stdout, done.stderr


@pytest.mark.parametrize("command", ["install", "init"])
def test_a_place_that_cannot_be_written_is_said(command, cli, tmp_path):
    (tmp_path / "file").write_text("in the way")
    place = tmp_path / "file/folder"
    options = {
        "install": ["--kernel", "python", "--prefix", place],
        "init": [place],
    }
    done = cli(command, *options[command])
    assert done.exit_code == 1
    assert done.output.startswith("[folder_not_writable]")


def test_demo_says_what_became_of_each_notebook(cli, server_folder):
    folder = server_folder / "cli-demo"
    done = cli("demo", folder)
    assert done.exit_code == 0, done.output
    assert done.output.startswith(f"Making the workspace {folder}\n")
    table = done.output.splitlines()[-2:]
    assert [line.split()[:2] for line in table] == [
        ["crimea_python", "6"],
        ["crimea_r", "6"],
    ]
    shutil.rmtree(postgres_account.home_of(folder / ".hexa"))
