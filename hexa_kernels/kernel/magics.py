"""Line magics of the Python kernel."""


def R(line: str, cell: str | None = None):
    """Run R code: see ``%R?`` once a cell has used it."""
    from ..bridge import magic

    return magic.R(line, cell)


def hexa(line: str):
    """Show what is primed, how long it took, and every problem with its remedy."""
    from .status import hexa_status

    return hexa_status()
