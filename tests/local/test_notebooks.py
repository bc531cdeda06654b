"""``hexa-kernels run``: a notebook as a pipeline runs it, before it is scheduled."""

import io
import json
import os
import pty
import socket
import subprocess
import sys
import termios
from contextlib import redirect_stderr, redirect_stdout
from types import SimpleNamespace

import nbformat
import papermill.cli
import pytest

from hexa_kernels.cli import main
from hexa_kernels.local import notebooks, workspace_yaml


@pytest.fixture
def workspace(tmp_path):
    """A workspace without database, as of somebody who uses the SDK only."""
    (tmp_path / "demo/files/reports").mkdir(parents=True)
    text = "files:\n  path: ./files\nenv:\n  HEXA_WORKSPACE: demo\n"
    (tmp_path / "demo/workspace.yaml").write_text(text)
    return tmp_path / "demo"


@pytest.fixture
def write(workspace):
    def write(*cells, kernel="openhexa-python", name="n.ipynb", tags=None):
        code = nbformat.v4.new_code_cell
        spec = {"name": kernel, "display_name": kernel}
        book = nbformat.v4.new_notebook(
            cells=[code(text, metadata={"tags": tags or []}) for text in cells],
            metadata={"kernelspec": spec} if kernel else {},
        )
        path = workspace / "files/reports" / name
        nbformat.write(book, path)
        return path

    return write


def run(*arguments):
    """Run the command in this process; kernels are processes of their own anyway."""
    out, err = io.StringIO(), io.StringIO()
    with redirect_stdout(out), redirect_stderr(err), pytest.raises(SystemExit) as end:
        main(["run", *map(str, arguments)])
    return SimpleNamespace(code=end.value.code, out=out.getvalue(), err=err.getvalue())


def results(path):
    return [
        "".join(output.get("text") or output.data["text/plain"])
        for cell in nbformat.read(path, 4).cells
        for output in cell.get("outputs", [])
        if output.output_type != "error"
    ]


def output_of(path):
    return path.parent / ".runs_outputs" / path.name


WHERE = {
    "openhexa-python": "import os\nprint(os.getcwd(), *[os.environ[n] for n in "
    "('HEXA_ENVIRONMENT', 'HEXA_PIPELINE_TYPE', 'HEXA_NOTEBOOK_PATH')], sep='\\n')",
    "openhexa-r": "cat(c(getwd(), Sys.getenv(c('HEXA_ENVIRONMENT', "
    "'HEXA_PIPELINE_TYPE', 'HEXA_NOTEBOOK_PATH'))), sep = '\\n')",
}


@pytest.mark.parametrize("kernel", WHERE)
def test_it_runs_where_and_as_a_pipeline_does(kernel, write, workspace):
    notebook = write(WHERE[kernel], kernel=kernel)
    before = notebook.read_bytes()
    done = run(notebook)
    assert done.code == 0, done.err
    assert done.out == f"{output_of(notebook)}\n"
    expected = [str(workspace), "LOCAL_PIPELINE", "notebook", "reports/n.ipynb"]
    (shown,) = results(output_of(notebook))
    assert shown.splitlines() == expected
    assert notebook.read_bytes() == before
    assert "HEXA_ENVIRONMENT" not in os.environ


def test_the_run_is_one_for_the_sdk_too(write):
    notebook = write("current_run.log_info('42 read')\nworkspace.slug")
    assert run(notebook).code == 0
    printed, slug = results(output_of(notebook))
    assert "42 read" in printed
    assert slug == "'demo'"


VALUES = ["2024", "-1", "1_000", "0.5", "1e3", "nan", "True", "None", "true", "", "é"]


def test_parameters_have_the_types_that_papermill_gives_them():
    typed = [(text, text) for text in VALUES]
    found = notebooks.read_parameters([], typed, [])
    expected = {text: papermill.cli._resolve_type(text) for text in VALUES}
    assert repr(found) == repr(expected)  # NaN differs from itself


PARAMETERS = {
    "openhexa-python": ("year = 1\ncode = ''\nrate = 0", "year, code, rate, {x}"),
    "openhexa-r": (
        "year <- 1L\ncode <- ''\nrate <- 0",
        "cat(year, code, rate, {x}, sep = ', ')",
    ),
}


@pytest.mark.parametrize("kernel", PARAMETERS)
def test_parameters_are_injected_and_later_ones_win(kernel, write, tmp_path):
    first, last = PARAMETERS[kernel]
    notebook = write(first, last.replace("{x}", "district"), kernel=kernel)
    book = nbformat.read(notebook, 4)
    book.cells[0].metadata["tags"] = ["parameters"]
    nbformat.write(book, notebook)
    (tmp_path / "p.yaml").write_text("year: 2020\nrate: 0.5\ndistrict: Kaya\n")
    options = ["-f", tmp_path / "p.yaml", "-p", "year", "2024", "-r", "code", "007"]
    output = tmp_path / "new/out.ipynb"
    done = run(notebook, *options, "-o", output)
    assert done.code == 0, done.err
    (shown,) = results(output)
    assert shown in ("(2024, '007', 0.5, 'Kaya')", "2024, 007, 0.5, Kaya")
    assert not output_of(notebook).exists()


def test_a_file_without_parameters_is_refused(write, tmp_path):
    for text in ("- a\n- b\n", "a: [", "text"):
        (tmp_path / "p.yaml").write_text(text)
        done = run(write("1"), "-f", tmp_path / "p.yaml")
        assert done.code == 1
        assert done.err.startswith("[file_unreadable]"), text
    done = run(write("1"), "-f", tmp_path / "absent.yaml")
    assert (done.code, done.err[:14]) == (1, "[file_missing]")


@pytest.mark.parametrize(
    ("kernel", "name"),
    [
        *(("openhexa-python", name) for name in ("class", "bad name", "1st", "a.b")),
        *(("openhexa-r", name) for name in ("if", "bad name", "1st", "TRUE")),
    ],
)
def test_what_is_no_name_of_a_variable_is_refused(kernel, name, write):
    done = run(write("1", kernel=kernel), "-p", name, "3")
    assert done.code == 1
    assert done.err.startswith("[invalid_argument]")
    assert name in done.err


FAILS = {
    "openhexa-python": ("x = 0\n1 / x", "ZeroDivisionError: division by zero"),
    "openhexa-r": ("x <- 0\nstop('pas de chance')", "pas de chance"),
}


@pytest.mark.parametrize("kernel", FAILS)
def test_a_cell_that_fails_is_shown_and_what_ran_is_kept(kernel, write):
    code, reason = FAILS[kernel]
    notebook = write("1 + 1", code, "3", kernel=kernel)
    done = run(notebook)
    assert done.code == 1
    assert done.out == ""
    assert code in done.err
    assert f"{reason}.\n  What was run before it" in done.err
    assert f"[notebook_failed] Notebook {notebook} stops at cell [2]" in done.err
    assert f"are in {output_of(notebook)}." in done.err
    assert "\x1b" not in done.err
    assert [text.split()[-1] for text in results(output_of(notebook))] == ["2"]


def test_a_cell_that_ends_the_kernel_is_shown(write, setenv):
    setenv({"HEXA_LANG": "fr"})
    notebook = write("1 + 1", "", "import os\nos._exit(3)")
    done = run(notebook)
    assert done.code == 1
    assert "os._exit(3)\n[notebook_failed]" in done.err
    assert "s'arrête à la cellule [2] : son noyau s'est arrêté." in done.err
    assert results(output_of(notebook)) == ["2"]


def test_a_kernel_that_does_not_start_is_said(write, tmp_path, setenv):
    folder = tmp_path / "jupyter/kernels/broken"
    folder.mkdir(parents=True)
    argv = [sys.executable, "-c", "raise SystemExit(3)"]
    spec = {"argv": argv, "display_name": "x", "language": "python"}
    (folder / "kernel.json").write_text(json.dumps(spec))
    setenv({"JUPYTER_PATH": str(tmp_path / "jupyter")})
    done = run(write("1"), "--kernel", "broken")
    assert done.code == 1
    assert "[kernel_failed] Kernel broken does not start: Kernel died" in done.err


def test_a_kernel_may_be_chosen(write):
    for stored in (None, "julia"):
        notebook = write("workspace.slug", kernel=stored)
        assert run(notebook, "--kernel", "openhexa-python").code == 0
        assert results(output_of(notebook)) == ["'demo'"]
    # Parameters need the language, which such a notebook does not name either.
    notebook = write("year", kernel=None)
    done = run(notebook, "--kernel", "openhexa-python", "-p", "year", "2024")
    assert done.code == 0, done.err
    assert results(output_of(notebook)) == ["2024"]


@pytest.mark.parametrize(
    ("kernel", "options", "code"),
    [
        (None, [], "kernel_not_named"),
        ("julia-1.9", [], "kernel_not_found"),
        ("openhexa-python", ["--kernel", "ir2"], "kernel_not_found"),
    ],
)
def test_a_missing_kernel_is_said_before_anything_starts(
    kernel, options, code, write, workspace
):
    notebook = write("1", kernel=kernel)
    (workspace / "workspace.yaml").write_text("is not read")
    done = run(notebook, *options)
    assert done.code == 1
    assert done.err.startswith(f"[{code}] ")
    assert "openhexa-python, openhexa-r" in done.err
    assert not output_of(notebook).parent.exists()


@pytest.mark.parametrize("spec", ["x", {"name": 5}, {"name": ""}, [], None])
def test_a_damaged_kernelspec_names_no_kernel(spec, write):
    notebook = write("1")
    book = json.loads(notebook.read_text("utf-8"))
    book["metadata"]["kernelspec"] = spec
    notebook.write_text(json.dumps(book))
    assert run(notebook).err.startswith("[kernel_not_named] ")


def test_a_home_that_is_not_there_is_said(write, tmp_path, setenv):
    setenv(
        {"HEXA_WORKSPACE": "hub", "WORKSPACE_FILES_PATH": str(tmp_path / "no/files")}
    )
    done = run(write("1"))
    assert done.code == 1
    assert done.err.startswith("[file_missing] ")
    assert str(tmp_path / "no") in done.err


@pytest.mark.parametrize(
    "content",
    [
        *(b"hello", b"", b"[1]", b"3", b"{}", b"\xff\xfe\x00", b'{"nbformat": 4}'),
        b'{"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": 3}',
    ],
)
def test_a_file_that_is_no_notebook_is_refused(content, workspace):
    path = workspace / "files/n.ipynb"
    path.write_bytes(content)
    done = run(path)
    assert done.code == 1
    assert done.err.startswith(f"[notebook_unreadable] File {path} is no notebook")


def test_a_missing_notebook_is_said_with_names_like_it(write, monkeypatch):
    monkeypatch.chdir(write("1", name="malaria.ipynb").parent)
    done = run("malria.ipynb")
    assert done.code == 1
    assert done.err.startswith("[file_missing] File malria.ipynb")
    assert "malaria.ipynb." in done.err


def test_an_output_that_cannot_be_written_is_said(write):
    notebook = write("1")
    notebook.with_name(".runs_outputs").write_text("a file in the way")
    done = run(notebook)
    assert (done.code, done.err[:22]) == (1, "[folder_not_writable] ")
    done = run(notebook, "-o", notebook.parent)
    assert done.code == 2  # click's own message
    notebook.with_name(".runs_outputs").unlink()
    output_of(notebook).mkdir(parents=True)
    done = run(notebook)
    assert (done.code, done.err[:18]) == (1, "[file_unwritable] ")


def test_braces_in_a_name_are_no_parameters(write):
    notebook = write("1 + 1", name="é {x} {}.ipynb")
    done = run(notebook)
    assert done.code == 0, done.err
    assert results(output_of(notebook)) == ["2"]


BROKEN = {
    "openhexa-python": ("broken(", "2"),
    "python3": ("broken(", "2"),
    "openhexa-r": ("stop('broken profile')", "[1] 2"),
}


@pytest.mark.parametrize("kernel", BROKEN)
def test_a_broken_profile_of_the_user_stops_no_run(kernel, write, tmp_path, setenv):
    code, shown = BROKEN[kernel]
    startup = tmp_path / "home/.ipython/profile_default/startup"
    startup.mkdir(parents=True)
    (startup / "00.py").write_text(code)
    (startup.parent / "ipython_kernel_config.py").write_text(code)
    (tmp_path / "home/.Rprofile").write_text(code + "\n")  # R skips an open line
    setenv({"HOME": str(tmp_path / "home")})
    notebook = write("1 + 1", kernel=kernel)
    done = run(notebook)
    assert done.code == 0, done.err
    assert results(output_of(notebook))[-1] == shown


@pytest.mark.parametrize("file", ["startup/00.py", "ipython_kernel_config.py"])
def test_a_broken_profile_is_told_of(file, write, tmp_path, setenv):
    path = tmp_path / "home/.ipython/profile_default" / file
    path.parent.mkdir(parents=True)
    path.write_text("1 / 0\n")
    setenv({"HOME": str(tmp_path / "home")})
    notebook = write("1", "%hexa")
    assert run(notebook).code == 0
    warned, status = nbformat.read(output_of(notebook), 4).cells
    told = f"Your profile {path} stops with an error: ZeroDivisionError"
    assert told in warned.outputs[0].text
    assert told in status.outputs[0].data["text/plain"]


def test_a_plain_r_that_a_profile_stops_is_said(write, plain_r, tmp_path, setenv):
    (tmp_path / "home").mkdir()
    (tmp_path / "home/.Rprofile").write_text("stop('broken profile')\n")
    setenv({"HOME": str(tmp_path / "home")})
    done = run(write("1 + 1", kernel=plain_r))
    assert done.code == 1
    assert "[kernel_failed] Kernel ir does not start" in done.err


def test_the_workspace_is_that_of_the_session(write, workspace, tmp_path, setenv):
    """As on OpenHEXA, where a workspace.yaml beside a pipeline describes a laptop."""
    setenv({"HEXA_WORKSPACE": "hub", "WORKSPACE_FILES_PATH": str(workspace / "files")})
    setenv({"HEXA_ENVIRONMENT": "CLOUD_JUPYTER"})
    notebook = write("import os\nprint(workspace.slug, os.getcwd(), current_run)")
    assert run(notebook).code == 0
    (shown,) = results(output_of(notebook))
    assert shown.startswith(f"hub {workspace} <openhexa.sdk.pipelines.run.CurrentRun")
    assert run(notebook, "--workspace", workspace).code == 0
    assert results(output_of(notebook))[0].startswith("demo ")


def test_the_workspace_is_found_above_the_working_directory(
    workspace, tmp_path, monkeypatch
):
    book = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("workspace.slug")])
    nbformat.write(book, tmp_path / "n.ipynb")
    options = [tmp_path / "n.ipynb", "--kernel", "openhexa-python"]
    monkeypatch.chdir(tmp_path)
    done = run(*options)
    assert (done.code, done.err[:19]) == (1, "[workspace_missing]")
    monkeypatch.chdir(workspace / "files/reports")
    assert run(*options).code == 0
    assert results(output_of(tmp_path / "n.ipynb")) == ["'demo'"]


def test_a_taken_port_is_said_and_the_notebook_runs(workspace_folder):
    old = workspace_yaml.read(workspace_folder).database.port
    book = nbformat.v4.new_notebook(
        cells=[nbformat.v4.new_code_cell("engine.connect().closed")]
    )
    notebook = workspace_folder / "workspace/n.ipynb"
    nbformat.write(book, notebook)
    with socket.create_server(("127.0.0.1", old)):
        done = run(notebook, "--kernel", "openhexa-python")
    assert done.code == 0, done.err
    assert f"[port_replaced] Port {old} is taken" in done.err
    assert results(output_of(notebook)) == ["False"]


def test_progress_is_for_people(write):
    notebook = write("1 + 1")
    command = [sys.executable, "-m", "hexa_kernels", "run", notebook]
    quiet = subprocess.run(command, capture_output=True, text=True)
    assert quiet.stdout == f"{output_of(notebook)}\n"
    assert "Executing" not in quiet.stderr
    ours, theirs = pty.openpty()
    termios.tcsetwinsize(theirs, (24, 80))
    subprocess.run(command, check=True, stdout=subprocess.PIPE, stderr=theirs)
    os.close(theirs)
    shown = b""
    while b"1/1" not in shown:
        shown += os.read(ours, 4096)  # an error at the end, when it is not shown
    os.close(ours)
    assert b"Executing: 100%" in shown
