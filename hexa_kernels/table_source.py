"""What can be written: frames, streams of batches, Parquet files and folders."""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa

from . import environment
from ._workspace import file_path
from .contract import phrase
from .errors import (
    FileMissingError,
    FileUnreadableError,
    InvalidArgumentError,
    UnsupportedColumnError,
)
from .frames import to_arrow

BATCH_ROWS = 65_536


@dataclass
class Source:
    """Columns, rows a batch at a time, and how many rows if that is known.

    ``table`` is there when all rows are there to be looked at.
    """

    schema: pa.Schema
    batches: Iterator[pa.Table]
    rows: int | None
    table: pa.Table | None = None


def open_source(frame: Any) -> Source:
    """Open what ``db_write`` was given."""
    if isinstance(frame, (str, Path)):
        return _open_parquet(Path(file_path(str(frame))))
    if isinstance(frame, pa.RecordBatchReader):
        batches = (pa.Table.from_batches([batch]) for batch in frame)
        return Source(frame.schema, batches, None)
    if isinstance(frame, Iterator):
        tables = map(to_arrow, frame)
        first = next(tables, None)
        if first is None:
            raise InvalidArgumentError(
                argument="frame",
                expected=phrase("a_frame", environment.language()),
                actual=phrase("nothing", environment.language()),
            )
        return Source(first.schema, _chain(first, tables), None)
    table = to_arrow(frame)
    return Source(table.schema, iter([table]), table.num_rows, table)


def _chain(first: pa.Table, rest: Iterable[pa.Table]) -> Iterator[pa.Table]:
    yield first
    yield from rest


def _open_parquet(path: Path) -> Source:
    from pyarrow import dataset

    if not path.exists():
        raise FileMissingError(
            path=str(path), root=environment.lookup("files_path"), similar="-"
        )
    try:
        found = dataset.dataset(path, format="parquet", partitioning="hive")
        rows = found.count_rows()
    except (OSError, pa.ArrowInvalid) as error:
        reason = str(error).splitlines()[0].rstrip(".")
        raise FileUnreadableError(
            path=str(path), format="parquet", reason=reason
        ) from error
    # By default 16 batches of 4 files are read ahead, and whole files are kept.
    parquet = {"pre_buffer": False, "use_buffered_stream": True}
    scanned = found.to_batches(
        batch_size=BATCH_ROWS,
        batch_readahead=1,
        fragment_readahead=1,
        fragment_scan_options=dataset.ParquetFragmentScanOptions(**parquet),
        use_threads=False,
        cache_metadata=False,
    )
    batches = (pa.Table.from_batches([batch]) for batch in scanned)
    return Source(_mark_geometry(found.schema), batches, rows)


def _mark_geometry(schema: pa.Schema) -> pa.Schema:
    """Mark GeoParquet's columns as GeoArrow does.

    https://geoparquet.org/releases/v1.1.0/: without a CRS it is OGC:CRS84, with null
    none is known.
    """
    geo = json.loads((schema.metadata or {}).get(b"geo", b"{}"))
    for name, column in geo.get("columns", {}).items():
        at = schema.get_field_index(name)
        if at == -1:  # left out by who kept the metadata
            continue
        if column["encoding"] != "WKB":
            raise UnsupportedColumnError(column=name, type=column["encoding"])
        marks = {
            "ARROW:extension:name": "geoarrow.wkb",
            "ARROW:extension:metadata": json.dumps(
                {"crs": column.get("crs", "OGC:CRS84")}
            ),
        }
        schema = schema.set(at, schema.field(at).with_metadata(marks))
    return schema
