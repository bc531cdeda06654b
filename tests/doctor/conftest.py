"""Break a thing, look, run the printed remedy in a shell, look again."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from hexa_kernels.contract import contract

from ..conftest import require

BIN = Path(sys.executable).parent
LOOK = f"""{sys.executable} -c '
import json
from hexa_kernels.doctor import quick_checks
print(json.dumps([vars(check) for check in quick_checks()]))
'"""


def shell(command, *, within=()):
    """Run a command as a user types it; give what it prints."""
    path = f"{BIN}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        [*within, "sh", "-c", command],
        env={**os.environ, "PATH": path},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def look(name, before="true", **options):
    """Give what a check finds in a new process, after other commands of its shell."""
    found = json.loads(shell(f"{before}\n{LOOK}", **options).splitlines()[-1])
    (check,) = [check for check in found if check["name"] == name]
    return check


@pytest.fixture
def no_default(monkeypatch, tmp_path):
    """As on a machine where nothing is at the places that OpenHEXA has."""
    for fact in ("files_path", "tmp_path"):
        entry = contract()["variables"][fact]
        monkeypatch.setitem(entry, "default", str(tmp_path / "home/hexa" / fact))


@pytest.fixture
def without_rights():
    """Give the command in which root, too, may write only where it has the right to."""
    if os.geteuid() != 0:
        return ()
    require("setpriv", shutil.which("setpriv") is not None)
    return ("setpriv", "--bounding-set", "-dac_override,-dac_read_search", "--")


@pytest.fixture
def own_mounts():
    """Give the command in which mounts are nobody else's, and go away at its end."""
    within = ("unshare", "-m", "--")
    try:
        probe = "mount -t tmpfs tmpfs /mnt"
        can = subprocess.run([*within, "sh", "-c", probe], capture_output=True)
        require("mount", can.returncode == 0)
    except FileNotFoundError:
        require("mount", False)
    return within
