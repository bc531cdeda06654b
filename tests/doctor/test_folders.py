"""Folders: absent, closed, read-only, full, not mounted; the notebook's place."""

import os

import pytest

from hexa_kernels.doctor import folders
from hexa_kernels.local import lab

from ..conftest import require
from .conftest import look, shell


@pytest.mark.parametrize("name", ["files", "scratch"])
def test_an_absent_folder_is_made_by_the_remedy(name, tmp_path, setenv):
    folder = tmp_path / "l'été à Bobo"
    setenv({"WORKSPACE_FILES_PATH": str(folder), "WORKSPACE_TMP_PATH": str(folder)})
    broken = look(name)
    assert (broken["state"], broken["code"]) == ("failed", "folder_absent")
    shell(broken["remedy"])
    assert look(name)["code"] == "folder_fine"


def test_a_workspace_that_is_not_open_is_opened_by_the_remedy(
    tmp_path, clean_env, no_default
):
    shell(f"hexa-kernels init '{tmp_path}/mine'")
    clean_env.chdir(tmp_path / "mine/workspace")
    broken = folders.files()
    assert (broken.state, broken.code) == ("failed", "workspace_closed")
    assert broken.remedy == f"hexa-kernels lab {tmp_path}/mine"
    with lab.running(tmp_path / "mine"):
        assert folders.files().code == "folder_fine"


def test_a_file_in_the_place_of_a_folder_is_given_up_by_the_remedy(
    tmp_path, clean_env, no_default
):
    (tmp_path / "file").touch()
    clean_env.setenv("WORKSPACE_FILES_PATH", str(tmp_path / "file"))
    broken = look("files")
    assert (broken["state"], broken["code"]) == ("failed", "folder_is_file")
    assert look("files", remedy_of(broken))["code"] != "folder_is_file"


def test_a_closed_folder_is_opened_by_the_remedy(files, without_rights):
    files.chmod(0o500)
    broken = look("files", within=without_rights)
    assert (broken["state"], broken["code"]) == ("failed", "folder_closed")
    shell(broken["remedy"], within=without_rights)
    assert look("files", within=without_rights)["code"] == "folder_fine"


def test_a_folder_of_somebody_else_s_is_given_by_the_remedy(
    files, without_rights, tmp_path, setenv
):
    require("setpriv", os.geteuid() == 0)  # who alone can give a folder away
    os.chown(files, 12345, 12345)
    broken = look("files", within=without_rights)
    assert (broken["state"], broken["code"]) == ("failed", "folder_others")
    assert "12345" in broken["found"]
    sudo = tmp_path / "sudo"  # root, which we are, has no need of it
    sudo.write_text('#!/bin/sh\nexec "$@"\n')
    sudo.chmod(0o755)
    shell(f"PATH={tmp_path}:$PATH; {broken['remedy']}")
    assert look("files", within=without_rights)["code"] == "folder_fine"
    os.chown(files, 12345, 12345)
    setenv({"HEXA_ENVIRONMENT": "CLOUD_JUPYTER"})
    assert look("files", within=without_rights)["code"] == "folder_unusable"


def looks_in_own_mounts(broken, name, own_mounts):
    """Look before and after the remedy, where both are in mounts of their own."""
    before = look(name, broken, within=own_mounts)
    after = look(name, f"{broken}\n{before['remedy']}", within=own_mounts)
    return before, after


def test_a_read_only_mount_is_mended_by_the_remedy(files, own_mounts):
    broken = f"mount -t tmpfs tmpfs {files}; mount -o remount,ro {files}"
    before, after = looks_in_own_mounts(broken, "files", own_mounts)
    assert (before["state"], before["code"]) == ("failed", "folder_mount_read_only")
    assert after["state"] == "ok"


def test_little_shared_memory_is_enlarged_by_the_remedy(own_mounts):
    broken = "mount -t tmpfs -o size=64m tmpfs /dev/shm"
    before, after = looks_in_own_mounts(broken, "shared_memory", own_mounts)
    assert (before["state"], before["code"]) == ("warning", "memory_small")
    assert "67 MB" in before["found"]
    assert after["code"] == "memory_fine"


def test_a_full_folder_is_a_warning_until_there_is_room(files, own_mounts):
    small = f"mount -t tmpfs -o size=64m tmpfs {files}"
    full = f"{small}; head -c 64M /dev/zero > {files}/big 2>/dev/null; true"
    for broken in (small, full):
        found = look("files", broken, within=own_mounts)
        assert (found["state"], found["code"]) == ("warning", "folder_full")
    shell(f"{full}; {remedy_of(found)}", within=own_mounts)
    room = f"{full}; mount -o remount,size=2G {files}"
    assert look("files", room, within=own_mounts)["code"] == "folder_fine"


def remedy_of(check):
    """Give the command inside a sentence."""
    return check["remedy"].split("`")[1]


def test_a_bucket_that_is_not_mounted_is_said(files, setenv, own_mounts):
    setenv({"HEXA_ENVIRONMENT": "CLOUD_JUPYTER", "WORKSPACE_STORAGE_ENGINE": "s3"})
    broken = look("files")
    assert (broken["state"], broken["code"]) == ("warning", "folder_not_mounted")
    mounted = f"mount -t tmpfs -o size=2G tmpfs {files}"
    assert look("files", mounted, within=own_mounts)["code"] == "folder_fine"
    setenv({"WORKSPACE_STORAGE_ENGINE": "local"})  # a server for developers: no bucket
    assert look("files")["code"] == "folder_fine"


def test_a_mounted_bucket_is_told_from_a_disk(files, tmp_path, monkeypatch):
    table = tmp_path / "mountinfo"
    table.write_text(
        "24 1 8:1 / / rw - ext4 /dev/sda1 rw\n"
        f"25 24 0:44 / {files} rw,nosuid - fuse.gcsfuse demo rw,user_id=0\n"
    )
    monkeypatch.setattr(folders, "MOUNTS", table)
    found = folders.files()
    assert (found.state, found.code) == ("ok", "folder_mounted")
    assert "fuse.gcsfuse" in found.found


def test_a_working_directory_that_vanishes_is_left_by_the_remedy(files, setenv):
    setenv({"HEXA_ENVIRONMENT": "CLOUD_JUPYTER"})
    broken = look("place", "cd /")
    assert (broken["state"], broken["code"]) == ("warning", "place_directory")
    assert look("place", f"cd /; {broken['remedy']}")["code"] == "place_fine"


def test_a_notebook_that_vanishes_is_copied_by_the_remedy(files, tmp_path, setenv):
    notebook = tmp_path / "mine.ipynb"
    notebook.write_text("{}")
    setenv({"HEXA_ENVIRONMENT": "CLOUD_JUPYTER", "JPY_SESSION_NAME": str(notebook)})
    broken = look("place", f"cd {files}")
    assert (broken["state"], broken["code"]) == ("warning", "place_notebook")
    shell(broken["remedy"])
    setenv({"JPY_SESSION_NAME": str(files / "mine.ipynb")})
    assert (files / "mine.ipynb").exists()
    assert look("place", f"cd {files}")["code"] == "place_fine"


def test_on_a_laptop_nothing_vanishes(files):
    found = look("place", "cd /")
    assert found["code"] == "place_elsewhere"
    assert found["found"].startswith("working directory /,")
    assert look("place", f"cd {files}")["code"] == "place_fine"


def test_in_a_pipeline_the_notebook_is_the_one_that_runs(files, setenv):
    setenv({"HEXA_NOTEBOOK_PATH": "reports/malaria.ipynb"})
    found = look("place", f"cd {files.parent}")
    assert found["found"].startswith(f"{files}/reports/malaria.ipynb")
