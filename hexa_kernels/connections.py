"""Connections of the workspace: from an identifier to a client that works."""

import warnings
from importlib import import_module
from importlib.metadata import EntryPoint, entry_points
from typing import Any

from . import environment
from .checks import Check, Report, Steps, is_ok, run_checks
from .connection_record import ConnectionRecord, read_record
from .connection_types import ConnectionType
from .contract import contract, phrase
from .errors import BrokenTypeError, ConnectionTypeError, ReservedTypeWarning

GROUP = "hexa_kernels.connections"
TIMEOUT_S = 15


def connect(identifier: str) -> Any:
    """Open a connection of the workspace: give the client of its type.

    Parameters
    ----------
    identifier : str
        As on the workspace's connections page.

    Returns
    -------
    sqlalchemy.Engine
        Of PostgreSQL.
    s3fs.S3FileSystem, gcsfs.GCSFileSystem
        Of S3 and Google Cloud Storage; paths are ``bucket/key``.
    openhexa.toolbox.dhis2.DHIS2, openhexa.toolbox.iaso.IASO
        Of DHIS2 and IASO.
    ConnectionRecord
        Of a custom connection; ``fields["api-key"]`` are its values. One whose field
        ``type`` names a type that a package brings opens as that type.

    Raises
    ------
    ConnectionNotFoundError
        With the nearest identifiers there are.
    ConnectionIncompleteError
        If a field has no value; a viewer does not see secrets.
    ServiceAccountError, UrlSchemeMissingError, InvalidPortError
        If a field cannot be right.
    MissingPackageError
        If the client is not installed; the message has the command.

    Notes
    -----
    What a client raises later is its own: ``sqlalchemy.exc.OperationalError``,
    ``PermissionError``… ``test_connection`` says what is wrong in plain words. A
    package adds types by entry points of group ``hexa_kernels.connections``.

    Examples
    --------
    >>> from hexa_kernels import environment
    >>> with environment.applied({"KOBO": "custom", "KOBO_API-KEY": "s3cret"}):
    ...     connect("kobo")
    ...     connect("kobo").fields["api-key"]
    <Connection "kobo" of type CUSTOM: api-key>
    's3cret'
    """
    return _open(read_record(identifier))


def connect_as(identifier: str, type: str) -> Any:
    """Open a connection that must be of one type."""
    return _open(record_of_type(identifier, type))


def record_of_type(identifier: str, type: str) -> ConnectionRecord:
    record = read_record(identifier)
    if record.type != type:
        raise ConnectionTypeError(
            identifier=identifier, expected=type, actual=record.type
        )
    record.need_complete()
    return record


def test_connection(identifier: str, *, timeout_s: float = TIMEOUT_S) -> Report:
    """Say whether a connection works, and what may be read there.

    Parameters
    ----------
    identifier : str
        As on the workspace's connections page.
    timeout_s : float
        Seconds for all of it.

    Returns
    -------
    Report
        Shows as a text or a table; ``report.ok``, and ``report.checks`` with what was
        looked at, its state (ok, failed, skipped), what was found and the remedy.
        A connection that does not work is a report, not an error.

    Raises
    ------
    ConnectionNotFoundError
        With the nearest identifiers there are.

    Examples
    --------
    >>> from hexa_kernels import environment
    >>> with environment.applied({"KOBO": "custom", "KOBO_API-KEY": "s3cret"}):
    ...     test_connection("kobo")
    Connection kobo (CUSTOM) works
      record   ok  every field has a value
      content  ok  fields api-key
    """
    record = read_record(identifier)
    language = environment.language()

    def look_at_record():
        record.need_complete()
        return phrase("record_complete", language)

    kind = _type_of(record)
    steps = {phrase("check_record", language): look_at_record}
    steps |= kind.test(record) if kind.test else {}
    checks = run_checks(steps, timeout_s, record.hide)
    if kind.test is None:
        found = phrase("no_test_of_type", language, type=record.fields["type"])
        checks.append(Check(phrase("check_content", language), "skipped", found))
    state = phrase("works" if is_ok(checks) else "does_not_work", language)
    title = phrase(
        "connection_report",
        language,
        identifier=identifier,
        type=record.type,
        state=state,
    )
    return Report(title, checks)


test_connection.__test__ = False  # no test of pytest's, where it is imported


def _open(record: ConnectionRecord) -> Any:
    kind = _type_of(record)
    record.need_complete()
    return kind.open(record)


def _type_of(record: ConnectionRecord) -> ConnectionType:
    if record.type != "CUSTOM":
        module = f"{__package__}.connection_types.{record.type.lower()}"
        return import_module(module).TYPE
    name = (record.fields.get("type") or "").lower()
    points = _team_types()
    return _load(points[name]) if name in points else _CUSTOM


def _field_names(record: ConnectionRecord) -> Steps:
    language = environment.language()
    names = ", ".join(record.fields) or "-"
    found = phrase("field_names", language, names=names)
    return {phrase("check_content", language): lambda: found}


_CUSTOM = ConnectionType(lambda record: record, _field_names)


def _team_types() -> dict[str, EntryPoint]:
    """Find the types that installed packages bring."""
    found = {}
    for point in entry_points(group=GROUP):
        if point.name.upper() in contract()["connections"]:
            warnings.warn(ReservedTypeWarning(type=point.name), stacklevel=2)
        else:
            found[point.name.lower()] = point
    return found


def _load(point: EntryPoint) -> ConnectionType:
    try:
        value = point.load()
    except Exception as error:
        reason = f"{type(error).__name__}: {error}".splitlines()[0].rstrip(".")
        raise BrokenTypeError(
            type=point.name, source=point.value, reason=reason
        ) from error
    return value if isinstance(value, ConnectionType) else ConnectionType(value)
