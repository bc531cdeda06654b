"""What a check can find: the contract's texts, filled in, as a ``Check``."""

import shlex
import sys
from collections.abc import Callable

from .. import environment
from ..checks import Check
from ..contract import contract, fill


def finding(check: str, code: str, **values) -> Check:
    """Give what a check found, with its remedy: a command where there is one.

    In a notebook the command is Python where the kernel itself is to change, such as
    its working directory; elsewhere it is the shell's. Values are quoted in both. Where
    the command does nothing, as without a hub, there is the advice.
    """
    entry, language = contract()["findings"][code], environment.language()
    here = "where" not in entry or environment.lookup(entry["where"]) is not None
    command, quote = entry.get("command") if here else None, shlex.quote
    if command and "python" in entry and _in_notebook():
        command, quote = entry["python"], repr
    advice = entry.get("advice", {}).get(language, "")
    return Check(
        what=check_name(check),
        state=entry["state"],
        found=fill(entry[language], values),
        remedy=fill(command, _quoted(values, quote))
        if command
        else fill(advice, values),
        is_command=command is not None,
        name=check,
        code=code,
    )


def check_name(check: str) -> str:
    """Name a check in the user's language."""
    return contract()["checks"][check][environment.language()]


class Words(str):
    """Part of a command that is several words, each quoted already."""


def _quoted(values: dict, quote: Callable[[str], str]) -> dict:
    return {
        name: value if isinstance(value, Words) else quote(str(value))
        for name, value in values.items()
    }


def _in_notebook() -> bool:
    ipython = sys.modules.get("IPython")
    return ipython is not None and ipython.get_ipython() is not None
