"""One query: bound, described, read as planned from its description."""

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import pyarrow as pa

from . import catalogue, sql, table_reading
from .arrow_types import REFUSALS
from .errors import InvalidArgumentError, SqlFailedError
from .progress import count_rows
from .session import Session, open_session

_NO_TABLE, _NO_SCHEMA = "42P01", "3F000"


def read_table(query: sql.Table | str, params: dict | None, connection: Any):
    """Read all rows of a query into an Arrow table."""
    with open_session(connection) as session:
        reading = Reading(session, query, params, connection, has_all=True)
        return reading.finisher.finish(list(reading.batches()), reading.schema)


def read_batches(query: sql.Table | str, params: dict | None, connection: Any):
    """Open a stream of a query's rows."""
    stream = _stream(query, params, connection)
    return pa.RecordBatchReader.from_batches(next(stream), stream)


def _stream(query, params, connection) -> Iterator:
    """Give the schema, then every batch; the session lives as long."""
    with open_session(connection) as session:
        reading = Reading(session, query, params, connection, has_all=False)
        batches = reading.batches()
        first = [batch for batch in [next(batches, None)] if batch is not None]
        table = reading.finisher.finish(first, reading.schema)
        yield table.schema
        yield from table.to_batches()
        for batch in batches:
            table = reading.finisher.finish([batch], reading.schema)
            yield from table.to_batches()


class Reading:
    """A query that the server has described, and ``wrap`` made readable."""

    def __init__(
        self,
        session: Session,
        query,
        params,
        connection,
        *,
        has_all: bool,
        wrap: Callable = table_reading.wrap,
    ):
        self._session = session
        is_name = isinstance(query, sql.Table)
        statement = f"SELECT * FROM {query}" if is_name else query
        shown = "" if is_name else statement
        statement, names = sql.number_parameters(statement, params)
        values = [params[name] for name in names]
        try:
            self.values = self._bind(statement, values, shown)
            self.schema = session.describe(statement, self.values, shown)
        except SqlFailedError as error:
            table = self._missing(query, statement, error)
            if table is None:
                raise
            raise catalogue.missing(session, table) from error
        columns = table_reading.plan(self.schema)
        # While rows come in, this session answers no other question.
        crs_of = partial(catalogue.crs_of, connection)
        self.finisher = table_reading.Finisher(columns, crs_of, has_all=has_all)
        self.statement = wrap(statement, columns)
        if self.statement != statement:
            self.schema = session.describe(self.statement, self.values)

    def batches(self) -> Iterator[pa.RecordBatch]:
        return count_rows(self._session.stream(self.statement, self.values))

    def _bind(self, statement: str, values: list, shown: str):
        if not values:
            return None
        types = self._session.parameter_types(statement, shown)
        arrays = list(map(_to_parameter, values, types))
        return pa.record_batch(arrays, [str(at) for at in range(len(arrays))])

    def _missing(self, query, statement: str, error: SqlFailedError):
        """Name the table that is missing, where one is; ready for a new question."""
        if error.values["sqlstate"] not in (_NO_TABLE, _NO_SCHEMA):
            return None
        self._session.rollback()
        if isinstance(query, sql.Table):
            return query
        return sql.name_at(statement, error.values["position"])


def _to_parameter(value: Any, wanted: pa.DataType) -> pa.Array:
    """Make a value of the type that the server expects, else of its own."""
    is_plain = not isinstance(wanted, pa.BaseExtensionType)
    if value is None:
        return pa.nulls(1, wanted if is_plain else pa.string())
    try:
        array = pa.array([value], from_pandas=True)
    except REFUSALS as error:
        raise InvalidArgumentError(
            argument="params", expected=str(wanted), actual=repr(type(value))
        ) from error
    try:
        return array.cast(wanted) if is_plain else array
    except REFUSALS:  # the server says it better
        return array
