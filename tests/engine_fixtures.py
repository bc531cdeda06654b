"""What tests of the database's engine share: its drivers, a server of their own."""

import shutil
import uuid

import pytest
import sqlalchemy

from hexa_kernels import database as module

from .conftest import database_variables
from .servers import new_server


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
    server = new_server(server_folder / f"own-{uuid.uuid4().hex[:8]}")
    setenv(database_variables(server.database))
    yield server
    shutil.rmtree(server.home, ignore_errors=True)
