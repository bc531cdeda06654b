"""The R package and what it needs: installed, or said to be missing."""

import os
import shutil
import subprocess
import sys

import pytest

from hexa_kernels.errors import RMissingError, RPackageFailedError
from hexa_kernels.r_packages import find_r, install_r_package

from .conftest import ONLINE, require


@pytest.fixture
def base_r(tmp_path, setenv):
    """An R that sees the packages of base R only, and no CRAN; gives its profile."""
    require("rscript", shutil.which("R") is not None)
    setenv({"R_LIBS_SITE": str(tmp_path / "none"), "R_PROFILE": str(tmp_path / "p.R")})
    profile = tmp_path / "p.R"
    profile.write_text(
        ".libPaths(Sys.getenv('R_LIBS'), include.site = FALSE)\n"
        f"options(repos = c(CRAN = 'file://{tmp_path}'))\n"
    )
    return profile


def test_without_r_the_message_says_so(setenv, tmp_path):
    setenv({"PATH": str(tmp_path)})
    with pytest.raises(RMissingError):
        find_r()
    with pytest.raises(RMissingError):
        install_r_package(tmp_path)


def test_an_r_package_that_is_missing_is_named(base_r, tmp_path):
    with pytest.raises(RPackageFailedError) as raised:
        install_r_package(tmp_path / "library")
    assert "IRkernel" in raised.value.values["reason"]
    assert "apt-get install r-cran-" in raised.value.values["reason"]


def test_an_empty_library_ends_with_all_that_frames_need(tmp_path):
    require("rscript", shutil.which("R") is not None)
    library = tmp_path / "library"
    install = [*ONLINE, sys.executable, "-m", "hexa_kernels", "install"]
    install += ["--kernel", "r", "--prefix", tmp_path, "--r-library", library]
    installed = subprocess.run(install, capture_output=True, text=True)
    code = "library(openhexaR); stopifnot(from_wire(to_wire(data.frame(a = 1)))$a == 1)"
    variables = {"R_LIBS": str(library), "PATH": os.environ["PATH"]}
    done = subprocess.run(
        ["Rscript", "--no-init-file", "-e", code],
        env=variables,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr + installed.stderr


def test_without_nanoarrow_the_kernel_is_installed_and_the_lack_said(
    tmp_path, setenv, capsys
):
    require("rscript", shutil.which("R") is not None)
    # Neither CRAN nor a Debian to take the source from.
    tools = tmp_path / "bin"
    tools.mkdir()
    (tools / "apt-get").write_text("#!/bin/sh\nexit 0\n")
    (tools / "apt-get").chmod(0o755)
    setenv({"PATH": f"{tools}:{os.environ['PATH']}"})
    profile = tmp_path / "p.R"
    profile.write_text(f"options(repos = c(CRAN = 'file://{tmp_path}'))\n")
    setenv({"R_PROFILE": str(profile)})
    library = install_r_package(tmp_path / "library")
    assert (library / "openhexaR/DESCRIPTION").exists()
    assert (
        "will not cross to Python: not available: nanoarrow" in capsys.readouterr().err
    )
