"""Line magics of the Python kernel."""


def hexa(line: str):
    """Show what is primed, how long it took, and every problem with its remedy."""
    from .status import hexa_status

    return hexa_status()
