"""Make, write, install and try the kernelspecs."""

import json
import re
import shutil
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from .errors import (
    FolderNotWritableError,
    KernelFailedError,
    KernelNameInvalidError,
    KernelNameReservedError,
)
from .r_packages import find_r, source

KERNELS = {"python": "openhexa-python", "r": "openhexa-r"}
PLAIN_KERNELS = {"python": "python3", "r": "ir"}


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
