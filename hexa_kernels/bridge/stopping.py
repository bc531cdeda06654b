"""What is done, step by step, to make R stop when the user interrupts it."""

import os
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable
from select import select

from ..contract import phrase
from ..database import database_engine
from ..environment import language, lookup
from ..errors import OpenHexaError
from .process import POLL_S

# How long R may take to notice an interrupt: until its queries are cancelled, and until
# the user is told what it does.
QUERIES_S = 1
PATIENCE_S = 3
# How long R has then, after the user's last word, before it is ended: it may be in
# other code by now.
LAST_CHANCE_S = 1


class Stopping:
    """An interrupt of R's, from the first Ctrl-C on.

    Parameters
    ----------
    name : str
        What the database knows R's connections by.
    code : str
        What R runs.
    interrupt, stop : function
        Interrupt R; end it, where that can be done.
    """

    def __init__(
        self,
        name: str,
        code: str,
        interrupt: Callable[[], None],
        stop: Callable[[], None] | None = None,
    ):
        self._name = name
        self._code = code
        self._interrupt = interrupt
        self._stop = stop
        self._begin = time.monotonic()
        self._count = 0
        self._canceller = None
        self._is_told = False
        self._end = None

    def go_on(self, count: int) -> None:
        """Do what is due, after ``count`` interrupts. To be called again and again.

        Raises
        ------
        KeyboardInterrupt
            If the user, told that R does not stop, interrupted again: R was ended.
        """
        elapsed = time.monotonic() - self._begin
        if count > self._count:
            self._interrupt()
            self._count = count
            if self._is_told and self._stop and self._end is None:
                self._end = elapsed + LAST_CHANCE_S
        if self._end is not None and elapsed >= self._end:
            self._stop()
            raise KeyboardInterrupt
        if elapsed >= QUERIES_S and self._canceller is None:
            self._canceller = threading.Thread(
                target=_cancel_queries, args=(self._name,), daemon=True
            )
            self._canceller.start()
        if elapsed >= PATIENCE_S and not self._is_told:
            line = self._code.strip().splitlines()[-1][:60]
            told = "r_does_not_stop" if self._stop else "embedded_r_does_not_stop"
            print(phrase(told, language()).replace("{code}", line), file=sys.stderr)
            self._is_told = True


class Watch:
    """Do what is due after an interrupt while this thread, the main one, runs R.

    Python's handlers wait until R is back; the system's own tells another thread at
    once, through a socket.
    """

    def __init__(self, name: str, code: str, interrupt: Callable[[], None]):
        self._stopping = lambda: Stopping(name, code, interrupt)
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> "Watch":
        self._heard, self._told = socket.socketpair()
        self._told.setblocking(False)
        self._before = signal.set_wakeup_fd(self._told.fileno())
        self._thread.start()
        return self

    def __exit__(self, *_) -> None:
        signal.set_wakeup_fd(self._before)
        self._told.close()
        self._thread.join()
        self._heard.close()

    def _watch(self) -> None:
        count, stopping = 0, None
        while True:
            is_told, _, _ = select([self._heard], [], [], POLL_S if count else None)
            if is_told:
                signals = self._heard.recv(64)
                if not signals:  # R is back
                    return
                count += signals.count(signal.SIGINT)
                if self._before != -1:  # of an event loop with handlers of its own
                    os.write(self._before, signals)
            if count:
                stopping = stopping or self._stopping()
                stopping.go_on(count)


def _cancel_queries(name: str) -> None:
    """Cancel what a process asks the workspace database.

    RPostgreSQL waits in C, where no interrupt reaches it; the server ends the wait.
    """
    if lookup("database_host") is None:
        return
    import sqlalchemy

    mine = sqlalchemy.text(
        "SELECT pg_cancel_backend(pid) FROM pg_stat_activity"
        " WHERE usename = current_user AND state = 'active'"
        " AND starts_with(application_name, :name)"
    )
    try:
        with database_engine().connect() as connection:
            connection.execute(mine, {"name": name})
    except (OpenHexaError, sqlalchemy.exc.SQLAlchemyError):
        return  # R does not wait for a database that is not there; the user is told
