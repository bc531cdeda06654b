"""Send a table larger than memory to Parquet and back: ``make soak-db``.

``SOAK_ROWS`` (50 million) rows are made in the database by a stream, read to Parquet
in batches and written into another table. Exits with 1 when the process took more than
1 GB of memory, or when the tables differ.
"""

import os
import sys
import tempfile
import time
from pathlib import Path

import numpy
import pyarrow
from bench_server import server
from pyarrow import parquet

from hexa_kernels import db_read, db_write

ROWS = int(float(os.environ.get("SOAK_ROWS", "5e7")))
STEP = 100_000
LIMIT_BYTES = 1e9
CHECK = """
SELECT (SELECT sum(hashtextextended(t::text, 0)) FROM there AS t)
  = (SELECT sum(hashtextextended(t::text, 0)) FROM back AS t)
  AND (SELECT count(*) FROM back) = :rows AS same
"""


def batches():
    draw = numpy.random.default_rng(1)
    for start in range(0, ROWS, STEP):
        times = pyarrow.array(draw.integers(0, 10**15, STEP), pyarrow.timestamp("us"))
        places = draw.integers(0, 500, STEP)
        columns = {
            "id": numpy.arange(start, start + STEP),
            "rate": draw.random(STEP),
            "district": pyarrow.array([f"district {number}" for number in places]),
            "at": times,
        }
        yield pyarrow.record_batch(columns)


def to_parquet(path: Path) -> None:
    reader = db_read("there", batches=True)
    with parquet.ParquetWriter(path, reader.schema) as writer:
        for batch in reader:
            writer.write_batch(batch)


def peak_bytes() -> int:
    status = Path("/proc/self/status").read_text()
    return 1024 * int(status.split("VmHWM:")[1].split()[0])


def main() -> int:
    with server(), tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "there.parquet")
        for what, work in {
            "stream to table": lambda: db_write(batches(), "there"),
            "table to Parquet": lambda: to_parquet(path),
            "Parquet to table": lambda: db_write(path, "back"),
        }.items():
            begin = time.perf_counter()
            work()
            seconds, peak = time.perf_counter() - begin, peak_bytes() / 1e6
            rate = ROWS / seconds / 1e6
            print(f"{what:<18} {seconds:7.1f} s {rate:6.2f} M rows/s {peak:6.0f} MB")
        is_same = db_read(CHECK, params={"rows": ROWS})["same"].item()
    print("the tables are the same" if is_same else "the tables differ")
    return int(not is_same or peak_bytes() > LIMIT_BYTES)


if __name__ == "__main__":
    sys.exit(main())
