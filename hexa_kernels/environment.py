"""The only reader of the environment: variables by their name in the contract.

Everything is read at the moment of asking, so that a variable set in a cell counts.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager

from .contract import contract
from .errors import InvalidEnvironmentError, InvalidPortError, MissingVariableError


def variable(fact: str) -> str:
    """Name the environment variable that carries ``fact``."""
    return contract()["variables"][fact]["name"]


def lookup(fact: str) -> str | None:
    """Read a fact, else its default, else None.

    An empty value counts as absent where it could never be useful (paths, URLs).
    """
    entry = contract()["variables"][fact]
    value = os.environ.get(entry["name"])
    if value == "" and entry.get("empty_is_absent"):
        value = None
    return entry.get("default") if value is None else value


def require(fact: str) -> str:
    """Read a fact; without one, raise ``MissingVariableError``."""
    value = lookup(fact)
    if value is None:
        raise MissingVariableError(variable=variable(fact))
    return value


def database_port() -> int:
    """Read the port of the workspace database as an integer."""
    text = require("database_port").strip()
    if not (text.isascii() and text.isdecimal()) or not 1 <= int(text) <= 65535:
        raise InvalidPortError(variable=variable("database_port"), value=text)
    return int(text)


def check() -> list[Exception]:
    """List what is set to a value that cannot work. Reads variables, nothing else."""
    problems = []
    if lookup("database_port") is not None:
        try:
            database_port()
        except InvalidPortError as error:
            problems.append(error)
    kind, choices = lookup("environment"), contract()["environments"]
    if kind.upper() not in choices:
        problems.append(
            InvalidEnvironmentError(
                variable=variable("environment"), value=kind, choices=", ".join(choices)
            )
        )
    return problems


def language() -> str:
    """Choose the language of messages: HEXA_LANG, else the locale's, else English."""
    settings = ("LC_ALL", "LC_MESSAGES", "LANG")
    chosen = lookup("language") or next(filter(None, map(os.environ.get, settings)), "")
    return "fr" if chosen.lower().startswith("fr") else "en"


def session_notebook() -> str | None:
    """Give the notebook's path as the Jupyter server tells it to a kernel."""
    return os.environ.get("JPY_SESSION_NAME") or None


def snapshot() -> dict[str, str]:
    """Copy the whole environment, as the start of a child process's."""
    return dict(os.environ)


@contextmanager
def applied(values: dict[str, str]) -> Iterator[None]:
    """Set variables for a while, for this process and its children.

    Database variables that are set already would mix with those of ``values``: when
    there are some, the others go.
    """
    before = dict(os.environ)
    family = "WORKSPACE_DATABASE_"
    if any(name.startswith(family) for name in values):
        for name in [name for name in before if name.startswith(family)]:
            del os.environ[name]
    os.environ.update(values)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)
