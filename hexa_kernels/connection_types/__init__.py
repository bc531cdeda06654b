"""How each type of connection opens and is tested: one module a type."""

from collections.abc import Callable
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Any

from .. import environment
from ..checks import Steps
from ..connection_record import ConnectionRecord
from ..contract import phrase
from ..errors import MissingPackageError


@dataclass(frozen=True)
class ConnectionType:
    """What ``connect`` and ``test_connection`` do with connections of one type.

    Attributes
    ----------
    open : callable
        Takes the ``ConnectionRecord``; gives the client.
    test : callable, optional
        Takes the record; gives a dict of steps, from what each checks to a function
        without arguments that says what it found, or raises.
    """

    open: Callable[[ConnectionRecord], Any]
    test: Callable[[ConnectionRecord], Steps] | None = None


def need_package(module: str, package: str, record: ConnectionRecord) -> None:
    """Raise ``MissingPackageError`` where a type's client is not installed."""
    try:
        found = find_spec(module)
    except ModuleNotFoundError:  # of the package around it
        found = None
    if found is None:
        language = environment.language()
        raise MissingPackageError(
            package=package,
            purpose=phrase("open_type", language, type=record.type),
            command=f"pip install {package}",
        )
