"""The workspace database as a SQLAlchemy engine."""

import re
from functools import cache
from importlib.util import find_spec
from typing import TYPE_CHECKING

from . import environment
from .contract import phrase
from .errors import (
    DatabaseAuthenticationError,
    DatabaseError,
    DatabaseRefusedError,
    DatabaseUnreachableError,
    InvalidUrlError,
    MissingPackageError,
)

if TYPE_CHECKING:
    from sqlalchemy import URL, Engine

CONNECT_TIMEOUT_S = 5
# What of the URL's parameters is passed on; R knows the same.
PARAMETERS = ("application_name", "connect_timeout", "options", "sslmode")
DRIVERS = {"psycopg": "postgresql+psycopg", "psycopg2": "postgresql+psycopg2"}


def __getattr__(name):
    if name != "engine":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return database_engine()


def database_engine(*, read_only: bool = False) -> "Engine":
    """Give the SQLAlchemy engine of the workspace database.

    Connections open at first use, after at most 5 s, and are checked before each
    reuse. The same environment gives the same engine.

    Parameters
    ----------
    read_only : bool
        Refuse every write: the server answers it with an error.

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
    return _engine(_url(), read_only)


def _url() -> "URL":
    """Compose the address from the five variables; the URL adds its parameters."""
    import sqlalchemy

    driver = next(filter(find_spec, DRIVERS), None)
    if driver is None:
        raise MissingPackageError(
            package="psycopg",
            purpose=phrase("open_database", environment.language()),
            command='pip install "psycopg[binary]"',
        )
    given = environment.lookup("database_url")
    try:
        query = sqlalchemy.make_url(given).query if given else {}
    except (ValueError, sqlalchemy.exc.ArgumentError):
        # Its text may hold the password.
        raise InvalidUrlError(variable=environment.variable("database_url")) from None
    query = {name: query[name] for name in PARAMETERS if name in query}
    return sqlalchemy.URL.create(
        DRIVERS[driver],
        host=environment.require("database_host"),
        port=environment.database_port(),
        username=environment.require("database_username"),
        password=environment.lookup("database_password"),
        database=environment.require("database_name"),
        query=query,
    )


@cache
def _engine(url: "URL", read_only: bool) -> "Engine":
    """Make an engine; kept, because it holds the pool of connections."""
    import sqlalchemy

    arguments = {}
    if "connect_timeout" not in url.query:
        arguments["connect_timeout"] = CONNECT_TIMEOUT_S
    if read_only:
        arguments["options"] = "-c default_transaction_read_only=on"
    engine = sqlalchemy.create_engine(url, pool_pre_ping=True, connect_args=arguments)
    sqlalchemy.event.listen(engine, "handle_error", _explain)
    sqlalchemy.event.listen(engine, "connect", _forget_failure)
    return engine


# The last connection that failed, for %hexa; none once another one opened.
last_failure: DatabaseError | None = None


def _forget_failure(*_) -> None:
    global last_failure
    last_failure = None


def _explain(context) -> None:
    """Add what to do to a failed connection: the error itself stays SQLAlchemy's."""
    if context.connection is not None or context.engine is None:
        return
    global last_failure
    url, reason = context.engine.url, str(context.original_exception).strip()
    values = {"host": url.host, "port": url.port, "username": url.username}
    refusal = re.sub(r".*(FATAL|fe_sendauth): *", "", reason.splitlines()[0])
    if re.search("password|mot de passe", reason):
        ours = DatabaseAuthenticationError(**values)
    elif "FATAL:" not in reason and re.search(_SILENCE, reason):
        ours = DatabaseUnreachableError(**values)
    else:
        ours = DatabaseRefusedError(**values, reason=refusal.rstrip("."))
    context.sqlalchemy_exception.add_note(f"[{ours.code}] {ours}")
    context.sqlalchemy_exception.explained = last_failure = ours


# Nobody answers; every other failure is an answer.
_SILENCE = (
    "refused|timeout|timed out|could not translate|route to host|unreachable|resolve"
)
