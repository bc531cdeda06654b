"""Interrupt and crash the R of a notebook for long, cross a big frame: ``make soak``.

Prints a table, and exits with 1 on a leak, other variables or too much memory. Sizes:
SOAK_INTERRUPTS (1000, both engines share them), SOAK_RESTARTS (200), SOAK_GB (4, for
which about 3.5 times that must be free).
"""

import os
import sys
import tempfile
import time
from collections.abc import Callable

from .frames import MEMORY_TARGET, crossings
from .notebook import CELLS, CRASHES, Soak

INTERRUPTS = int(os.environ.get("SOAK_INTERRUPTS", "1000"))
RESTARTS = int(os.environ.get("SOAK_RESTARTS", "200"))
FRAME_GB = float(os.environ.get("SOAK_GB", "4"))


def interrupts(engine: str, times: int) -> list[str]:
    soak = Soak(_kernel(), engine)
    for what in CELLS:
        soak.interrupt(what)
    before = soak.held()
    kinds, stopped = list(CELLS), 0
    for number in range(times):
        _show(number, times)
        # Now and then R's start: it takes the variables with it.
        if engine == "sidecar" and number % 25 == 24:
            stopped += soak.interrupt_start()
        else:
            stopped += soak.interrupt(kinds[number % len(kinds)])
    return _row(f"{times} interrupts, {engine}", f"{stopped} stopped", soak, before)


def restarts(times: int) -> list[str]:
    soak = Soak(_kernel())
    before = soak.held()
    kinds = list(CRASHES)
    for number in range(times):
        _show(number, times)
        soak.crash(kinds[number % len(kinds)])
        soak.restart()
    return _row(f"{times} crashes and restarts", f"{times} said", soak, before)


def _kernel():
    from tests.conftest import Kernel

    return Kernel("openhexa-python")


def _show(number: int, times: int) -> None:
    print(f"\r{number} of {times}", end="", file=sys.stderr, flush=True)


def _row(what: str, result: str, soak: Soak, before) -> list[str]:
    leaks = soak.leaked(before)
    soak.kernel.stop()
    print("\r", end="", file=sys.stderr)
    return [what, result, str(leaks) if leaks else "nothing leaked", bool(leaks)]


def frames(engine: str) -> list[list]:
    return [
        [
            row["what"],
            f"{row['seconds']} s",
            f"peak {row['ratio']} x, target {MEMORY_TARGET}",
            row["ratio"] > MEMORY_TARGET,
        ]
        for row in crossings(engine, FRAME_GB)
    ]


def _guarded(what: str, job: Callable[[], list]) -> list[list]:
    """Run one part; its failure is a row, so that the others run too."""
    begin = time.monotonic()
    try:
        rows = job()
    except Exception as error:
        rows = [[what, "fails", repr(error), True]]
    minutes = f"{(time.monotonic() - begin) / 60:.1f} min"
    return [[*row, minutes] for row in rows]


def main() -> int:
    with tempfile.TemporaryDirectory() as folder:
        for name in ("WORKSPACE_FILES_PATH", "WORKSPACE_TMP_PATH"):
            os.environ[name] = folder
        mine = INTERRUPTS * 3 // 10
        jobs = {
            "interrupts, sidecar": lambda: [interrupts("sidecar", INTERRUPTS - mine)],
            "interrupts, embedded": lambda: [interrupts("embedded", mine)],
            "restarts": lambda: [restarts(RESTARTS)],
            "frame, sidecar": lambda: frames("sidecar"),
            "frame, embedded": lambda: frames("embedded"),
        }
        chosen = {name: job for name, job in jobs.items() if _is_chosen(name)}
        rows = [row for name, job in chosen.items() for row in _guarded(name, job)]
    for what, result, verdict, is_bad, minutes in rows:
        mark = "MISSED" if is_bad else "ok"
        print(f"{mark:<7} {what:<36} {result:<14} {verdict:<36} {minutes}")
    return int(any(row[3] for row in rows))


def _is_chosen(name: str) -> bool:
    """Take the parts whose names hold one of the words that were given."""
    return not sys.argv[1:] or any(word in name for word in sys.argv[1:])


if __name__ == "__main__":
    sys.exit(main())
