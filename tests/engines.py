"""The engines of ``%%R``, each in a process of its own, for tests that cross to R.

The embedded engine brings R's variables, its locale and its handlers into the process
where it starts: pytest's own would be another one for every test that comes after. The
other engine runs the same way, so that nothing but the engine differs.
"""

import multiprocessing
import os
import warnings

from .conftest import ROOT

ENGINES = ("sidecar", "embedded")
CASES_OF_R = ROOT / "tests" / "frame_cases.R"


class Engine:
    """An engine of ``%%R``; a context manager.

    Whatever it raises or warns of is raised and warned of here.

    Parameters
    ----------
    name : str
        "sidecar" or "embedded".
    """

    def __init__(self, name: str):
        self.name = name

    def __enter__(self):
        context = multiprocessing.get_context("spawn")
        self._pipe, other = context.Pipe()
        self.process = context.Process(target=_serve, args=(self.name, other))
        self.process.start()
        other.close()
        if error := self._pipe.recv():
            raise error
        # A warning of R would be no more than a line of output here.
        self.r("library(openhexaR); options(warn = 2)")
        self.r(f"source('{CASES_OF_R}')")
        return self

    def __exit__(self, *_):
        self._pipe.close()
        self.process.join(timeout=30)
        assert self.process.exitcode == 0

    def take(self, name: str, value) -> None:
        """Give R a value under a name."""
        self._call("take", name, value)

    def give(self, name: str, as_: str = "pandas"):
        """Take a value of R's."""
        return self._call("give", name, as_)

    def r(self, code: str) -> None:
        """Run R code."""
        self._call("run", code)

    def cross(self, frame, as_: str = "pandas"):
        """Send a frame to R, where it is called frame, and take it back."""
        self.take("frame", frame)
        return self.give("frame", as_)

    def _call(self, method: str, *arguments):
        self._pipe.send((method, arguments))
        result, error, caught = self._pipe.recv()
        for message in caught:
            warnings.warn(message, stacklevel=3)
        if error is not None:
            raise error
        return result


def _serve(name: str, pipe) -> None:
    # A zone of its own, before R starts: no test may hold only in UTC.
    os.environ["TZ"] = "Africa/Ndjamena"
    try:
        engine = _start(name)
    except Exception as error:
        pipe.send(error)
        return
    pipe.send(None)
    while True:
        try:
            method, arguments = pipe.recv()
        except EOFError:
            break
        result = error = None
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            try:
                result = getattr(engine, method)(*arguments)
            except Exception as raised:
                error = raised
        pipe.send((result, error, [one.message for one in caught]))
    if name == "sidecar":
        engine.stop()


def _start(name: str):
    from hexa_kernels.bridge import embedded, sidecar

    if name == "embedded":
        return embedded.engine()
    engine = sidecar.Sidecar()
    engine.ensure()
    return engine
