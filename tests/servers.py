"""PostgreSQL servers for tests: behind a pooler, certified, French, on a full disk."""

import contextlib
import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg

from hexa_kernels.local import postgres, postgres_account, postgres_binaries
from hexa_kernels.local.workspace_yaml import Database

from .conftest import require


def new_server(home: Path) -> postgres.Server:
    """Give a server that a test may change, break and stop; it does not run yet."""
    require("postgres", bool(list(postgres_binaries.find_binaries())))
    place = Database("127.0.0.1", postgres.free_port(), "own", "old-pw", "own-db")
    return postgres.Server(home, place)


def connect(database: Database, **changes: str) -> psycopg.Connection:
    """Connect to a server's database, each statement for itself."""
    return psycopg.connect(
        host=database.host,
        port=database.port,
        dbname=database.name,
        user=changes.get("user", database.username),
        password=changes.get("password", database.password),
        autocommit=True,
    )


@contextlib.contextmanager
def behind_pooler(
    server: postgres.Server, mode: str, settings: str = ""
) -> Iterator[int]:
    """Run a pgbouncer in front of the server; give its port.

    ``mode``: "transaction", where each gets any session of the server, or "session".
    ``settings``: more lines of its configuration.
    """
    # Debian has it where only root's PATH leads.
    program = shutil.which("pgbouncer", path=f"{os.environ['PATH']}:/usr/sbin")
    require("pgbouncer", program is not None)
    database = server.database
    folder = Path(server.home, f"pooler-{mode}")
    folder.mkdir(exist_ok=True)
    port = postgres.free_port()
    users = folder / "users.txt"
    users.write_text(f'"{database.username}" "{database.password}"\n', "utf-8")
    configuration = folder / "pgbouncer.ini"
    configuration.write_text(
        f"[databases]\n* = host=127.0.0.1 port={database.port}\n"
        f"[pgbouncer]\nlisten_addr = 127.0.0.1\nlisten_port = {port}\n"
        f"unix_socket_dir =\nauth_type = plain\nauth_file = {users}\n"
        f"pool_mode = {mode}\ndefault_pool_size = 2\n{settings}"
    )
    with (folder / "log").open("w") as log:
        process = subprocess.Popen(
            [program, configuration], stderr=log, cwd=folder, **server.account
        )
        try:
            deadline = time.monotonic() + 10
            while time.monotonic() < deadline and not postgres.is_taken(port):
                time.sleep(0.05)
            yield port
        finally:
            process.terminate()
            process.wait(timeout=10)


def certify(server: postgres.Server) -> None:
    """Give a server, which must not run, a certificate of its own making."""
    require("openssl", shutil.which("openssl") is not None)
    with server:  # makes its data
        pass
    command = "openssl req -x509 -newkey rsa:2048 -nodes -days 1 -subj /CN=localhost"
    files = ["-keyout", "server.key", "-out", "server.crt"]
    subprocess.run(
        [*command.split(), *files], cwd=server.data, check=True, capture_output=True
    )
    for name in ("server.key", "server.crt"):
        (server.data / name).chmod(0o600)
        server._give(server.data / name)
    with (server.data / "postgresql.conf").open("a") as settings:
        settings.write("ssl = on\n")


@contextlib.contextmanager
def with_small_disk(server: postgres.Server) -> Iterator[None]:
    """Run a server that has a tablespace ``small`` of 8 MB, on a disk of its own."""
    require("mount", os.geteuid() == 0 and shutil.which("mount") is not None)
    place = server.home / "small"
    place.mkdir(parents=True)
    options = ["-t", "tmpfs", "-o", "size=8m", "tmpfs", place]
    subprocess.run(["mount", *options], check=True)
    try:
        with server, connect(server.database) as connection:
            server._give(place)
            connection.execute(f"CREATE TABLESPACE small LOCATION '{place}'")
            yield
    finally:
        subprocess.run(["umount", place], check=True)


def teach_french(server: postgres.Server, monkeypatch) -> None:
    """Let a server, when it starts, and R know locale ``fr_FR.UTF-8``."""
    source = Path("/usr/share/i18n/locales/fr_FR")
    catalogues = Path("/usr/share/locale/fr/LC_MESSAGES").glob("postgres-*.mo")
    require("postgres", source.exists() and any(catalogues))
    folder = server.home / "locales"
    folder.mkdir(parents=True)
    command = ["localedef", "-i", "fr_FR", "-f", "UTF-8", folder / "fr_FR.UTF-8"]
    subprocess.run(command, check=True)
    variables = {**postgres_account.environment(), "LOCPATH": str(folder)}
    monkeypatch.setattr(postgres, "environment", lambda: variables)
    monkeypatch.setenv("LOCPATH", str(folder))
