"""One connection of ADBC beside the engine's: statements, streams of Arrow, errors.

The engine opens first. It knows time limits, fresh passwords and what became of a
dropped connection; what its connection was made with is what ours is made with.
"""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import contextmanager
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from . import environment, sql
from .connections import connect_as
from .contract import phrase
from .database import database_engine
from .errors import (
    ConnectionLostError,
    DatabaseRefusedError,
    DiskFullError,
    InvalidArgumentError,
    QueryCancelledError,
    ReadOnlyDatabaseError,
    SqlFailedError,
)

if TYPE_CHECKING:
    import pyarrow
    import sqlalchemy

FETCH_ROWS = 50_000
STEP_S = 0.2
BATCH_BYTES = 2**22
# Of libpq, by its documentation; others may be unknown to the driver's own libpq.
_PARAMETERS = (
    *("host", "hostaddr", "port", "user", "password", "dbname", "options"),
    *("application_name", "connect_timeout", "sslmode", "sslrootcert", "sslcert"),
    *("sslkey", "target_session_attrs"),
)
# Tables make types of their rows, too: known or not, these are read as text.
_TYPES = """
SELECT count(*)::text || ' ' || sum(hashtext(typname || oid::text))::text FROM pg_type
WHERE typtype <> 'c' AND typarray <> 0
"""
_BATCH = "adbc.postgresql.batch_size_hint_bytes"
_COPY = "adbc.postgresql.use_copy"
_STATUS = "adbc.postgresql.transaction_status"
_KINDS = {
    "25006": ReadOnlyDatabaseError,  # read_only_sql_transaction
    "53100": DiskFullError,
    "57014": QueryCancelledError,
}


def engine_of(connection: Any) -> "sqlalchemy.Engine":
    """Give the engine of None (the workspace), an identifier, or an engine itself."""
    import sqlalchemy

    if connection is None:
        return database_engine()
    if isinstance(connection, sqlalchemy.Engine):
        return connection
    if not isinstance(connection, str):
        raise InvalidArgumentError(
            argument="connection",
            expected=phrase("a_database", environment.language()),
            actual=repr(type(connection)),
        )
    return connect_as(connection, "POSTGRESQL")


def _look_up(engine: "sqlalchemy.Engine") -> tuple[str, str]:
    """Give what the engine's own connection was made with, in libpq's form, and a sum
    of the types that its database has.
    """
    with engine.connect() as connection:
        types = connection.exec_driver_sql(_TYPES).scalar()
        info = connection.connection.driver_connection.info
        known = getattr(info, "dsn_parameters", None) or info.get_parameters()
        known = {**known, "password": info.password}
    known = {name: known[name] for name in _PARAMETERS if known.get(name)}
    known["client_encoding"] = "UTF8"
    escaped = (
        f"{name}='" + str(value).replace("\\", "\\\\").replace("'", "\\'") + "'"
        for name, value in known.items()
    )
    return " ".join(escaped), types


@lru_cache(maxsize=8)
def _database(conninfo: str, _types: str) -> Any:
    """Make the driver read all types, which takes longer than to connect.

    Kept while the types are the same. It holds no connection, so it may be forked.
    """
    import adbc_driver_postgresql
    from adbc_driver_manager.dbapi import _SharedDatabase

    return _SharedDatabase(adbc_driver_postgresql.connect(conninfo))


def _connect(engine: "sqlalchemy.Engine") -> Any:
    from adbc_driver_manager import AdbcConnection
    from adbc_driver_postgresql import dbapi

    database = _database(*_look_up(engine))
    return dbapi.Connection(database, AdbcConnection(database._db))


@contextmanager
def open_session(connection: Any, *, is_writing: bool = False) -> Iterator["Session"]:
    """Open a session, in one transaction; what is not committed is undone."""
    session = Session(engine_of(connection), is_writing)
    try:
        yield session
    finally:
        session.close()


class Session:
    """A connection of ADBC and its one cursor.

    Every call runs in a thread of the session's, so that Ctrl-C reaches the caller at
    once; the query is then cancelled on the server too.
    """

    def __init__(self, engine: "sqlalchemy.Engine", is_writing: bool):
        from adbc_driver_postgresql import dbapi

        self.database = engine.url.database
        self.is_writing = is_writing
        self.stopped = threading.Event()
        self._worker = ThreadPoolExecutor(1, "hexa-database")
        try:
            self._connection = _connect(engine)
        except dbapi.Error as error:  # too many connections, for one
            url, reason = engine.url, str(error).strip().splitlines()[-1]
            raise DatabaseRefusedError(
                host=url.host, port=url.port, username=url.username, reason=reason
            ) from None
        self._cursor = self._connection.cursor()

    def close(self) -> None:
        self._worker.shutdown()
        self._cursor.close()
        self._connection.close()

    def execute(self, statement: str, values: "pyarrow.RecordBatch | None" = None):
        """Run a statement that gives no rows."""
        self._call(self._plain, statement, values, statement=statement)

    def run(
        self, statement: str, values: "pyarrow.RecordBatch | None" = None
    ) -> tuple["pyarrow.Table", int]:
        """Run any statement; give its rows, and how many it changed or -1."""
        self._call(self._plain, statement, values, statement=statement)
        return self._call(self._cursor.fetch_arrow_table), self._cursor.rowcount

    def commit(self) -> None:
        self._call(self._connection.commit)

    def rollback(self) -> None:
        self._call(self._connection.rollback)

    def rows(self, statement: str, *texts: str | None) -> list[dict]:
        """Give the rows of a short query, with ``$1`` and so on for texts."""
        import pyarrow as pa

        arrays = [pa.array([text], pa.string()) for text in texts]
        values = pa.record_batch(arrays, list(map(str, range(len(texts)))))
        self._call(self._plain, statement, values if texts else None)
        return self._call(self._cursor.fetch_arrow_table).to_pylist()

    def parameter_types(self, statement: str, shown: str) -> list["pyarrow.DataType"]:
        """Ask the server for the types that ``$1`` and so on have."""
        schema = self._call(self._cursor.adbc_prepare, statement, statement=shown)
        return [] if schema is None else list(schema.types)

    def describe(
        self, statement: str, values: "pyarrow.RecordBatch | None", shown: str = ""
    ) -> "pyarrow.Schema":
        """Ask the server for the columns of a query, without running it.

        A position in it is marked in ``shown``, as the user wrote it.
        """
        describe = self._cursor.adbc_execute_schema
        return self._call(describe, statement, values, statement=shown)

    def stream(
        self, statement: str, values: "pyarrow.RecordBatch | None"
    ) -> Iterator["pyarrow.RecordBatch"]:
        """Give the rows of a query, a batch at a time.

        COPY is twice as fast but takes no parameters: with some, a cursor of the
        server's is read, which holds no more in memory either.
        """
        if values is None:
            self._cursor.adbc_statement.set_options(
                **{_COPY: "true", _BATCH: str(BATCH_BYTES)}
            )
            self._call(self._cursor.execute, statement)
            # The public reader drops the server's code of an error.
            reader = self._cursor._results.reader
            while (batch := self._call(_next, reader)) is not None:
                yield batch
            return
        self.execute(f"DECLARE hexa NO SCROLL CURSOR FOR {statement}", values)
        rows = FETCH_ROWS
        while rows == FETCH_ROWS:
            self._call(self._plain, f"FETCH {FETCH_ROWS} FROM hexa")
            table = self._call(self._cursor.fetch_arrow_table)
            rows = table.num_rows
            yield from table.to_batches()

    def ingest(self, table: sql.Table, reader: "pyarrow.RecordBatchReader") -> None:
        """Send rows into a table whose columns have the same types."""
        self._call(
            self._cursor.adbc_ingest,
            table.name,
            reader,
            mode="append",
            db_schema_name=table.schema,
        )

    def _plain(self, statement: str, values: "pyarrow.RecordBatch | None" = None):
        self._cursor.adbc_statement.set_options(**{_COPY: "false"})
        self._cursor.execute(statement, values)

    def _call(self, function: Callable, *arguments, statement: str = "", **options):
        future = self._worker.submit(function, *arguments, **options)
        try:
            # In steps: the driver restores signals so that no wait ends at one.
            while not wait([future], timeout=STEP_S).done:
                pass
            return future.result()
        except KeyboardInterrupt:
            self.stopped.set()
            self._cursor.adbc_cancel()
            wait([future])
            raise
        except self._connection.Error as error:
            raise self._translate(error, statement) from error

    def _translate(self, error: Exception, statement: str) -> Exception:
        """Make an error of ours of the driver's."""
        details = {key.decode(): text.decode() for key, text in error.details or []}
        details = {key.removeprefix("PG_DIAG_"): t for key, t in details.items()}
        first = str(error).splitlines()[0].partition(": ")[2] or str(error)
        reason = details.get("MESSAGE_PRIMARY") or first
        reason = reason.strip().rstrip(".")
        code = error.sqlstate or ""
        if code.startswith(("08", "57P")) or self._is_lost():
            return ConnectionLostError(reason=reason)
        if code == "42501" and self.is_writing:  # insufficient_privilege
            return ReadOnlyDatabaseError(reason=reason)
        if code in _KINDS:
            return _KINDS[code](reason=reason)
        position = int(details.get("STATEMENT_POSITION", 0))
        lines = [details.get(f"MESSAGE_{part}") for part in ("DETAIL", "HINT")]
        lines = [f"SQLSTATE {code}" if code else first, *filter(None, lines)]
        if position and statement:
            lines = [*lines[1:], sql.mark(statement, position)]
            lines.insert(0, "")
        return SqlFailedError(
            reason=reason, problem="\n".join(lines), sqlstate=code, position=position
        )

    def _is_lost(self) -> bool:
        return self._connection.adbc_connection.get_option(_STATUS) == "unknown"


def _next(reader: "pyarrow.RecordBatchReader") -> "pyarrow.RecordBatch | None":
    try:
        return reader.read_next_batch()
    except StopIteration:  # which a future would not pass on
        return None
