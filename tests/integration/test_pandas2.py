"""Frames and files under pandas 2, which OpenHEXA's images have."""

import subprocess
import sys

import pytest

from ..conftest import ONLINE, ROOT


@pytest.mark.timeout(1200)
def test_frames_cross_under_pandas_2(tmp_path):
    environment = tmp_path / "environment"
    python = environment / "bin" / "python"
    needed = ["pandas<3", "filelock", "hypothesis", "pytest", "pytest-timeout"]
    subprocess.run([sys.executable, "-m", "venv", environment], check=True)
    pip = [*ONLINE, python, "-m", "pip", "--disable-pip-version-check", "-q"]
    wanted = ["-c", ROOT / ".ci/constraints.txt", f"{ROOT}[files,polars]", *needed]
    subprocess.run([*pip, "install", *wanted], check=True)
    # The published table is that of pandas 3. What pandas does shows in Python: one
    # engine of R says it all.
    names = ("test_frames", "test_values", "test_files")
    command = [python, "-m", "pytest", "-q", *(f"tests/{name}.py" for name in names)]
    done = subprocess.run(
        [
            *command,
            "-k",
            "not published and not embedded",
            f"--basetemp={tmp_path / 'tests'}",
        ],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout[-6000:]
    assert "passed" in done.stdout
