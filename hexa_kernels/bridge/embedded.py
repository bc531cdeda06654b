"""The other engine of ``%%R``: R inside the notebook's own process, through rpy2.

Frames cross by their address. A crash of R is one of the notebook.
"""

import json
import os
import signal
import threading
from contextlib import contextmanager
from functools import cache
from typing import Any

import pyarrow

from ..contract import phrase
from ..environment import language
from ..errors import (
    MissingPackageError,
    RCellError,
    RpyPairError,
    RThreadError,
)
from .relay import from_r, plain_reason, show, to_r
from .sidecar import specification


@cache
def engine() -> "Embedded":
    """Give the one R of this process; R cannot be started twice."""
    return Embedded()


class Embedded:
    """R in this process."""

    def __init__(self):
        _in_main_thread()
        self._rinterface = _rinterface()
        # The libraries of the kernel's own R, which reads their variable at its start.
        libraries = specification().get("env", {}).get("R_LIBS")
        if libraries:
            paths = self._rinterface.baseenv[".libPaths"]
            first = libraries.split(os.pathsep)
            paths(self._rinterface.StrSexpVector([*first, *paths()]))
        self._failure = None
        self._keep = [
            self._rinterface.rternalize(function)
            for function in (self._receive, self._answer)
        ]
        self._own("embedded_start")(*self._keep)

    def take(self, name: str, value: Any) -> None:
        _in_main_thread()
        table = to_r(value)
        table.to_reader()._export_to_c(self._address(new=True))
        self._call("embedded_take", name)

    def give(self, name: str, as_: str = "pandas") -> Any:
        _in_main_thread()
        self._call("embedded_give", name)
        reader = pyarrow.RecordBatchReader._import_from_c(self._address())
        return from_r(reader.read_all(), as_)

    def _address(self, *, new: bool = False) -> int:
        return int(self._own("embedded_stream")(new)[0])

    def _call(self, function: str, name: str) -> None:
        text = json.dumps(name, ensure_ascii=False)
        self.run(f"openhexaR:::{function}({text})", own=True)

    def run(
        self,
        code: str,
        options: dict[str, float | None] | None = None,
        *,
        own: bool = False,
    ) -> None:
        _in_main_thread()
        given = {n: v for n, v in (options or {}).items() if v is not None}
        if given:
            self._rinterface.baseenv["options"](**given)
        self._failure, self._shows_errors = None, not own
        with _interrupts(self._rinterface):
            interrupted = self._own("embedded_run")(code)[0]
        if interrupted:
            raise KeyboardInterrupt
        if self._failure is not None:
            raise RCellError(reason=plain_reason(self._failure["evalue"]))

    def _own(self, name: str) -> Any:
        namespace = self._rinterface.baseenv["asNamespace"]("openhexaR")
        return self._rinterface.baseenv["get"](name, envir=namespace)

    def _receive(self, kind, text):
        content = json.loads(text[0])
        if kind[0] == "error":
            self._failure = content
        if kind[0] != "error" or self._shows_errors:
            show({"msg_type": kind[0], "content": content})
        return self._rinterface.BoolSexpVector([True])

    def _answer(self, prompt):
        return self._rinterface.StrSexpVector([input(prompt[0])])


def _rinterface():
    try:
        import rpy2.rinterface as rinterface
    except ModuleNotFoundError as error:
        raise MissingPackageError(
            package="rpy2",
            purpose=phrase("embed_r", language()),
            command='pip install "hexa-kernels[rpy2]"',
        ) from error
    except ImportError as error:  # a symbol that an older R has not
        raise RpyPairError(reason=str(error).splitlines()[0].rstrip(".")) from error
    rinterface.initr()
    return rinterface


def _in_main_thread() -> None:
    if threading.current_thread() is not threading.main_thread():
        raise RThreadError()


@contextmanager
def _interrupts(rinterface):
    """Let Ctrl-C reach R while it runs: rpy2 alone waits until R is done."""

    def ask_r_to_stop(*_):
        rinterface.openrlib.rlib.R_interrupts_pending = 1

    before = signal.signal(signal.SIGINT, ask_r_to_stop)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
