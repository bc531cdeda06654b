"""Fields of connections as environment variables, which older notebooks read.

This module is part of a kernel's start: the others are imported where they are used.
"""

import re
import sys
from typing import TYPE_CHECKING

from . import environment
from .contract import contract

if TYPE_CHECKING:
    from .connection_record import ConnectionRecord

_exported: set[str] = set()  # identifiers, by export_mentioned


def export_connection(identifier: str) -> list[str]:
    """Put the fields of a connection into the environment, as OpenHEXA once did.

    Parameters
    ----------
    identifier : str
        As on the workspace's connections page: ``bucket-connection`` gives
        ``BUCKET_CONNECTION_ACCESS_KEY_ID`` and so on.

    Returns
    -------
    list of str
        The names of the variables that were set, not their values. Processes started
        from now on, R among them, have them too.

    Raises
    ------
    ConnectionNotFoundError, ConnectionIncompleteError
        As for ``connect``.

    Notes
    -----
    Environment variable ``HEXA_EXPORT_CONNECTIONS``, with identifiers between commas,
    does it by itself, before the first cell in which a text names such a variable.

    Examples
    --------
    >>> from hexa_kernels import environment
    >>> with environment.applied({"KOBO": "custom", "KOBO_TOKEN": "s3cret"}):
    ...     export_connection("kobo")
    ['KOBO_TOKEN']
    """
    variables = _read_variables(identifier)
    environment.set_variables(variables)
    return sorted(variables)


def export_mentioned(text: str) -> None:
    """Export those connections of ``HEXA_EXPORT_CONNECTIONS`` whose variables it names.

    What is set already stays: on a laptop, workspace.yaml sets it. A failure is one
    line, as the cell may not need it.
    """
    listed = environment.lookup("export_connections")
    for identifier in map(str.strip, (listed or "").split(",")):
        prefix = re.escape(environment.connection_prefix(identifier))
        if not identifier or identifier in _exported:
            continue
        if not re.search(rf"(?<!\w){prefix}_", text):
            continue
        try:
            environment.set_variables(_read_variables(identifier), overwrite=False)
        except Exception as error:
            _warn(identifier, error)
        else:
            _exported.add(identifier)


def _read_variables(identifier: str) -> dict[str, str]:
    from .connection_record import read_record

    record = read_record(identifier)
    record.need_complete()
    return variables_of(record)


def variables_of(record: "ConnectionRecord") -> dict[str, str]:
    """Give the variables of a connection, by their present and their older names."""
    kind = contract()["connections"][record.type]
    fields = kind["fields"] or [
        {"name": name, "suffix": name.upper()} for name in record.fields
    ]
    found = {}
    for field in fields:
        value = record.fields[field["name"]]
        for key in ("suffix", "older"):
            if key in field and value is not None:
                found[f"{record.prefix}_{field[key]}"] = str(value)
    if "url_suffix" in kind:
        found[f"{record.prefix}_{kind['url_suffix']}"] = _database_url(record)
    return found


def _database_url(record: "ConnectionRecord") -> str:
    from urllib.parse import quote

    names = ("username", "password", "host", "port", "database_name")
    parts = (quote(str(record.fields[name]), safe="") for name in names)
    return "postgresql://{}:{}@{}:{}/{}".format(*parts)


def _warn(identifier: str, error: Exception) -> None:
    from .errors import NotExportedWarning

    problem = getattr(error, "message", type(error).__name__)
    variable = environment.variable("export_connections")
    warning = NotExportedWarning(
        identifier=identifier, problem=problem, variable=variable
    )
    print(warning, file=sys.stderr)
