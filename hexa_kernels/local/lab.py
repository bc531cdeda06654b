"""Run a workspace of this machine: its database, and JupyterLab or notebooks on it."""

import os
import signal
import time
import warnings
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from .. import environment
from ..errors import (
    FolderNotWritableError,
    PortReplacedWarning,
    WorkspaceInUseError,
)
from ..extras import needing
from . import postgres, postgres_account, workspace_yaml


@contextmanager
def running(folder: Path, *, share: bool = False) -> Iterator[workspace_yaml.Workspace]:
    """Serve the workspace of a folder, and put its variables into the environment.

    The database is started if ``hexa-kernels init`` made the folder; another one that
    workspace.yaml names is used as it is.

    Parameters
    ----------
    folder : Path
        Holds a workspace.yaml.
    share : bool
        Use the database of a process that already runs this workspace.

    Raises
    ------
    WorkspaceInUseError
        If another process runs it and ``share`` is false.
    """
    workspace = workspace_yaml.read(folder)
    with ExitStack() as stack:
        if workspace.state is not None and workspace.database is not None:
            mine = _lock(workspace, stack)
            if not mine and not share:
                raise WorkspaceInUseError(path=workspace.folder, pid=_holder(workspace))
            if mine:
                _start_database(workspace, stack)
            else:
                workspace = _wait_for_database(folder)
        stack.enter_context(environment.applied(workspace.variables()))
        yield workspace


def _lock(workspace: workspace_yaml.Workspace, stack: ExitStack) -> bool:
    """Take the workspace for this process; False if another one has it."""
    with needing("lab", "run_workspace"):
        import filelock

    lock = filelock.FileLock(workspace.state / "lock", timeout=0)
    try:
        stack.enter_context(lock)
    except filelock.Timeout:
        return False
    except OSError as error:
        raise FolderNotWritableError(path=workspace.state) from error
    (workspace.state / "pid").write_text(f"{os.getpid()}\n")
    return True


def _holder(workspace: workspace_yaml.Workspace) -> str:
    """Name the process that has the workspace; it writes its number after the lock."""
    file = workspace.state / "pid"
    return file.read_text().strip() if file.exists() else "?"


def _wait_for_database(folder: Path) -> workspace_yaml.Workspace:
    """Wait for the database that another process is starting, at its final port."""
    deadline = time.monotonic() + postgres.START_TIMEOUT_S
    while True:
        workspace = workspace_yaml.read(folder)
        taken = postgres.is_taken(workspace.database.port)
        if taken or time.monotonic() > deadline:
            return workspace
        time.sleep(0.1)


def _start_database(workspace: workspace_yaml.Workspace, stack: ExitStack) -> None:
    old = workspace.database.port
    if postgres.is_taken(old):
        workspace.replace_port(postgres.free_port())
        warnings.warn(
            PortReplacedWarning(
                old=old, new=workspace.database.port, path=workspace.path
            ),
            stacklevel=2,
        )
    home = postgres_account.home_of(workspace.state)
    stack.enter_context(postgres.Server(home, workspace.database))


def lab(folder: Path, arguments: list[str]) -> None:
    """Run JupyterLab on the workspace until Ctrl-C.

    Parameters
    ----------
    folder : Path
        Holds a workspace.yaml; becomes the root of the file browser.
    arguments : list of str
        Passed on to JupyterLab.
    """
    with needing("lab", "run_workspace"):
        from jupyterlab.labapp import LabApp
    with running(folder) as workspace:
        options = [
            f"--ServerApp.root_dir={workspace.folder}",
            "--ServerApp.answer_yes=True",  # one Ctrl-C stops it
        ]
        if hasattr(os, "geteuid") and os.geteuid() == 0:
            options.append("--allow-root")
        for name in ("SIGINT", "SIGHUP"):
            number = getattr(signal, name, None)
            # Ignored is what `nohup` and `&` ask for.
            if number and signal.getsignal(number) != signal.SIG_IGN:
                signal.signal(number, _stop)
        LabApp.launch_instance([*options, *arguments])


def _stop(number, frame) -> None:
    """End as on SIGTERM: without a terminal, Jupyter's own way out of Ctrl-C leaves
    kernels behind. Before Jupyter listens to SIGTERM, end as Python does."""
    if signal.getsignal(signal.SIGTERM) == signal.SIG_DFL:
        raise KeyboardInterrupt
    os.kill(os.getpid(), signal.SIGTERM)
