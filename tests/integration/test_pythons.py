"""Wheel and sdist, without extras, on every Python from 3.11 on of this machine."""

import os
import shutil
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

from ..conftest import ONLINE


def pythons():
    """Find one interpreter for each version, the running one first."""
    found = {f"{sys.version_info[0]}.{sys.version_info[1]}": sys.executable}
    places = [*Path.home().glob(".pyenv/versions/3.*/bin"), Path("/usr/bin")]
    for minor in range(11, 15):
        path = os.pathsep.join(map(str, places))
        executable = shutil.which(f"python3.{minor}", path=path)
        if executable:
            found.setdefault(f"3.{minor}", executable)
    return found


def test_the_archives_hold_what_the_packages_need_and_no_recordings(dist):
    (sdist,) = dist.glob("hexa_kernels-*.tar.gz")
    (wheel,) = dist.glob("hexa_kernels-*.whl")
    (package,) = dist.glob("openhexaR_*.tar.gz")
    with tarfile.open(sdist) as archive, tarfile.open(package) as other:
        sdist, package = archive.getnames(), other.getnames()
    wheel = zipfile.ZipFile(wheel).namelist()
    for names, inside in [
        (sdist, ["hexa_kernels/contract.json", "r/openhexaR/DESCRIPTION", "LICENSE"]),
        (wheel, ["hexa_kernels/contract.json", "_sources/openhexaR/DESCRIPTION"]),
        (package, ["openhexaR/inst/contract.json", "openhexaR/LICENSE"]),
    ]:
        for end in inside:
            assert any(name.endswith(end) for name in names), end
    assert not any("/tests/server/" in name for name in [*sdist, *wheel])


@pytest.mark.timeout(600)
@pytest.mark.parametrize("version", pythons())
def test_the_kernel_starts_from_a_plain_install(version, tmp_path, dist):
    environment = tmp_path / "environment"
    python = environment / "bin" / "python"
    pip = [*ONLINE, python, "-m", "pip", "--disable-pip-version-check", "-q"]
    code = """
import hexa_kernels
from hexa_kernels import kernelspec
from hexa_kernels.errors import MissingVariableError
kernelspec.start_once(kernelspec.install("python", prefix=PREFIX))
for name in hexa_kernels.__all__:
    try:
        getattr(hexa_kernels, name)
    except MissingVariableError as error:
        assert name == "engine", error
print("done")
""".replace("PREFIX", repr(str(tmp_path)))
    subprocess.run([pythons()[version], "-m", "venv", environment], check=True)
    (wheel,) = dist.glob("hexa_kernels-*.whl")
    (sdist,) = dist.glob("hexa_kernels-*.tar.gz")
    subprocess.run([*pip, "install", wheel], check=True)
    again = ["install", "--no-deps", "--force-reinstall", sdist]
    subprocess.run([*pip, *again], check=True)
    done = subprocess.run(
        [python, "-c", code], cwd=tmp_path, capture_output=True, text=True
    )
    assert done.stdout == "done\n", done.stderr
    command = [python, "-m", "hexa_kernels"]
    subprocess.run([*command, "init", tmp_path / "w"], check=True)
    lab = subprocess.run(
        [*command, "lab", tmp_path / "w"], capture_output=True, text=True
    )
    assert lab.stderr.startswith("[missing_package]")
