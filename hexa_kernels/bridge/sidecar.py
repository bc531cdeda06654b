"""The default engine of ``%%R``: an OpenHEXA R kernel in a process of its own.

A crash, or ``q()``, ends that process and never the notebook.
"""

import atexit
import errno
import sys
import threading
import uuid
from contextlib import suppress
from getpass import getpass
from pathlib import Path
from queue import Empty
from typing import Any

import pyarrow
import pyarrow.ipc

from ..contract import phrase
from ..environment import language
from ..errors import NoRoomToCrossError, RDiedError
from .interrupts import Interrupts
from .process import POLL_S, RProcess
from .relay import call_of, failure_of, from_r, show, to_r
from .stopping import Stopping

# R holds each batch twice while it reads it.
BATCH_BYTES = 2**26


class Sidecar:
    """One R process; started when first asked, and again after it died.

    Attributes
    ----------
    lock : threading.RLock
        Held by the thread whose cell uses R.
    """

    def __init__(self):
        self.lock = threading.RLock()
        self.process = RProcess()
        self.starts = 0
        atexit.register(self.stop)

    def is_alive(self) -> bool:
        return self.process.is_alive()

    def ensure(self) -> None:
        """Start R if it does not run; say so when it is not the first one."""
        with Interrupts() as interrupts:
            is_new = not self.is_alive()
            if is_new:
                self.stop()
                self.process = RProcess()
                self.process.start(lambda: interrupts.count)
                self.starts += 1
        if is_new and self.starts > 1:
            print(phrase("r_started_again", language()), file=sys.stderr)
        if interrupts.count:
            raise KeyboardInterrupt

    def stop(self) -> None:
        """End R and everything of it. Safe to call at any time."""
        self.process.stop()

    def take(self, name: str, value: Any) -> None:
        """Give R a value of Python's, under a name.

        Raises
        ------
        NoRoomToCrossError
            If neither shared memory nor the disk can hold it.
        """
        table, paths = to_r(value), self._paths()
        try:
            self.run(call_of("bridge_take", _write(table, paths), name), own=True)
        finally:
            _delete(paths)

    def give(self, name: str, as_: str = "pandas") -> Any:
        """Take a value of R's. The file is mapped, and goes with the last reader."""
        paths = self._paths()
        try:
            self.run(call_of("bridge_give", name, *paths), own=True)
            (path,) = filter(Path.exists, paths)
            table = pyarrow.ipc.open_stream(pyarrow.memory_map(str(path))).read_all()
        finally:
            _delete(paths)
        return from_r(table, as_)

    def _paths(self) -> list[Path]:
        name = f"{uuid.uuid4().hex}.arrow"
        return [folder / name for folder in self.process.folders]

    def run(self, code: str, *, own: bool = False) -> None:
        """Run R code; show what it shows while it does.

        Parameters
        ----------
        code : str
            R's code.
        own : bool
            Whether it is our code and not the user's: R's traceback is not shown.

        Raises
        ------
        RCellError
            If the code stops with an error. R's own message was shown.
        RDiedError
            If R ended. The next cell starts a new one.
        KeyboardInterrupt
            If the user interrupted; R has stopped and keeps its variables.
        """
        with Interrupts() as interrupts:
            failure = self._relay(code, own, interrupts)
        if interrupts.count:
            raise KeyboardInterrupt
        if failure is not None:
            raise failure_of(failure["evalue"])

    def _relay(self, code: str, own: bool, interrupts: Interrupts) -> dict | None:
        """Relay all that R says; give its error."""
        request = self.process.client.execute(code, allow_stdin=True)
        failure = stopping = None
        is_running = False
        while True:
            # Before R begins with this code, it forgets interrupts.
            if is_running and interrupts.count:
                process = self.process
                stopping = stopping or Stopping(
                    process.name, code, process.interrupt, process.stop
                )
                stopping.go_on(interrupts.count)
            message = self._next_message(request, interrupts)
            if message is None:
                continue
            content = message["content"]
            match message["msg_type"]:
                case "status" if content["execution_state"] == "idle":
                    break
                case "execute_input":
                    is_running = True
                case "error":
                    failure = content
            if not (own and message["msg_type"] == "error"):
                show(message)
        self._drain_reply(request)
        return failure

    def complete(self, code: str) -> list[str]:
        """Give R's completions of the end of ``code``; none while R does not run."""
        if not self.lock.acquire(blocking=False):  # another thread's cell
            return []
        try:
            if not self.is_alive():
                return []
            client = self.process.client
            reply = client.complete(code, len(code), reply=True, timeout=2)
            return reply["content"]["matches"]
        finally:
            self.lock.release()

    def _next_message(self, request: str, interrupts: Interrupts) -> dict | None:
        with suppress(Empty):
            asked = self.process.client.get_stdin_msg(timeout=0)["content"]
            ask = getpass if asked["password"] else input
            answer = interrupts.let_through(lambda: ask(asked["prompt"]))
            if answer is not None:
                self.process.client.input(answer)
        try:
            message = self.process.client.get_iopub_msg(timeout=POLL_S)
        except Empty:
            if not self.is_alive():
                status = self.process.ending()
                self.stop()
                raise RDiedError(status=status) from None
            return None
        ours = message["parent_header"].get("msg_id") == request
        return message if ours else None

    def _drain_reply(self, request: str) -> None:
        with suppress(Empty):
            while (
                self.process.client.get_shell_msg(timeout=5)["parent_header"].get(
                    "msg_id"
                )
                != request
            ):
                pass


def _write(table: pyarrow.Table, paths: list[Path]) -> Path:
    """Write a table to the first of the paths that has room for it."""
    rows = max(1, BATCH_BYTES * table.num_rows // max(1, table.nbytes))
    for path in paths:
        try:
            with (
                pyarrow.OSFile(str(path), "wb") as sink,
                pyarrow.ipc.new_stream(sink, table.schema) as writer,
            ):
                writer.write_table(table, max_chunksize=rows)
            return path
        except OSError as error:
            if error.errno not in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
                raise
            path.unlink()
            failure = error
    folder = str(paths[-1].parent)
    raise NoRoomToCrossError(folder=folder, reason=failure.strerror) from failure


def _delete(paths: list[Path]) -> None:
    for path in paths:
        with suppress(OSError):  # Windows keeps what is mapped; it goes with R's folder
            path.unlink(missing_ok=True)
