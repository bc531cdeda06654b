"""Magics of the Python kernel; each loads what it needs when it is used."""


def R(line: str, cell: str | None = None):
    """Run R code: see ``%R?`` once a cell has used it."""
    from ..bridge import magic

    return magic.R(line, cell)


def sql(line: str, cell: str | None = None):
    """Run SQL on the workspace database: see ``%sql?`` once a cell has used it."""
    from . import sql_magic

    return sql_magic.sql(line, cell)


def hexa(line: str):
    """Show what is primed, the checks of this machine, and what mends what is wrong.

    ``%hexa doctor`` also tries the database, the OpenHEXA server, R and the kernels.
    ``%hexa restart-server`` tells what a restart of this server would end, and
    ``%hexa restart-server --yes`` restarts it.
    """
    match line.split():
        case [] | ["doctor"] as words:
            from .status import hexa_status

            return hexa_status(full=bool(words))
        case ["restart-server", *options] if options in ([], ["--yes"]):
            return _restart_server(confirmed=bool(options))
    from ..contract import phrase
    from ..environment import language
    from ..errors import InvalidArgumentError

    expected = phrase("magic_arguments", language())
    raise InvalidArgumentError(argument="%hexa", expected=expected, actual=line)


def _restart_server(*, confirmed: bool) -> None:
    from .. import environment, server
    from ..contract import phrase

    here = server.current()
    here.check()
    print(here.losses())
    if confirmed:
        server.restart(here, _linking(here.start_page))
    else:
        line = phrase("stop_command", environment.language())
        print(line.format(command="%hexa restart-server --yes"))


def _linking(link: str):
    """Make a function that shows a line in which ``link`` can be clicked."""
    from html import escape

    from IPython.display import display

    anchor = f'<a href="{escape(link)}" target="_blank">{escape(link)}</a>'

    def show(line: str) -> None:
        page = escape(line).replace(escape(link), anchor)
        display({"text/plain": line, "text/html": page}, raw=True)

    return show
