"""Tables of a database as frames: ``db_read``, ``db_write``, ``db_tables``."""

from typing import TYPE_CHECKING, Any, Literal

from .errors import check_choice

if TYPE_CHECKING:
    import pandas

_CLASSES = ("pandas", "polars", "arrow", "dask")
_MODES = ("fail", "replace", "append")


def db_read(
    table_or_sql: str,
    *,
    params: dict[str, Any] | None = None,
    as_: Literal["pandas", "polars", "arrow", "dask"] = "pandas",
    batches: bool = False,
    connection: Any = None,
) -> Any:
    """Read a table of the workspace database, or what a statement selects.

    Parameters
    ----------
    table_or_sql : str
        ``districts`` or ``survey.districts``, taken as written; in double quotes
        where a name holds blanks or dots. Or a statement that begins with SELECT,
        WITH, VALUES or TABLE.
    params : dict, optional
        A value for each ``:name`` of the statement. The server binds them: they are
        never part of its text. A list serves ``= ANY(:names)``; a type that the
        statement does not tell is written with it, as in ``:id::uuid``.
    as_ : str
        "pandas" (a GeoDataFrame where there is geometry), "polars" or "arrow";
        "dask" gives a lazy frame in parts, whatever ``batches`` says, with the rules
        of ``hexa_kernels.dask_tables.read_partitions``.
    batches : bool
        Give a ``pyarrow.RecordBatchReader`` instead, whose memory does not grow with
        the table. The connection is open until its end, or until it is dropped.
    connection : str or sqlalchemy.Engine, optional
        The identifier of a PostgreSQL connection of the workspace, or an engine.

    Returns
    -------
    pandas.DataFrame, geopandas.GeoDataFrame, polars.DataFrame, pyarrow.Table, \
pyarrow.RecordBatchReader
        Shape (n_rows, n_columns). Whole numbers with a missing one stay whole;
        numeric is a decimal; timestamptz is in UTC. Types without a counterpart are
        text. In batches, numeric without a declared precision is text.

    Raises
    ------
    TableMissingError
        With the nearest names.
    SqlFailedError
        With the place in the statement marked.
    ValueOutOfRangeError
        If a column holds what Python does not: a date outside the years 1 to 9999 or
        infinite, NaN in numeric, arrays of arrays, an interval with months.
    InvalidArgumentError, QueryCancelledError, ConnectionLostError
        As their texts say. Ctrl-C cancels the query on the server too.

    References
    ----------
    ADBC PostgreSQL driver, https://arrow.apache.org/adbc/current/driver/postgresql.html

    Examples
    --------
    >>> db_read("SELECT 1 AS one, :name::text AS name", params={"name": "Été"})
       one name
    0    1  Été
    """
    from .frames import from_wire
    from .sql import parse_query
    from .table_query import read_batches, read_table

    check_choice("as_", as_, _CLASSES)
    if as_ == "dask":
        from .dask_tables import read_partitions

        return read_partitions(table_or_sql, params=params, connection=connection)
    query = parse_query(table_or_sql)
    if batches:
        return read_batches(query, params, connection)
    return from_wire(read_table(query, params, connection), as_=as_)


def db_write(
    frame: Any,
    table: str,
    *,
    if_exists: Literal["fail", "replace", "append"] = "fail",
    dtype: dict[str, str] | None = None,
    key: str | list[str] | None = None,
    connection: Any = None,
) -> None:
    """Write a frame into a table of the workspace database: all rows, or nothing.

    That is one transaction, in a connection of its own.

    Parameters
    ----------
    frame : pandas.DataFrame, geopandas.GeoDataFrame, polars.DataFrame, pyarrow.Table, \
pyarrow.RecordBatchReader, iterator of these, str or pathlib.Path
        As ``to_wire`` takes it. Or what does not fit in memory: a stream of batches,
        or the path of a Parquet file (GeoParquet too), or of a folder of them; a
        relative one starts at the workspace's root.
    table : str
        ``districts`` or ``survey.districts``, taken as written; in double quotes
        where a name holds blanks or dots.
    if_exists : str
        "fail"; "replace" (readers see the old table until the new one is complete);
        "append" to columns of the same names, whose types stay what they are.
    dtype : dict, optional
        PostgreSQL types by column, which the server then makes of the values' text if
        they are of another kind; in a new table these are its types. Without one: the
        narrowest that holds the class; decimals are numeric, categories text,
        geometry PostGIS's.
    key : str or list of str, optional
        Columns of the primary key of a new table.
    connection : str or sqlalchemy.Engine, optional
        As in ``db_read``.

    Raises
    ------
    TableExistsError
        If ``if_exists`` is "fail" and it does.
    ColumnMismatchError
        If columns do not fit the table: each is named before the first row is sent.
        Of a stream, values are looked at while they are sent.
    ValueOutOfRangeError
        If an integer is beyond 2^63, or a time finer than a microsecond.
    SqlFailedError
        If the server refuses a value, or a key that is not unique.
    ReadOnlyDatabaseError, DiskFullError, QueryCancelledError, ConnectionLostError, \
PostgisMissingError, NameTooLongError, InvalidArgumentError, FrameError
        As their texts say. Nothing is written then, and nothing at Ctrl-C.

    References
    ----------
    PostgreSQL, COPY, https://www.postgresql.org/docs/current/sql-copy.html

    Examples
    --------
    >>> import pandas
    >>> cases = pandas.DataFrame({"year": [2023, 2024], "cases": [812, 790]})
    >>> db_write(cases, "cases", if_exists="replace", key="year")
    >>> db_read("SELECT sum(cases)::bigint AS cases FROM cases")["cases"].item()
    1602
    """
    from .sql import parse_table
    from .table_source import open_source
    from .table_writing import write

    check_choice("if_exists", if_exists, _MODES)
    columns = [key] if isinstance(key, str) else list(key or [])
    target = parse_table(table)
    write(open_source(frame), target, if_exists, dtype or {}, columns, connection)


def db_tables(
    *, schema: str | None = None, connection: Any = None
) -> "pandas.DataFrame":
    """List the tables and views of the workspace database.

    Parameters
    ----------
    schema : str, optional
        Of this schema only.
    connection : str or sqlalchemy.Engine, optional
        As in ``db_read``.

    Returns
    -------
    pandas.DataFrame
        By schema and name: ``schema``, ``name``, ``kind`` ("table", "view",
        "materialized view", "foreign table"), ``rows`` (the server's estimate,
        missing before its first count), ``size_bytes`` (with indexes) and
        ``comment``.

    Raises
    ------
    ConnectionLostError, QueryCancelledError
        As their texts say.

    References
    ----------
    PostgreSQL, pg_class, https://www.postgresql.org/docs/current/catalog-pg-class.html

    Examples
    --------
    >>> list(db_tables().columns)
    ['schema', 'name', 'kind', 'rows', 'size_bytes', 'comment']
    """
    from .catalogue import TABLES

    return db_read(TABLES, params={"schema": schema}, connection=connection)
