"""Measure tables between the database and frames: ``make bench-db``.

A table of 1e6 x 8 columns, written and read by this package and by its peers in the
same rounds, in an order that changes; times are medians. The peers are psql's \\copy
of a csv file that is there, and pandas' to_sql and read_sql on a sample, taken in
proportion. Every way writes into an empty table without a key. Writes a table, JSON and
a plot; exits with 1 when a target is missed.
"""

import json
import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy
import pandas
import sqlalchemy
from bench_server import server
from kernel_start import machine

from hexa_kernels import database_engine, db_read, db_write

ROWS = int(os.environ.get("BENCH_ROWS", "1000000"))
ROUNDS = int(os.environ.get("BENCH_ROUNDS", "5"))
SAMPLE = ROWS // 20
RESULTS = Path(__file__).parent / "results" / "database.json"
# Row, ours, peer, the ratio that is wanted.
TARGETS = [
    ("write, from pandas", "write", "copy in", 0.8),
    ("read, to pandas", "read", "copy out", 1.1),
    ("write, from pandas", "write", "to_sql", None),
    ("read, to pandas", "read", "read_sql", None),
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
            "copy in": lambda: self.psql(f"\\copy t FROM '{self.csv}' CSV HEADER"),
            "copy out": lambda: self.psql(f"\\copy kept TO '{self.out}' CSV HEADER"),
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
        return seconds * (ROWS / SAMPLE if "sql" in name else 1)

    def make(self, table: str) -> None:
        self.execute(CREATE.format(table))

    def execute(self, statement: str) -> None:
        with database_engine().connect() as connection:
            connection = connection.execution_options(isolation_level="AUTOCOMMIT")
            connection.exec_driver_sql(statement)

    def psql(self, command: str) -> None:
        base = self.database
        place = ["-h", base.host, "-p", str(base.port), "-U", base.username, base.name]
        password = {"PGPASSWORD": base.password, "PATH": os.environ["PATH"]}
        run = ["psql", "-Xq", *place, "-c", command]
        subprocess.run(run, env=password, check=True)

    def to_sql(self) -> None:
        sample = self.frame.head(SAMPLE)
        sample.to_sql("t", database_engine(), if_exists="append", index=False)

    def read_sql(self) -> None:
        query = sqlalchemy.text(f"SELECT * FROM kept LIMIT {SAMPLE}")
        pandas.read_sql(query, database_engine())


def plot(rows: list[dict]) -> None:
    import matplotlib

    matplotlib.use("agg")
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(figsize=(8, 2.5), layout="constrained")
    rows = [row for row in rows if row["target"]]
    relative = [row["ratio"] / row["target"] for row in rows][::-1]
    colours = ["tab:red" if value > 1 else "tab:blue" for value in relative]
    axes.barh([row["what"] for row in rows][::-1], relative, color=colours)
    axes.axvline(1, color="black", linewidth=1)
    axes.set_xlabel("measured ratio / target (left of the line: met)")
    figure.savefig(RESULTS.with_suffix(".png"), dpi=120)


def measure_all() -> dict[str, list[float]]:
    with server() as database, tempfile.TemporaryDirectory() as folder:
        ways = Ways(database, Path(folder))
        times = {name: [] for name in ways.all}
        shuffle = random.Random(1)
        for number in range(-1, ROUNDS):  # the first warms up
            print(f"\rround {max(number + 1, 0)} of {ROUNDS}", end="", flush=True)
            for name in shuffle.sample(list(times), len(times)):
                seconds = ways.measure(name)
                if number >= 0:
                    times[name].append(seconds)
    print()
    return times


def main() -> int:
    times = measure_all()
    medians = {name: statistics.median(found) for name, found in times.items()}
    rows = [
        {
            "what": what,
            "ours_s": round(medians[ours], 3),
            "peer": peer,
            "peer_s": round(medians[peer], 3),
            "ratio": round(medians[ours] / medians[peer], 3),
            "target": target,
        }
        for what, ours, peer, target in TARGETS
    ]
    print(f"{'what':<22} {'s':>7} {'peer':<10} {'s':>8} {'ratio':>6} {'target':>6}")
    for row in rows:
        print(
            f"{row['what']:<22} {row['ours_s']:>7} {row['peer']:<10}"
            f" {row['peer_s']:>8} {row['ratio']:>6} {row['target'] or '':>6}"
        )
    result = {"rows": ROWS, "rounds": ROUNDS, "machine": machine(), "ways": rows}
    RESULTS.write_text(json.dumps(result, indent=2) + "\n")
    plot(rows)
    return int(any(row["target"] and row["ratio"] > row["target"] for row in rows))


if __name__ == "__main__":
    sys.exit(main())
