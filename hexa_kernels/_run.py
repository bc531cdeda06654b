"""The log of a notebook, wherever it runs."""

import sys
import warnings
from datetime import UTC, datetime

from . import environment
from .contract import contract, phrase
from .errors import (
    LogNotSentWarning,
    OpenHexaError,
    OpenHexaWarning,
    UnknownLogLevelWarning,
)

_warned: set[type] = set()


def run_log(message: object, level: str = "info") -> None:
    """Log a message: print it here and, in a pipeline, show it on the run's page too.

    Never fails: what cannot be sent gives one warning a session, and the notebook
    goes on.

    Parameters
    ----------
    message : object
        Anything; its ``str()`` is logged.
    level : str
        ``debug``, ``info``, ``warning``, ``error`` or ``critical``, in any case.
        Another one counts as ``info``, with one ``UnknownLogLevelWarning`` a session.

    Notes
    -----
    The line on stdout is the SDK's: time in UTC (ISO 8601), level, text. Levels below
    ``HEXA_LOG_LEVEL`` (a name, or 0 for debug to 4 for critical; else ``info``) are
    dropped. Messages go to the server when ``HEXA_ENVIRONMENT`` is ``CLOUD_PIPELINE``
    and ``HEXA_SERVER_URL`` is set; a failure of that is a ``LogNotSentWarning``.

    References
    ----------
    ``openhexa.sdk`` 2.22.7, ``CurrentRun``:
    https://github.com/BLSQ/openhexa-sdk-python

    Examples
    --------
    >>> run_log("42 facilities read")  # doctest: +ELLIPSIS
    2... INFO 42 facilities read
    >>> run_log("not shown", "debug")
    """
    levels = contract()["log_levels"]
    name = str(level).upper()
    if name not in levels:
        _warn_once(UnknownLogLevelWarning(level=level, levels=_choices(levels)))
        name = "INFO"
    if levels.index(name) < _threshold(levels):
        return
    try:
        text = str(message)
    except Exception:  # of a class of the user's
        text = f"<{type(message).__name__}>"
    _print(f"{datetime.now(UTC).replace(microsecond=0).isoformat()} {name} {text}")
    if environment.is_pipeline_run():
        try:
            _send(name, text)
        except Exception as error:
            what = phrase("a_log_message", environment.language())
            _warn_once(LogNotSentWarning(what=what, reason=_reason(error)))


def _choices(levels: list[str]) -> str:
    return ", ".join(levels).lower()


def _threshold(levels: list[str]) -> int:
    """Read HEXA_LOG_LEVEL as the SDK does, which takes seconds to import."""
    text = (environment.lookup("log_level") or "INFO").upper()
    if text.isdecimal() and int(text) < len(levels):
        return int(text)
    return levels.index(text if text in levels else "INFO")


def _print(line: str) -> None:
    # What stdout cannot show (a lone surrogate, é in ASCII) would be an error.
    encoding = getattr(sys.stdout, "encoding", None) or "utf-8"
    print(line.encode(encoding, "backslashreplace").decode(encoding))


def _send(level: str, text: str) -> None:
    environment.require("token")
    # `current_run` is None for good when the SDK was imported in a notebook server.
    from openhexa.sdk.pipelines.run import CurrentRun

    getattr(CurrentRun(), f"log_{level.lower()}")(text)


def _reason(error: Exception) -> str:
    if isinstance(error, OpenHexaError):
        text = error.message
    else:
        text = f"{type(error).__name__}: {error}"
    # A header that is refused is quoted, with the token in it and its blanks escaped.
    secret = (environment.lookup("token") or "").split()
    if any(part in text for part in secret):
        text = type(error).__name__
    return text.partition("\n")[0].removesuffix(".")


def _warn_once(warning: OpenHexaWarning) -> None:
    if type(warning) in _warned:
        return
    _warned.add(type(warning))
    try:
        warnings.warn(warning, stacklevel=3)
    except OpenHexaWarning:  # warnings are errors here, and a log is no reason to stop
        print(warning, file=sys.stderr)
