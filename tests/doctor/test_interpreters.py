"""Python, R, their packages, and the kernels."""

import json
import os
import shutil
import zipfile

import jupyter_core.paths
import psutil
import pytest

from hexa_kernels.doctor import examination, interpreters
from hexa_kernels.errors import RStartError

from ..conftest import ROOT, require
from .conftest import look, shell


def add_distribution(folder, version):
    """Put metadata of tqdm, and nothing else of it, into a folder of packages."""
    info = folder / f"tqdm-{version}.dist-info"
    info.mkdir(parents=True)
    text = f"Metadata-Version: 2.1\nName: tqdm\nVersion: {version}\n"
    (info / "METADATA").write_text(text)
    wheel = "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
    (info / "WHEEL").write_text(wheel)
    (info / "RECORD").write_text("")
    return info


def test_a_package_that_is_too_old_is_replaced_by_the_remedy(tmp_path, setenv):
    own, shelf = tmp_path / "own", tmp_path / "shelf"
    add_distribution(own, "1.0")
    info = add_distribution(tmp_path, "4.99")
    shelf.mkdir()
    with zipfile.ZipFile(shelf / "tqdm-4.99-py3-none-any.whl", "w") as wheel:
        for file in info.iterdir():
            wheel.write(file, f"{info.name}/{file.name}")
    setenv({"PYTHONPATH": str(own), "PIP_TARGET": str(own)})
    setenv({"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(shelf)})
    broken = look("python")
    assert (broken["state"], broken["code"]) == ("failed", "python_conflict")
    assert "tqdm 1.0" in broken["found"]
    shell(broken["remedy"])
    assert look("python")["code"] == "python_fine"


def test_without_r_python_still_serves(tmp_path, setenv):
    setenv({"PATH": str(tmp_path)})
    found = interpreters.r()
    assert (found.state, found.code) == ("warning", "r_absent")
    assert interpreters.r_packages() == []


def test_r_that_is_broken_is_said_with_what_it_says(tmp_path, setenv):
    for name in ("R", "Rscript"):
        program = tmp_path / name
        program.write_text("#!/bin/sh\necho 'libR.so: no such file' >&2\nexit 127\n")
        program.chmod(0o755)
    path = os.environ["PATH"]
    setenv({"PATH": f"{tmp_path}:{path}"})
    for look_at in (interpreters.r, interpreters.r_packages):
        with pytest.raises(RStartError) as raised:
            look_at()
        assert "libR.so: no such file" in raised.value.message
    setenv({"PATH": path})
    assert interpreters.r().code == "r_fine"


def test_another_home_of_r_is_no_answer_of_r(setenv):
    setenv({"R_HOME": "/nope"})
    assert "WARNING" not in interpreters.r().found
    assert interpreters.r_packages()[0].code == "packages_fine"


@pytest.fixture
def jupyter(tmp_path, setenv, monkeypatch):
    """Let Jupyter find the kernels of one folder, here and in what is installed."""
    monkeypatch.setattr(jupyter_core.paths, "ENV_JUPYTER_PATH", [])
    prefix = tmp_path / "prefix"
    setenv(
        {
            "JUPYTER_PATH": str(prefix / "share/jupyter"),
            "JUPYTER_DATA_DIR": str(tmp_path / "user"),
        }
    )
    return prefix


def add_kernel(prefix, name, argv, **entries):
    folder = prefix / "share/jupyter/kernels" / name
    folder.mkdir(parents=True)
    spec = {"display_name": name, "language": "python", "argv": argv, **entries}
    (folder / "kernel.json").write_text(json.dumps(spec))


def of_python(checks):
    return [check for check in checks if "openhexa-python" in check.found]


def test_a_kernel_that_is_removed_is_installed_by_the_remedy(jupyter):
    (broken,) = of_python(interpreters.kernels())
    assert (broken.state, broken.code) == ("failed", "kernel_absent")
    shell(broken.remedy)
    assert [c for c in of_python(interpreters.kernels()) if c.state != "ok"] == []
    assert (jupyter.parent / "user/kernels/openhexa-python").is_dir()


def test_an_interpreter_that_is_gone_is_replaced_by_the_remedy(jupyter):
    add_kernel(jupyter, "openhexa-python", ["/gone/python", "-m", "x"])
    (broken,) = of_python(interpreters.kernels())
    assert (broken.state, broken.code) == ("failed", "kernel_interpreter")
    assert f"--prefix {jupyter}" in broken.remedy
    shell(broken.remedy)
    assert [c for c in of_python(interpreters.kernels()) if c.state != "ok"] == []


def test_a_kernel_without_a_command_is_replaced_by_the_remedy(jupyter):
    add_kernel(jupyter, "openhexa-python", [])
    (broken,) = of_python(interpreters.kernels())
    assert (broken.state, broken.code) == ("failed", "kernel_interpreter")
    (failed,) = interpreters.kernel_start("python")
    assert (failed.state, failed.code) == ("failed", "kernel_fails")
    shell(broken.remedy)
    assert interpreters.kernel_start("python")[0].code == "kernel_starts"


def test_a_profile_that_does_not_load_is_said(jupyter, tmp_path, setenv):
    setenv({"IPYTHONDIR": str(tmp_path / "ipython")})
    profile = tmp_path / "ipython/profile_default/ipython_config.py"
    profile.parent.mkdir(parents=True)
    profile.write_text("c = get_config(\n")
    shell("hexa-kernels install --kernel python")
    (broken,) = interpreters.kernel_start("python")
    assert (broken.state, broken.code) == ("warning", "kernel_complains")
    assert str(profile) in broken.found
    assert "SyntaxError" in broken.found
    profile.write_text("c = get_config()\n")
    assert interpreters.kernel_start("python")[0].code == "kernel_starts"


def test_a_kernel_that_does_not_start_does_after_the_remedy(jupyter):
    python = shutil.which("python3")
    add_kernel(jupyter, "openhexa-python", [python, "-c", "raise OSError('no room')"])
    (broken,) = interpreters.kernel_start("python")
    assert (broken.state, broken.code) == ("failed", "kernel_fails")
    assert "no room" in broken.found
    shell(broken.remedy)
    (mended,) = interpreters.kernel_start("python")
    assert (mended.state, mended.code) == ("ok", "kernel_starts")


def test_a_kernel_that_hangs_is_named_and_ended(jupyter, monkeypatch, tmp_path):
    pid = tmp_path / "pid"
    code = (
        f"import os, time; print(os.getpid(), file=open('{pid}', 'w')); time.sleep(99)"
    )
    add_kernel(jupyter, "openhexa-python", [shutil.which("python3"), "-c", code])
    assert interpreters.START_TIMEOUT_S < examination.SLOW_TIMEOUT_S
    monkeypatch.setattr(interpreters, "START_TIMEOUT_S", 10)
    (broken,) = interpreters.kernel_start("python")
    assert (broken.state, broken.code) == ("failed", "kernel_fails")
    assert "openhexa-python" in broken.found
    assert not psutil.pid_exists(int(pid.read_text()))


def test_an_r_package_that_is_missing_is_installed_by_the_remedy(jupyter, tmp_path):
    require("rscript", shutil.which("R") is not None)
    library = tmp_path / "R library"
    library.mkdir()
    for package in (ROOT / ".rlib").iterdir():
        if package.name != "openhexaR" and package.is_dir():
            (library / package.name).symlink_to(package)
    add_kernel(jupyter, "openhexa-r", ["R"], env={"R_LIBS": str(library)})
    (broken,) = interpreters.r_packages()
    assert (broken.state, broken.code) == ("failed", "packages_missing")
    assert broken.found.startswith("openhexaR:")
    shell(broken.remedy)
    (mended,) = interpreters.r_packages()
    assert (mended.state, mended.code) == ("ok", "packages_fine")
    assert str(library) in mended.found
    description = library / "openhexaR/Meta/package.rds"
    change = "x[['DESCRIPTION']][['Version']] <- '0.0.9'"
    change = f"x <- readRDS('{description}'); {change}; saveRDS(x, '{description}')"
    shell(f'Rscript --vanilla -e "{change}"')
    (old,) = interpreters.r_packages()
    assert (old.state, old.code) == ("warning", "packages_other_version")
    assert old.remedy == broken.remedy
