"""What is done, step by step, to make R stop when the user interrupts it."""

import sys
import threading
import time

from ..contract import phrase
from ..database import database_engine
from ..environment import language, lookup
from ..errors import OpenHexaError
from .process import RProcess

# How long R may take to notice an interrupt: until its queries are cancelled, and until
# the user is told what it does.
QUERIES_S = 1
PATIENCE_S = 3
# How long R has then, after the user's last word, before it is ended: it may be in
# other code by now.
LAST_CHANCE_S = 1


class Stopping:
    """An interrupt of R's, from the first Ctrl-C on."""

    def __init__(self, process: RProcess, code: str):
        self._process = process
        self._code = code
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
            self._process.interrupt()
            self._count = count
            if self._is_told and self._end is None:
                self._end = elapsed + LAST_CHANCE_S
        if self._end is not None and elapsed >= self._end:
            self._process.stop()
            raise KeyboardInterrupt
        if elapsed >= QUERIES_S and self._canceller is None:
            arguments = (self._process.name,)
            self._canceller = threading.Thread(target=_cancel_queries, args=arguments)
            self._canceller.daemon = True
            self._canceller.start()
        if elapsed >= PATIENCE_S and not self._is_told:
            line = self._code.strip().splitlines()[-1][:60]
            text = phrase("r_does_not_stop", language()).replace("{code}", line)
            print(text, file=sys.stderr)
            self._is_told = True


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
