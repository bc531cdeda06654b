"""Packages that come with an extra: imported when used, named when missing."""

from collections.abc import Iterator
from contextlib import contextmanager

from .contract import phrase
from .environment import language
from .errors import MissingPackageError


@contextmanager
def needing(extra: str, purpose: str) -> Iterator[None]:
    """Import packages of an extra in this block, or say how to install it.

    ``purpose`` is a phrase of the contract.
    """
    try:
        yield
    except ModuleNotFoundError as error:
        raise MissingPackageError(
            package=error.name.partition(".")[0],
            purpose=phrase(purpose, language()),
            command=f'pip install "hexa-kernels[{extra}]"',
        ) from error
