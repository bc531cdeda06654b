"""Ways to the database: names and passwords, poolers, encryption."""

import string
from urllib.parse import quote

import psycopg
import pytest
import sqlalchemy

from hexa_kernels import database_engine

from .engine_fixtures import refuses, scalar
from .servers import behind_pooler, certify

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
def pooler(running_database, setenv):
    with behind_pooler(running_database, "transaction") as port:
        setenv({"WORKSPACE_DATABASE_PORT": str(port)})
        yield


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
def certified(own_server):
    certify(own_server)
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
