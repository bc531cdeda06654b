"""The account of a workspace's PostgreSQL server: PostgreSQL refuses to run as root."""

import functools
import os
import re
import subprocess
from collections.abc import Sequence
from pathlib import Path

from ..errors import PostgresFailedError

SYSTEM_STATE = Path("/var/lib/hexa-kernels")  # where root keeps the data of servers


@functools.cache
def is_root() -> bool:
    return hasattr(os, "geteuid") and os.geteuid() == 0


def server_account() -> dict:
    """Give the options of ``subprocess`` that start a program as the server's account.

    Empty, which is the user's own account, for all but root.
    """
    if not is_root():
        return {}
    import pwd

    for name in ("postgres", "nobody"):
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": []}
    raise PostgresFailedError(reason="no account postgres or nobody", log="-")


def home_of(state: Path) -> Path:
    """Give the folder of a workspace's server, where its account can reach it.

    That is the workspace's state folder; for root, whose folders others may not enter,
    one below ``/var/lib/hexa-kernels`` with the workspace's id.
    """
    if not is_root():
        return state
    identity = (state / "id").read_text().strip()
    if not re.fullmatch("[a-z0-9-]+", identity):  # it becomes a path of root's
        raise PostgresFailedError(reason=f"{state / 'id'}: {identity!r}", log="-")
    return SYSTEM_STATE / identity


def run(
    command: Sequence[str], folder: Path, account: dict, **options
) -> subprocess.CompletedProcess:
    """Run a program of the server as its account; wait for it and keep its output."""
    return subprocess.run(
        command,
        cwd=folder,
        env=environment(),
        capture_output=True,
        text=True,
        **account,
        **options,
    )


def environment() -> dict[str, str]:
    """Give a server nothing of the user's variables: PGDATA and friends misguide it."""
    return {"PATH": os.defpath, "LC_ALL": "C"}
