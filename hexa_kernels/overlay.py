"""A primed kernel in the place of a plain one, and the plain one back again."""

import json
import os
import shutil
from pathlib import Path

from .errors import FolderNotWritableError

_SPEC = "kernel.json"
_SAVED = "kernel.json.original"
_NEW = "kernel.json.new"


def put(folder: Path, spec: dict, logos: Path) -> None:
    """Let the kernelspec in ``folder`` start another kernel, and keep the original.

    Of a kernelspec that is there, only kernel.json changes place, by renaming: that
    keeps its bytes, mode, owner and time, works inside an image's layers, where a
    folder cannot be renamed, and leaves at each moment a state that ``put`` and
    ``take_away`` understand.

    Parameters
    ----------
    folder : Path
        The resource folder; made, with ``logos``, if absent.
    spec : dict
        Its kernel.json. Display name and variables of the original are kept.
    logos : Path
        The folder of the logos.

    Raises
    ------
    FolderNotWritableError
        If something cannot be written.
    """
    current, saved, new = folder / _SPEC, folder / _SAVED, folder / _NEW
    there = _read(current)
    ours = starts_ours(there)
    original = (_read(saved) if ours else there) or _known(folder.name)
    spec = {
        **spec,
        "display_name": original.get("display_name", spec["display_name"]),
        "env": {**original.get("env", {}), **spec.get("env", {})},
    }
    text = json.dumps(spec, indent=2, ensure_ascii=False) + "\n"
    try:
        found = folder.is_dir()
        folder.mkdir(parents=True, exist_ok=True)
        new.write_text(text, encoding="utf-8")
        if os.path.lexists(current) and not ours:
            current.replace(saved)
        new.replace(current)
        for logo in () if found else logos.glob("logo*"):
            shutil.copy(logo, folder)
    except OSError as error:
        raise FolderNotWritableError(path=folder) from error


def take_away(folder: Path) -> str | None:
    """Undo ``put``; also remove any other kernelspec of ours.

    Returns
    -------
    str or None
        ``"restored"`` or ``"removed"``; None if ``folder`` holds nothing of ours.

    Raises
    ------
    FolderNotWritableError
        If something cannot be removed.
    """
    if not folder.is_dir():
        return None
    current, saved = folder / _SPEC, folder / _SAVED
    try:
        (folder / _NEW).unlink(missing_ok=True)
        ours = starts_ours(_read(current))
        if os.path.lexists(saved):
            if ours or not os.path.lexists(current):
                saved.replace(current)
                return "restored"
            saved.unlink()  # somebody installed another one since
        elif ours or (folder.name.startswith("openhexa-") and not _read(current)):
            _remove(folder)  # also where kernel.json is damaged
            return "removed"
        elif not any(folder.iterdir()):  # `put` was ended before its first rename
            folder.rmdir()
    except OSError as error:
        raise FolderNotWritableError(path=folder) from error
    return None


def _remove(folder: Path) -> None:
    if folder.is_symlink():
        folder.unlink()
        return
    last = folder / _SPEC  # by this file the folder is known to be ours
    for other in set(folder.iterdir()) - {last}:
        other.unlink()
    last.unlink()
    folder.rmdir()


def starts_ours(spec: dict) -> bool:
    """Tell whether a kernel.json starts a kernel of ours."""
    command = str(spec.get("argv"))
    return "hexa_kernels.kernel" in command or "openhexaR::" in command


def _read(file: Path) -> dict:
    """Read a kernel.json; what is absent or damaged says nothing."""
    try:
        spec = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return spec if isinstance(spec, dict) else {}


def _known(name: str) -> dict:
    """Give the kernelspec that Jupyter finds elsewhere under this name."""
    from jupyter_client.kernelspec import KernelSpecManager, NoSuchKernel

    try:
        return KernelSpecManager().get_kernel_spec(name).to_dict()
    except (NoSuchKernel, TypeError, ValueError):  # the last two: a damaged one
        return {}
