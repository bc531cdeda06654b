"""Measure the start of our kernels against the plain ones: ``make bench``.

One round starts ours and the plain one once, in turn, and takes the time from the start
of the process to the answer to ``1+1``. The table gives medians over the rounds, and
the ratio of ours to the plain kernel in the same run. Exits with 1 on a missed target.
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

import zmq
from jupyter_client import KernelManager
from report import machine

ROUNDS = int(os.environ.get("BENCH_ROUNDS", "31"))
PAIRS = [("openhexa-python", "python3", 1.03), ("openhexa-r", "ir", 1.00)]
RESULTS = Path(__file__).parent / "results" / "kernel_start.json"
R_ARGV = ["R", "--slave", "-e", "IRkernel::main()", "--args", "{connection_file}"]


def start_s(name: str) -> float:
    """Start a kernel, wait for the answer to 1+1, stop it; give the seconds."""
    manager = KernelManager(kernel_name=name)
    # By default a client tries to connect every 100 ms, which would be all it measures.
    manager.context.setsockopt(zmq.RECONNECT_IVL, 2)
    begin = time.perf_counter()
    manager.start_kernel(stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    client = manager.client()
    client.start_channels(iopub=False, stdin=False, hb=False)
    try:
        request = client.execute("1+1")
        while client.get_shell_msg(timeout=60)["parent_header"]["msg_id"] != request:
            pass
        return time.perf_counter() - begin
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)


def plain_r(folder: str) -> None:
    """Make kernel ``ir`` known as IRkernel's own installer sets it up."""
    place = Path(folder, "kernels", "ir")
    place.mkdir(parents=True)
    spec = {"argv": R_ARGV, "display_name": "R", "language": "R"}
    (place / "kernel.json").write_text(json.dumps(spec))
    os.environ["JUPYTER_PATH"] = folder


def measure(ours: str, plain: str) -> dict[str, list[float]]:
    """Start both in turn, in an order that changes; give the seconds of each start."""
    times = {ours: [], plain: []}
    shuffle = random.Random(1)
    for number in range(-1, ROUNDS):
        print(f"\r{ours}: round {max(number + 1, 0)} of {ROUNDS}", end="", flush=True)
        for name in shuffle.sample(list(times), 2):
            seconds = start_s(name)
            if number >= 0:  # the first round warms the disk's cache
                times[name].append(seconds)
    print()
    return times


def main() -> int:
    with tempfile.TemporaryDirectory() as folder:
        plain_r(folder)
        times = {}
        for pair in PAIRS:
            times |= measure(*pair[:2])
    medians = {name: statistics.median(found) for name, found in times.items()}
    rows = [
        {
            "kernel": ours,
            "plain": plain,
            "ours_s": round(medians[ours], 4),
            "plain_s": round(medians[plain], 4),
            "ratio": round(medians[ours] / medians[plain], 3),
            "target": target,
        }
        for ours, plain, target in PAIRS
    ]
    print(f"{'kernel':<16} {'s':>7} {'plain s':>8} {'ratio':>6} {'target':>7}")
    for row in rows:
        print(
            f"{row['kernel']:<16} {row['ours_s']:>7.3f} {row['plain_s']:>8.3f}"
            f" {row['ratio']:>6.3f} {row['target']:>7.2f}"
        )
    RESULTS.parent.mkdir(exist_ok=True)
    result = {"rounds": ROUNDS, "machine": machine(), "kernels": rows}
    RESULTS.write_text(json.dumps(result, indent=2) + "\n")
    return int(any(row["ratio"] > row["target"] for row in rows))


if __name__ == "__main__":
    sys.exit(main())
