"""A Python notebook whose ``%%R`` cells are interrupted and crashed, and its leaks."""

import json
import random
import tempfile
import time
from dataclasses import asdict, dataclass
from pathlib import Path

# Read and changed by nobody: what they hash to must stay the same.
VARIABLES = """
set.seed(1)
kept_numbers <- runif(1e5); kept_texts <- c("é", NA, "b"); kept_list <- list(1L, "x")
kept_frame <- data.frame(n = 1:1000, s = as.character(1:1000))
kept_function <- function(x) x + 1
"""
HASH = (
    "cat('hash', rlang::hash(list(kept_numbers, kept_texts, kept_list, kept_frame,"
    " deparse(kept_function))))"
)
# Connections that an interrupt left open are closed by gc().
COUNT = "invisible(gc()); cat(length(dir('/proc/self/fd')))"
FRAME = (
    "import numpy, pandas\n"
    "frame = pandas.DataFrame({'x': numpy.arange(500_000) / 3,"
    " 's': ['deux', 'trois'] * 250_000})"
)
# After its end, nothing of the cell is there to be interrupted.
CELL = """
import signal
print("begin", end="", flush=True)
try:
    get_ipython().run_cell_magic("R", "{options}", "{code}")
finally:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
"""
# What a cell does, and how long after its begin the interrupt comes at the latest, s.
CELLS = {
    "a loop": ("", "repeat sqrt(2)", 0.4),
    "output": ("", "repeat print(1)", 0.3),
    "the end of a cell": ("", "Sys.sleep(0.1)", 0.2),
    "nothing": ("", "invisible()", 0.05),
    "a frame crossing": ("-i frame -o frame", "frame$x[[1]] <- 1", 0.6),
    "a plot": ("-w 5", "plot(runif(2e4))", 0.4),
    "a question": ("", "readline('? ')", 0.4),
}
CRASHES = {
    "killed": "tools::pskill(Sys.getpid(), 9)",
    "segfault": "tools::pskill(Sys.getpid(), 11)",
    "aborted": "tools::pskill(Sys.getpid(), 6)",
    "quit": ".Internal(quit('no', 3, FALSE))",
}


@dataclass
class Held:
    """What the notebook's process and R hold on to."""

    processes: int
    descriptors: int
    threads: int
    r_descriptors: int
    files: int

    def more_than(self, other: "Held") -> dict[str, int]:
        now, then = asdict(self), asdict(other)
        return {name: now[name] - then[name] for name in now if now[name] > then[name]}


def children(pid: int) -> set[int]:
    """List the processes that descend from one."""
    found = set()
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except OSError:  # it ended meanwhile
            continue
        if int(fields[1]) == pid:
            found |= {int(stat.parent.name), *children(int(stat.parent.name))}
    return found


def handed_over(pid: int) -> list[Path]:
    """List what lies where a notebook's process hands frames over."""
    places = [Path("/dev/shm"), Path(tempfile.gettempdir())]
    return [path for place in places for path in place.glob(f"hexa-r-{pid}-*/**/*")]


class Soak:
    """A running notebook, and what happens to it.

    Parameters
    ----------
    kernel : tests.conftest.Kernel
        A kernel "OpenHEXA Python".
    engine : str
        "sidecar" or "embedded".
    """

    def __init__(self, kernel, engine: str = "sidecar", seed: int = 1):
        self.kernel = kernel
        self.magic = f"%%R --engine {engine}"
        self.engine = engine
        self.draw = random.Random(seed)
        kernel.result(FRAME)
        # What the kernel itself starts once, as for its first large message.
        kernel.result(f"{self.magic}\nplot(runif(2e4))")
        self.hash = self._set_variables()

    def _set_variables(self) -> str:
        self.kernel.result(f"{self.magic}\n{VARIABLES}")
        return self._hash()

    def _hash(self) -> str:
        return self.kernel.result(f"{self.magic}\n{HASH}")

    def interrupt(self, what: str) -> bool:
        """Interrupt a cell at some moment; tell whether it was stopped.

        Raises
        ------
        AssertionError
            If the cell ends in another way, or R's variables are not what they were.
        """
        stopped = self._run_and_interrupt(*CELLS[what])
        assert self._hash() == self.hash, f"{what}: other variables"
        return stopped

    def interrupt_start(self) -> bool:
        """End R, and interrupt the cell that starts it again."""
        self.crash("killed")
        stopped = self._run_and_interrupt("", "1", 1.5)
        self.hash = self._set_variables()
        return stopped

    def _run_and_interrupt(self, options: str, code: str, latest: float) -> bool:
        """Press once, at a moment after the cell began.

        Only then: the notebook's own kernel loses a cell that is interrupted before its
        first line or after its last one, whatever is in it.
        """
        client = self.kernel.client
        cell = CELL.format(options=f"--engine {self.engine} {options}", code=code)
        # Asked to stop on an error, a kernel drops what arrives just after it.
        request = client.execute(cell, allow_stdin=True, stop_on_error=False)
        while not self._says_begin(client.get_iopub_msg(timeout=10), request):
            pass
        time.sleep(self.draw.uniform(0, latest))
        self.kernel.manager.interrupt_kernel()
        while True:
            reply = client.get_shell_msg(timeout=30)
            if reply["parent_header"].get("msg_id") == request:
                break
        answer = reply["content"]
        is_stopped = answer["status"] == "error"
        assert not is_stopped or answer["ename"] == "KeyboardInterrupt", answer
        return is_stopped

    def _says_begin(self, message: dict, request: str) -> bool:
        ours = message["parent_header"].get("msg_id") == request
        return ours and message["content"].get("text") == "begin"

    def crash(self, what: str) -> None:
        """End R in some way: the cell must say so, and the notebook live on."""
        error = self.kernel.error(f"{self.magic}\n{CRASHES[what]}")
        assert "RDiedError" in error, error
        assert self.kernel.result("1 + 1") == "2"

    def restart(self) -> None:
        """Use R again: a new one, with none of the variables."""
        assert self.kernel.result(f"{self.magic}\ncat(exists('kept_list'))") == "FALSE"
        self.hash = self._set_variables()

    def leaked(self, before: Held) -> dict[str, int]:
        """Give what is held more than before; sockets take a moment to close."""
        deadline = time.monotonic() + 10
        while (more := self.held().more_than(before)) and time.monotonic() < deadline:
            time.sleep(0.5)
        return more

    def held(self) -> Held:
        """Count what is held, between two cells."""
        pid = self.kernel.manager.provisioner.pid
        found = self.kernel.result(
            "import os, threading, json\n"
            "json.dumps([len(os.listdir('/proc/self/fd')), threading.active_count()])"
        )
        descriptors, threads = json.loads(found.strip("'"))
        r = self.kernel.result(f"{self.magic}\n{COUNT}")
        below = children(pid)
        return Held(len(below), descriptors, threads, int(r), len(handed_over(pid)))
