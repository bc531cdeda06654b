"""The workspace database: absent, stopped, refusing, in order."""

import subprocess

from hexa_kernels.doctor import examination

from ..conftest import Lab
from .conftest import BIN

DATABASE = [pair for pair in examination.SLOW if pair[0] == "database"]


def look():
    (check,) = examination._run(DATABASE, 30)
    return check


def test_a_database_in_order_gives_its_version_and_latency(database):
    found = look()
    assert (found.state, found.code) == ("ok", "database_fine")
    assert f"127.0.0.1:{database.port}/{database.name}" in found.found
    assert database.password not in repr(found)


def test_without_a_database_nothing_is_tried(files):
    assert (look().state, look().code) == ("skipped", "database_none")


def test_a_refused_password_is_said_until_it_is_right(database, setenv):
    setenv({"WORKSPACE_DATABASE_PASSWORD": "wrong-7f3a"})
    broken = look()
    assert (broken.state, broken.code) == ("failed", "database_authentication")
    assert "start it again" in broken.remedy
    assert "wrong-7f3a" not in repr(broken)
    setenv({"WORKSPACE_DATABASE_PASSWORD": database.password})
    assert look().state == "ok"


def doctor(folder):
    command = [BIN / "hexa-kernels", "doctor", "--workspace", folder]
    return subprocess.run(command, capture_output=True, text=True)


def test_a_stopped_database_is_started_by_the_remedy(workspace_folder):
    broken = doctor(workspace_folder)
    remedy = f"hexa-kernels lab {workspace_folder}"
    assert broken.returncode == 1
    assert f"→ {remedy}\n" in broken.stdout
    lab = Lab(workspace_folder)  # runs it, on a port of its own and without a browser
    try:
        mended = doctor(workspace_folder)
        assert remedy not in mended.stdout
        assert "PostgreSQL" in mended.stdout
    finally:
        lab.stop()
