"""The R process behind ``%%R``: its start, and an end that leaves nothing behind."""

import json
import os
import shutil
import signal
import subprocess
import tempfile
import time
import uuid
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from queue import Empty

from .. import kernelspec
from ..environment import snapshot, variable
from ..errors import RStartError

POLL_S = 0.25
START_TIMEOUT_S = 60


def r_name() -> str:
    """Make a name that the database knows the connections of one R by."""
    return f"hexa-r-{uuid.uuid4().hex[:16]}"


class RProcess:
    """An OpenHEXA R kernel in a process of its own.

    Attributes
    ----------
    client : jupyter_client.BlockingKernelClient
    folders : list of Path
        Where frames are handed over: in shared memory where there is some, else, and
        where that is full, on a disk.
    name : str
        What the database knows its connections by.
    """

    def __init__(self):
        self.name = r_name()
        self.client = self._manager = self._watchdog = None
        self.folders = []

    def start(self, is_given_up: Callable[[], int]) -> None:
        """Start R and wait until it answers.

        Raises
        ------
        RMissingError
            If there is no R.
        RStartError
            If R ends, or says nothing.
        KeyboardInterrupt
            If ``is_given_up``.
        """
        try:
            self._launch()
            self._wait(is_given_up)
        except BaseException:
            self.stop()
            raise

    def _launch(self) -> None:
        from jupyter_client import KernelManager
        from jupyter_client.kernelspec import KernelSpecManager

        for place in _places():
            folder = tempfile.mkdtemp(prefix=f"hexa-r-{os.getpid()}-", dir=place)
            self.folders.append(Path(folder))
        # R finds its specification there too: a kernel of ours, whatever is installed
        # under that name.
        kernelspec.write("r", self.folders[-1] / "openhexa-r", specification())
        specs = KernelSpecManager(kernel_dirs=[str(self.folders[-1])])
        self._manager = KernelManager(
            kernel_name="openhexa-r", kernel_spec_manager=specs
        )
        variables = {**snapshot(), variable("r_process"): self.name}
        try:
            with self._log.open("w") as log:
                self._manager.start_kernel(
                    stdout=log, stderr=log, cwd=Path.cwd(), env=variables
                )
        except OSError as error:  # the program that the specification names is gone
            raise RStartError(reason=str(error)) from error
        self._watchdog = _watch(self.pid, self.folders)
        self.client = self._manager.blocking_client()
        self.client.start_channels()

    @property
    def _log(self) -> Path:
        return self.folders[-1] / "log"

    def _wait(self, is_given_up: Callable[[], int]) -> None:
        """Ask until an answer is published: only then nothing that R says is lost."""
        deadline = time.monotonic() + START_TIMEOUT_S
        while True:
            if is_given_up():
                raise KeyboardInterrupt
            self.client.kernel_info()
            with suppress(Empty):
                self.client.get_iopub_msg(timeout=POLL_S)
                return
            if not self.is_alive() or time.monotonic() > deadline:
                said = self._log.read_text("utf-8", "replace").splitlines()
                reason = ([line for line in said if line.strip()] or ["-"])[-1]
                raise RStartError(reason=reason.strip().rstrip("."))

    def is_alive(self) -> bool:
        return self._manager is not None and self._manager.is_alive()

    @property
    def pid(self) -> int:
        return self._manager.provisioner.pid

    def interrupt(self) -> None:
        self._manager.interrupt_kernel()

    def ending(self) -> str:
        """Say how it ended: the signal, else the status."""
        status = self._manager.provisioner.process.poll()
        if status is not None and status < 0:
            return signal.Signals(-status).name
        return str(status)

    def stop(self) -> None:
        """End R and everything of it. Safe to call at any time."""
        if self.client is not None:
            self.client.stop_channels()
        if self._manager is not None:
            with suppress(Exception):
                self._manager.shutdown_kernel(now=True)
            with suppress(Exception):
                self._manager.cleanup_resources()
        if self._watchdog is not None:
            self._watchdog.kill()
            self._watchdog.stdin.close()
            self._watchdog.wait()
        for folder in self.folders:
            shutil.rmtree(folder, ignore_errors=True)
        self.client = self._manager = self._watchdog = None
        self.folders = []


def specification() -> dict:
    """Give the installed R kernel's specification, with its library; else a new one."""
    for found in kernelspec.installed():
        if found.language == "R":
            path = Path(found.resource_dir, "kernel.json")
            return json.loads(path.read_text("utf-8"))
    return kernelspec.make("r")


def _places() -> list[str]:
    memory = "/dev/shm"
    return [*([memory] if os.access(memory, os.W_OK) else []), tempfile.gettempdir()]


def _watch(pid: int, folders: list[Path]) -> subprocess.Popen | None:
    """End R, and what it hands over, when this process ends: then the pipe closes."""
    if os.name != "posix":
        return None
    script = f'read -r _; kill -KILL -{pid} 2>/dev/null; rm -rf "$@"'
    return subprocess.Popen(
        ["sh", "-c", script, "sh", *folders],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
