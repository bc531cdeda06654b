"""Make, write, install and try the kernelspecs."""

import json
import re
import shutil
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from time import monotonic

from .errors import (
    FolderNotWritableError,
    KernelFailedError,
    KernelNameInvalidError,
    KernelNameReservedError,
)
from .overlay import put, starts_ours, take_away
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
    prefix : str, optional
        Into ``<prefix>/share/jupyter/kernels``; else into the user's Jupyter folder.
    r_library : Path, optional
        Written as ``R_LIBS`` into the R kernel's environment.
    overlay : bool
        Take the place of the plain kernel, ``python3`` or ``ir``, under its name.
        ``uninstall`` puts that one back.

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
    FolderNotWritableError
        If the place cannot be written.
    """
    from jupyter_client.kernelspec import KernelSpecManager

    name = name or KERNELS[kernel]
    check_name(name)
    spec = make(kernel, display_name=display_name, r_library=r_library)
    manager = KernelSpecManager()
    if overlay:
        kernels = Path(prefix, "share/jupyter/kernels") if prefix else None
        place = (kernels or Path(manager.user_kernel_dir)) / PLAIN_KERNELS[kernel]
        put(place, spec, source("kernelspecs") / KERNELS[kernel])
        return place
    with tempfile.TemporaryDirectory() as folder:
        write(kernel, Path(folder), spec)
        Path(folder).chmod(0o755)  # the copy keeps it; others must read a system's spec
        try:
            place = manager.install_kernel_spec(
                folder, name, user=not prefix, prefix=prefix
            )
        except OSError as error:
            raise FolderNotWritableError(path=error.filename) from error
    return Path(place)


def check_name(name: str) -> None:
    """Refuse a plain kernel's name, and what Jupyter would not take or would change."""
    if name in PLAIN_KERNELS.values():
        raise KernelNameReservedError(name=name)
    _check_form(name)


def _check_form(name: str) -> None:
    if not re.fullmatch(r"[a-z0-9_-][a-z0-9._-]*", name):
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
        if starts_ours(spec):
            yield InstalledKernel(
                name,
                spec["display_name"],
                spec["language"],
                found["resource_dir"],
                spec["argv"][0],
            )


def hidden_by(folder: Path) -> Path | None:
    """Give the kernelspec that Jupyter finds in place of an installed one, if any.

    None also where Jupyter does not look at all, as in the prefix of an image.
    """
    from jupyter_client.kernelspec import KernelSpecManager

    manager = KernelSpecManager()
    if str(folder.parent) not in manager.kernel_dirs:
        return None
    found = Path(manager.find_kernel_specs()[folder.name])
    return None if found == folder else found


def uninstall(
    names: set[str], *, user: bool = False, prefix: str | None = None
) -> Iterator[tuple[Path, str | FolderNotWritableError]]:
    """Remove our kernelspecs of these names.

    Parameters
    ----------
    names : set of str
    user, prefix : optional
        Only in the user's Jupyter folder, or below ``prefix``; else wherever Jupyter
        looks for kernels.

    Yields
    ------
    Path, str or FolderNotWritableError
        The resource folder, and "removed", "restored" where a plain kernel is back, or
        why it stays: the others are removed all the same.

    Raises
    ------
    KernelNameInvalidError
        If a name is a path.
    """
    from jupyter_client.kernelspec import KernelSpecManager

    for name in names:
        _check_form(name)
    manager = KernelSpecManager()
    folders = [manager.user_kernel_dir] if user else manager.kernel_dirs
    for folder in [Path(prefix, "share/jupyter/kernels")] if prefix else folders:
        for name in sorted(names):
            try:
                done = take_away(Path(folder, name))
            except FolderNotWritableError as error:
                done = error
            if done:
                yield Path(folder, name), done


def start_once(folder: Path, timeout_s: float = 120) -> str:
    """Start the kernel of a resource folder and see that it is primed.

    Parameters
    ----------
    folder : Path
    timeout_s : float
        For the start and the first answer.

    Returns
    -------
    str
        What the kernel says in its first cell of what went wrong at its start.

    Raises
    ------
    KernelFailedError
        With the last line of what the kernel printed, or why it is not started.
    """
    from jupyter_client import KernelManager
    from jupyter_client.kernelspec import KernelSpecManager

    specs = KernelSpecManager(kernel_dirs=[str(folder.parent)])
    manager = KernelManager(kernel_name=folder.name, kernel_spec_manager=specs)
    deadline, said = monotonic() + timeout_s, []

    def hear(message):
        if message["msg_type"] == "stream":
            said.append(message["content"]["text"])

    with tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace") as output:
        try:
            manager.start_kernel(stdout=output, stderr=output)
        except Exception as error:  # whatever a damaged kernel.json leads to
            raise KernelFailedError(kernel=folder.name, reason=error) from error
        client = manager.client()
        client.start_channels()
        try:
            client.wait_for_ready(timeout=timeout_s)
            reply = client.execute_interactive(
                _PRIMED[manager.kernel_spec.language],
                output_hook=hear,
                timeout=max(1, deadline - monotonic()),
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
    return "".join(said).strip()


# Fails in the plain kernel that a broken installation falls back to.
_PRIMED = {
    "python": "assert get_ipython().find_line_magic('hexa')",
    "R": "stopifnot(is.environment(workspace))",
}
