"""The engine of the workspace database."""

from urllib.parse import quote

import pandas
import pytest
import sqlalchemy

from hexa_kernels import database as module
from hexa_kernels import database_engine
from hexa_kernels.errors import (
    InvalidUrlError,
    MissingPackageError,
    MissingVariableError,
)


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


def test_a_read_only_engine_refuses_to_write(database):
    engine = database_engine(read_only=True)
    with engine.connect() as connection, pytest.raises(sqlalchemy.exc.InternalError):
        connection.execute(sqlalchemy.text("CREATE TABLE no (x int)"))


def test_parameters_of_the_url_are_passed_on(database, setenv):
    url = "postgresql://u:p@h:1/d?application_name=notebook%2Fuser%2Fada%40example.org"
    setenv({"WORKSPACE_DATABASE_URL": url})
    name = scalar(database_engine(), "SHOW application_name")
    assert name == "notebook/user/ada@example.org"


def test_a_connection_that_the_server_dropped_is_replaced(database):
    engine = database_engine()
    pid = scalar(engine, "SELECT pg_backend_pid()")
    module._engine.cache_clear()
    scalar(database_engine(), f"SELECT pg_terminate_backend({pid})")
    assert scalar(engine, "SELECT 1") == 1


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


def test_a_host_that_does_not_answer_is_given_up_after_five_seconds(setenv, database):
    arguments = []
    engine = database_engine()
    sqlalchemy.event.listen(
        engine, "do_connect", lambda *args: arguments.append(args[-1])
    )
    engine.dispose()
    scalar(engine, "SELECT 1")
    assert arguments[0]["connect_timeout"] == 5


def test_without_a_database_the_variable_is_named():
    with pytest.raises(MissingVariableError):
        database_engine()


def test_without_a_driver_the_message_names_one(database, monkeypatch):
    monkeypatch.setattr(module, "find_spec", lambda name: None)
    with pytest.raises(MissingPackageError) as raised:
        database_engine()
    assert raised.value.values["command"] == 'pip install "psycopg[binary]"'


def test_psycopg2_serves_where_there_is_no_psycopg(database, monkeypatch):
    monkeypatch.setattr(module, "find_spec", lambda name: name == "psycopg2")
    engine = database_engine(read_only=True)
    assert engine.driver == "psycopg2"
    assert scalar(engine, "SHOW transaction_read_only") == "on"
