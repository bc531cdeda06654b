"""Kernelspecs: what is written, where, and that it starts."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from jupyter_client.kernelspec import KernelSpecManager

from hexa_kernels import kernelspec
from hexa_kernels.errors import (
    KernelFailedError,
    KernelNameInvalidError,
    KernelNameReservedError,
    RMissingError,
)

from .conftest import ROOT

BOTH = pytest.mark.parametrize("kernel", ["python", "r"])


@BOTH
def test_the_shipped_spec_is_complete(kernel):
    folder = ROOT / "kernelspecs" / kernelspec.KERNELS[kernel]
    spec = json.loads((folder / "kernel.json").read_text())
    assert spec["language"] == {"python": "python", "r": "R"}[kernel]
    assert spec["interrupt_mode"] == "signal"
    assert spec["display_name"].startswith("OpenHEXA ")
    assert spec.get("metadata", {}).get("debugger", False) == (kernel == "python")
    logos = {path.name for path in folder.glob("logo*")}
    assert logos == {"logo-32x32.png", "logo-64x64.png", "logo-svg.svg"}
    assert not (folder / "logo-svg.svg").read_text().count("<text")  # needs no font


@BOTH
def test_a_checkout_s_spec_installs_with_jupyter_alone(kernel, tmp_path, setenv):
    folder = ROOT / "kernelspecs" / kernelspec.KERNELS[kernel]
    command = [
        "-m",
        "jupyter_client.kernelspecapp",
        "install",
        folder,
        "--prefix",
        tmp_path,
    ]
    subprocess.run([sys.executable, *command], check=True, capture_output=True)
    place = tmp_path / "share/jupyter/kernels" / folder.name
    assert (place / "kernel.json").read_bytes() == (folder / "kernel.json").read_bytes()
    kernelspec.start_once(place)  # raises unless the kernel starts, primed


@BOTH
def test_an_installed_spec_names_absolute_interpreters(kernel, tmp_path):
    library = ROOT / ".rlib"
    place = kernelspec.install(
        kernel,
        name="mine",
        display_name="Mine",
        prefix=tmp_path,
        r_library=library if kernel == "r" else None,
    )
    assert place == tmp_path / "share/jupyter/kernels/mine"
    spec = json.loads((place / "kernel.json").read_text())
    assert Path(spec["argv"][0]).is_absolute()
    assert spec["display_name"] == "Mine"
    if kernel == "r":
        assert spec["env"]["R_LIBS"] == str(library)
    assert (place / "logo-svg.svg").exists()
    assert place.stat().st_mode & 0o055 == 0o055
    kernelspec.start_once(place)


@BOTH
def test_installing_again_replaces(kernel, tmp_path):
    kernelspec.install(kernel, prefix=tmp_path)
    place = kernelspec.install(kernel, prefix=tmp_path, display_name="Again")
    assert json.loads((place / "kernel.json").read_text())["display_name"] == "Again"


def test_plain_kernels_are_replaced_on_request_only(tmp_path):
    for name in ("python3", "ir"):
        with pytest.raises(KernelNameReservedError):
            kernelspec.install("python", name=name, prefix=tmp_path)
    place = kernelspec.install("python", prefix=tmp_path, overlay=True)
    assert place.name == "python3"
    kernelspec.start_once(place)
    assert kernelspec.install("r", prefix=tmp_path, overlay=True).name == "ir"


@pytest.mark.parametrize("name", ["a b", "Upper", "é", "../x", ""])
def test_a_name_that_jupyter_would_not_keep_is_refused(name):
    with pytest.raises(KernelNameInvalidError):
        kernelspec.check_name(name)


def test_kernels_are_found_by_what_they_start(tmp_path, setenv):
    kernelspec.install("python", name="mine", prefix=tmp_path)
    setenv({"JUPYTER_PATH": str(tmp_path / "share/jupyter")})
    found = {kernel.name: kernel for kernel in kernelspec.installed()}
    assert {"mine", "openhexa-python", "openhexa-r"} <= set(found)
    assert "python3" not in found
    folder = tmp_path / "share/jupyter/kernels/mine"
    assert list(kernelspec.uninstall({"mine"})) == [(folder, "removed")]
    assert "mine" not in KernelSpecManager().find_kernel_specs()


def test_a_kernel_that_does_not_start_says_why(tmp_path):
    place = kernelspec.install("python", prefix=tmp_path)
    spec = json.loads((place / "kernel.json").read_text())
    spec["argv"] = [sys.executable, "-c", "raise SystemExit('no such luck.')"]
    (place / "kernel.json").write_text(json.dumps(spec))
    with pytest.raises(KernelFailedError) as raised:
        kernelspec.start_once(place)
    assert raised.value.values == {"kernel": place.name, "reason": "no such luck"}


def test_without_r_the_message_says_so(setenv, tmp_path):
    setenv({"PATH": str(tmp_path)})
    with pytest.raises(RMissingError):
        kernelspec.install("r", prefix=tmp_path)


def test_the_wheel_carries_specs_and_r_source(tmp_path):
    subprocess.run(
        [sys.executable, "-m", "pip", "wheel", "--no-deps", "-q", "-w", tmp_path, ROOT],
        check=True,
    )
    (wheel,) = tmp_path.glob("*.whl")
    unpacked = tmp_path / "unpacked"
    subprocess.run([sys.executable, "-m", "zipfile", "-e", wheel, unpacked], check=True)
    code = f"""
import hexa_kernels.kernelspec as k
assert k.__file__.startswith("{unpacked}"), k.__file__
print(k.install("python", prefix="{tmp_path}"))
from hexa_kernels.r_packages import install_r_package
print(install_r_package(k.Path("{tmp_path}/library")))
"""
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=unpacked, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "library/openhexaR/DESCRIPTION").exists()
    assert (tmp_path / "share/jupyter/kernels/openhexa-python/kernel.json").exists()
