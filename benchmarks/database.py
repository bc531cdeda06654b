"""Measure tables between the database and frames: ``make bench-db``.

A table of 1e6 x 8 columns, written and read by this package and by its peers in the
same rounds, in an order that changes; times are medians. The peers are psql's \\copy
of a csv file that is there, pandas' to_sql and read_sql on a sample, taken in
proportion, and in R the driver's own dbWriteTable and dbReadTable. RPostgres, which
Debian does not carry, is measured where it is installed. Every way of Python's writes
into an empty table without a key. Writes a table, JSON and a plot; exits with 1 when a
target is missed.
"""

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy
import pandas
import report
import sqlalchemy
from bench_server import server

from hexa_kernels import database_engine, db_read, db_write

ROWS = int(os.environ.get("BENCH_ROWS", "1000000"))
SAMPLE = ROWS // 20
R_SCRIPT = Path(__file__).with_suffix(".R")
# Row, ours, peer, the ratio that is wanted.
TARGETS = [
    ("pandas → table", "write", "psql \\copy", 0.8),
    ("table → pandas", "read", "psql \\copy to", 1.1),
    ("pandas → table", "write", "to_sql", None),
    ("table → pandas", "read", "read_sql", None),
]
R_TARGETS = [
    ("data.frame → table", "RPostgreSQL db_write", "RPostgreSQL dbWriteTable", 0.45),
    ("table → data.frame", "RPostgreSQL db_read", "RPostgreSQL dbReadTable", None),
]
RPOSTGRES_TARGETS = [
    ("data.frame → table", "RPostgres db_write", "RPostgres dbWriteTable", None),
    ("table → data.frame", "RPostgres db_read", "RPostgres dbReadTable", 1.2),
]
WORDS = [
    *("district", "centre", "santé", "poste", "hôpital", "région"),
    *("nord", "sud", "est", "ouest", "grand", "petit"),
]
CREATE = """CREATE TABLE {} (id bigint, count integer, rate double precision,
  share double precision, urban boolean, at timestamp, district text, name text)"""


def frame(rows: int) -> pandas.DataFrame:
    """Make the frame, as R's rows have it too."""
    draw = numpy.random.default_rng(1)
    seconds = pandas.to_timedelta(draw.integers(0, 10**9, rows), unit="s")
    pairs = numpy.array(WORDS)[draw.integers(0, len(WORDS), (2, rows))]
    columns = {
        "id": numpy.arange(rows),
        "count": pandas.array(draw.integers(0, 10**6, rows), "Int32"),
        "rate": draw.random(rows),
        "share": draw.normal(size=rows),
        "urban": draw.random(rows) < 0.5,
        "at": pandas.Timestamp("2000-01-01") + seconds,
        "district": numpy.array(WORDS)[draw.integers(0, len(WORDS), rows)],
        "name": [f"{a} {b} {n:x}" for n, (a, b) in enumerate(pairs.T)],
    }
    found = pandas.DataFrame(columns)
    found.loc[draw.integers(0, rows, rows // 20), "count"] = pandas.NA
    return found


class Ways:
    """Every way to be measured, by its name."""

    def __init__(self, database, folder: Path):
        self.frame = frame(ROWS)
        self.csv = folder / "rows.csv"
        self.frame.to_csv(self.csv, index=False)
        self.database = database
        self.out = folder / "out.csv"
        self.make("kept")
        db_write(self.frame, "kept", if_exists="append")
        self.execute("VACUUM ANALYZE kept")
        self.all = {
            "write": lambda: db_write(self.frame, "t", if_exists="append"),
            "read": lambda: db_read("kept"),
            "psql \\copy": lambda: self.copy(f"t FROM '{self.csv}'"),
            "psql \\copy to": lambda: self.copy(f"kept TO '{self.out}'"),
            "to_sql": self.to_sql,
            "read_sql": self.read_sql,
        }

    def measure(self, name: str) -> float:
        self.execute("DROP TABLE IF EXISTS t")
        self.make("t")
        self.execute("CHECKPOINT")
        begin = time.perf_counter()
        self.all[name]()
        seconds = time.perf_counter() - begin
        return seconds * (ROWS / SAMPLE if name in ("to_sql", "read_sql") else 1)

    def make(self, table: str) -> None:
        self.execute(CREATE.format(table))

    def execute(self, statement: str) -> None:
        with database_engine().connect() as connection:
            connection = connection.execution_options(isolation_level="AUTOCOMMIT")
            connection.exec_driver_sql(statement)

    def copy(self, what: str) -> None:
        base = self.database
        place = ["-h", base.host, "-p", str(base.port), "-U", base.username, base.name]
        password = {"PGPASSWORD": base.password, "PATH": os.environ["PATH"]}
        run = ["psql", "-Xq", *place, "-c", f"\\copy {what} CSV HEADER"]
        subprocess.run(run, env=password, check=True)

    def to_sql(self) -> None:
        sample = self.frame.head(SAMPLE)
        sample.to_sql("t", database_engine(), if_exists="append", index=False)

    def read_sql(self) -> None:
        query = sqlalchemy.text(f"SELECT * FROM kept LIMIT {SAMPLE}")
        pandas.read_sql(query, database_engine())


class RWays:
    """The same in R, each measurement in an R process of its own: strings and code that
    an earlier one left would help the next."""

    def __init__(self):
        self.variables = {**os.environ, "R_LIBS": str(report.ROOT / ".rlib")}
        self.targets = R_TARGETS + (RPOSTGRES_TARGETS if self.has_rpostgres() else [])
        self.measure("RPostgreSQL prepare")

    def measure(self, case: str) -> float:
        done = subprocess.run(
            ["Rscript", "--no-init-file", R_SCRIPT, case, str(ROWS)],
            env=self.variables,
            check=True,
            stdout=subprocess.PIPE,
            text=True,
        )
        return float(done.stdout)

    def has_rpostgres(self) -> bool:
        code = "quit(status = !requireNamespace('RPostgres', quietly = TRUE))"
        run = ["Rscript", "--no-init-file", "-e", code]
        return subprocess.run(run, env=self.variables).returncode == 0


def main() -> int:
    with server() as database, tempfile.TemporaryDirectory() as folder:
        ways = Ways(database, Path(folder))
        rows = report.compare(report.medians(list(ways.all), ways.measure), TARGETS)
        in_r = RWays()
        cases = sorted({case for row in in_r.targets for case in row[1:3]})
        rows += report.compare(report.medians(cases, in_r.measure), in_r.targets)
    return report.publish("database", rows, rows=ROWS, rounds=report.ROUNDS)


if __name__ == "__main__":
    sys.exit(main())
