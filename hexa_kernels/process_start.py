"""When a process began, and which one began it."""

import os
import time
from pathlib import Path


def process_start(pid: int | str = "self") -> tuple[float, int]:
    """Give the time at which a process began, and its parent's number.

    Raises
    ------
    OSError
        If the system has no ``/proc``, or the process is gone.

    References
    ----------
    proc(5): fields 4 and 22 of ``stat``.
    """
    text = Path(f"/proc/{pid}/stat").read_text("utf-8", "replace")
    fields = text.rpartition(")")[2].split()
    after_boot = int(fields[19]) / os.sysconf("SC_CLK_TCK")
    uptime = float(Path("/proc/uptime").read_text().split()[0])
    return time.time() - uptime + after_boot, int(fields[1])
