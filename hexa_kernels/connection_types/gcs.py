"""Google Cloud Storage connections open as ``gcsfs.GCSFileSystem``."""

import json
import logging
from functools import partial

from .. import environment
from ..connection_record import ConnectionRecord
from ..contract import phrase
from ..errors import ServiceAccountError
from . import ConnectionType, buckets, need_package, network

_STATUSES = {401: "credentials", 403: "rights", 404: "missing", 429: "busy"}


class GcsBucket(buckets.Bucket):
    """A bucket of Google Cloud Storage, or of what ``STORAGE_EMULATOR_HOST`` names."""

    scheme = "gs"
    # One stream a download: two of them hold 128 MB.
    transfer = {  # noqa: RUF012
        "get_file": {"concurrency": 1},
        "put_file": {"chunksize": buckets.PART_BYTES},
    }

    def __init__(self, record: ConnectionRecord):
        super().__init__(record)
        need_package("gcsfs", "gcsfs", record)
        import gcsfs

        # What it gives up on it raises; it would print the trace as well.
        logging.getLogger("gcsfs").addHandler(logging.NullHandler())
        account = _service_account(record)
        # A bucket has other writers, and the variables may change: nothing is cached.
        self.filesystem = gcsfs.GCSFileSystem(
            token=account,
            access="read_write",
            use_listings_cache=False,
            skip_instance_cache=True,
        )
        self.account, self.clock = account["client_email"], account["token_uri"]

    @property
    def endpoint(self) -> str:
        return self.filesystem.base

    def authenticate(self) -> None:
        # Within a request, gcsfs tries a refused key again for half a minute.
        self.filesystem.credentials.maybe_refresh()

    def list_keys(self, prefix: str, limit: int) -> list[str]:
        options = {"prefix": prefix, "maxResults": limit, "json_out": True}
        answer = self.filesystem.call("GET", "b/{}/o", self.name, **options)
        return [one["name"] for one in answer.get("items", [])]

    def diagnose(self, error: BaseException) -> tuple[str, str] | None:
        from google.auth.exceptions import RefreshError

        causes = list(network.chain(error))
        for cause in causes:
            if isinstance(cause, RefreshError):
                reason = str(cause.args[0])
                # As Google puts it: "Check your iat and exp values in the JWT claim."
                is_clock = " iat " in reason or "timeframe" in reason
                return ("clock" if is_clock else "credentials"), reason
        for cause in causes:
            if isinstance(cause, FileNotFoundError):
                return "missing", ""
            if isinstance(cause, OSError) and str(cause).startswith("Forbidden"):
                return "rights", "403"
            if getattr(cause, "code", None) in _STATUSES:
                return _STATUSES[cause.code], str(cause)
        return None


def _service_account(record: ConnectionRecord) -> dict:
    """Read the key of a service account, and see that it can sign."""
    from google.oauth2 import service_account

    def invalid(reason: str, **values) -> ServiceAccountError:
        reason = phrase(reason, environment.language(), **values)
        return ServiceAccountError(identifier=record.identifier, reason=reason)

    try:
        account = json.loads(record.fields["service_account_key"])
    except ValueError:
        account = None
    if not isinstance(account, dict):
        raise invalid("no_json_object")
    wanted = ("client_email", "private_key", "token_uri")
    if lacking := [name for name in wanted if not account.get(name)]:
        raise invalid("key_lacks", names=", ".join(lacking))
    try:
        service_account.Credentials.from_service_account_info(account)
    except (ValueError, TypeError):  # whose text may hold a part of the key
        raise invalid("private_key_unreadable") from None
    return account


TYPE = ConnectionType(
    lambda record: GcsBucket(record).filesystem, partial(buckets.steps, GcsBucket)
)
