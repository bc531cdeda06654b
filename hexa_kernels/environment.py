"""The only reader of the environment: variables by their name in the contract.

Everything is read at the moment of asking, so that a variable set in a cell counts.
"""

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager

from .contract import contract

# Errors are imported where they are raised: this module is part of a kernel's start.


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


def is_set(fact: str) -> bool:
    """Tell whether a fact is given, and not its default."""
    return bool(os.environ.get(variable(fact)))


def require(fact: str) -> str:
    """Read a fact; without one, raise ``MissingVariableError``."""
    value = lookup(fact)
    if value is None:
        from .errors import MissingVariableError

        raise MissingVariableError(variable=variable(fact))
    return value


def database_port() -> int:
    """Read the port of the workspace database as an integer."""
    return as_port(require("database_port"), variable("database_port"))


def as_port(text: str, name: str) -> int:
    """Read a port; ``name`` is the variable that holds it, or would."""
    text = str(text).strip()
    if not _is_port(text):
        from .errors import InvalidPortError

        raise InvalidPortError(variable=name, value=text)
    return int(text)


def _is_port(text: str) -> bool:
    return text.isascii() and text.isdecimal() and 1 <= int(text) <= 65535


def positive_number(fact: str) -> float:
    """Read a fact that must be a number above 0."""
    text = lookup(fact)
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0 < value < float("inf"):
        from .errors import InvalidNumberError

        raise InvalidNumberError(variable=variable(fact), value=text)
    return value


def check() -> list[Exception]:
    """List what is set to a value that cannot work. Reads variables, nothing else."""
    problems = []
    port, kind = lookup("database_port"), lookup("environment")
    if port is not None and not _is_port(port.strip()):
        from .errors import InvalidPortError

        name = variable("database_port")
        problems.append(InvalidPortError(variable=name, value=port.strip()))
    choices = contract()["environments"]
    if kind.upper() not in choices:
        from .errors import InvalidEnvironmentError

        name, choices = variable("environment"), ", ".join(choices)
        problems.append(
            InvalidEnvironmentError(variable=name, value=kind, choices=choices)
        )
    return problems


def is_pipeline_run() -> bool:
    """Tell whether this is the run of a pipeline that a server is told about."""
    kind = lookup("environment").upper()
    return kind == "CLOUD_PIPELINE" and lookup("server_url") is not None


def is_cloud() -> bool:
    """Tell whether this is a machine of OpenHEXA's, which vanishes with its work."""
    return lookup("environment").upper().startswith("CLOUD_")


def bucket_engine() -> str | None:
    """Name the kind of bucket that holds the workspace's files, if one does."""
    engine = lookup("storage_engine")
    return None if engine in ("local", "dummy") else engine


def language() -> str:
    """Choose the language of messages: HEXA_LANG, else the locale's, else English."""
    settings = ("LC_ALL", "LC_MESSAGES", "LANG")
    chosen = lookup("language") or next(filter(None, map(os.environ.get, settings)), "")
    return "fr" if chosen.lower().startswith("fr") else "en"


def hide_secrets(text: str) -> str:
    """Put the names of variables in place of the secrets that a text repeats."""
    for entry in contract()["variables"].values():
        value = os.environ.get(entry["name"])
        if value and entry.get("secret"):
            text = text.replace(value, f"<{entry['name']}>")
    return text


def session_notebook() -> str | None:
    """Give the notebook's path as the Jupyter server tells it to a kernel."""
    return os.environ.get("JPY_SESSION_NAME") or None


def connection_prefix(identifier: str) -> str:
    """Give what the names of a connection's variables begin with, as the SDK does."""
    return re.sub(r"[-.\s]", "_", identifier.lower()).upper()


def named_connections(types: set[str]) -> list[str]:
    """List connections that variables describe, by an identifier that finds them."""
    found = [name for name, value in os.environ.items() if value.upper() in types]
    return [name.lower().replace("_", "-") for name in found]


def set_variables(values: dict[str, str], *, overwrite: bool = True) -> None:
    """Set variables of this process, and of those it starts from now on."""
    for name, value in values.items():
        if overwrite or name not in os.environ:
            os.environ[name] = value


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
