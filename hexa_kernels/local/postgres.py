"""A PostgreSQL server of our own for one workspace: initialise, start, stop.

The server listens on 127.0.0.1 only, asks for the password, and ends with the process
that started it, however that ends.
"""

import os
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from ..errors import PostgresFailedError, PostgresPasswordError
from .postgres_account import environment, run, server_account
from .postgres_binaries import Binaries, choose_binaries, make_reachable
from .workspace_yaml import Database

POSIX = os.name == "posix"
START_TIMEOUT_S = 60


def free_port() -> int:
    """Ask the system for a port that nobody uses."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def is_taken(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return True
    return False


class Server:
    """The running server of one workspace; a context manager.

    Parameters
    ----------
    home : Path
        Where ``postgres`` (the data) and ``postgres.log`` are.
    database : Database
        Port, account and database to serve; made at the first start.
    binaries : Binaries, optional
        In place of the ones ``choose_binaries`` gives.

    Raises
    ------
    PostgresMissingError, PostgresVersionError, PostgresFailedError
        On entering.
    """

    def __init__(
        self, home: Path, database: Database, binaries: Binaries | None = None
    ):
        self.home = home
        self.data = home / "postgres"
        self.log = home / "postgres.log"
        self.database = database
        self._binaries = binaries

    def __enter__(self):
        self.account = server_account()
        self.home.mkdir(parents=True, exist_ok=True)
        binaries = self._binaries or choose_binaries(self.data)
        self.binaries = make_reachable(binaries, self.home, self.account)
        if not (self.data / "PG_VERSION").exists():
            self._initialise()
        self._clear_stale_pid()
        self._start()
        try:
            self._create_database()
        except BaseException:
            self._stop()
            raise
        return self

    def __exit__(self, *_):
        self._stop()

    def _run(self, *command: str, **options) -> subprocess.CompletedProcess:
        return run(command, self.home, self.account, **options)

    def _initialise(self) -> None:
        """Make the data; whole or not at all."""
        with tempfile.TemporaryDirectory(dir=self.home) as folder:
            self._give(Path(folder))
            fresh, password = Path(folder, "data"), Path(folder, "password")
            password.touch(0o600)
            self._give(password)
            password.write_text(self.database.password + "\n", encoding="utf-8")
            done = self._run(
                self.binaries.program("initdb"),
                f"--pgdata={fresh}",
                f"--username={self.database.username}",
                f"--pwfile={password}",
                "--auth=scram-sha-256",
                "--encoding=UTF8",
                "--lc-messages=C",
                *self._locale(),
            )
            if done.returncode != 0:
                raise self._failure(done.stderr)
            fresh.rename(self.data)

    def _locale(self) -> list[str]:
        """Choose a locale whose capitals of accented letters are right."""
        if self.binaries.version >= 17:
            return [
                "--locale-provider=builtin",
                "--builtin-locale=C.UTF-8",
                "--locale=C",
            ]
        if sys.platform == "linux":
            return ["--locale=C.UTF-8"]
        return ["--locale=en_US.UTF-8" if sys.platform == "darwin" else "--locale=C"]

    def _give(self, path: Path) -> None:
        if self.account:
            os.chown(path, self.account["user"], self.account["group"])

    def _clear_stale_pid(self) -> None:
        """Remove the pid file of a server that ended without its own clean-up.

        PostgreSQL does so itself when no process has that number; not when another
        program got it, or when the dead server waits to be collected.
        """
        file = self.data / "postmaster.pid"
        if not file.exists():
            return
        status = Path("/proc", file.read_text().partition("\n")[0].strip(), "stat")
        try:
            text = status.read_text()
        except OSError:
            return
        program, state = text.partition("(")[2].rsplit(") ", 1)
        if not program.startswith("postgres") or state.startswith("Z"):
            file.unlink()

    def _start(self) -> None:
        command = [
            self.binaries.program("postgres"),
            f"-D{self.data}",
            f"-p{self.database.port}",
            "-clisten_addresses=127.0.0.1",
            "-cunix_socket_directories=",
        ]
        self.log.touch(0o600)
        self._give(self.log)
        with self.log.open("w") as output:
            if POSIX:
                self._process, self._pipe = _watched(
                    command, output, self.home, self.account
                )
            else:
                self._process, self._pipe = _plain(command, output, self.home), None
        deadline = time.monotonic() + START_TIMEOUT_S
        while not self._answers():
            if self._process.poll() is not None or time.monotonic() > deadline:
                self._stop()
                raise self._failure(self.log.read_text(errors="replace"))
            time.sleep(0.02)

    def _answers(self) -> bool:
        """Whether a client is let in, or refused by a server that is up."""
        import psycopg

        try:
            self._connect("postgres").close()
        except psycopg.OperationalError as error:
            return "authentication" in str(error) or "does not exist" in str(error)
        return True

    def _connect(self, name: str):
        import psycopg

        return psycopg.connect(
            host="127.0.0.1",
            port=self.database.port,
            user=self.database.username,
            password=self.database.password,
            dbname=name,
            connect_timeout=5,
            autocommit=True,
        )

    def _create_database(self) -> None:
        import psycopg

        try:
            with self._connect("postgres") as connection:
                query = "SELECT 1 FROM pg_database WHERE datname = %s"
                if connection.execute(query, [self.database.name]).fetchone() is None:
                    name = psycopg.sql.Identifier(self.database.name)
                    create = psycopg.sql.SQL("CREATE DATABASE {}").format(name)
                    connection.execute(create)
        except psycopg.Error as error:
            if "authentication" in str(error) or "does not exist" in str(error):
                raise PostgresPasswordError(path=self.home) from None
            raise self._failure(str(error)) from None

    def _stop(self) -> None:
        """Ask the server to roll back, write down and end; wait until it has."""
        if self._pipe is not None:
            os.close(self._pipe)
        else:
            self._run(
                self.binaries.program("pg_ctl"), f"-D{self.data}", "-mfast", "stop"
            )
        self._process.wait()

    def _failure(self, text: str) -> PostgresFailedError:
        lines = [line.strip() for line in text.splitlines() if line.strip()]
        lines = [line for line in lines if "hint:" not in line.lower()]
        telling = [line for line in lines if "FATAL" in line or "error:" in line]
        reason = (telling or lines or ["?"])[-1].rstrip(".")
        return PostgresFailedError(reason=reason, log=self.log)


# Standard input is a pipe. When its writing end closes, because we close it or because
# we are gone, the reader asks the server to shut down.
_WATCHDOG = """
exec 3<&0 </dev/null
"$@" 3<&- & server=$!
{ read -r _ <&3; kill -INT $server; } & watch=$!
exec 3<&-
wait $server; status=$?
kill $watch 2>/dev/null
exit $status
"""


def _watched(command, output, folder, account) -> tuple[subprocess.Popen, int]:
    reading, writing = os.pipe()
    try:
        process = subprocess.Popen(
            ["/bin/sh", "-c", _WATCHDOG, "watchdog", *command],
            stdin=reading,
            stdout=output,
            stderr=subprocess.STDOUT,
            cwd=folder,
            env=environment(),
            start_new_session=True,  # Ctrl-C in the terminal is for us alone
            **account,
        )
    except BaseException:
        os.close(writing)
        raise
    finally:
        os.close(reading)
    return process, writing


def _plain(command, output, folder) -> subprocess.Popen:
    flags = getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0)
    return subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=subprocess.STDOUT,
        cwd=folder,
        creationflags=flags,
    )
