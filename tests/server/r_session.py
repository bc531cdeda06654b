"""An R process that runs calls of openhexaR, one after the other."""

import json
import re
import subprocess
import tempfile
from pathlib import Path

from .calls import Call
from .replay import Replay

RUNNER = Path(__file__).with_name("runner.R")


class RSession:
    """A context manager; call it with R code and the variables it may see.

    The answer has ``value``, or ``error`` (the classes of the condition), ``message``
    and ``shown``; and ``said``, if there were messages or warnings. No part of it, nor
    what R writes to its error stream, may hold the token that was given as HEXA_TOKEN,
    or one of ``secrets``.

    Parameters
    ----------
    locale : str
        Value of LC_ALL.
    """

    def __init__(self, locale: str = "C.UTF-8"):
        self.secrets = set()
        self.errors = tempfile.TemporaryFile("w+")  # noqa: SIM115
        self.process = subprocess.Popen(
            ["env", f"LC_ALL={locale}", "Rscript", "--no-init-file", RUNNER],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self.errors,
            text=True,
            encoding="utf-8",
        )

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.stdin.close()
        self.process.wait(timeout=30)
        self.process.stdout.close()
        self.errors.close()

    def __call__(self, code: str, env: dict[str, str]) -> dict:
        job = json.dumps({"code": code, "env": env}) + "\n"
        self.process.stdin.write(job)
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        self.errors.seek(0)
        noise = self.errors.read()
        assert line, noise
        for secret in {env.get("HEXA_TOKEN", "no token"), *self.secrets}:
            assert secret not in line + noise
        return json.loads(line)

    def peak_memory_mb(self) -> float:
        """Give the most memory that the process ever had, in MB of 1e6 bytes."""
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        return int(re.search(r"VmHWM:\s+(\d+) kB", status)[1]) * 1024 / 1e6


def through(r: RSession, call: Call, folder: Path, faults=(), server=None):
    """Run a call in R against a server with faults; give the answer and the requests.

    The server answers from the recordings of the call, unless another is given.
    """
    with server or Replay(call.recordings.split(), faults=faults) as server:
        environment = call.environment(server.url) | {"WORKSPACE_TMP_PATH": str(folder)}
        answer = r(call.r_program(folder), environment)
        assert not server.problems, answer
        return answer, server.requests


def code_of(answer: dict) -> str:
    """Give the code of the condition that an answer must be."""
    assert "error" in answer, answer
    return answer["error"][0].removeprefix("openhexa_error_")
