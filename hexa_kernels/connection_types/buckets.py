"""A bucket of S3 or Google Cloud Storage: its keys, transfers, and coded errors."""

import difflib
import re
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import cache
from typing import TYPE_CHECKING, Any

from .. import environment
from ..checks import Steps
from ..connection_record import ConnectionRecord
from ..contract import phrase
from ..errors import (
    BucketMissingError,
    ClockSkewError,
    ConnectionRejectedError,
    ObjectMissingError,
    OpenHexaError,
    RateLimitedError,
    TransferCutError,
)
from ..progress import count_bytes
from . import network

if TYPE_CHECKING:
    from fsspec import AbstractFileSystem

PART_BYTES = 2**24  # of an upload; two at most are in memory
# How the classes are called that the libraries raise when an answer ends early.
_CUTS = {
    *("ClientPayloadError", "ConnectionClosedError", "ConnectionResetError"),
    *("ClientOSError", "IncompleteRead", "IncompleteReadError", "ProtocolError"),
    *("ResponseStreamingError", "ServerDisconnectedError"),
}


class Bucket(ABC):
    """A bucket of a connection.

    ``filesystem`` is what ``connect`` gives: the plain client, with errors of its own.
    """

    scheme: str
    account: str
    endpoint: str
    clock: str  # the address of who checks the time of a signature
    transfer: dict[str, dict[str, Any]]  # options of get_file and put_file

    filesystem: "AbstractFileSystem"

    def __init__(self, record: ConnectionRecord):
        self.record = record
        self.name = record.fields["bucket_name"]

    @abstractmethod
    def authenticate(self) -> None:
        """Prove who we are, where that is a step of its own."""

    @abstractmethod
    def list_keys(self, prefix: str, limit: int) -> list[str]:
        """Give the first keys that begin with a prefix, in one request."""

    @abstractmethod
    def diagnose(self, error: BaseException) -> tuple[str, str] | None:
        """Say what an error means, and what the server said.

        Missing, credentials, rights, clock or busy; None for an error of another kind.
        """

    def keys(self, prefix: str = "", limit: int = 1000) -> list[str]:
        with self.explained():
            self.authenticate()
            return self.list_keys(prefix, limit)

    def download(self, key: str, path: str) -> None:
        """Copy an object to a file; a transfer that is cut goes on, or leaves none."""
        with self.explained(key), count_bytes(key) as callback:
            self.authenticate()
            options = self.transfer["get_file"]
            remote = f"{self.name}/{key}"
            self.filesystem.get_file(remote, path, callback=callback, **options)

    def upload(self, path: str, key: str) -> None:
        """Copy a file to an object, which appears when it is whole."""
        with self.explained(key), count_bytes(key) as callback:
            self.authenticate()
            options = self.transfer["put_file"]
            remote = f"{self.name}/{key}"
            self.filesystem.put_file(path, remote, callback=callback, **options)

    @contextmanager
    def explained(self, key: str = "") -> Iterator[None]:
        """Make coded errors of those of the libraries, which may carry a signature."""
        try:
            yield
        except OpenHexaError:
            raise
        except Exception as error:
            ours = self._explain(error, key)
            if ours is None:
                raise
            raise ours from None

    def _explain(self, error: Exception, key: str) -> OpenHexaError | None:
        known = self.diagnose(error)
        if known is None:
            silent = network.unreachable(self.record, self.endpoint, error)
            return silent or self._cut(error, key)
        kind, reason = known
        host, language = network.host_of(self.endpoint), environment.language()
        if kind == "missing":
            return self._missing(key)
        if kind == "clock":
            seconds = network.clock_offset_s(self.clock)
            return ClockSkewError(host=network.host_of(self.clock), seconds=seconds)
        if kind == "busy":
            return RateLimitedError(host=host, seconds=phrase("some", language))
        plain = "wrong_credentials" if kind == "credentials" else "no_right"
        reason = self.record.hide(reason).rstrip(".")
        return ConnectionRejectedError(
            host=host,
            identifier=self.record.identifier,
            account=self.account,
            reason=f"{phrase(plain, language)} ({reason})",
        )

    def _cut(self, error: Exception, key: str) -> TransferCutError | None:
        for cause in network.chain(error):
            if type(cause).__name__ in _CUTS:
                path = f"{self.scheme}://{self.record.identifier}/{key}"
                text = re.sub(r"^\[Errno \w+\] ", "", str(cause))
                reason = (text or type(cause).__name__).splitlines()[0]
                reason = self.record.hide(reason).rstrip(".")
                return TransferCutError(path=path, reason=reason)
        return None

    def _missing(self, key: str) -> OpenHexaError:
        try:
            folder = key.rpartition("/")[0]
            known = self.list_keys(f"{folder}/" if folder else "", 1000)
            known = known or self.list_keys("", 1000)
        except FileNotFoundError:
            identifier = self.record.identifier
            return BucketMissingError(bucket=self.name, identifier=identifier)
        similar = ", ".join(difflib.get_close_matches(key, known)) or "-"
        return ObjectMissingError(bucket=self.name, key=key, similar=similar)


def steps(kind: Callable[[ConnectionRecord], Bucket], record) -> Steps:
    """Give the checks of a connection with a bucket."""
    language = environment.language()
    bucket = cache(lambda: kind(record))
    keys = cache(lambda: bucket().keys(limit=5))

    def log_in():
        with suppress(BucketMissingError):  # which an account is told that was let in
            keys()
        return phrase("account_accepted", language, account=bucket().account)

    def look():
        name, names = bucket().name, ", ".join(keys())
        if not names:
            return phrase("bucket_empty", language, bucket=name)
        return phrase("bucket_holds", language, bucket=name, names=names)

    return {
        phrase("check_server", language): lambda: network.reach(
            record, bucket().endpoint
        ),
        phrase("check_credentials", language): log_in,
        phrase("check_content", language): look,
    }
