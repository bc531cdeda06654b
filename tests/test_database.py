"""The engine of the workspace database."""

import os
import shutil
import socket
import string
import subprocess
import time
import warnings
from pathlib import Path
from urllib.parse import quote

import pandas
import psycopg
import pytest
import sqlalchemy

from hexa_kernels import database as module
from hexa_kernels import database_engine, db_read
from hexa_kernels.errors import (
    ConnectionReplacedWarning,
    InvalidUrlError,
    MissingPackageError,
    MissingVariableError,
)
from hexa_kernels.local import postgres, postgres_binaries
from hexa_kernels.local.workspace_yaml import Database

from .conftest import database_variables, require
from .server import faults
from .server.recorded import data_of, derived, token
from .server.replay import Replay


def scalar(engine, query):
    with engine.connect() as connection:
        return connection.execute(sqlalchemy.text(query)).scalar_one()


def test_the_same_environment_gives_the_same_engine(database, setenv):
    first = database_engine()
    assert database_engine() is first
    setenv({"WORKSPACE_DATABASE_DB_NAME": "other"})
    assert database_engine() is not first


def test_tables_are_written_and_read(database):
    table = pandas.DataFrame({"id": [1, 2], "name": ["été", None]})
    table.to_sql("test_database", database_engine(), if_exists="replace", index=False)
    again = pandas.read_sql("SELECT * FROM test_database", database_engine())
    pandas.testing.assert_frame_equal(again, table, check_dtype=False)


def test_the_guide_s_own_way_works(database):
    from openhexa.sdk import workspace

    url = workspace.database_url.replace(
        database.password, quote(database.password, safe="")
    )
    assert scalar(sqlalchemy.create_engine(url), "SELECT 1") == 1


def test_parameters_of_the_url_are_passed_on(database, setenv):
    url = "postgresql://u:p@h:1/d?application_name=notebook%2Fuser%2Fada%40example.org"
    setenv({"WORKSPACE_DATABASE_URL": url})
    name = scalar(database_engine(), "SHOW application_name")
    assert name == "notebook/user/ada@example.org"


@pytest.mark.parametrize(
    ("variable", "value", "code"),
    [
        ("PASSWORD", "wrong-pw", "database_authentication"),
        ("DB_NAME", "nowhere", "database_refused"),
        ("PORT", "1", "database_unreachable"),
    ],
)
def test_a_failed_connection_stays_the_driver_s_error_and_says_what_to_do(
    variable, value, code, database, setenv
):
    setenv({f"WORKSPACE_DATABASE_{variable}": value})
    with pytest.raises(sqlalchemy.exc.OperationalError) as raised:
        database_engine().connect()
    (note,) = raised.value.__notes__
    assert note.startswith(f"[{code}] ")
    assert "wrong-pw" not in note + str(raised.value) + repr(database_engine())


def test_what_a_server_answers_is_not_taken_for_silence(database, setenv):
    setenv({"WORKSPACE_DATABASE_URL": "postgresql://h/d?sslmode=require&schema=x"})
    with pytest.raises(sqlalchemy.exc.OperationalError) as raised:
        database_engine().connect()
    assert raised.value.explained.code == "database_refused"
    assert "SSL" in raised.value.explained.values["reason"]


def test_a_bad_url_is_named_and_not_shown(database, setenv):
    setenv({"WORKSPACE_DATABASE_URL": "postgresql://u:secret-pw@h:abc/d"})
    with pytest.raises(InvalidUrlError) as raised:
        database_engine()
    assert "secret-pw" not in str(raised.value)


def test_the_last_failure_is_kept_until_a_connection_opens(database, setenv):
    setenv({"WORKSPACE_DATABASE_PORT": "1"})
    with pytest.raises(sqlalchemy.exc.OperationalError):
        database_engine().connect()
    assert module.last_failure.code == "database_unreachable"
    setenv({"WORKSPACE_DATABASE_PORT": str(database.port)})
    engine = database_engine()
    engine.dispose()
    assert scalar(engine, "SELECT 1") == 1
    assert module.last_failure is None


def test_a_failing_query_gets_no_note(database):
    with pytest.raises(sqlalchemy.exc.ProgrammingError) as raised:
        scalar(database_engine(), "SELECT * FROM nowhere")
    assert not hasattr(raised.value, "__notes__")


@pytest.fixture
def silent_host(setenv, database):
    """A server that takes connections and never says a word."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        setenv({"WORKSPACE_DATABASE_PORT": str(listener.getsockname()[1])})
        yield


@pytest.mark.parametrize(("query", "limit_s"), [("", 5), ("?connect_timeout=2", 2)])
def test_a_host_that_does_not_answer_is_given_up(query, limit_s, silent_host, setenv):
    setenv({"WORKSPACE_DATABASE_URL": f"postgresql://h/d{query}"})
    start = time.monotonic()
    with pytest.raises(sqlalchemy.exc.OperationalError) as raised:
        database_engine().connect()
    assert limit_s - 1 <= time.monotonic() - start <= limit_s + 1
    assert raised.value.explained.code == "database_unreachable"


def test_without_a_database_the_variable_is_named():
    with pytest.raises(MissingVariableError):
        database_engine()


def test_without_a_driver_the_message_names_one(database, monkeypatch):
    monkeypatch.setattr(module, "find_spec", lambda name: None)
    with pytest.raises(MissingPackageError) as raised:
        database_engine()
    assert raised.value.values["command"] == 'pip install "psycopg[binary]"'


@pytest.fixture(params=["psycopg", "psycopg2"])
def driver(request, database, monkeypatch):
    """Each of the two drivers in turn."""
    monkeypatch.setattr(module, "find_spec", lambda name: name == request.param)
    return request.param


@pytest.fixture
def end_session(running_database):
    """End the server's side of a connection, as an idle limit or a restart does."""

    def end(pid):
        with running_database._connect("postgres") as admin:
            admin.execute("SELECT pg_terminate_backend(%s, 10000)", [pid])
        time.sleep(0.05)  # until the end has arrived on this side

    return end


def pid_of(connection):
    return connection.scalar(sqlalchemy.text("SELECT pg_backend_pid()"))


def test_either_driver_serves(driver):
    assert database_engine().driver == driver
    assert scalar(database_engine(), "SELECT 1") == 1


# A connection that is lost ----------------------------------------------------------


def test_a_connection_of_the_pool_that_was_dropped_is_replaced(driver, end_session):
    with database_engine().connect() as connection:
        pid = pid_of(connection)
    end_session(pid)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert scalar(database_engine(), "SELECT 1") == 1
    assert module.last_failure is None


@pytest.mark.parametrize("level", ["READ COMMITTED", "SERIALIZABLE", "AUTOCOMMIT"])
def test_a_held_connection_that_was_dropped_is_replaced_and_keeps_its_level(
    level, driver, end_session
):
    with database_engine().connect() as held:
        held.execution_options(isolation_level=level)
        before = held.get_isolation_level()
        pid = pid_of(held)
        held.commit()
        end_session(pid)
        with pytest.warns(ConnectionReplacedWarning):
            assert held.scalar(sqlalchemy.text("SELECT 1")) == 1
        held.commit()
        assert held.get_isolation_level() == before
        driver_s = held.connection.dbapi_connection
        assert driver_s.autocommit == (level == "AUTOCOMMIT")


def test_a_dropped_connection_is_replaced_before_an_explicit_transaction(
    driver, end_session
):
    with database_engine().connect() as held:
        pid = pid_of(held)
        held.rollback()
        end_session(pid)
        with pytest.warns(ConnectionReplacedWarning), held.begin():
            assert held.exec_driver_sql("SELECT 1").scalar() == 1


def test_a_connection_that_is_well_is_kept(driver):
    with database_engine().connect() as held:
        pids = set()
        for _ in range(3):
            pids.add(pid_of(held))
            held.commit()
        assert len(pids) == 1


def test_a_notice_to_be_read_is_no_end(driver):
    with database_engine().connect() as held:
        listen = sqlalchemy.text("SELECT pg_backend_pid() FROM pg_sleep(0)")
        held.execute(sqlalchemy.text("LISTEN harvest"))
        pid = held.scalar(listen)
        held.commit()
        with database_engine().begin() as other:
            other.execute(sqlalchemy.text("NOTIFY harvest"))
        time.sleep(0.1)
        assert held.scalar(listen) == pid


def test_inside_a_transaction_the_loss_is_an_error_and_nothing_is_half_done(
    driver, end_session
):
    with database_engine().begin() as connection:
        connection.execute(sqlalchemy.text("DROP TABLE IF EXISTS half"))
        connection.execute(sqlalchemy.text("CREATE TABLE half (x int)"))
    with database_engine().connect() as held:
        pid = pid_of(held)
        held.execute(sqlalchemy.text("INSERT INTO half VALUES (1)"))
        end_session(pid)
        with pytest.raises(sqlalchemy.exc.DBAPIError) as raised:
            held.execute(sqlalchemy.text("INSERT INTO half VALUES (2)"))
        assert raised.value.explained.code == "connection_lost"
        assert raised.value.__notes__[0].startswith("[connection_lost] ")
        with pytest.raises(sqlalchemy.exc.PendingRollbackError):
            held.execute(sqlalchemy.text("INSERT INTO half VALUES (3)"))
        held.rollback()
        assert held.scalar(sqlalchemy.text("SELECT count(*) FROM half")) == 0


@pytest.fixture
def own_server(server_folder, setenv):
    """A server that this test may stop, start and change."""
    require("postgres", bool(list(postgres_binaries.find_binaries())))
    port = postgres.free_port()
    database = Database("127.0.0.1", port, "own", "old-pw", "own-db")
    home = server_folder / f"own-{port}"
    setenv(database_variables(database))
    yield postgres.Server(home, database)
    shutil.rmtree(home)


def test_a_restart_of_the_server_is_survived(own_server):
    text = sqlalchemy.text("SELECT 1")
    engine = database_engine()
    with own_server:
        held = engine.connect()
        assert held.scalar(text) == 1
        held.commit()
    with pytest.raises(sqlalchemy.exc.OperationalError) as raised:
        engine.connect()
    assert raised.value.explained.code == "database_unreachable"
    with own_server:
        assert scalar(engine, "SELECT 1") == 1
        with pytest.warns(ConnectionReplacedWarning):
            assert held.scalar(text) == 1
        held.close()
        engine.dispose()


def test_a_dead_network_is_noticed_after_a_minute(driver):
    with database_engine().connect() as connection:
        handle = os.dup(connection.connection.dbapi_connection.fileno())
        with socket.socket(fileno=handle) as wire:
            assert wire.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE) == 1
            assert wire.getsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE) == 30


# A password that was replaced -------------------------------------------------------

ADMIN = "249"


def answer_with(number, **login):
    """Derive what the OpenHEXA server says of the database, with another login."""
    recording = derived(number, {})
    found = data_of(recording)["workspace"]["database"]["credentials"]
    if found is not None:
        found.update(login)
    return recording


@pytest.fixture
def renewed(own_server, setenv):
    """A running server whose password was replaced after the notebook started."""
    with own_server:
        engine = database_engine()
        with engine.begin() as connection:
            connection.execute(sqlalchemy.text("ALTER ROLE own PASSWORD 'new-p@ss/w?'"))
        engine.dispose()
        setenv({"HEXA_WORKSPACE": "demo-workspace", "HEXA_SERVER_URL": "http://h:1"})
        setenv({"HEXA_TOKEN": token("workspace member, role ADMIN")})
        yield engine
        engine.dispose()


@pytest.mark.parametrize("number", [ADMIN, "250"])
def test_the_present_password_is_asked_for_once(number, renewed, setenv):
    recording = answer_with(number, username="own", password="new-p@ss/w?")
    with Replay([], [recording]) as server:
        setenv({"HEXA_SERVER_URL": server.url})
        setenv({"HEXA_TOKEN": token(recording["caller"])})
        first = renewed.connect()
        with renewed.connect() as second:
            assert second.scalar(sqlalchemy.text("SELECT 1")) == 1
            info = second.connection.dbapi_connection.info
            assert info.password == "new-p@ss/w?"
        first.close()
    assert (server.problems, len(server.requests)) == ([], 1)
    assert module.last_failure is None


def test_tables_are_read_with_the_present_password(renewed, setenv):
    recording = answer_with(ADMIN, username="own", password="new-p@ss/w?")
    with Replay([], [recording]) as server:
        setenv({"HEXA_SERVER_URL": server.url})
        assert db_read("SELECT 1 AS one")["one"].tolist() == [1]
        assert db_read("SELECT 2 AS two")["two"].tolist() == [2]
    assert len(server.requests) == 1


@pytest.mark.parametrize(
    "answer",
    [
        [answer_with(ADMIN, username="own", password="old-pw")],  # the same again
        [answer_with(ADMIN, username="own", password="another")],
        [answer_with("251")],  # a viewer may not see them
        [answer_with("252")],  # nor may a pipeline
        [],
    ],
)
def test_without_a_better_password_the_refusal_stays(answer, renewed, setenv):
    with Replay([], answer) as server:
        setenv({"HEXA_SERVER_URL": server.url})
        if answer:
            setenv({"HEXA_TOKEN": token(answer[0]["caller"])})
        with pytest.raises(sqlalchemy.exc.OperationalError) as raised:
            renewed.connect()
    assert len(server.requests) == 1
    assert raised.value.explained.code == "database_authentication"
    shown = f"{raised.value!r}{raised.value}{raised.value.__notes__}"
    assert not any(secret in shown for secret in ("old-pw", "another", "token-"))


@pytest.mark.parametrize(
    "fault", [faults.status(500), faults.status(200), faults.reset, faults.cut]
)
def test_a_server_out_of_order_changes_nothing(fault, renewed, setenv):
    recording = answer_with(ADMIN, username="own", password="new-p@ss/w?")
    with Replay([], [recording], faults=[fault], once=False) as server:
        setenv({"HEXA_SERVER_URL": server.url})
        with pytest.raises(sqlalchemy.exc.OperationalError) as raised:
            renewed.connect()
        assert raised.value.explained.code == "database_authentication"
        assert scalar(renewed, "SELECT 1") == 1  # asked again at the next attempt


def test_no_server_is_asked_without_a_token(renewed, clean_env):
    clean_env.delenv("HEXA_TOKEN")
    with pytest.raises(sqlalchemy.exc.OperationalError) as raised:
        renewed.connect()
    assert raised.value.explained.code == "database_authentication"


# Read-only handles ------------------------------------------------------------------


@pytest.fixture
def reader(driver, setenv):
    setenv({"WORKSPACE_DATABASE_URL": "postgresql://h/d?options=-c%20work_mem%3D5MB"})
    return database_engine(read_only=True)


def refuses(connection):
    with pytest.raises(sqlalchemy.exc.InternalError, match="read-only transaction"):
        connection.execute(sqlalchemy.text("CREATE TABLE no (x int)"))
    connection.rollback()
    return True


@pytest.mark.parametrize(
    "before",
    [
        "SELECT 1",
        "SET default_transaction_read_only = off",
        "SET SESSION CHARACTERISTICS AS TRANSACTION READ WRITE",
        "RESET ALL",
        "COMMIT",
    ],
)
def test_a_read_only_engine_refuses_to_write(before, reader):
    with reader.connect() as connection:
        connection.execute(sqlalchemy.text(before))
        connection.commit()
        assert refuses(connection)
    with reader.connect() as connection:
        assert refuses(connection)


def test_a_read_only_engine_refuses_without_transactions_and_after_a_drop(
    reader, end_session
):
    with reader.connect() as held:
        pid = pid_of(held)
        held.commit()
        end_session(pid)
        with pytest.warns(ConnectionReplacedWarning):
            assert held.scalar(sqlalchemy.text("SHOW transaction_read_only")) == "on"
        assert refuses(held)
    with reader.execution_options(isolation_level="AUTOCOMMIT").connect() as free:
        assert refuses(free)


def test_a_read_only_engine_keeps_the_options_of_the_url(reader):
    assert scalar(reader, "SHOW work_mem") == "5MB"


# Names, passwords and ways to the server ---------------------------------------------

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
