"""One write: a table made or checked, its rows sent, in one transaction."""

import json
import re
import secrets
from collections.abc import Iterator

import pyarrow as pa

from . import catalogue, environment, sql
from .columns import EXTENSION, own_metadata
from .contract import phrase
from .errors import (
    ColumnMismatchError,
    CrsWithoutNumberError,
    InvalidArgumentError,
    PostgisMissingError,
    TableError,
    TableExistsError,
)
from .progress import count_rows
from .session import Session, open_session
from .table_source import BATCH_ROWS, Source
from .table_types import Sent, choose, conform, mismatch, new_type, out_of_range

_TYPE = re.compile(r'(?:[\w .,"()\[\]]|-(?=\d))+')
_STAGE = sql.Table("pg_temp", "hexa_stage")


def write(
    source: Source, table: sql.Table, mode: str, dtype: dict, key: list[str], connection
) -> None:
    """Write all rows, or nothing."""
    if not len(source.schema):
        raise InvalidArgumentError(
            argument="frame",
            expected=phrase("a_frame", environment.language()),
            actual=phrase("no_columns", environment.language()),
        )
    for name in source.schema.names:
        sql.check_length(name)
    _check_names("dtype", list(dtype), source.schema)
    _check_names("key", key, source.schema)
    with open_session(connection, is_writing=True) as session:
        _Write(session, source, table, dtype, key).run(mode)
        session.commit()


def _check_names(argument: str, given: list[str], schema: pa.Schema) -> None:
    if not set(given) <= set(schema.names):
        text = phrase("some_columns", environment.language())
        raise InvalidArgumentError(
            argument=argument,
            expected=text.format(names=", ".join(schema.names)),
            actual=", ".join(map(str, given)),
        )


class _Write:
    def __init__(self, session: Session, source: Source, table: sql.Table, dtype, key):
        self.session = session
        self.source = source
        self.table = table
        self.dtype = dtype
        self.key = key
        self.failure: BaseException | None = None  # of what gives the rows
        self.srids = {f.name: s for f in source.schema if (s := _srid(f)) is not None}

    def run(self, mode: str) -> None:
        if mode != "append":  # or two writers would make one table
            lock = "SELECT pg_advisory_xact_lock(hashtext($1))::text"
            self.session.rows(lock, str(self.table))  # as R names it too
        oid = catalogue.find(self.session, self.table)
        if oid is None:
            self._make(self.table)
            self._add_key()
        elif mode == "fail":
            raise TableExistsError(table=self.table.label)
        elif mode == "append":
            self._check_key(oid)
            self._fill(self.table, oid)
        else:
            self._replace()

    def _replace(self) -> None:
        """Fill another table first: whoever reads meanwhile sees the old one."""
        fresh = sql.Table(self.table.schema, f"hexa_{secrets.token_hex(8)}")
        self._make(fresh)
        self.session.execute(f"DROP TABLE {self.table}")
        name = sql.quote(self.table.name)
        self.session.execute(f"ALTER TABLE {fresh} RENAME TO {name}")
        self._add_key()

    def _make(self, table: sql.Table) -> None:
        columns = ", ".join(
            f"{sql.quote(field.name)} {self._type(field)}"
            for field in self.source.schema
        )
        self.session.execute(f"CREATE TABLE {table} ({columns})")
        self._fill(table, catalogue.find(self.session, table))

    def _add_key(self) -> None:
        if self.key:
            names = ", ".join(map(sql.quote, self.key))
            self.session.execute(f"ALTER TABLE {self.table} ADD PRIMARY KEY ({names})")

    def _type(self, field: pa.Field) -> str:
        asked = self.dtype.get(field.name)
        if asked is not None and not _TYPE.fullmatch(asked):
            raise InvalidArgumentError(
                argument="dtype",
                expected=phrase("a_column_type", environment.language()),
                actual=repr(asked),
            )
        if asked is not None or field.name not in self.srids:
            return asked or new_type(field)
        found = self.session.rows("SELECT to_regtype('geometry')::text AS name")
        if found[0]["name"] is None:
            raise PostgisMissingError(column=field.name)
        if self.source.table is None:  # whether it has heights is not known yet
            return "geometry"
        kind = _dimensions(self.source.table[field.name])
        return f"geometry(Geometry{kind},{self.srids[field.name]})"

    def _check_key(self, oid: str) -> None:
        own = catalogue.key(self.session, oid)
        if self.key and self.key != own:
            text = phrase("some_columns", environment.language())
            raise InvalidArgumentError(
                argument="key",
                expected=text.format(names=", ".join(own) or "-"),
                actual=", ".join(self.key),
            )

    def _fill(self, table: sql.Table, oid: str) -> None:
        columns = {c["name"]: c for c in catalogue.columns(self.session, oid)}
        plan = self._plan(columns)
        tables = self._conformed(plan, columns)
        if self.source.table is not None:
            tables = iter(list(tables))  # a value that does not fit shows now
        staged = [sent for sent in plan if sent.cast]
        if staged:
            self._make_stage(plan, columns)
        schema = pa.schema([pa.field(sent.name, sent.type) for sent in plan])
        batches = (b for t in tables for b in t.to_batches(max_chunksize=BATCH_ROWS))
        batches = count_rows(self._until_stopped(batches), self.source.rows)
        reader = pa.RecordBatchReader.from_batches(schema, batches)
        try:
            self.session.ingest(_STAGE if staged else table, reader)
        except TableError:
            if self.failure is not None:  # the driver has made text of it
                raise self.failure from None
            raise
        if staged:
            self._refuse_losses(staged, columns)
            self._unstage(table, plan)

    def _until_stopped(self, batches: Iterator) -> Iterator:
        """Stop sending at Ctrl-C: the server reads to the end of a COPY."""
        try:
            for batch in batches:
                if self.session.stopped.is_set():
                    raise KeyboardInterrupt
                yield batch
        except BaseException as error:
            self.failure = error
            raise

    def _plan(self, columns: dict[str, dict]) -> list[Sent]:
        """Check every column against the table, before the first row is sent."""
        language = environment.language()
        plan, wrong = [], []
        for field in self.source.schema:
            column = columns.get(field.name)
            if column is None:
                text = phrase("column_unknown", language)
                wrong.append(text.format(name=field.name))
                continue
            srid = self.srids.get(field.name)
            sent = choose(field, column, srid, is_asked=field.name in self.dtype)
            given = None if srid is None else f"geometry, SRID {srid}"
            fits_srid = srid is None or re.search(rf",{srid}\)|^\w+$", column["type"])
            if sent is None or not fits_srid:
                wrong.append(mismatch(field, column["type"], given))
            else:
                plan.append(sent)
        for name, column in columns.items():
            if column["is_required"] and name not in self.source.schema.names:
                text = phrase("column_required", language)
                wrong.append(text.format(name=name))
        if wrong:
            raise ColumnMismatchError(table=self.table.label, columns=", ".join(wrong))
        return plan

    def _conformed(self, plan: list[Sent], columns: dict) -> Iterator[pa.Table]:
        label = self.table.label
        for table in self.source.batches:
            if not table.schema.equals(self.source.schema):
                table = _same_columns(table, self.source.schema, label)
            arrays = [
                conform(field, array, sent, columns[field.name], label)
                for field, array, sent in zip(
                    table.schema, table.columns, plan, strict=True
                )
            ]
            yield pa.Table.from_arrays(arrays, [sent.name for sent in plan])

    def _make_stage(self, plan: list[Sent], columns: dict) -> None:
        items = ", ".join(
            f"{sql.quote(sent.name)} {sent.staged or columns[sent.name]['type']}"
            for sent in plan
        )
        self.session.execute(f"CREATE TABLE {_STAGE} ({items}) ON COMMIT DROP")

    def _refuse_losses(self, staged: list[Sent], columns: dict) -> None:
        """Refuse a value that the server would round or cut to fit its column."""
        checked = [sent for sent in staged if sent.loss]
        if not checked:
            return
        tests = ((sent, sql.quote(sent.name)) for sent in checked)
        items = ", ".join(
            f"min({name}::text) FILTER (WHERE {sent.loss.format(name)}) AS c{at}"
            for at, (sent, name) in enumerate(tests)
        )
        (found,) = self.session.rows(f"SELECT {items} FROM {_STAGE}")
        for sent, example in zip(checked, found.values(), strict=True):
            if example is not None:
                raise out_of_range(columns[sent.name], example)

    def _unstage(self, table: sql.Table, plan: list[Sent]) -> None:
        names = [sql.quote(sent.name) for sent in plan]
        casts = [
            (sent.cast or "{}").format(name)
            for sent, name in zip(plan, names, strict=True)
        ]
        self.session.execute(
            f"INSERT INTO {table} ({', '.join(names)}) "
            f"SELECT {', '.join(casts)} FROM {_STAGE}"
        )


def _same_columns(table: pa.Table, schema: pa.Schema, label: str) -> pa.Table:
    """Put the columns of a later batch in order; refuse others."""
    if sorted(table.column_names) != sorted(schema.names):
        names = sorted({*table.column_names} ^ {*schema.names})
        raise ColumnMismatchError(table=label, columns=", ".join(names))
    return table.select(schema.names)


def _dimensions(shapes: pa.ChunkedArray) -> str:
    """Say which coordinates shapes have beside X and Y: ISO WKB counts by thousands."""
    first = next((s.as_py() for s in shapes.drop_null()), None)
    if first is None:
        return ""
    code = int.from_bytes(first[1:5], "little" if first[0] else "big")
    return ("", "Z", "M", "ZM")[code // 1000]


def _srid(field: pa.Field) -> int | None:
    """Find the SRID of a column of geometry: 0 without a CRS, None if it is none."""
    marks = own_metadata(field)
    if marks.get(EXTENSION) != "geoarrow.wkb":
        return None
    crs = json.loads(marks.get("ARROW:extension:metadata") or "{}").get("crs")
    if crs is None:
        return 0
    from pyproj import CRS

    made = CRS.from_user_input(crs)
    # CRS84 has east before north, as PostGIS has in 4326 too.
    code = 4326 if made.to_authority() == ("OGC", "CRS84") else made.to_epsg()
    if code is None:
        raise CrsWithoutNumberError(column=field.name, crs=made.name)
    return code
