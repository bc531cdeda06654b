"""A server program of somebody else's: started, waited for, ended."""

import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

from hexa_kernels.local.postgres import _WATCHDOG


def free_ports(number: int) -> list[int]:
    """Ask the system for ports that nobody uses, each another one."""
    with ExitStack() as stack:
        probes = [stack.enter_context(socket.socket()) for _ in range(number)]
        for probe in probes:
            probe.bind(("127.0.0.1", 0))
        return [probe.getsockname()[1] for probe in probes]


class Program:
    """A context manager around a process, which ends with ours whatever happens.

    Parameters
    ----------
    command : list of str
        The program and its arguments.
    log : pathlib.Path
        Where its output goes.
    ready : callable
        Returns when the server answers; raises OSError as long as it does not.
    """

    def __init__(self, command: list[str], log: Path, ready: Callable[[], object]):
        self.command, self.log, self.ready = command, log, ready

    def __enter__(self):
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                ["/bin/sh", "-c", _WATCHDOG, "watchdog", *self.command],
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        deadline = time.monotonic() + 120
        while True:
            try:
                self.ready()
                return self
            except OSError:
                ended = self.process.poll() is not None
                if ended or time.monotonic() > deadline:
                    self.__exit__()
                    text = self.log.read_text("utf-8", "replace")
                    raise RuntimeError(text[-5000:]) from None
                time.sleep(0.1)

    def __exit__(self, *_):
        # Its data goes away with it: nothing is to be written in order.
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        self.process.stdin.close()
