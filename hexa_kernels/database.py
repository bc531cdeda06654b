"""The workspace database, and other ones, as SQLAlchemy engines."""

import re
import selectors
import warnings
from functools import cache
from importlib.util import find_spec
from typing import TYPE_CHECKING

from . import environment
from .contract import phrase
from .credentials import fresh_login
from .errors import (
    ConnectionLostError,
    ConnectionReplacedWarning,
    DatabaseAuthenticationError,
    DatabaseError,
    DatabaseRefusedError,
    DatabaseUnreachableError,
    InvalidUrlError,
    MissingPackageError,
)

if TYPE_CHECKING:
    from sqlalchemy import URL, Connection, Engine

CONNECT_TIMEOUT_S = 5
# What of the URL's parameters is passed on; R knows the same.
PARAMETERS = ("application_name", "connect_timeout", "options", "sslmode")
DRIVERS = {"psycopg": "postgresql+psycopg", "psycopg2": "postgresql+psycopg2"}
READ_ONLY = "-c default_transaction_read_only=on"


def __getattr__(name):
    if name != "engine":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return database_engine()


def database_engine(*, read_only: bool = False) -> "Engine":
    """Give the SQLAlchemy engine of the workspace database.

    Connections open at first use, after at most 5 s. One that the server dropped is
    replaced before the next transaction, with a ``ConnectionReplacedWarning`` where it
    was in use; inside a transaction, the driver's error stays. When the server refuses
    the password, the OpenHEXA server is asked once for the present one. The same
    environment gives the same engine.

    Parameters
    ----------
    read_only : bool
        Refuse every write: the server answers it with an error, also after
        ``SET default_transaction_read_only = off``, and refuses
        ``SET TRANSACTION READ WRITE``. A guard against accidents: an explicit
        ``BEGIN READ WRITE`` after a COMMIT of one's own passes it, and so does
        AUTOCOMMIT behind a pooler that takes no start options.

    Raises
    ------
    MissingVariableError
        If the workspace has no database.
    InvalidPortError
        If its port is not a number.

    Examples
    --------
    >>> import pandas
    >>> pandas.read_sql("SELECT 1 AS one", database_engine())["one"].item()
    1
    """
    given = environment.lookup("database_url")
    url = _compose(
        host=environment.require("database_host"),
        port=environment.database_port(),
        username=environment.require("database_username"),
        password=environment.lookup("database_password"),
        database=environment.require("database_name"),
        query=_parameters(given) if given else {},
    )
    return _engine(url, read_only, True)


def connection_engine(*, query: dict[str, str] | None = None, **parts) -> "Engine":
    """Give the engine of a connection's host, port, username, password and database.

    ``query`` holds more of libpq's parameters.
    """
    return _engine(_compose(query=query or {}, **parts), False, False)


def _parameters(given: str) -> dict[str, str]:
    """Read what the URL of the database adds to the five variables."""
    import sqlalchemy

    try:
        query = sqlalchemy.make_url(given).query
    except (ValueError, sqlalchemy.exc.ArgumentError):
        # Its text may hold the password.
        raise InvalidUrlError(variable=environment.variable("database_url")) from None
    return {name: query[name] for name in PARAMETERS if name in query}


def _compose(**parts) -> "URL":
    import sqlalchemy

    driver = next(filter(find_spec, DRIVERS), None)
    if driver is None:
        raise MissingPackageError(
            package="psycopg",
            purpose=phrase("open_database", environment.language()),
            command='pip install "psycopg[binary]"',
        )
    return sqlalchemy.URL.create(DRIVERS[driver], **parts)


@cache
def _engine(url: "URL", read_only: bool, renews: bool) -> "Engine":
    """Make an engine; kept, because it holds the pool of connections.

    ``renews``: whether the OpenHEXA server is asked when the password is refused.
    """
    import sqlalchemy

    # A dead connection is noticed after a minute, not after the system's two hours.
    arguments = {
        "keepalives_idle": 30,
        "keepalives_interval": 10,
        "keepalives_count": 3,
    }
    if "connect_timeout" not in url.query:
        arguments["connect_timeout"] = CONNECT_TIMEOUT_S
    if read_only:
        arguments["options"] = f"{url.query.get('options', '')} {READ_ONLY}".strip()
    if url.drivername == DRIVERS["psycopg"]:
        # A pooler may give each transaction another session of the server.
        arguments["prepare_threshold"] = None
    engine = sqlalchemy.create_engine(url, pool_pre_ping=True, connect_args=arguments)
    listen = sqlalchemy.event.listen
    listen(engine, "handle_error", _explain)
    listen(engine, "connect", _forget_failure)
    listen(engine, "begin", _replace_dropped)
    listen(engine, "before_execute", _check_before_statement)
    if read_only:
        listen(engine, "connect", _begin_read_only)
        listen(engine, "begin", _stay_read_only)
    listen(engine, "do_connect", _connecting(renews))
    return engine


def _begin_read_only(connection, _record) -> None:
    """Let every transaction begin as READ ONLY, whatever SET said before."""
    if hasattr(connection, "set_session"):  # psycopg2
        connection.set_session(readonly=True)
    else:
        connection.read_only = True


def _stay_read_only(connection: "Connection") -> None:
    """Run a query: after its first one, a transaction cannot become READ WRITE."""
    with connection.connection.cursor() as cursor:
        cursor.execute("SELECT 1")


def _connecting(renews: bool):
    """Connect; when the server refuses what can be remedied, try once more."""
    changed = {}

    def connect(dialect, _record, arguments, parameters):
        parameters = {**parameters, **changed}
        try:
            return dialect.connect(*arguments, **parameters)
        except dialect.loaded_dbapi.OperationalError as error:
            changes = _remedy(str(error), parameters, renews)
            if not changes:
                raise
        connection = dialect.connect(*arguments, **{**parameters, **changes})
        changed.update(changes)
        return connection

    return connect


def _remedy(reason: str, parameters: dict, renews: bool) -> dict[str, str]:
    """Give the parameters to change after a refusal; none when nothing helps."""
    options = parameters.get("options", "")
    if "startup parameter" in reason and READ_ONLY in options:  # a pooler's answer
        return {"options": options.replace(READ_ONLY, "").strip()}
    fresh = fresh_login() if renews and _is_authentication(reason) else None
    return fresh if fresh and not fresh.items() <= parameters.items() else {}


def _check_before_statement(connection: "Connection", *_) -> None:
    # At the event of the begin that a statement brings about, its cursor is made.
    if not connection.in_transaction():
        _replace_dropped(connection)


def _replace_dropped(connection: "Connection") -> None:
    """Before a transaction, replace a connection that the server hung up on.

    The pool checks those it hands out. This is for one that somebody holds: idle, it
    has nothing to be read but a notice or the end.
    """
    if not _is_dropped(connection):
        return
    connection.invalidate()
    connection.dialect.set_connection_execution_options(
        connection, connection.get_execution_options()
    )
    warnings.warn(ConnectionReplacedWarning(), stacklevel=2)


def _is_dropped(connection: "Connection") -> bool:
    dialect = connection.dialect
    driver = connection.connection.dbapi_connection
    try:
        with selectors.DefaultSelector() as selector:
            selector.register(driver.fileno(), selectors.EVENT_READ)
            is_silent = not selector.select(0)
        return not is_silent and not dialect.do_ping(driver)
    except dialect.loaded_dbapi.Error:
        return True


# The last connection that failed, for %hexa; none once another one opened.
last_failure: DatabaseError | None = None


def _forget_failure(*_) -> None:
    global last_failure
    last_failure = None


def _explain(context) -> None:
    """Add what to do to a lost or failed connection: the error stays SQLAlchemy's."""
    error = context.sqlalchemy_exception
    if context.is_pre_ping or context.engine is None or error is None:
        return
    reason = str(context.original_exception).strip()
    if context.connection is None:
        global last_failure
        last_failure = ours = _failure(context.engine.url, reason)
    elif context.is_disconnect:
        ours = ConnectionLostError(reason=reason.splitlines()[0].rstrip("."))
    else:
        return
    error.add_note(f"[{ours.code}] {ours}")
    error.explained = ours


def _failure(url: "URL", reason: str) -> DatabaseError:
    values = {"host": url.host, "port": url.port, "username": url.username}
    if _is_authentication(reason):
        return DatabaseAuthenticationError(**values)
    if "FATAL:" not in reason and re.search(_SILENCE, reason):
        return DatabaseUnreachableError(**values)
    refusal = re.sub(r".*(FATAL|fe_sendauth): *", "", reason.splitlines()[0])
    return DatabaseRefusedError(**values, reason=refusal.rstrip("."))


def _is_authentication(reason: str) -> bool:
    return re.search("password|mot de passe", reason) is not None


# Nobody answers; every other failure is an answer.
_SILENCE = (
    "refused|timeout|timed out|could not translate|route to host|unreachable|resolve"
    "|refusée|délai|n'a pas pu traduire|atteindre|accessible"
)
