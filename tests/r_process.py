"""A real R process that runs lines of code, for tests that cross to it and back."""

import json
import os
import subprocess

import pyarrow as pa

from .conftest import ROOT


class RFailure(Exception):
    """A condition of R: ``code`` is its class without ``openhexa_error_``."""

    def __init__(self, answer):
        super().__init__(answer["message"])
        self.code = answer["error"].removeprefix("openhexa_error_")
        self.values = answer.get("values") or {}


class RProcess:
    """R with openhexaR and the cases of ``frame_cases.R``."""

    def __init__(self, folder):
        self.folder = folder
        code = f"library(openhexaR); source('{ROOT}/tests/frame_cases.R'); serve()"
        self.log = (folder / "stderr").open("w")
        self.process = subprocess.Popen(
            ["Rscript", "--no-init-file", "-e", code],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self.log,
            text=True,
            env={**os.environ, "TZ": "Africa/Ndjamena"},
        )

    def run(self, code):
        """Run R code; give its value as JSON carries it."""
        self.process.stdin.write(json.dumps(code) + "\n")
        self.process.stdin.flush()
        answer = json.loads(self.process.stdout.readline())
        if "error" in answer:
            raise RFailure(answer)
        return answer["value"]

    def cross(self, table):
        """Send a table through R; give what came back, and R's classes by column."""
        there, back = self.folder / "there", self.folder / "back"
        write_stream(table, there)
        classes = self.run(f"cross('{there}', '{back}')")
        return read_stream(back), classes

    def stop(self):
        self.process.stdin.close()
        self.process.wait(timeout=30)
        self.log.close()


def write_stream(table, path):
    with pa.ipc.new_stream(path, table.schema) as stream:
        stream.write_table(table)


def read_stream(path):
    with pa.ipc.open_stream(path.read_bytes()) as stream:
        return stream.read_all()
