"""A line that says how far long work is: rows or bytes, and how many a second."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from . import environment

if TYPE_CHECKING:
    import pyarrow
    from fsspec.callbacks import Callback

DELAY_S = 2  # shorter work shows nothing
_LOOK = {"unit_scale": True, "leave": False, "delay": DELAY_S}


def count_rows(
    batches: Iterator["pyarrow.RecordBatch"], total: int | None = None
) -> Iterator["pyarrow.RecordBatch"]:
    """Pass batches on; show their rows after 2 s, where somebody looks."""
    from tqdm import tqdm

    disable = not _is_watched()
    with tqdm(total=total, unit=" rows", disable=disable, **_LOOK) as bar:
        for batch in batches:
            yield batch
            bar.update(batch.num_rows)


@contextmanager
def count_bytes(name: str) -> Iterator["Callback"]:
    """Give a callback for a transfer of fsspec's; show its bytes after 2 s."""
    from fsspec.callbacks import TqdmCallback

    options = {"desc": name, "unit": "B", "disable": not _is_watched(), **_LOOK}
    callback = TqdmCallback(tqdm_kwargs=options)
    try:
        yield callback
    finally:
        callback.close()


def _is_watched() -> bool:
    if environment.lookup("environment").upper().endswith("PIPELINE"):
        return False
    shell = sys.modules["IPython"].get_ipython() if "IPython" in sys.modules else None
    return sys.stderr.isatty() or hasattr(shell, "kernel")
