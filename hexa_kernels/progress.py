"""A line that says how far long work is: rows, and rows per second."""

import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING

from . import environment

if TYPE_CHECKING:
    import pyarrow

DELAY_S = 2  # shorter work shows nothing


def count_rows(
    batches: Iterator["pyarrow.RecordBatch"], total: int | None = None
) -> Iterator["pyarrow.RecordBatch"]:
    """Pass batches on; show their rows after 2 s, where somebody looks."""
    from tqdm import tqdm

    options = {"unit": " rows", "unit_scale": True, "leave": False, "delay": DELAY_S}
    with tqdm(total=total, disable=not _is_watched(), **options) as bar:
        for batch in batches:
            yield batch
            bar.update(batch.num_rows)


def _is_watched() -> bool:
    if environment.lookup("environment").upper().endswith("PIPELINE"):
        return False
    shell = sys.modules["IPython"].get_ipython() if "IPython" in sys.modules else None
    return sys.stderr.isatty() or hasattr(shell, "kernel")
