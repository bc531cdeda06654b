"""Running a workspace: JupyterLab, one process each, ports, other databases."""

import os
import socket
import subprocess
import sys
import warnings

import nbformat
import psutil
import pytest

from hexa_kernels import database_engine, errors
from hexa_kernels.local import lab as module
from hexa_kernels.local import (
    notebooks,
    postgres,
    postgres_account,
    workspace_yaml,
)


def servers_of(folder):
    home = str(postgres_account.home_of(folder / ".hexa"))
    return [
        process
        for process in psutil.process_iter(["cmdline"])
        if any(home in part for part in process.info["cmdline"] or [])
    ]


def test_both_kernels_are_in_the_launcher_with_their_logos(lab):
    specs = lab.api("kernelspecs")["kernelspecs"]
    for name, title in [
        ("openhexa-python", "OpenHEXA Python"),
        ("openhexa-r", "OpenHEXA R"),
    ]:
        assert specs[name]["spec"]["display_name"] == title
        assert "logo-svg" in specs[name]["resources"]


def test_the_file_browser_shows_files_and_scratch(lab):
    names = {entry["name"] for entry in lab.api("contents/")["content"]}
    assert {"workspace", "tmp"} <= names
    assert ".hexa" not in names


def test_ctrl_c_stops_everything(lab):
    for name in ("openhexa-python", "openhexa-r"):
        notebook = lab.folder / f"workspace/{name}.ipynb"
        lab.start_kernel(notebook, name).stop_channels()
    kernels = psutil.Process(lab.process.pid).children()
    assert len(kernels) == 3  # and the database's watchdog
    assert servers_of(lab.folder)
    assert lab.stop() == 0
    assert not any(kernel.is_running() for kernel in kernels)
    assert servers_of(lab.folder) == []
    assert "Traceback" not in lab.log.read_text()


def test_a_second_one_on_the_same_folder_is_refused(lab):
    done = subprocess.run(
        [sys.executable, "-m", "hexa_kernels", "lab", lab.folder, "--no-browser"],
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 1
    assert done.stderr.startswith("[workspace_in_use]")
    assert str(lab.process.pid) in done.stderr
    assert lab.api("status")["kernels"] == 0  # the first goes on


def test_a_notebook_may_share_the_running_workspace(lab):
    with module.running(lab.folder, share=True) as workspace:
        with database_engine().connect() as connection:
            assert connection.exec_driver_sql("SELECT 1").scalar_one() == 1
        assert os.environ["HEXA_WORKSPACE"] == "demo"
        assert os.environ["WORKSPACE_TMP_PATH"] == str(workspace.folder / "tmp")
    assert "HEXA_WORKSPACE" not in os.environ
    assert servers_of(lab.folder)


def test_a_taken_port_is_replaced_and_said(workspace_folder):
    old = workspace_yaml.read(workspace_folder).database.port
    with socket.socket() as other:
        other.bind(("127.0.0.1", old))
        other.listen()
        with (
            pytest.warns(errors.PortReplacedWarning) as said,
            module.running(workspace_folder) as workspace,
        ):
            assert os.environ["WORKSPACE_DATABASE_PORT"] == str(workspace.database.port)
            assert said[0].message.values["old"] == old
    assert workspace_yaml.read(workspace_folder).database.port != old
    with warnings.catch_warnings(action="error"), module.running(workspace_folder):
        pass  # the new port is kept


def test_a_database_of_somebody_else_is_used_as_it_is(
    tmp_path, running_database, monkeypatch
):
    database = running_database.database
    (tmp_path / "workspace.yaml").write_text(
        f"database:\n  host: 127.0.0.1\n  port: {database.port}\n"
        f"  username: {database.username}\n  dbname: {database.name}\n"
        f"  password: {database.password}\n"
    )
    monkeypatch.setattr(postgres, "Server", None)
    with module.running(tmp_path), database_engine().connect() as connection:
        assert connection.exec_driver_sql("SELECT 1").scalar_one() == 1


def test_a_workspace_without_database_runs(tmp_path):
    (tmp_path / "workspace.yaml").write_text("files:\n  path: ./files\n")
    with module.running(tmp_path):
        assert os.environ["WORKSPACE_FILES_PATH"] == str(tmp_path / "files")
        assert "WORKSPACE_DATABASE_HOST" not in os.environ


def test_a_moved_workspace_keeps_its_data(workspace_folder):
    with module.running(workspace_folder), database_engine().begin() as connection:
        connection.exec_driver_sql("CREATE TABLE kept AS SELECT 42 AS x")
    moved = workspace_folder.rename(workspace_folder.with_name("moved"))
    try:
        with module.running(moved), database_engine().connect() as connection:
            assert connection.exec_driver_sql("SELECT x FROM kept").scalar_one() == 42
    finally:
        moved.rename(workspace_folder)


def test_a_failure_inside_stops_the_server(workspace_folder):
    with pytest.raises(ZeroDivisionError), module.running(workspace_folder):
        assert servers_of(workspace_folder)
        raise ZeroDivisionError
    assert servers_of(workspace_folder) == []


@pytest.mark.parametrize("package", ["jupyterlab", "papermill", "filelock"])
def test_a_missing_package_is_named_with_its_command(
    package, workspace_folder, monkeypatch, tmp_path
):
    for name in [n for n in sys.modules if n.partition(".")[0] == package]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, package, None)
    book = tmp_path / "x.ipynb"
    kernelspec = {"name": "openhexa-python", "display_name": "x"}
    nbformat.write(nbformat.v4.new_notebook(metadata={"kernelspec": kernelspec}), book)
    with pytest.raises(errors.MissingPackageError) as raised:
        match package:
            case "jupyterlab":
                module.lab(workspace_folder, [])
            case "papermill":
                notebooks.run(book, folder=workspace_folder)
            case "filelock":
                module.running(workspace_folder).__enter__()
    assert raised.value.values["package"].partition(".")[0] == package
    assert raised.value.values["command"] == 'pip install "hexa-kernels[lab]"'
