"""The engine of the workspace database."""

import os
import socket
import time
import warnings
from urllib.parse import quote

import pandas
import pytest
import sqlalchemy

from hexa_kernels import database as module
from hexa_kernels import database_engine
from hexa_kernels.errors import (
    ConnectionReplacedWarning,
    InvalidUrlError,
    MissingPackageError,
    MissingVariableError,
)

from .engine_fixtures import refuses, scalar


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


# Read-only handles ------------------------------------------------------------------


@pytest.fixture
def reader(driver, setenv):
    setenv({"WORKSPACE_DATABASE_URL": "postgresql://h/d?options=-c%20work_mem%3D5MB"})
    return database_engine(read_only=True)


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


def test_a_read_only_transaction_stays_one(reader):
    with reader.connect() as connection:
        for mode in ("TRANSACTION READ WRITE", "transaction_read_only = off"):
            with pytest.raises(sqlalchemy.exc.InternalError, match="before any query"):
                connection.execute(sqlalchemy.text(f"SET {mode}"))
            connection.rollback()
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
