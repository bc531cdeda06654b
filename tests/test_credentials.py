"""A password of the database that was replaced after the notebook started."""

import pytest
import sqlalchemy

from hexa_kernels import database as module
from hexa_kernels import database_engine, db_read

from .engine_fixtures import scalar
from .server import faults
from .server.recorded import data_of, derived, token
from .server.replay import Replay

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
