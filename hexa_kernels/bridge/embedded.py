"""The other engine of ``%%R``: R inside the notebook's own process, through rpy2.

Frames cross by their address. A crash of R is one of the notebook.
"""

import json
import os
import threading
from functools import cache
from typing import Any

import pyarrow

from ..contract import phrase
from ..environment import language, variable
from ..errors import MissingPackageError, RpyPairError, RThreadError
from ..r_packages import find_r
from .interrupts import Interrupts
from .process import r_name, specification
from .relay import failure_of, from_r, show, to_r
from .stopping import Watch


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
        # As the R of the other engine, known by its name to the database.
        self._name = r_name()
        known = {variable("r_process"): self._rinterface.StrSexpVector([self._name])}
        self._rinterface.baseenv["Sys.setenv"](**known)
        self._failure = None
        self._keep = [
            self._rinterface.rternalize(function)
            for function in (self._receive, self._answer)
        ]
        self._own("embedded_start")(*self._keep)

    def is_alive(self) -> bool:
        return True

    def take(self, name: str, value: Any) -> None:
        """Give R a value of Python's, under a name."""
        _in_main_thread()
        table = to_r(value)
        self._call("embedded_open")
        table.to_reader()._export_to_c(self._address())
        self._call("embedded_take", name)

    def give(self, name: str, as_: str = "pandas") -> Any:
        """Take a value of R's."""
        self._call("embedded_give", name)
        reader = pyarrow.RecordBatchReader._import_from_c(self._address())
        return from_r(reader.read_all(), as_)

    def _address(self) -> int:
        return int(self._own("embedded_address")()[0])

    def run(self, code: str, *, own: bool = False) -> None:
        """Run R code; show what it shows while it does.

        Parameters
        ----------
        code : str
            R's code.
        own : bool
            Whether it is our code and not the user's: R's traceback is not shown.

        Raises
        ------
        RThreadError
            If this is not the main thread.
        RCellError
            If the code stops with an error. R's own message was shown.
        KeyboardInterrupt
            If the user interrupted; R has stopped and keeps its variables.
        """
        self._failure, self._shows_errors = None, not own
        self._in_r("embedded_run", code)
        if self._failure is not None:
            raise failure_of(self._failure["evalue"])

    def _call(self, function: str, *arguments: str) -> None:
        """Call one of our functions; what makes a cell of a call takes 5 ms."""
        failure = self._in_r("embedded_call", function, *arguments)[0]
        if failure:
            raise failure_of(failure)

    def _in_r(self, function: str, *arguments: str) -> Any:
        _in_main_thread()
        try:
            with (
                Interrupts(then=self._ask_r_to_stop) as self._interrupts,
                Watch(self._name, arguments[0], self._ask_r_to_stop),
            ):
                result = self._own(function)(*arguments)
        finally:  # one that came too late
            self._rinterface.openrlib.rlib.R_interrupts_pending = 0
        if self._interrupts.count:
            raise KeyboardInterrupt
        return result

    def _ask_r_to_stop(self) -> None:
        """What rpy2 alone does not: it waits until R is done."""
        self._rinterface.openrlib.rlib.R_interrupts_pending = 1

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
        answer = self._interrupts.let_through(lambda: input(prompt[0]))
        return self._rinterface.StrSexpVector([answer or ""])


def _rinterface():
    try:
        import rpy2.rinterface as rinterface

        rinterface.initr()
    except ModuleNotFoundError as error:
        raise MissingPackageError(
            package="rpy2",
            purpose=phrase("embed_r", language()),
            command='pip install "hexa-kernels[rpy2]"',
        ) from error
    # Of many kinds: the linker's, or cffi's for a function that this R has not.
    except Exception as error:
        find_r()
        raise RpyPairError(reason=str(error).splitlines()[0].rstrip(".")) from error
    return rinterface


def _in_main_thread() -> None:
    if threading.current_thread() is not threading.main_thread():
        raise RThreadError()
