"""What lapses while a notebook is open: the token, and the access to the files.

Read from the credentials themselves; no value is ever shown.
"""

import base64
import json
import os
import string
import time
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import parse_qs

from .. import environment
from ..checks import Check
from ..process_start import process_start
from .findings import finding

SOON_S = 15 * 60
# OpenHEXA's defaults: an administrator of the server may set others.
IDENTITY_LIFETIME_S = 24 * 3600
STORAGE_LIFETIME_S = 3600
# Of what has lapsed, what soon will, and what holds.
_CODES = {
    "token": ("token_lapsed", "token_lapsing", "token_until"),
    "storage": ("storage_lapsed", "storage_lapsing", "storage_until"),
}
_BASE62 = string.digits + string.ascii_uppercase + string.ascii_lowercase


def token() -> Check:
    """Tell whose token it is, and until when it holds where it says so.

    References
    ----------
    OpenHEXA signs with ``django.core.signing``: JSON in base64, a time in base 62 where
    there is one, and the signature, with colons between them. Another server may give
    a JSON Web Token (RFC 7519).
    """
    text = environment.lookup("token")
    if not text:
        return finding("token", "token_none", variable=environment.variable("token"))
    parts = text.split(":") if ":" in text else text.split(".")
    payload = _decode(parts[1] if ":" not in text and len(parts) == 3 else parts[0])
    match payload:
        case {"exp": int() | float() as until}:
            return _until("token", until)
        case {"type": "identity"}:
            begin = _base62(parts[1]) if len(parts) == 3 else None
            if begin is None:
                return finding("token", "token_identity")
            return _until("token", begin + IDENTITY_LIFETIME_S)
        case _ if environment.is_pipeline_run():
            return finding("token", "token_run")
        case str():
            return finding("token", "token_member")
    return finding("token", "token_unknown")


def _decode(text: str):
    try:
        return json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
    except ValueError:
        return None


def _base62(text: str) -> int | None:
    if not set(text) <= set(_BASE62):
        return None
    number = 0
    for digit in text:
        number = number * 62 + _BASE62.index(digit)
    return number


def storage() -> list[Check]:
    """Tell until when the mounted bucket lets us in; nothing where there is none."""
    engine = environment.bucket_engine()
    if engine is None:
        return []
    sas = parse_qs((environment.lookup("azure_sas_token") or "").lstrip("?"))
    if "se" in sas:
        try:
            until = datetime.fromisoformat(sas["se"][0])
        except ValueError:
            return [finding("storage", "storage_unknown", engine=engine)]
        if until.tzinfo is None:
            until = until.replace(tzinfo=UTC)  # a date alone
        return [_until("storage", until.timestamp(), engine=engine)]
    fact = "gcp_access_token" if engine == "gcp" else "s3_session_token"
    if environment.lookup(fact) is None:
        return [finding("storage", "storage_static", engine=engine)]
    begin = _given_at(environment.variable(fact))
    return [_until("storage", begin + STORAGE_LIFETIME_S, engine=engine)]


def _until(check: str, until: float, **values) -> Check:
    left = until - time.time()
    code = _CODES[check][(left > 0) + (left > SOON_S)]
    shown = datetime.fromtimestamp(until).astimezone().strftime("%Y-%m-%d %H:%M %Z")
    return finding(check, code, until=shown, **values)


def _given_at(variable: str) -> float:
    """Give the start of the oldest process above us that has a variable.

    That is the Jupyter server: what it was given does not change while it runs.
    """
    pid, start = os.getpid(), time.time()
    while pid:
        try:
            variables = Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")
            began, parent = process_start(pid)
        except OSError:  # another account's, or not Linux
            break
        if not any(one.startswith(f"{variable}=".encode()) for one in variables):
            break
        pid, start = parent, began
    return start
