"""What tests of the database's engine share: its drivers, a server of their own."""

import shutil

import pytest
import sqlalchemy

from hexa_kernels import database as module
from hexa_kernels.local import postgres, postgres_binaries
from hexa_kernels.local.workspace_yaml import Database

from .conftest import database_variables, require


def scalar(engine, query):
    with engine.connect() as connection:
        return connection.execute(sqlalchemy.text(query)).scalar_one()


def refuses(connection):
    with pytest.raises(sqlalchemy.exc.InternalError, match="read-only transaction"):
        connection.execute(sqlalchemy.text("CREATE TABLE no (x int)"))
    connection.rollback()
    return True


@pytest.fixture(params=["psycopg", "psycopg2"])
def driver(request, database, monkeypatch):
    """Each of the two drivers in turn."""
    monkeypatch.setattr(module, "find_spec", lambda name: name == request.param)
    return request.param


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
