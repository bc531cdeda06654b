"""Ways to the database: names and passwords, poolers, encryption."""

import os
import shutil
import string
import subprocess
import time
from pathlib import Path
from urllib.parse import quote

import psycopg
import pytest
import sqlalchemy

from hexa_kernels import database_engine
from hexa_kernels.local import postgres

from .conftest import require
from .engine_fixtures import refuses, scalar

PRINTABLE = string.ascii_letters + string.digits + string.punctuation + " éß漢😀"


@pytest.mark.parametrize("part", [PRINTABLE[:48], PRINTABLE[48:]])
def test_every_character_may_be_in_a_name_and_a_password(
    part, driver, running_database, setenv
):
    role, name = psycopg.sql.Identifier(part), psycopg.sql.Identifier(part)
    secret = psycopg.sql.Literal(part)
    sql = psycopg.sql.SQL
    with running_database._connect("postgres") as admin:
        admin.execute(sql("DROP DATABASE IF EXISTS {}").format(name))
        admin.execute(sql("DROP ROLE IF EXISTS {}").format(role))
        admin.execute(sql("CREATE ROLE {} LOGIN PASSWORD {}").format(role, secret))
        admin.execute(sql("CREATE DATABASE {} OWNER {}").format(name, role))
    encoded = quote(part, safe="")
    address = f"postgresql://{encoded}:{encoded}@h:1/{encoded}"
    setenv(
        {
            "WORKSPACE_DATABASE_USERNAME": part,
            "WORKSPACE_DATABASE_PASSWORD": part,
            "WORKSPACE_DATABASE_DB_NAME": part,
            "WORKSPACE_DATABASE_URL": f"{address}?application_name={encoded}",
        }
    )
    engine = database_engine()
    found = "SELECT current_user || current_database()"
    assert scalar(engine, found) == part + part
    # The server keeps 63 bytes of it, and shows others than ASCII as bytes.
    shown = scalar(engine, "SHOW application_name")
    assert shown.startswith(part.encode("ascii", "ignore").decode()[:40])
    assert not any(f":{text}@" in repr(engine) for text in (part, encoded))
    engine.dispose()


@pytest.fixture
def pooler(running_database, setenv, tmp_path_factory):
    """A pgbouncer in front of the server: each transaction gets any session of it."""
    # Debian has it where only root's PATH leads.
    program = shutil.which("pgbouncer", path=f"{os.environ['PATH']}:/usr/sbin")
    require("pgbouncer", program is not None)
    database = running_database.database
    folder = Path(running_database.home, "pooler")
    folder.mkdir(exist_ok=True)
    port = postgres.free_port()
    users = folder / "users.txt"
    users.write_text(f'"{database.username}" "{database.password}"\n', "utf-8")
    settings = folder / "pgbouncer.ini"
    settings.write_text(
        f"[databases]\n* = host=127.0.0.1 port={database.port}\n"
        f"[pgbouncer]\nlisten_addr = 127.0.0.1\nlisten_port = {port}\n"
        f"unix_socket_dir =\nauth_type = plain\nauth_file = {users}\n"
        "pool_mode = transaction\ndefault_pool_size = 2\n"
    )
    log = (folder / "log").open("w")
    process = subprocess.Popen(
        [program, settings], stderr=log, cwd=folder, **running_database.account
    )
    setenv({"WORKSPACE_DATABASE_PORT": str(port)})
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline and not postgres.is_taken(port):
        time.sleep(0.05)
    yield
    process.terminate()
    process.wait(timeout=10)
    log.close()


def test_a_pooler_that_shares_sessions_is_served(driver, database, pooler):
    engine = database_engine()
    held = [engine.connect() for _ in range(4)]
    for _ in range(10):  # a driver that prepares statements does so by then
        for connection in held:
            query = sqlalchemy.text("SELECT count(*) FROM pg_class WHERE relname = :x")
            assert connection.scalar(query, {"x": "nothing"}) == 0
            connection.commit()
    for connection in held:
        connection.close()
    engine.dispose()


def test_a_read_only_engine_refuses_behind_a_pooler(driver, database, pooler):
    engine = database_engine(read_only=True)
    with engine.connect() as connection:
        assert refuses(connection)
    engine.dispose()


@pytest.fixture
def certified(own_server, tmp_path):
    """A server with a certificate of its own making."""
    require("openssl", shutil.which("openssl") is not None)
    with own_server:
        pass
    command = "openssl req -x509 -newkey rsa:2048 -nodes -days 1 -subj /CN=localhost"
    files = ["-keyout", "server.key", "-out", "server.crt"]
    subprocess.run(
        [*command.split(), *files],
        cwd=own_server.data,
        check=True,
        capture_output=True,
    )
    for name in ("server.key", "server.crt"):
        (own_server.data / name).chmod(0o600)
        own_server._give(own_server.data / name)
    with (own_server.data / "postgresql.conf").open("a") as settings:
        settings.write("ssl = on\n")
    with own_server:
        yield own_server


@pytest.mark.parametrize(("mode", "is_used"), [("require", True), ("disable", False)])
def test_sslmode_is_respected(mode, is_used, certified, setenv):
    setenv({"WORKSPACE_DATABASE_URL": f"postgresql://h/d?sslmode={mode}"})
    query = "SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()"
    assert scalar(database_engine(), query) is is_used
    database_engine().dispose()


def test_a_certificate_that_is_not_verified_is_refused(certified, setenv):
    setenv({"WORKSPACE_DATABASE_URL": "postgresql://h/d?sslmode=verify-full"})
    with pytest.raises(sqlalchemy.exc.OperationalError) as raised:
        database_engine().connect()
    assert raised.value.explained.code == "database_refused"
