"""Peak memory of a frame that crosses, both ways: ``python -m tests.soak.frames``.

What both processes hold besides the frame itself, and what lies between them in shared
memory; divided by the larger of the Arrow table and R's ``object.size()``.
"""

import json
import os
import subprocess
import sys
import threading
import time
from pathlib import Path

MEMORY_TARGET = 2.5
GB = 10**9
BYTES_A_ROW = 38  # of Arrow's


def frame(rows: int):
    """Make a frame of numbers, times, categories and texts, without much besides."""
    import numpy
    import pandas

    draw = numpy.random.default_rng(1)
    names = pandas.Categorical.from_codes(
        draw.integers(0, 5, rows, dtype="int8"), list("abcde")
    )
    words = numpy.array(
        ["nord", "sud", "région", "poste de santé", "est"], dtype=object
    )
    return pandas.DataFrame(
        {
            "rate": draw.random(rows),
            "count": draw.integers(0, 2**31 - 1, rows, dtype="int32"),
            "at": numpy.datetime64("2020-01-01", "us")
            + draw.integers(0, 10**12, rows).astype("timedelta64[us]"),
            "level": names,
            "place": pandas.Series(pandas.array(words[names.codes], dtype="str")),
        }
    )


class Peak:
    """The most that processes hold while the block runs, in bytes, beyond its begin."""

    def __init__(self, pids: list[int], folders: list[Path]):
        self.pids, self.folders = pids, folders
        self.bytes = 0
        self._is_done = threading.Event()

    def _held(self) -> int:
        total = 0
        for pid in self.pids:
            status = Path(f"/proc/{pid}/status").read_text()
            total += int(status.split("RssAnon:")[1].split()[0]) * 1024
        for folder in self.folders:
            for path in folder.glob("*.arrow"):
                try:
                    total += path.stat().st_blocks * 512
                except OSError:  # gone meanwhile
                    continue
        return total

    def _watch(self, begin: int) -> None:
        while not self._is_done.wait(0.01):
            self.bytes = max(self.bytes, self._held() - begin)

    def __enter__(self) -> "Peak":
        arguments = (self._held(),)
        self._thread = threading.Thread(target=self._watch, args=arguments)
        self._thread.start()
        return self

    def __exit__(self, *_) -> None:
        self._is_done.set()
        self._thread.join()


def measure(name: str, size_gb: float) -> list[dict]:
    """Take a frame to R and back in this process."""
    from hexa_kernels import to_wire
    from hexa_kernels.bridge import embedded, sidecar

    if name == "sidecar":
        engine = sidecar.Sidecar()
        engine.ensure()
        pids = [os.getpid(), engine.process.pid]
        folders = engine.process.folders
    else:
        engine, pids, folders = embedded.engine(), [os.getpid()], []
    engine.take("x", frame(1000))
    engine.give("x")
    table = frame(int(size_gb * GB / BYTES_A_ROW))
    arrow_bytes = to_wire(table).nbytes
    begin = time.monotonic()
    with Peak(pids, folders) as there:
        engine.take("x", table)
    middle = time.monotonic()
    del table
    with Peak(pids, folders) as back:
        again = engine.give("x")
    end = time.monotonic()
    engine.run("size <- as.numeric(object.size(x))", own=True)
    size = engine.give("size")
    largest = max(arrow_bytes, size)
    assert len(again) == int(size_gb * GB / BYTES_A_ROW)
    rows = [("to R", there, middle - begin), ("to Python", back, end - middle)]
    return [
        {
            "what": f"{largest / GB:.2f} GB {way}, {name}",
            "seconds": round(seconds, 1),
            "ratio": round(peak.bytes / largest, 2),
        }
        for way, peak, seconds in rows
    ]


def crossings(engine: str, size_gb: float) -> list[dict]:
    """Measure both ways in a process of their own."""
    command = [sys.executable, "-m", "tests.soak.frames", engine, str(size_gb)]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    return json.loads(done.stdout.splitlines()[-1])


if __name__ == "__main__":
    print(json.dumps(measure(sys.argv[1], float(sys.argv[2]))))
