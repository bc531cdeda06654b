"""Where files are written: the workspace, scratch, the notebook's place, memory."""

import errno
import os
import shutil
import tempfile
from contextlib import suppress
from pathlib import Path

from .. import environment
from .._workspace import notebook_dir
from ..checks import Check
from ..contract import phrase
from ..local.workspace_yaml import nearest_workspace
from .findings import finding

ENOUGH_BYTES = 10**9
ENOUGH_MEMORY_BYTES = 256 * 2**20
SHARED_MEMORY = Path("/dev/shm")
MOUNTS = Path("/proc/self/mountinfo")  # proc(5)


def files() -> Check:
    """Look at the folder of the workspace's files: mounted, writable, with room."""
    path = Path(environment.lookup("files_path"))
    is_bucket = environment.is_cloud() and environment.bucket_engine() is not None
    if is_bucket and path.is_dir() and _mount(path)[0] != str(path.resolve()):
        return finding("files", "folder_not_mounted", path=path)
    return _folder("files", path)


def scratch() -> Check:
    """Look at the folder that vanishes with the server."""
    return _folder("scratch", Path(environment.lookup("tmp_path")))


def _folder(check: str, path: Path) -> Check:
    if not path.is_dir():
        return _absent(check, path)
    try:
        with tempfile.TemporaryFile(dir=path) as probe:
            probe.write(b"\n")
    except OSError as error:
        return _unwritable(check, path, error)
    _, kind = _mount(path)
    if kind.startswith("fuse"):  # which says of free space whatever it likes
        return finding(check, "folder_mounted", path=path, type=kind)
    free = shutil.disk_usage(path).free
    code = "folder_fine" if free >= ENOUGH_BYTES else "folder_full"
    return finding(check, code, path=path, free=f"{free / 1e9:.1f}")


def _absent(check: str, path: Path) -> Check:
    """Tell a folder that is to be made from a workspace that is to be opened."""
    if path.exists():
        fact = "tmp_path" if check == "scratch" else "files_path"
        name = environment.variable(fact)
        return finding(check, "folder_is_file", path=path, variable=name)
    is_chosen = environment.is_set("files_path")
    if is_chosen or environment.is_cloud():
        return finding(check, "folder_absent", path=path)
    folder = nearest_workspace(Path.cwd())
    if folder is None:
        return finding(check, "workspace_none", path=path)
    return finding(check, "workspace_closed", path=path, folder=folder)


def _unwritable(check: str, path: Path, error: OSError) -> Check:
    if error.errno == errno.ENOSPC:
        return finding(check, "folder_full", path=path, free="0.0")
    mount, kind = _mount(path)
    if error.errno == errno.EROFS:
        return finding(check, "folder_mount_read_only", path=path, mount=mount)
    if error.errno == errno.EACCES and not kind.startswith("fuse"):
        owner = path.stat().st_uid
        if hasattr(os, "geteuid") and owner == os.geteuid():
            return finding(check, "folder_closed", path=path)
        if not environment.is_cloud():  # where nobody may give folders away
            with suppress(KeyError, NotImplementedError):  # an account without a name
                owner = path.owner()
            return finding(check, "folder_others", path=path, owner=owner)
    return finding(check, "folder_unusable", path=path, reason=error.strerror)


def _mount(path: Path) -> tuple[str, str]:
    """Give the mount that holds a folder, and the kind of its file system."""
    try:
        lines = MOUNTS.read_text("utf-8", "replace").splitlines()
    except OSError:  # not Linux
        return "/", ""
    best, path = ("/", ""), path.resolve()
    for line in lines:
        before, _, after = line.partition(" - ")
        # A space in it is written \040.
        place = before.split()[4].replace("\\040", " ")
        # Of two mounts on one place, the later one is seen.
        if path.is_relative_to(place) and len(place) >= len(best[0]):
            best = place, after.split()[0]
    return best


def place() -> Check:
    """See whether the notebook, and its working directory, outlive the server."""
    kept = [Path(environment.lookup(fact)) for fact in ("files_path", "tmp_path")]
    inside = [folder.resolve() for folder in kept]

    def is_outside(path: Path) -> bool:
        return not any(path.resolve().is_relative_to(folder) for folder in inside)

    directory = Path.cwd()
    name = environment.lookup("notebook_path") or environment.session_notebook()
    notebook = Path(notebook_dir(), Path(name).name) if name else None
    at = {"path": directory}
    shown = notebook or phrase("working_directory", environment.language(), **at)
    if not environment.is_cloud():
        code = "place_elsewhere" if is_outside(directory) else "place_fine"
        return finding("place", code, path=shown)
    if notebook is not None and is_outside(notebook):
        return finding("place", "place_notebook", path=notebook, files=kept[0])
    if is_outside(directory):
        return finding("place", "place_directory", path=directory, files=kept[0])
    return finding("place", "place_fine", path=shown)


def shared_memory() -> Check:
    """See whether shared memory has room for the frames of ``%%R``."""
    if not SHARED_MEMORY.is_dir():
        return finding("shared_memory", "memory_none")
    usage = shutil.disk_usage(SHARED_MEMORY)
    if usage.total < ENOUGH_MEMORY_BYTES:
        size = usage.total // 10**6
        return finding("shared_memory", "memory_small", path=SHARED_MEMORY, size=size)
    free = f"{usage.free / 1e9:.1f}"
    return finding("shared_memory", "memory_fine", path=SHARED_MEMORY, free=free)
