"""The embedded PostgreSQL: both servers, started, stopped, killed, left behind."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import psutil
import psycopg
import pytest

from hexa_kernels.errors import (
    PostgresFailedError,
    PostgresMissingError,
    PostgresPasswordError,
    PostgresVersionError,
)
from hexa_kernels.local import postgres, postgres_account, postgres_binaries
from hexa_kernels.local.workspace_yaml import Database

from ..conftest import require


def origins():
    found = {}
    for binaries in postgres_binaries.find_binaries():
        found.setdefault(binaries.origin, binaries)
    for origin in ("system", "wheel"):
        require("postgres", origin in found)
    return found


@pytest.fixture(params=["system", "wheel"])
def binaries(request):
    return origins()[request.param]


@pytest.fixture
def database():
    return Database(
        "127.0.0.1", postgres.free_port(), "été", "p@ss/wörd '\"", "données"
    )


@pytest.fixture
def home(server_folder, request):
    return server_folder / f"{request.node.name.translate(str.maketrans('[]', '__'))}"


def connect(database):
    return psycopg.connect(
        host="127.0.0.1",
        port=database.port,
        user=database.username,
        password=database.password,
        dbname=database.name,
        autocommit=True,
    )


def servers_of(home):
    """Processes that work on the data of a folder."""
    return [
        process
        for process in psutil.process_iter(["cmdline"])
        if any(str(home) in part for part in process.info["cmdline"] or [])
    ]


def test_a_server_serves_keeps_its_data_and_ends(binaries, home, database):
    with postgres.Server(home, database, binaries), connect(database) as connection:
        version = connection.info.server_version // 10000
        assert version == binaries.version
        connection.execute("CREATE TABLE t AS SELECT upper('é') AS x")
    assert servers_of(home) == []
    with postgres.Server(home, database, binaries), connect(database) as connection:
        assert connection.execute("SELECT x FROM t").fetchone() == ("É",)
    assert servers_of(home) == []


def test_a_server_wants_the_password_and_listens_to_this_machine_only(
    binaries, home, database
):
    with postgres.Server(home, database, binaries) as server:
        wrong = Database(**{**vars(database), "password": "wrong"})
        with pytest.raises(psycopg.OperationalError, match="authentication failed"):
            connect(wrong)
        (listening,) = {
            connection.laddr.ip
            for process in servers_of(home)
            for connection in process.net_connections("tcp")
            if connection.status == psutil.CONN_LISTEN
        }
        assert listening == "127.0.0.1"
        assert (server.data.stat().st_mode & 0o077) == 0
    assert not list(home.glob("tmp*"))  # the password file is gone


def test_a_server_reaches_r_over_tcp(home, database):
    code = f"""
    con <- DBI::dbConnect(RPostgreSQL::PostgreSQL(), host = "127.0.0.1",
      port = {database.port}, user = Sys.getenv("U"), password = Sys.getenv("P"),
      dbname = Sys.getenv("D"))
    cat(DBI::dbGetQuery(con, "SELECT 1 AS one")$one)
    """
    with postgres.Server(home, database):
        done = subprocess.run(
            ["Rscript", "--no-init-file", "-e", code],
            env={
                **os.environ,
                "U": database.username,
                "P": database.password,
                "D": database.name,
            },
            capture_output=True,
            text=True,
        )
    assert done.stdout == "1", done.stderr


HOLD = """
import sys, time
from pathlib import Path
from hexa_kernels.local import postgres, postgres_account, postgres_binaries
from hexa_kernels.local.workspace_yaml import Database
home, port = sys.argv[1:]
with postgres.Server(Path(home), Database("127.0.0.1", int(port), "u", "p", "d")):
    print("up", flush=True)
    time.sleep(600)
"""


def test_a_killed_supervisor_leaves_no_server(home, database):
    held = subprocess.Popen(
        [sys.executable, "-c", HOLD, home, str(database.port)],
        stdout=subprocess.PIPE,
        text=True,
    )
    assert held.stdout.readline() == "up\n"
    assert servers_of(home / "postgres")
    held.send_signal(signal.SIGKILL)
    held.wait()
    deadline = time.monotonic() + 10
    while servers_of(home / "postgres") and time.monotonic() < deadline:
        time.sleep(0.05)
    assert servers_of(home / "postgres") == []
    assert not (home / "postgres/postmaster.pid").exists()  # it ended in order


def test_a_killed_server_s_pid_file_is_no_obstacle(home, database):
    with postgres.Server(home, database) as server:
        pid = int((server.data / "postmaster.pid").read_text().split()[0])
        children = psutil.Process(pid).children()
        os.kill(pid, signal.SIGKILL)
        psutil.wait_procs(children, timeout=10)
    # Its number went to another program meanwhile.
    file = home / "postgres/postmaster.pid"
    lines = file.read_text().splitlines()
    file.write_text("\n".join([str(os.getpid()), *lines[1:]]) + "\n")
    with postgres.Server(home, database), connect(database) as connection:
        assert connection.execute("SELECT 1").fetchone() == (1,)


def test_data_chooses_between_two_servers(home, database):
    found = origins()
    assert found["system"].version != found["wheel"].version
    for binaries in found.values():
        place = home / binaries.origin
        with postgres.Server(place, database, binaries):
            pass
        with postgres.Server(place, database) as server:
            assert server.binaries.version == binaries.version


def test_data_of_a_version_that_is_not_installed(home, database):
    (home / "postgres").mkdir(parents=True)
    (home / "postgres/PG_VERSION").write_text("9\n")
    with pytest.raises(PostgresVersionError) as raised, postgres.Server(home, database):
        pass
    assert raised.value.values["wanted"] == 9


def test_no_server_is_installed(home, database, monkeypatch):
    monkeypatch.setattr(postgres_binaries, "find_binaries", lambda: iter(()))
    with pytest.raises(PostgresMissingError), postgres.Server(home, database):
        pass


def test_an_interrupted_first_start_leaves_nothing_half_made(
    home, database, monkeypatch
):
    server = postgres.Server(home, database)
    monkeypatch.setattr(server, "_locale", lambda: ["--no-such-option"])
    with pytest.raises(PostgresFailedError) as raised:
        server.__enter__()
    assert "no-such-option" in raised.value.values["reason"]
    assert not (home / "postgres").exists()
    with postgres.Server(home, database):
        pass


def test_a_taken_port_is_reported(home, database):
    with socket.socket() as other:
        other.bind(("127.0.0.1", database.port))
        other.listen()
        assert postgres.is_taken(database.port)
        with pytest.raises(PostgresFailedError), postgres.Server(home, database):
            pass
    assert servers_of(home) == []
    assert not postgres.is_taken(database.port)


def test_another_password_in_the_file_is_reported(home, database):
    with postgres.Server(home, database):
        pass
    changed = Database(**{**vars(database), "password": "changed"})
    with pytest.raises(PostgresPasswordError), postgres.Server(home, changed):
        pass
    assert servers_of(home) == []


def test_without_posix_pg_ctl_stops_the_server(home, database, monkeypatch):
    """The branch for Windows, on this machine: no watchdog."""
    if os.geteuid() == 0:  # PostgreSQL runs under another account; keep that part
        account = postgres_account.server_account()

        def plain(command, output, folder):
            return subprocess.Popen(
                command, stdout=output, stderr=subprocess.STDOUT, cwd=folder, **account
            )

        monkeypatch.setattr(postgres, "_plain", plain)
    monkeypatch.setattr(postgres, "POSIX", False)
    with postgres.Server(home, database), connect(database) as connection:
        assert connection.execute("SELECT 1").fetchone() == (1,)
    assert servers_of(home) == []


def test_root_keeps_data_where_the_server_s_account_can_reach_it(tmp_path, monkeypatch):
    (tmp_path / "id").write_text("demo-1234\n")
    monkeypatch.setattr(postgres_account, "is_root", lambda: True)
    assert postgres_account.home_of(tmp_path) == Path("/var/lib/hexa-kernels/demo-1234")
    monkeypatch.setattr(postgres_account, "is_root", lambda: False)
    assert postgres_account.home_of(tmp_path) == tmp_path
    assert postgres_account.server_account() == {}


@pytest.mark.skipif(os.geteuid() != 0, reason="the server has our own account")
def test_binaries_that_the_account_cannot_reach_are_copied(
    server_folder, home, database, tmp_path_factory, monkeypatch
):
    wheel = origins()["wheel"]
    private = tmp_path_factory.mktemp("private")
    private.chmod(0o700)
    package = wheel.folder.parent
    for folder in (package, package.with_name(f"{package.name}.libs")):
        shutil.copytree(folder, private / folder.name, symlinks=True)
    place = private / package.name / wheel.folder.name
    hidden = postgres_binaries.Binaries(place, wheel.version, "wheel")
    monkeypatch.setattr(postgres_account, "SYSTEM_STATE", server_folder / "system")
    with postgres.Server(home, database, hidden) as server:
        assert server.binaries.folder.is_relative_to(server_folder / "system")
        with connect(database) as connection:
            assert connection.execute("SELECT 1").fetchone() == (1,)
    assert private.stat().st_mode & 0o777 == 0o700
