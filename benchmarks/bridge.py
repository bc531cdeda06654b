"""Measure how long frames take between Python and R: ``make bench-bridge``.

A frame of 1e6 x 10 columns of all kinds, with and without a column of unique texts,
which R then reads: text of Arrow is made when it is looked at. Each round runs every
way once, in an order that changes; times are medians. The peers run in the same rounds:
nanoarrow's plain conversion (which reads no metadata; of categories it gets the codes),
csv files through Arrow and readr, rpy2's pandas2ri on a sample, its time taken in
proportion, and a copy of the frame's bytes. Memory is the growth of the peak of a
process of its own that takes the frame to R, and of one that gives it back. Writes a
table, JSON and a plot; exits with 1 when a target is missed.
"""

import os
import subprocess
import sys
import time
from pathlib import Path

import numpy
import pandas
import pyarrow
import report
from pyarrow import csv

from hexa_kernels.bridge import embedded, sidecar

ROWS = int(os.environ.get("BENCH_ROWS", "1000000"))
SAMPLE = ROWS // 50
FOLDER = Path("/dev/shm")
# Row, ours, peer, the ratio that is wanted, and whether it is ours / peer.
TARGETS = [
    ("Python → R", "take", "nanoarrow, take", 1.2),
    ("Python → R, unique texts", "take texts", "nanoarrow, take texts", 1.2),
    ("R → Python", "give", "nanoarrow, give", 1.2),
    ("R → Python, unique texts", "give texts", "nanoarrow, give texts", 1.2),
    ("Python → R → Python, sidecar", "sidecar", "csv", 0.2),
    ("Python → R → Python", "embedded", "pandas2ri", 1 / 40),
    ("Python → R", "take", "memcpy", None),
    ("R → Python", "give", "memcpy", None),
    ("Python → R → Python, sidecar", "sidecar", "memcpy", None),
]
MEMORY_TARGET = 2.5
WORDS = [
    *("district", "centre", "santé", "poste", "hôpital", "région"),
    *("nord", "sud", "est", "ouest", "grand", "petit"),
]


def frame(rows: int, *, texts: bool = False) -> pandas.DataFrame:
    """Make the frame; the texts are unique, and not made of digits alone."""
    draw = numpy.random.default_rng(1)
    base = pandas.Timestamp("2000-01-01")
    seconds = pandas.to_timedelta(draw.integers(0, 10**9, rows), unit="s")
    whole = draw.integers(-(2**31) + 1, 2**31, rows)
    columns = {
        "id": numpy.arange(rows),
        "count": pandas.array(whole, dtype="Int64"),
        "rate": draw.random(rows),
        "share": draw.normal(size=rows).astype("float32"),
        "urban": draw.random(rows) < 0.5,
        "level": pandas.Categorical.from_codes(draw.integers(0, 3, rows), list("abc")),
        "at": base + seconds,
        "seen": (base + seconds).tz_localize("UTC").tz_convert("Africa/Ouagadougou"),
        "district": numpy.array(WORDS)[draw.integers(0, len(WORDS), rows)],
        "large": draw.integers(0, 2**40, rows),
    }
    found = pandas.DataFrame(columns)
    found.loc[draw.integers(0, rows, rows // 20), "count"] = pandas.NA
    if texts:
        pairs = draw.integers(0, len(WORDS), (2, rows))
        names = numpy.array(WORDS)
        ends = [format(n, "x") for n in draw.permutation(rows)]
        found["large"] = [
            f"{a} {b} {e}" for a, b, e in zip(*names[pairs], ends, strict=True)
        ]
    return found


def plain(table: pandas.DataFrame) -> pyarrow.Table:
    """What nanoarrow takes: no dictionaries."""
    return pyarrow.Table.from_pandas(
        table.assign(level=table["level"].cat.codes), preserve_index=False
    )


class Ways:
    """Every way to be measured, by its name."""

    def __init__(self):
        self.frames = {"": frame(ROWS), " texts": frame(ROWS, texts=True)}
        self.bytes = plain(self.frames[""])
        self.sidecar = sidecar.Sidecar()
        self.sidecar.ensure()
        self.embedded = embedded.engine()
        import rpy2.rinterface as rinterface

        self.r = rinterface
        self.r.evalr("library(nanoarrow); library(openhexaR)")
        self.all = {"sidecar": self.by_sidecar, "csv": self.by_csv}
        self.all |= {"embedded": self.by_embedded, "pandas2ri": self.by_pandas2ri}
        self.all["memcpy"] = self.copy
        for kind, table in self.frames.items():
            self.embedded.take(f"x{kind.strip()}", table)
            self.all[f"take{kind}"] = lambda k=kind: self.take(k)
            self.all[f"give{kind}"] = lambda k=kind: self.give(k)
            self.all[f"nanoarrow, take{kind}"] = lambda k=kind: self.take_plainly(k)
            self.all[f"nanoarrow, give{kind}"] = lambda k=kind: self.give_plainly(k)

    def measure(self, name: str) -> float:
        # A frame of the round before would lend its texts to this one.
        self.r.evalr("rm(list = intersect(ls(), 'y')); invisible(gc())")
        begin = time.perf_counter()
        self.all[name]()
        seconds = time.perf_counter() - begin
        return seconds * (ROWS / SAMPLE if name == "pandas2ri" else 1)

    def copy(self) -> None:
        self.copied = [
            numpy.frombuffer(buffer, "uint8").copy()
            for column in self.bytes.columns
            for chunk in column.chunks
            for buffer in chunk.buffers()
            if buffer is not None
        ]

    def take(self, kind: str) -> None:
        self.embedded.take("y", self.frames[kind])
        self.read(kind)

    def read(self, kind: str) -> None:
        if kind:
            self.r.evalr("y$large <- y$large[seq_along(y$large)]; invisible()")

    def give(self, kind: str) -> None:
        self.embedded.give(f"x{kind.strip()}")

    def take_plainly(self, kind: str) -> None:
        address = self.r.evalr(
            "s <- nanoarrow_allocate_array_stream(); nanoarrow_pointer_addr_chr(s)"
        )[0]
        plain(self.frames[kind]).to_reader()._export_to_c(int(address))
        self.r.evalr("y <- convert_array_stream(s); invisible()")
        self.read(kind)

    def give_plainly(self, kind: str) -> None:
        code = f"s <- as_nanoarrow_array_stream(x{kind.strip()}[-6])"
        address = self.r.evalr(f"{code}; nanoarrow_pointer_addr_chr(s)")[0]
        reader = pyarrow.RecordBatchReader._import_from_c(int(address))
        reader.read_all().to_pandas()

    def by_embedded(self) -> None:
        self.take("")
        self.embedded.give("y")

    def by_sidecar(self) -> None:
        self.sidecar.take("y", self.frames[""])
        self.sidecar.give("y")

    def by_csv(self) -> None:
        there, back = FOLDER / "bench-there.csv", FOLDER / "bench-back.csv"
        table = pyarrow.Table.from_pandas(self.frames[""], preserve_index=False)
        csv.write_csv(table, there)
        self.sidecar.run(
            "options(readr.show_col_types = FALSE, readr.show_progress = FALSE)\n"
            f"readr::write_csv(readr::read_csv('{there}'), '{back}')"
        )
        csv.read_csv(back).to_pandas()
        there.unlink()
        back.unlink()

    def by_pandas2ri(self) -> None:
        from rpy2.robjects import default_converter, globalenv, pandas2ri

        with (default_converter + pandas2ri.converter).context():
            globalenv["z"] = self.frames[""].head(SAMPLE)
            _ = globalenv["z"]


def peak(way: str) -> float:
    """Give the growth of this process's peak at a crossing, by the larger frame."""
    table, engine = frame(ROWS), embedded.engine()
    engine.take("x", frame(1000))
    engine.give("x")
    size = plain(table).nbytes
    if way == "give":
        engine.take("x", table)
        del table
    engine._rinterface.evalr("invisible(gc())")
    before = status_bytes("VmRSS")
    Path("/proc/self/clear_refs").write_text("5")
    if way == "give":
        kept = engine.give("x")
        assert len(kept) == ROWS
    else:
        engine.take("x", table)
    growth = status_bytes("VmHWM") - before
    return growth / max(size, engine._rinterface.evalr("as.numeric(object.size(x))")[0])


def status_bytes(key: str) -> int:
    status = Path("/proc/self/status").read_text()
    return 1024 * int(status.split(f"{key}:")[1].split()[0])


def peak_of_own_process(way: str) -> float:
    command = [sys.executable, __file__, way]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return float(done.stdout)


def main() -> int:
    if sys.argv[1:]:
        print(peak(sys.argv[1]))
        return 0
    ways = Ways()
    seconds = report.medians(list(ways.all), ways.measure)
    rows = report.compare(seconds, TARGETS)
    for way, what in {"take": "Python → R", "give": "R → Python"}.items():
        memory = {"what": f"{what}, peak memory", "ours_s": None}
        memory |= {"peer": "max(Arrow, object.size())", "peer_s": None}
        memory |= {"ratio": round(peak_of_own_process(way), 2), "target": MEMORY_TARGET}
        rows.append(memory)
    return report.publish("bridge", rows, rows=ROWS, rounds=report.ROUNDS)


if __name__ == "__main__":
    sys.exit(main())
