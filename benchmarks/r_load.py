"""Measure how long openhexaR takes to load: ``make bench``.

One round starts Rscript four times, in an order that changes: with nothing, with the
heaviest import of openhexaR (found by loading each first), with openhexaR, which loads
its imports at their first use, and with both. No variable of a workspace is set and no
server is there. Times are medians over the rounds; the target holds for both, less the
import alone. Exits with 1 when it is missed.
"""

import json
import os
import random
import statistics
import subprocess
import sys
import time
from pathlib import Path

from report import machine

ROOT = Path(__file__).parent.parent
ROUNDS = int(os.environ.get("BENCH_ROUNDS", "31"))
TARGET_S = 0.150
RESULTS = Path(__file__).parent / "results" / "r_load.json"
VARIABLES = {
    name: value
    for name, value in os.environ.items()
    if not name.startswith(("HEXA_", "WORKSPACE_"))
} | {"R_LIBS": str(ROOT / ".rlib")}


def load_s(packages: list[str]) -> float:
    """Start Rscript, load packages, stop; give the seconds."""
    code = "; ".join(["invisible()", *[f"library({name})" for name in packages]])
    begin = time.perf_counter()
    subprocess.run(
        ["Rscript", "--no-init-file", "-e", code],
        env=VARIABLES,
        check=True,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    return time.perf_counter() - begin


def imports() -> list[str]:
    """Read the Imports of openhexaR."""
    code = """
    fields <- packageDescription("openhexaR")$Imports
    cat(gsub("[[:space:]]|[(][^)]*[)]", "", fields))
    """
    done = subprocess.run(
        ["Rscript", "--no-init-file", "-e", code],
        env=VARIABLES,
        check=True,
        capture_output=True,
        text=True,
    )
    return done.stdout.strip().split(",")


def heaviest(packages: list[str]) -> str:
    """Find the package that takes longest to load, by the best of five."""
    return max(packages, key=lambda name: min(load_s([name]) for _ in range(5)))


def measure(cases: dict[str, list[str]]) -> dict[str, float]:
    """Load all in turn, in an order that changes; give the medians in seconds."""
    times = {name: [] for name in cases}
    shuffle = random.Random(1)
    for number in range(-1, ROUNDS):
        print(f"\rround {max(number + 1, 0)} of {ROUNDS}", end="", flush=True)
        for name in shuffle.sample(list(cases), len(cases)):
            seconds = load_s(cases[name])
            if number >= 0:  # the first round warms the disk's cache
                times[name].append(seconds)
    print()
    return {name: round(statistics.median(found), 4) for name, found in times.items()}


def main() -> int:
    heavy = heaviest(imports())
    both = f"openhexaR and {heavy}"
    medians = measure(
        {
            "nothing": [],
            heavy: [heavy],
            "openhexaR": ["openhexaR"],
            both: ["openhexaR", heavy],
        }
    )
    print(f"{'loaded':<26} {'s':>6} {'more':>7} {'ratio':>6}   than {heavy}")
    for name, seconds in medians.items():
        more, ratio = seconds - medians[heavy], seconds / medians[heavy]
        print(f"{name:<26} {seconds:>6.3f} {more:>+7.3f} {ratio:>6.2f}")
    difference_s = round(medians[both] - medians[heavy], 4)
    result = {
        "rounds": ROUNDS,
        "machine": machine(),
        "medians_s": medians,
        "heaviest_import": heavy,
        "difference_s": difference_s,
        "target_s": TARGET_S,
    }
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_text(json.dumps(result, indent=2) + "\n")
    return int(difference_s > TARGET_S)


if __name__ == "__main__":
    sys.exit(main())
