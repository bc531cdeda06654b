"""``%%R`` and ``%R``: R code in a cell or a line of a Python notebook."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from IPython import get_ipython
from IPython.core.magic_arguments import argument, magic_arguments, parse_argstring

from ..errors import NameNotFoundError
from .sidecar import Sidecar

_sidecar = Sidecar()


# What IRkernel sends of a plot: the picture, and words for a terminal.
FORMATS = {"png": "image/png", "svg": "image/svg+xml"}


@contextmanager
def _engine(name: str) -> Iterator[Any]:
    """Give an engine whose R runs, to one thread at a time: ``run, take, give``."""
    if name == "embedded":
        from .embedded import engine

        yield engine()
        return
    with _sidecar.lock:
        _sidecar.ensure()
        yield _sidecar


@contextmanager
def _options(r: Any, arguments: Any) -> Iterator[None]:
    """Set R's options for plots as long as a cell runs."""
    given = {
        "repr.plot.width": arguments.width,
        "repr.plot.height": arguments.height,
        "repr.plot.res": arguments.res,
    }
    pairs = [f"{name} = {value}" for name, value in given.items() if value]
    if arguments.format:
        kinds = f'c("text/plain", "{FORMATS[arguments.format]}")'
        pairs.append(f"jupyter.plot_mimetypes = {kinds}")
    if not pairs:
        yield
        return
    r.run(f"openhexaR:::bridge_options({', '.join(pairs)})", own=True)
    try:
        yield
    finally:
        if r.is_alive():
            r.run("openhexaR:::bridge_options()", own=True)


def complete(code: str) -> list[str]:
    """Complete R's names at the end of ``code``, once R runs."""
    return _sidecar.complete(code)


@magic_arguments()
@argument("-i", "--input", action="append", default=[], help="names to give to R: a,b")
@argument("-o", "--output", action="append", default=[], help="names to take: a,b")
@argument("--as", default="pandas", choices=["pandas", "polars", "arrow"], dest="as_")
@argument("--engine", default="sidecar", choices=["sidecar", "embedded"])
@argument("-w", "--width", type=float, help="width of plots, inches")
@argument("-h", "--height", type=float, help="height of plots, inches")
@argument("-r", "--res", type=float, help="resolution of plots, dots per inch")
@argument("-f", "--format", choices=[*FORMATS], help="format of plots; png without")
@argument("code", nargs="*", help="R code of a line")
def R(line: str, cell: str | None = None) -> Any:
    """Run R code. ``%R`` gives the value of its line, ``%%R`` shows it.

    Raises
    ------
    NameNotFoundError
        If a name to give is not defined here, or one to take not in R.
    UnsupportedColumnError
        If a column cannot cross.
    NoRoomToCrossError
        If shared memory and the disk are full.
    RCellError, RDiedError, RStartError
        If the code stops with an error, or R itself.
    """
    arguments = parse_argstring(R, line)
    namespace = get_ipython().user_ns
    given = _names(arguments.input)
    for name in given:
        if name not in namespace:
            raise NameNotFoundError(name=name, language="Python")
    code = " ".join(arguments.code) if cell is None else cell
    with _engine(arguments.engine) as r:
        for name in given:
            r.take(name, namespace[name])
        with _options(r, arguments):
            r.run(code if cell is not None else f".hexa_value <- {{ {code} }}")
        if cell is None:
            return r.give(".hexa_value", arguments.as_)
        for name in _names(arguments.output):
            namespace[name] = r.give(name, arguments.as_)
    return None


def _names(groups: list[str]) -> list[str]:
    return [name for group in groups for name in group.split(",") if name]
