"""Servers at the other end: their addresses, whether they answer, and what they say."""

import errno
import socket
import ssl
import time
from collections.abc import Iterator
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import urlsplit

from .. import environment
from ..connection_record import ConnectionRecord
from ..contract import phrase
from ..errors import (
    ConnectionAnswerError,
    ConnectionRejectedError,
    ConnectionUnreachableError,
    RateLimitedError,
    ServerStatusError,
    UrlSchemeMissingError,
)

TIMEOUT_S = 5  # to connect, and between two parts of an answer


def base_url(record: ConnectionRecord) -> str:
    """Give the address of a connection, without slashes at its end."""
    url = record.fields["url"].strip()
    if not url.lower().startswith(("http://", "https://")):
        shown = url.rpartition("@")[2]  # without a password before it
        raise UrlSchemeMissingError(identifier=record.identifier, url=shown)
    return url.rstrip("/")


def host_of(url: str) -> str:
    return urlsplit(url).netloc.rpartition("@")[2]


def reach(record: ConnectionRecord, url: str) -> str:
    """Ask a server for anything; any answer will do. Gives what to report."""
    _request(record, "GET", url)
    language = environment.language()
    return phrase("server_answers", language, host=host_of(url))


def reach_port(record: ConnectionRecord, host: str, port: int) -> str:
    """Open and close a connection to a port. Gives what to report."""
    place = f"{host}:{port}"
    try:
        socket.create_connection((host, port), TIMEOUT_S).close()
    except OSError as error:
        ours = unreachable(record, f"postgresql://{place}", error)
        raise ours or error from None
    return phrase("server_answers", environment.language(), host=place)


def get_json(
    record: ConnectionRecord,
    url: str,
    product: str,
    *,
    method: str = "GET",
    **options,
) -> Any:
    """Ask a server for JSON, with the record's account; every failure is coded."""
    answer = _request(record, method, url, **options)
    host, identifier, status = host_of(url), record.identifier, answer.status_code
    if status in (401, 403):
        reason = "wrong_credentials" if status == 401 else "no_right"
        raise ConnectionRejectedError(
            host=host,
            identifier=identifier,
            account=record.fields["username"],
            reason=phrase(reason, environment.language()),
        )
    if status == 429:
        seconds = answer.headers.get("retry-after")
        raise RateLimitedError(host=host, seconds=seconds or _some())
    if status >= 500:
        raise ServerStatusError(server=host, status=status)
    try:
        if status < 300:
            return answer.json()
    except ValueError:
        pass
    raise ConnectionAnswerError(host=host, identifier=identifier, product=product)


def unreachable(
    record: ConnectionRecord, url: str, error: BaseException
) -> ConnectionUnreachableError | None:
    """Make an error of ours of any library's, where nobody answered at ``url``."""
    reason = _silence(url, error)
    return reason and ConnectionUnreachableError(
        host=host_of(url), identifier=record.identifier, reason=reason
    )


def chain(error: BaseException | None) -> Iterator[BaseException]:
    """Give an error and what led to it."""
    seen = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        yield error
        error = error.__cause__ or error.__context__


def clock_offset_s(url: str) -> int | str:
    """Tell by how many seconds a server's clock and ours differ."""
    import httpx

    date = httpx.get(url, timeout=TIMEOUT_S).headers.get("date")
    return round(abs(parsedate_to_datetime(date).timestamp() - time.time()))


def _request(record: ConnectionRecord, method: str, url: str, **options):
    import httpx

    try:
        return httpx.request(method, url, timeout=TIMEOUT_S, **options)
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        text = str(error) or type(error).__name__
        raise ConnectionUnreachableError(
            host=host_of(url),
            identifier=record.identifier,
            reason=_silence(url, error) or record.hide(text).rstrip("."),
        ) from None


def _silence(url: str, error: BaseException) -> str | None:
    """Say in plain words why nobody answered; None where somebody did."""
    language = environment.language()
    causes = list(chain(error))
    if any(isinstance(cause, ssl.SSLError) for cause in causes):
        return phrase("no_trusted_certificate", language)
    if any(isinstance(cause, socket.gaierror) for cause in causes):
        return phrase("no_such_host", language)
    if any(getattr(cause, "errno", None) == errno.ECONNREFUSED for cause in causes):
        parts = urlsplit(url)
        port = parts.port or (80 if parts.scheme == "http" else 443)
        return phrase("nothing_listens", language, port=port)
    if any("Timeout" in type(cause).__name__ for cause in causes):
        return phrase("no_answer_in_time", language, seconds=TIMEOUT_S)
    return None


def _some() -> str:
    return phrase("some", environment.language())
