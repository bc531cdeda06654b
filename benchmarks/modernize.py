"""Measure `hexa-kernels modernize` on 1,000 notebooks: ``make bench-modernize``.

Each notebook has 15 cells of code taken from the tests' corpus, half of them of R. The
command runs in a process of its own, as users run it; the time of processors is what
does not depend on what else the machine does. Exits with 1 beyond 60 s.
"""

import json
import random
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import nbformat
from report import RESULTS, ROOT, machine

NOTEBOOKS, CELLS, TARGET_S = 1000, 15, 60
KERNELS = {"r": "ir", "py": "python3"}


def corpus_cells(prefix: str) -> list[str]:
    """Collect the cells of one language's notebooks."""
    corpus = ROOT / "tests/modernize/corpus"
    books = [nbformat.read(p, 4) for p in sorted(corpus.glob(f"{prefix}_*.ipynb"))]
    return [c.source for book in books for c in book.cells if c.cell_type == "code"]


def make(folder: Path) -> int:
    """Write the notebooks; give the lines of code in them."""
    chosen, lines = random.Random(1), 0
    cells = {prefix: corpus_cells(prefix) for prefix in KERNELS}
    for number in range(NOTEBOOKS):
        prefix = ("r", "py")[number % 2]
        sources = chosen.choices(cells[prefix], k=CELLS)
        lines += sum(source.count("\n") + 1 for source in sources)
        book = nbformat.v4.new_notebook(
            cells=[nbformat.v4.new_code_cell(source) for source in sources],
            metadata={"kernelspec": {"name": KERNELS[prefix], "display_name": prefix}},
        )
        nbformat.write(book, folder / f"{number:04}.ipynb")
    return lines


def main() -> int:
    with tempfile.TemporaryDirectory() as folder:
        lines = make(Path(folder))
        begin = time.perf_counter()
        command = [sys.executable, "-m", "hexa_kernels", "modernize", "--json", folder]
        done = subprocess.run(command, check=True, capture_output=True)
        seconds = round(time.perf_counter() - begin, 1)
    used = resource.getrusage(resource.RUSAGE_CHILDREN)  # R's too
    cpu_s = round(used.ru_utime + used.ru_stime, 1)
    summary = json.loads(done.stdout)["summary"]
    result = {
        **{"seconds": seconds, "cpu_s": cpu_s, "target_s": TARGET_S, "lines": lines},
        **{"summary": summary, "machine": machine()},
    }
    print(f"{summary['files']} notebooks, {lines} lines: {seconds} s, CPU {cpu_s} s")
    (RESULTS / "modernize.json").write_text(json.dumps(result, indent=2) + "\n")
    return int(seconds > TARGET_S)


if __name__ == "__main__":
    sys.exit(main())
