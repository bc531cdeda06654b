"""Install openhexaR, and the R packages that it needs."""

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from . import environment
from .errors import FolderNotWritableError, RMissingError, RPackageFailedError


def source(name: str) -> Path:
    """Find a folder that ships with the package: in the wheel, else in a checkout."""
    package = Path(__file__).parent
    places = {
        "kernelspecs": ("_sources/kernelspecs", "../kernelspecs"),
        "openhexaR": ("_sources/openhexaR", "../r/openhexaR"),
    }
    return next(p for p in (package / place for place in places[name]) if p.is_dir())


def find_r() -> str:
    """Give the absolute path of R."""
    found = shutil.which("R")
    if found is None:
        raise RMissingError()
    return found


def install_r_package(library: Path | None) -> Path:
    """Install openhexaR, and what it needs, from the source that ships with us.

    What is missing is asked for at CRAN; nanoarrow, on a Debian that has none, is built
    from the source of its next release.

    Parameters
    ----------
    library : Path, optional
        An R library, made if absent; else the first that can be written.

    Returns
    -------
    Path
        The library that openhexaR is in.

    Raises
    ------
    RMissingError
        If R is not there.
    RPackageFailedError
        If a package does not install.
    """
    r = find_r()
    if library is None:
        first = _call([r, "--no-echo", "--no-init-file", "-e", _WRITABLE_LIBRARY], None)
        library = Path(first.stdout.splitlines()[-1])
    library = library.resolve()
    try:
        library.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise FolderNotWritableError(path=library) from error
    script = Path(__file__).with_name("install_packages.R")
    command = [r, "--no-echo", "--no-init-file", "-f", str(script)]
    needed = _call(command, library, show=True)
    if needed.returncode != 0:
        raise _failed("IRkernel, DBI, …", library, needed)
    with tempfile.TemporaryDirectory() as folder:  # R CMD INSTALL writes beside it
        copy = shutil.copytree(source("openhexaR"), Path(folder, "openhexaR"))
        done = _call([r, "CMD", "INSTALL", f"--library={library}", str(copy)], library)
    if done.returncode != 0:
        raise _failed("openhexaR", library, done)
    return library


# The first library that this account can write, else the user's own.
_WRITABLE_LIBRARY = """
paths <- .libPaths()
paths <- c(paths[file.access(paths, 2) == 0], path.expand(Sys.getenv("R_LIBS_USER")))
cat(paths[[1]])
"""


def _call(
    command: list[str], library: Path | None, *, show: bool = False
) -> subprocess.CompletedProcess:
    variables = environment.snapshot()
    if library:
        variables["R_LIBS"] = str(library)
    done = subprocess.Popen(
        command,
        env=variables,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
    )
    # Compiling takes minutes: what R says is shown while it says it.
    said = []
    for line in done.stdout:
        said.append(line)
        if show:
            print(line, end="", file=sys.stderr, flush=True)
    return subprocess.CompletedProcess(command, done.wait(), "".join(said))


def _failed(package: str, library: Path, done: subprocess.CompletedProcess):
    lines = [line.strip() for line in done.stdout.splitlines() if line.strip()]
    telling = [line for line in lines if line.startswith(("ERROR", "Error", "not "))]
    reason = " ".join((telling or lines)[-2:]).rstrip(".")
    return RPackageFailedError(package=package, library=library, reason=reason)
