"""Tables larger than this machine: read in parts by the workers of a Dask cluster."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from . import environment
from .database import connection_engine
from .errors import DaskUnreachableError
from .extras import needing
from .session import engine_of

if TYPE_CHECKING:
    import dask.dataframe
    import pandas
    import sqlalchemy

PARTITION_BYTES = 64 * 2**20  # on the server's disk
CONNECT_TIMEOUT_S = 10
# Blocks of 8 kB that the largest part of a table has: its own, its partitions'.
_BLOCKS = """
SELECT max(pg_relation_size(c.oid) / current_setting('block_size')::int)
FROM pg_class AS c
WHERE c.relkind IN ('r', 'm') AND c.oid IN (
  WITH RECURSIVE family AS (
    SELECT to_regclass(:name)::oid AS oid
    UNION SELECT i.inhrelid FROM pg_inherits AS i JOIN family ON inhparent = family.oid)
  SELECT oid FROM family)
"""


def read_partitions(
    table_or_sql: str,
    *,
    params: dict[str, Any] | None = None,
    connection: "sqlalchemy.Engine | str | None" = None,
) -> "dask.dataframe.DataFrame":
    """Read a table as a Dask frame whose partitions the workers read in parallel.

    A table is cut at its blocks on disk, every 64 MB, whatever its keys are. A
    statement, and a view, is one partition: make a table or a materialized view of it
    first. Each partition reads what the table holds when it is computed.

    Parameters
    ----------
    table_or_sql, params, connection
        As for ``db_read``. Workers connect with the login that is valid now; it
        travels inside the tasks, and shows in no key, log or dashboard.

    Returns
    -------
    dask.dataframe.DataFrame
        Lazy; columns have Arrow types of pandas, the same in every partition. Geometry
        is WKB, numeric without a declared precision is text. It is computed by the
        present client of Dask, else by the cluster at ``DASK_SCHEDULER_ADDRESS``, else
        by one on this machine. Workers need hexa_kernels.

    Raises
    ------
    MissingPackageError
        If Dask is not installed: extra ``dask``.
    DaskUnreachableError
        If no scheduler answers at ``DASK_SCHEDULER_ADDRESS``.
    TableMissingError, SqlFailedError, ConnectionLostError
        As for ``db_read``.

    References
    ----------
    Scans of ranges of ``ctid``, since PostgreSQL 14:
    https://www.postgresql.org/docs/14/release-14.html
    """
    with needing("dask", "read_partitions"):
        import dask.dataframe
        import distributed
    from .sql import Table, parse_query
    from .sql_script import split

    query = parse_query(table_or_sql)
    engine = engine_of(connection)
    read = _Reader(_Login.of(engine), params)
    if isinstance(query, Table):
        statements, source = _cut(engine, query), str(query)
    else:
        statements, source = [query], f"({';'.join(split(query))}\n) AS q"
    meta = read(f"SELECT * FROM {source} LIMIT 0")
    _ensure_client(distributed)
    return dask.dataframe.from_map(
        read, statements, meta=meta, label="db_read", enforce_metadata=False
    )


def _cut(engine: "sqlalchemy.Engine", table: Any) -> list[str]:
    """Write one statement for each range of a table's blocks; the last has no end."""
    import sqlalchemy

    with engine.connect() as connection:
        found = connection.scalar(sqlalchemy.text(_BLOCKS), {"name": str(table)})
        size = connection.scalar(sqlalchemy.text("SHOW block_size"))
    step = max(PARTITION_BYTES // int(size), 1)
    starts = list(range(0, found or 1, step))
    if len(starts) == 1:
        return [f"TABLE {table}"]
    ends = [f" AND ctid < '({start},0)'" for start in starts[1:]] + [""]
    return [
        f"SELECT * FROM {table} WHERE ctid >= '({start},0)'{end}"
        for start, end in zip(starts, ends, strict=True)
    ]


@dataclass(frozen=True)
class _Login:
    """Where a database is, and how to get in. Never shows the password."""

    host: str
    port: int
    username: str
    database: str
    password: str = field(repr=False)
    query: dict[str, str]

    @classmethod
    def of(cls, engine: "sqlalchemy.Engine") -> "_Login":
        """Take the login of an open connection: the URL's may have been replaced."""
        with engine.connect() as connection:
            info = connection.connection.dbapi_connection.info
            password = info.password
        url = engine.url
        return cls(
            url.host, url.port, url.username, url.database, password, dict(url.query)
        )

    def __dask_tokenize__(self):
        return type(self).__name__, self.host, self.port, self.username, self.database


@dataclass(frozen=True)
class _Reader:
    """Reads one partition, on a worker."""

    login: _Login
    params: dict[str, Any] | None = field(repr=False)

    def __call__(self, statement: str) -> "pandas.DataFrame":
        import pandas

        from .tables import db_read

        engine = connection_engine(**vars(self.login))
        options = {"params": self.params, "connection": engine}
        table = db_read(statement, batches=True, **options).read_all()
        # Classes that depend on the values (int64, Int64 where one is missing) would
        # differ between partitions.
        return table.to_pandas(types_mapper=pandas.ArrowDtype)


def _ensure_client(distributed) -> None:
    """Make a client of the configured cluster, else of one here, if there is none."""
    try:
        distributed.default_client()
        return
    except ValueError:
        address = environment.lookup("dask_scheduler")
    try:
        distributed.Client(address, timeout=CONNECT_TIMEOUT_S)
    except OSError as error:
        name = environment.variable("dask_scheduler")
        raise DaskUnreachableError(address=address, variable=name) from error
