"""Run the checks side by side, each within its time; one that breaks stops no other."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from time import monotonic

from .. import environment
from ..checks import Check, Report, begin, failed_check
from ..contract import phrase
from ..errors import OpenHexaError
from . import credentials, database, folders, interpreters, libraries, server
from .findings import check_name, finding


def variables() -> Check:
    """Look for values that cannot work; of several, the first is said."""
    for problem in environment.check():
        raise problem
    return finding("variables", "variables_fine")


Steps = tuple[tuple[str, Callable], ...]
# In the order in which they are shown; a check gives one Check or a list of them.
QUICK: Steps = (
    ("python", interpreters.python),
    ("files", folders.files),
    ("scratch", folders.scratch),
    ("place", folders.place),
    ("shared_memory", folders.shared_memory),
    ("token", credentials.token),
    ("storage", credentials.storage),
    ("proj", libraries.proj),
    ("gdal", libraries.gdal),
    ("locale", libraries.locale),
)
SLOW: Steps = (
    ("variables", variables),
    ("r", interpreters.r),
    ("r_packages", interpreters.r_packages),
    ("kernels", interpreters.kernels),
    ("database", database.database),
    ("server", server.server),
    ("kernel_start", partial(interpreters.kernel_start, "python")),
    ("kernel_start", partial(interpreters.kernel_start, "r")),
)
# A folder on a network that does not answer is given up after this.
QUICK_TIMEOUT_S = 5
SLOW_TIMEOUT_S = 60


def quick_checks() -> list[Check]:
    """Look at what this machine itself tells; no connection is opened."""
    return _run(QUICK, QUICK_TIMEOUT_S)


def examine(
    problem: OpenHexaError | None = None, timeout_s: float = SLOW_TIMEOUT_S
) -> Report:
    """Look at everything: also start R and the kernels, ask the database and OpenHEXA.

    Parameters
    ----------
    problem : OpenHexaError, optional
        Why the workspace did not open.
    timeout_s : float
        For each check; all of them run at once.

    Returns
    -------
    Report
        ``ok`` is false where something failed; a warning is no failure.

    Examples
    --------
    >>> [check.state for check in examine().checks if check.name == "database"]
    ['ok']
    """
    # Threads that import it at once may find it, and asyncio below it, half made.
    import jupyter_client  # noqa: F401

    checks = _run((*QUICK, *SLOW), timeout_s)
    if problem is not None and all(check.code != problem.code for check in checks):
        checks.insert(0, failed_check(check_name("workspace"), problem, "workspace"))
    return Report(title(checks), checks)


def title(checks: list[Check]) -> str:
    """Say how many checks failed, and how many warn."""
    states = [check.state for check in checks]
    counts = {"failed": states.count("failed"), "warnings": states.count("warning")}
    return phrase("doctor_title", environment.language(), **counts)


def _run(steps: Steps, timeout_s: float) -> list[Check]:
    deadline, found = monotonic() + timeout_s, []
    for name, wait in [(name, begin(step)) for name, step in steps]:
        answer = wait(check_name(name), deadline, timeout_s, environment.hide_secrets)
        answers = answer if isinstance(answer, list) else [answer]
        found += [replace(check, name=check.name or name) for check in answers]
    return found
