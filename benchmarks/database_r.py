"""Measure tables of the database in R: a part of ``make bench-db``.

Each measurement is an R process of its own, on a server of our own: strings and code
that an earlier one left would help the next. Cases of one round come in an order that
changes; ratios are of the medians over the rounds. RPostgres, which Debian does not
carry, is measured where it is installed. Exits with 1 when a target is missed.
"""

import json
import os
import random
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

from kernel_start import machine

from hexa_kernels.local import postgres, workspace_yaml

ROOT = Path(__file__).parent.parent
ROUNDS = int(os.environ.get("BENCH_ROUNDS", "5"))
ROWS = int(os.environ.get("BENCH_ROWS", "1000000"))
RESULTS = Path(__file__).parent / "results" / "database_r.json"
SCRIPT = Path(__file__).with_suffix(".R")
# What is measured, against what, and how many times as long it may take (None: told).
TARGETS = [
    ("rpostgresql: db_write", "rpostgresql: dbWriteTable", 0.45),
    ("rpostgresql: db_read", "rpostgresql: dbReadTable", None),
]
RPOSTGRES_TARGETS = [
    ("rpostgres: db_write", "rpostgres: dbWriteTable", None),
    ("rpostgres: db_read", "rpostgres: dbReadTable", 1.2),
]


def seconds(case: str, variables: dict[str, str]) -> float:
    """Run one case in an R process of its own."""
    done = subprocess.run(
        ["Rscript", "--no-init-file", SCRIPT, case, str(ROWS)],
        env=variables,
        check=True,
        stdout=subprocess.PIPE,
        text=True,
    )
    return float(done.stdout)


def has_rpostgres(variables: dict[str, str]) -> bool:
    code = "quit(status = !requireNamespace('RPostgres', quietly = TRUE))"
    return subprocess.run(["Rscript", "-e", code], env=variables).returncode == 0


def measure(cases: list[str], variables: dict[str, str]) -> dict[str, float]:
    """Run all in turn, in an order that changes; give the medians in seconds."""
    times = {case: [] for case in cases}
    shuffle = random.Random(1)
    for number in range(ROUNDS):
        print(f"\rround {number + 1} of {ROUNDS}", end="", flush=True)
        for case in shuffle.sample(cases, len(cases)):
            times[case].append(seconds(case, variables))
    print()
    return {case: round(statistics.median(found), 3) for case, found in times.items()}


def main() -> int:
    database = workspace_yaml.Database(
        "127.0.0.1", postgres.free_port(), "bench", "bench", "bench"
    )
    with tempfile.TemporaryDirectory(prefix="hexa-bench-") as folder:
        Path(folder).chmod(0o755)
        with postgres.Server(Path(folder) / "server", database):
            variables = {
                **os.environ,
                "R_LIBS": str(ROOT / ".rlib"),
                "WORKSPACE_DATABASE_HOST": database.host,
                "WORKSPACE_DATABASE_PORT": str(database.port),
                "WORKSPACE_DATABASE_USERNAME": database.username,
                "WORKSPACE_DATABASE_PASSWORD": database.password,
                "WORKSPACE_DATABASE_DB_NAME": database.name,
            }
            extra = RPOSTGRES_TARGETS if has_rpostgres(variables) else []
            targets = TARGETS + extra
            seconds("rpostgresql: prepare", variables)
            cases = [case for pair in targets for case in pair[:2]]
            medians = measure(cases, variables)
    rows = []
    for ours, peer, target in targets:
        ratio = round(medians[ours] / medians[peer], 3)
        met = target is None or ratio <= target
        rows.append({"case": ours, "peer": peer, "ratio": ratio, "target": target})
        limit = (
            "" if target is None else f"  (target {target}{'' if met else ', MISSED'})"
        )
        print(f"{ours:24} {medians[ours]:7.2f} s  {ratio:5.2f} of {peer}{limit}")
    result = {"rows": ROWS, "rounds": ROUNDS, "seconds": medians, "ratios": rows}
    RESULTS.write_text(json.dumps(result | {"machine": machine()}, indent=2) + "\n")
    missed = [r for r in rows if r["target"] is not None and r["ratio"] > r["target"]]
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
