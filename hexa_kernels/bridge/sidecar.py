"""The default engine of ``%%R``: an OpenHEXA R kernel in a process of its own.

A crash, or ``q()``, ends that process and never the notebook.
"""

import atexit
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import uuid
from contextlib import suppress
from getpass import getpass
from pathlib import Path
from queue import Empty
from typing import Any

import pyarrow
import pyarrow.ipc

from .. import kernelspec
from ..contract import phrase
from ..environment import language
from ..errors import RCellError, RDiedError, RStartError
from .relay import from_r, plain_reason, show, to_r

# How long R may take to notice an interrupt before the user is told what it does.
PATIENCE_S = 3
POLL_S = 0.25


class Sidecar:
    """One R process; started when first asked, and again after it died.

    Attributes
    ----------
    folder : Path
        Where frames are handed over: in shared memory where there is some.
    """

    def __init__(self):
        self.manager = None
        self.client = None
        self.watchdog = None
        self.folder = None
        self.starts = 0
        atexit.register(self.stop)

    def is_alive(self) -> bool:
        return self.manager is not None and self.manager.is_alive()

    def ensure(self) -> None:
        """Start R if it does not run; say so when it is not the first one."""
        if self.is_alive():
            return
        self.stop()
        self.start()
        if self.starts > 1:
            print(phrase("r_started_again", language()), file=sys.stderr)

    def start(self) -> None:
        from jupyter_client import KernelManager
        from jupyter_client.kernelspec import KernelSpecManager

        self.folder = Path(tempfile.mkdtemp(prefix="hexa-r-", dir=_shared_memory()))
        # R finds its specification in that folder too: a kernel of ours, whatever is
        # installed under that name.
        kernelspec.write("r", self.folder / "openhexa-r", specification())
        specs = KernelSpecManager(kernel_dirs=[str(self.folder)])
        self.manager = KernelManager(
            kernel_name="openhexa-r", kernel_spec_manager=specs
        )
        with (self.folder / "log").open("w") as log:
            self.manager.start_kernel(stdout=log, stderr=log, cwd=Path.cwd())
        self.starts += 1
        self.watchdog = _watch(self.manager.provisioner.pid, self.folder)
        self.client = self.manager.blocking_client()
        self.client.start_channels()
        try:
            self.client.wait_for_ready(timeout=60)
        except RuntimeError as error:
            lines = (self.folder / "log").read_text("utf-8", "replace").splitlines()
            reason = ([line for line in lines if line.strip()] or [str(error)])[-1]
            self.stop()
            raise RStartError(reason=reason.strip().rstrip(".")) from None
        except KeyboardInterrupt:
            self.stop()
            raise

    def stop(self) -> None:
        """End R and everything of it. Safe to call at any time."""
        if self.client is not None:
            self.client.stop_channels()
        if self.manager is not None:
            with suppress(Exception):
                self.manager.shutdown_kernel(now=True)
            with suppress(Exception):
                self.manager.cleanup_resources()
        if self.watchdog is not None:
            self.watchdog.kill()
            self.watchdog.stdin.close()
            self.watchdog.wait()
        if self.folder is not None:
            shutil.rmtree(self.folder, ignore_errors=True)
        self.manager = self.client = self.watchdog = self.folder = None

    def take(self, name: str, value: Any) -> None:
        """Give R a value of Python's, under a name."""
        path = self.folder / f"{uuid.uuid4().hex}.arrow"
        table = to_r(value)
        with (
            pyarrow.OSFile(str(path), "wb") as sink,
            pyarrow.ipc.new_stream(sink, table.schema) as writer,
        ):
            writer.write_table(table)
        self._call("bridge_take", path, name)

    def give(self, name: str, as_: str = "pandas") -> Any:
        """Take a value of R's. The file is mapped, and goes with the last reader."""
        path = self.folder / f"{uuid.uuid4().hex}.arrow"
        self._call("bridge_give", name, path)
        table = pyarrow.ipc.open_stream(pyarrow.memory_map(str(path))).read_all()
        path.unlink()
        return from_r(table, as_)

    def _call(self, function: str, *arguments: Any) -> None:
        texts = ", ".join(json.dumps(str(a), ensure_ascii=False) for a in arguments)
        self.run(f"openhexaR:::{function}({texts})", own=True)

    def run(
        self,
        code: str,
        options: dict[str, float | None] | None = None,
        *,
        own: bool = False,
    ) -> None:
        """Run R code; show what it shows while it does.

        Parameters
        ----------
        code : str
            R's code.
        options : dict
            R options to set before; None leaves one as it is.
        own : bool
            Whether it is our code and not the user's: R's traceback is not shown.

        Raises
        ------
        RCellError
            If the code stops with an error. R's own message was shown.
        RDiedError
            If R ended. The next call starts a new one.
        KeyboardInterrupt
            If the user interrupted; R has stopped and keeps its variables.
        """
        given = {n: v for n, v in (options or {}).items() if v is not None}
        if given:
            pairs = ", ".join(f"{name} = {value}" for name, value in given.items())
            self.run(f"options({pairs})", own=True)
        request = self.client.execute(code, allow_stdin=True)
        failure, interrupted, told = None, None, False
        while True:
            try:
                message = self._next_message(request)
                if message is None:
                    if interrupted and not told:
                        told = self._tell_what_runs(interrupted, code)
                    continue
                content = message["content"]
                if message["msg_type"] == "error":
                    failure = content
                if message["msg_type"] == "status":
                    if content["execution_state"] == "idle":
                        break
                elif not (own and message["msg_type"] == "error"):
                    show(message)
            except KeyboardInterrupt:
                if interrupted:  # the second one: R does not stop
                    self.stop()
                    raise
                interrupted = time.monotonic()
                self.manager.interrupt_kernel()
        self._drain_reply(request)
        if interrupted:
            raise KeyboardInterrupt
        if failure is not None:
            raise RCellError(reason=plain_reason(failure["evalue"]))

    def complete(self, code: str) -> list[str]:
        """Give R's completions of the end of ``code``; none while R does not run."""
        if not self.is_alive():
            return []
        reply = self.client.complete(code, len(code), reply=True, timeout=2)["content"]
        return reply["matches"]

    def _next_message(self, request: str) -> dict | None:
        with suppress(Empty):
            asked = self.client.get_stdin_msg(timeout=0)
            self._answer(asked)
        try:
            message = self.client.get_iopub_msg(timeout=POLL_S)
        except Empty:
            if not self.manager.is_alive():
                status = self.manager.provisioner.process.poll()
                self.stop()
                raise RDiedError(status=_ending(status)) from None
            return None
        ours = message["parent_header"].get("msg_id") == request
        return message if ours else None

    def _answer(self, message: dict) -> None:
        content = message["content"]
        ask = getpass if content["password"] else input
        self.client.input(ask(content["prompt"]))

    def _drain_reply(self, request: str) -> None:
        with suppress(Empty):
            while (
                self.client.get_shell_msg(timeout=5)["parent_header"].get("msg_id")
                != request
            ):
                pass

    def _tell_what_runs(self, since: float, code: str) -> bool:
        if time.monotonic() - since < PATIENCE_S:
            return False
        line = code.strip().splitlines()[-1][:60]
        print(
            phrase("r_does_not_stop", language()).replace("{code}", line),
            file=sys.stderr,
        )
        return True


def specification() -> dict:
    """Give the installed R kernel's specification, with its library; else a new one."""
    for found in kernelspec.installed():
        if found.language == "R":
            path = Path(found.resource_dir, "kernel.json")
            return json.loads(path.read_text("utf-8"))
    return kernelspec.make("r")


def _shared_memory() -> str | None:
    place = Path("/dev/shm")
    return str(place) if os.access(place, os.W_OK) else None


def _watch(pid: int, folder: Path) -> subprocess.Popen | None:
    """End R, and what it hands over, when this process ends: then the pipe closes."""
    if os.name != "posix":
        return None
    script = f'read -r _; kill -KILL -{pid} 2>/dev/null; rm -rf "$1"'
    return subprocess.Popen(
        ["sh", "-c", script, "sh", folder],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )


def _ending(status: int | None) -> str:
    if status is not None and status < 0:
        return signal.Signals(-status).name
    return str(status)
