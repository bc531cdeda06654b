"""``%%R`` and ``%R``: R code in a cell or a line of a Python notebook."""

from typing import Any

from IPython import get_ipython
from IPython.core.magic_arguments import argument, magic_arguments, parse_argstring

from ..errors import NameNotFoundError
from .sidecar import Sidecar

_sidecar = Sidecar()


def _engine(name: str) -> Any:
    """Give an engine whose R runs: ``run``, ``take`` and ``give``, ``complete``."""
    if name == "embedded":
        from .embedded import engine

        return engine()
    _sidecar.ensure()
    return _sidecar


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
@argument("code", nargs="*", help="R code of a line")
def R(line: str, cell: str | None = None) -> Any:
    """Run R code. ``%R`` gives the value of its line, ``%%R`` shows it.

    Raises
    ------
    NameNotFoundError
        If a name to give is not defined here, or one to take not in R.
    UnsupportedColumnError
        If a column cannot cross.
    RCellError, RDiedError, RStartError
        If the code stops with an error, or R itself.
    """
    arguments = parse_argstring(R, line)
    namespace = get_ipython().user_ns
    given = _names(arguments.input)
    for name in given:
        if name not in namespace:
            raise NameNotFoundError(name=name, language="Python")
    r = _engine(arguments.engine)
    for name in given:
        r.take(name, namespace[name])
    code = " ".join(arguments.code) if cell is None else cell
    options = {
        "repr.plot.width": arguments.width,
        "repr.plot.height": arguments.height,
        "repr.plot.res": arguments.res,
    }
    if cell is None:
        r.run(f".hexa_value <- {{ {code} }}", options)
        return r.give(".hexa_value", arguments.as_)
    r.run(code, options)
    for name in _names(arguments.output):
        namespace[name] = r.give(name, arguments.as_)
    return None


def _names(groups: list[str]) -> list[str]:
    return [name for group in groups for name in group.split(",") if name]
