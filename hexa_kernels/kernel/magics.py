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
    """Show what is primed, how long it took, and every problem with its remedy."""
    from .status import hexa_status

    return hexa_status()
