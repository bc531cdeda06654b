"""Python and R, their packages, and the kernels that Jupyter starts with them."""

import platform
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path
from time import perf_counter

from packaging.requirements import Requirement

from .. import __version__, environment, kernelspec
from ..checks import Check
from ..errors import KernelFailedError, RStartError
from .findings import Words, finding

ASK_TIMEOUT_S = 30
START_TIMEOUT_S = 50  # less than a check has: a kernel that hangs is ended


def python() -> Check:
    """Look for packages of ours that are missing, or too old."""
    conflicts = dict(_conflicts())
    if conflicts:
        return finding(
            "python",
            "python_conflict",
            found="; ".join(conflicts.values()),
            python=sys.executable,
            requirements=Words(shlex.join(conflicts)),
        )
    version = platform.python_version()
    return finding("python", "python_fine", version=version, path=sys.executable)


def _conflicts() -> Iterator[tuple[str, str]]:
    """Give requirements that are not met, and what is there in their place."""
    for text in metadata.requires("hexa-kernels") or []:
        wanted = Requirement(text)
        if wanted.marker is not None and not wanted.marker.evaluate({"extra": ""}):
            continue
        try:
            found = metadata.version(wanted.name)
        except metadata.PackageNotFoundError:
            found = None
        wanted.marker = None
        if found is None or not wanted.specifier.contains(found, prereleases=True):
            yield str(wanted), f"{wanted.name} {found or '–'} (≠ {wanted})"


def r() -> Check:
    """Look for R on the PATH."""
    path = shutil.which("R")
    if path is None:
        return finding("r", "r_absent")
    version = _ask_r("cat(as.character(getRversion()))", _library())
    return finding("r", "r_fine", version=version, path=path)


_PACKAGES = """
needed <- c("openhexaR", "DBI", "httr2", "jsonlite", "rlang", "IRkernel", "nanoarrow",
            "bit64")
drivers <- c("RPostgres", "RPostgreSQL")
present <- function(name) nzchar(system.file(package = name))
driver <- c(Filter(present, drivers), "")[[1]]
missing <- c(Filter(Negate(present), needed), if (!nzchar(driver)) drivers[[1]])
version <- if (present("openhexaR")) as.character(packageVersion("openhexaR")) else ""
place <- dirname(system.file(package = "openhexaR"))
cat(paste(missing, collapse = ", "), version, driver, place, sep = "\\n")
"""


def r_packages() -> list[Check]:
    """Look for openhexaR and what it needs, where the R kernel would."""
    if shutil.which("R") is None:
        return []
    answer = _ask_r(_PACKAGES, _library())
    missing, version, driver, place = answer.split("\n")[:4]
    values = {"kernel": "r", "options": _options("r")}
    if missing:
        return [finding("r_packages", "packages_missing", packages=missing, **values)]
    if version != __version__:
        values |= {"found": version, "version": __version__}
        return [finding("r_packages", "packages_other_version", **values)]
    values = {"version": version, "driver": driver, "library": place}
    return [finding("r_packages", "packages_fine", **values)]


def _ask_r(code: str, library: str | None) -> str:
    variables = environment.snapshot() | ({"R_LIBS": library} if library else {})
    variables.pop("R_HOME", None)  # R warns of another one, among its answers
    try:
        done = subprocess.run(
            ["Rscript", "--no-init-file", "-e", code],
            env=variables,
            capture_output=True,
            text=True,
            timeout=ASK_TIMEOUT_S,
            check=True,
        )
    except (OSError, subprocess.SubprocessError) as error:
        said = (getattr(error, "stderr", None) or "").strip() or str(error)
        raise RStartError(reason=said.splitlines()[-1].rstrip(".")) from error
    return done.stdout


def _library() -> str | None:
    """Give the R library that the R kernel's own kernelspec adds."""
    found = _specs().get(kernelspec.KERNELS["r"])
    return found and found["spec"].get("env", {}).get("R_LIBS")


def _specs() -> dict:
    from jupyter_client.kernelspec import KernelSpecManager

    found = KernelSpecManager().get_all_specs()
    return {name: found[name] for name in kernelspec.KERNELS.values() if name in found}


def _expected() -> list[str]:
    return ["python", "r"] if shutil.which("R") else ["python"]


def _options(kernel: str) -> Words:
    """Give the options that install a kernel over the kernelspec that is there."""
    found = _specs().get(kernelspec.KERNELS[kernel])
    if found is None:
        return Words()
    options, folder = [], Path(found["resource_dir"])
    if folder.parts[-4:-1] == ("share", "jupyter", "kernels"):
        options += ["--prefix", str(folder.parents[3])]
    if kernel == "r" and (library := _library()):
        options += ["--r-library", library]
    return Words("".join(f" {shlex.quote(option)}" for option in options))


def kernels() -> list[Check]:
    """Look for our kernelspecs and for the interpreters that they name."""
    specs, found = _specs(), []
    for kernel in _expected():
        name = kernelspec.KERNELS[kernel]
        values = {"name": name, "kernel": kernel, "options": _options(kernel)}
        if name not in specs:
            found.append(finding("kernels", "kernel_absent", **values))
            continue
        interpreter = (specs[name]["spec"]["argv"] or ["–"])[0]
        if shutil.which(interpreter) is None:
            values["interpreter"] = interpreter
            found.append(finding("kernels", "kernel_interpreter", **values))
    return found or [finding("kernels", "kernels_fine", names=", ".join(specs))]


def kernel_start(kernel: str) -> list[Check]:
    """Start a kernel as Jupyter does, and see that it is primed."""
    name = kernelspec.KERNELS[kernel]
    found = _specs().get(name)
    if found is None:  # said by `kernels`
        return []
    begin = perf_counter()
    try:
        said = kernelspec.start_once(Path(found["resource_dir"]), START_TIMEOUT_S)
    except KernelFailedError as error:
        reason = error.values["reason"]
        values = {"name": name, "kernel": kernel, "options": _options(kernel)}
        return [finding("kernel_start", "kernel_fails", reason=reason, **values)]
    if said:
        return [finding("kernel_start", "kernel_complains", name=name, text=said)]
    ms = round((perf_counter() - begin) * 1000)
    return [finding("kernel_start", "kernel_starts", name=name, ms=ms)]
