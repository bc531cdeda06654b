"""Make, write, install and try the kernelspecs; install openhexaR beside the R one."""

import json
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from . import environment
from .errors import (
    FolderNotWritableError,
    KernelFailedError,
    KernelNameInvalidError,
    KernelNameReservedError,
    RMissingError,
    RPackageFailedError,
)

KERNELS = {"python": "openhexa-python", "r": "openhexa-r"}
PLAIN_KERNELS = {"python": "python3", "r": "ir"}


def source(name: str) -> Path:
    """Find a folder that ships with the package: in the wheel, else in a checkout."""
    package = Path(__file__).parent
    places = {
        "kernelspecs": ("_sources/kernelspecs", "../kernelspecs"),
        "openhexaR": ("_sources/openhexaR", "../r/openhexaR"),
    }
    return next(p for p in (package / place for place in places[name]) if p.is_dir())


def make(
    kernel: str, *, display_name: str | None = None, r_library: Path | None = None
) -> dict:
    """Make a kernel.json with absolute interpreters, from the one that is shipped."""
    template = source("kernelspecs") / KERNELS[kernel] / "kernel.json"
    spec = json.loads(template.read_text(encoding="utf-8"))
    if kernel == "python":
        # What the installed ipykernel can do besides, such as encryption, ours can.
        from ipykernel.kernelspec import get_kernel_dict

        spec = {**get_kernel_dict(), **spec}
        spec["metadata"] = {**get_kernel_dict().get("metadata", {}), **spec["metadata"]}
        spec["argv"][0] = sys.executable
    else:
        spec["argv"][0] = find_r()
    if display_name:
        spec["display_name"] = display_name
    if r_library:
        spec["env"]["R_LIBS"] = str(r_library)
    return spec


def write(kernel: str, folder: Path, spec: dict) -> None:
    """Write a resource folder: the logos and kernel.json."""
    shutil.copytree(source("kernelspecs") / KERNELS[kernel], folder, dirs_exist_ok=True)
    text = json.dumps(spec, indent=2, ensure_ascii=False)
    (folder / "kernel.json").write_text(text + "\n", encoding="utf-8")


def install(
    kernel: str,
    *,
    name: str | None = None,
    display_name: str | None = None,
    user: bool = False,
    prefix: str | None = None,
    r_library: Path | None = None,
    overlay: bool = False,
) -> Path:
    """Install one kernelspec.

    Parameters
    ----------
    kernel : str
        "python" or "r".
    name, display_name : str, optional
        In place of the shipped ones.
    user : bool
        Into the user's Jupyter folder. Without it and without ``prefix``: into the
        system's.
    prefix : str, optional
        Into ``<prefix>/share/jupyter/kernels``.
    r_library : Path, optional
        Written as ``R_LIBS`` into the R kernel's environment.
    overlay : bool
        Take the place of the plain kernel, ``python3`` or ``ir``, under its name.

    Returns
    -------
    Path
        The resource folder.

    Raises
    ------
    KernelNameReservedError
        If ``name`` is a plain kernel's.
    KernelNameInvalidError
        If Jupyter would not take ``name``.
    RMissingError
        If R is not there, for the R kernel.
    """
    from jupyter_client.kernelspec import KernelSpecManager

    name = name or KERNELS[kernel]
    check_name(name)
    if overlay:
        name = PLAIN_KERNELS[kernel]
        display_name = display_name or {"python": "Python 3", "r": "R"}[kernel]
    spec = make(kernel, display_name=display_name, r_library=r_library)
    with tempfile.TemporaryDirectory() as folder:
        write(kernel, Path(folder), spec)
        Path(folder).chmod(0o755)  # the copy keeps it; others must read a system's spec
        try:
            place = KernelSpecManager().install_kernel_spec(
                folder, name, user=user, prefix=prefix
            )
        except PermissionError as error:
            raise FolderNotWritableError(path=error.filename) from error
    return Path(place)


def check_name(name: str) -> None:
    """Refuse a plain kernel's name, and what Jupyter would not take or would change."""
    if name in PLAIN_KERNELS.values():
        raise KernelNameReservedError(name=name)
    if not re.fullmatch(r"[a-z0-9._-]+", name):
        raise KernelNameInvalidError(name=name)


@dataclass
class InstalledKernel:
    """One of our kernelspecs as Jupyter finds it."""

    name: str
    display_name: str
    language: str
    resource_dir: str
    interpreter: str


def installed() -> Iterator[InstalledKernel]:
    """Find the kernelspecs that start our kernels, whatever their names."""
    from jupyter_client.kernelspec import KernelSpecManager

    for name, found in sorted(KernelSpecManager().get_all_specs().items()):
        spec = found["spec"]
        command = " ".join(spec["argv"])
        if "hexa_kernels.kernel" in command or "openhexaR::" in command:
            yield InstalledKernel(
                name,
                spec["display_name"],
                spec["language"],
                found["resource_dir"],
                spec["argv"][0],
            )


def uninstall(name: str) -> Path:
    """Remove the kernelspec that Jupyter finds under ``name``."""
    from jupyter_client.kernelspec import KernelSpecManager

    return Path(KernelSpecManager().remove_kernel_spec(name))


def start_once(folder: Path) -> None:
    """Start the kernel of a resource folder and see that it is primed.

    Raises
    ------
    KernelFailedError
        With the last line of what the kernel printed.
    """
    from jupyter_client import KernelManager
    from jupyter_client.kernelspec import KernelSpecManager

    specs = KernelSpecManager(kernel_dirs=[str(folder.parent)])
    manager = KernelManager(kernel_name=folder.name, kernel_spec_manager=specs)
    with tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace") as output:
        manager.start_kernel(stdout=output, stderr=output)
        client = manager.client()
        client.start_channels()
        try:
            client.wait_for_ready(timeout=60)
            reply = client.execute_interactive(
                _PRIMED[manager.kernel_spec.language],
                output_hook=lambda message: None,
                timeout=60,
            )
            if reply["content"]["status"] != "ok":
                raise RuntimeError(reply["content"].get("evalue"))
        except (RuntimeError, TimeoutError) as error:
            output.seek(0)
            lines = [line for line in output.read().splitlines() if line.strip()]
            reason = (lines or [str(error)])[-1].strip().rstrip(".")
            raise KernelFailedError(kernel=folder.name, reason=reason) from error
        finally:
            client.stop_channels()
            manager.shutdown_kernel(now=True)


# Fails in the plain kernel that a broken installation falls back to.
_PRIMED = {
    "python": "assert get_ipython().find_line_magic('hexa')",
    "R": "stopifnot(is.environment(workspace))",
}


def find_r() -> str:
    """Give the absolute path of R."""
    found = shutil.which("R")
    if found is None:
        raise RMissingError()
    return found


def install_r_package(library: Path | None) -> Path:
    """Install openhexaR, and what it needs, from the source that ships with us.

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
        library = Path(_run_r(r, _WRITABLE_LIBRARY).stdout.splitlines()[-1])
    library = library.resolve()
    try:
        library.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise FolderNotWritableError(path=library) from error
    needed = _run_r(r, _INSTALL_MISSING, library, show=True)
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

# Fails, naming them, when a package is still missing after CRAN was asked.
_INSTALL_MISSING = """
missing_packages <- function() {
  wanted <- c("DBI", "httr2", "jsonlite", "rlang", "IRkernel")
  drivers <- c("RPostgres", "RPostgreSQL")
  present <- function(name) nzchar(system.file(package = name))
  c(Filter(Negate(present), wanted), if (!any(sapply(drivers, present))) drivers[[1]])
}
if (length(missing_packages()) > 0) {
  repos <- getOption("repos")
  repos[repos == "@CRAN@"] <- "https://cloud.r-project.org"
  message("Installing ", toString(missing_packages()))
  try(install.packages(missing_packages(), lib = .libPaths()[[1]], repos = repos))
}
if (length(missing_packages()) > 0) {
  stop("not available: ", toString(missing_packages()), "; on Debian: apt-get install ",
       paste0("r-cran-", tolower(sub("RPostgres$", "RPostgreSQL", missing_packages())),
              collapse = " "))
}
"""


def _run_r(r: str, code: str, library: Path | None = None, *, show: bool = False):
    return _call([r, "--no-echo", "--no-init-file", "-e", code], library, show=show)


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
