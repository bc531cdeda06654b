"""What benchmarks of several ways share: the rounds, the rows, and where they go."""

import json
import os
import platform
import random
import statistics
from collections.abc import Callable
from pathlib import Path

ROUNDS = int(os.environ.get("BENCH_ROUNDS", "5"))
ROOT = Path(__file__).parent.parent
RESULTS = Path(__file__).parent / "results"
HEADS = {
    "en": ["what", "ours", "peer", "", "ratio", "target"],
    "fr": ["quoi", "le nôtre", "comparé à", "", "rapport", "cible"],
}


def machine() -> dict:
    """Describe what was measured on, without naming it."""
    info = Path("/proc/cpuinfo")
    lines = info.read_text().splitlines() if info.exists() else []
    models = [line.partition(": ")[2] for line in lines if "model name" in line]
    return {
        "system": platform.system(),
        "processor": models[0] if models else platform.machine(),
        "cores": os.cpu_count(),
        "python": platform.python_version(),
    }


def medians(
    names: list[str], measure: Callable[[str], float], rounds: int = ROUNDS
) -> dict[str, float]:
    """Measure every way in each round, in an order that changes; in seconds.

    A round before the first warms what there is to warm.
    """
    times = {name: [] for name in names}
    shuffle = random.Random(1)
    for number in range(-1, rounds):
        print(f"\rround {max(number + 1, 0)} of {rounds}", end="", flush=True)
        for name in shuffle.sample(names, len(names)):
            seconds = measure(name)
            if number >= 0:
                times[name].append(seconds)
    print()
    return {name: statistics.median(found) for name, found in times.items()}


def compare(
    seconds: dict[str, float], targets: list[tuple[str, str, str, float | None]]
) -> list[dict]:
    """Make a row of each target: what, ours, the peer, the ratio that is wanted."""
    return [
        {
            "what": what,
            "ours_s": round(seconds[ours], 3),
            "peer": peer,
            "peer_s": round(seconds[peer], 3),
            "ratio": round(seconds[ours] / seconds[peer], 3),
            "target": target and round(target, 3),
        }
        for what, ours, peer, target in targets
    ]


def publish(name: str, ways: list[dict], **facts) -> int:
    """Show rows, keep them as JSON, plot and docs; give 1 when a target is missed."""
    for what, *middle, last in _table(ways, "en"):
        print(f"{what:<30}", *(f"{cell:<22}" for cell in middle), last)
    RESULTS.mkdir(exist_ok=True)
    result = {**facts, "machine": machine(), "ways": ways}
    (RESULTS / f"{name}.json").write_text(json.dumps(result, indent=2) + "\n")
    _plot(ways, RESULTS / f"{name}.png")
    for language in HEADS:
        page = ROOT / f"docs/{language}/speed.md"
        _write_between_marks(page, name, _table(ways, language))
    return int(any(row["target"] and row["ratio"] > row["target"] for row in ways))


def _table(rows: list[dict], language: str) -> list[list[str]]:
    def seconds(value):
        return "" if value is None else f"{value:.3f} s"

    return [
        HEADS[language],
        *(
            [
                *(row["what"], seconds(row["ours_s"])),
                *(row["peer"], seconds(row["peer_s"])),
                *(f"{row['ratio']:g}", f"{row['target'] or '':}"),
            ]
            for row in rows
        ),
    ]


def _write_between_marks(page: Path, name: str, table: list[list[str]]) -> None:
    head, *body = (f"| {' | '.join(cells)} |" for cells in table)
    lines = [head, "|---" * len(table[0]) + "|", *body]
    begin, end = f"<!-- {name} -->\n", f"<!-- end of {name} -->"
    before, _, rest = page.read_text("utf-8").partition(begin)
    after = rest.partition(end)[2]
    text = before + begin + "\n".join(lines) + "\n" + end + after
    page.write_text(text, "utf-8")


def _plot(rows: list[dict], path: Path) -> None:
    import matplotlib

    matplotlib.use("agg")
    from matplotlib import pyplot

    rows = [row for row in rows if row["target"]][::-1]
    relative = [row["ratio"] / row["target"] for row in rows]
    figure, axes = pyplot.subplots(figsize=(8, 3.5), layout="constrained")
    colours = ["tab:red" if value > 1 else "tab:blue" for value in relative]
    axes.barh([row["what"] for row in rows], relative, color=colours)
    axes.axvline(1, color="black", linewidth=1)
    axes.set_xlabel("measured ratio / target (left of the line: met)")
    figure.savefig(path, dpi=120)
