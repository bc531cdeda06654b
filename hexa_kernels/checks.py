"""Checks and their report: what was looked at, how it is, and what mends it."""

import threading
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from html import escape
from queue import Empty, SimpleQueue
from time import monotonic

from . import environment
from .contract import contract, phrase
from .errors import OpenHexaError

# What a check is called, and what it does: gives what it found, or raises.
Steps = Mapping[str, Callable[[], str]]


@dataclass(frozen=True)
class Check:
    """One thing that was looked at.

    Attributes
    ----------
    what : str
        Its name, in the user's language.
    state : str
        ``ok``, ``warning``, ``failed`` or ``skipped``.
    found, remedy : str
        What there was, and what to do about it.
    is_command : bool
        Whether the remedy is a command, as it is to be typed.
    name, code : str
        Names of the check and of what it found that are the same in every language.
    """

    what: str
    state: str
    found: str
    remedy: str = ""
    is_command: bool = False
    name: str = ""
    code: str = ""


@dataclass(frozen=True, repr=False)
class Report:
    """Checks under a title; shows as text, and as a table in a notebook."""

    title: str
    checks: list[Check]

    @property
    def ok(self) -> bool:
        return is_ok(self.checks)

    def __repr__(self):
        return "\n".join([self.title, *text_lines(self.checks)])

    def _repr_html_(self):
        return html_block(f"<h4>{escape(self.title)}</h4>{html_table(self.checks)}")

    def as_dict(self) -> dict:
        """Give what scripts read: ``ok`` and ``checks``, a list of their attributes."""
        return {"ok": self.ok, "checks": [asdict(check) for check in self.checks]}


def is_ok(checks: list[Check]) -> bool:
    return all(check.state != "failed" for check in checks)


def run_checks(
    steps: Steps, timeout_s: float, hide: Callable[[str], str] = str
) -> list[Check]:
    """Run steps one after the other, until one fails; the others are skipped.

    Parameters
    ----------
    timeout_s : float
        For all of them; a step that takes longer has failed.
    hide : callable
        Takes secrets out of what foreign errors say.
    """
    deadline, checks = monotonic() + timeout_s, []
    language = environment.language()
    for what, step in steps.items():
        if not is_ok(checks):
            found = phrase("step_before_failed", language)
            checks.append(Check(what, "skipped", found))
            continue
        outcome = begin(lambda step=step, what=what: Check(what, "ok", step()))
        checks.append(outcome(what, deadline, timeout_s, hide))
    return checks


def begin(run: Callable):
    """Begin a check; give the function that waits for what it gives, or for why not.

    It takes the check's name, when to stop waiting, how many seconds that were, and
    what hides secrets, and gives ``run``'s own answer or a failed ``Check``.
    """
    outcomes = SimpleQueue()

    def work():
        try:
            outcomes.put((run(), None))
        except Exception as error:
            outcomes.put((None, error))

    # A thread, as no library's own time-outs bound all that it does; a daemon, so that
    # a step which hangs keeps no process alive.
    threading.Thread(target=work, daemon=True).start()

    def wait(what, deadline, timeout_s, hide=str):
        try:
            answer, error = outcomes.get(timeout=max(0, deadline - monotonic()))
        except Empty:
            seconds, language = f"{timeout_s:g}", environment.language()
            found = phrase("no_answer_in_time", language, seconds=seconds)
            return Check(what, "failed", found)
        return answer if error is None else _failed(what, error, hide)

    return wait


def _failed(what: str, error: Exception, hide: Callable[[str], str]) -> Check:
    if isinstance(error, OpenHexaError):
        return failed_check(what, error)
    text = (str(error).splitlines() or [""])[0]
    return Check(what, "failed", hide(f"{type(error).__name__}: {text}"))


def failed_check(what: str, error: OpenHexaError, name: str = "") -> Check:
    """Say an error of ours as the outcome of a check."""
    return Check(what, "failed", error.message, error.hint, name=name, code=error.code)


def text_lines(checks: list[Check]) -> list[str]:
    """Write checks as lines of a table, each remedy below what it mends."""
    states = [_state(check) for check in checks]
    wide, wider = (max(map(len, t)) for t in ([c.what for c in checks], states))
    lines = []
    for check, state in zip(checks, states, strict=True):
        lines.append(f"  {check.what:<{wide}}  {state:<{wider}}  {check.found}")
        lines += [f"    → {check.remedy}"] if check.remedy else []
    return lines


def html_table(checks: list[Check]) -> str:
    """Write checks as a table of HTML."""
    names = ("head_check", "head_state", "head_found", "head_remedy")
    heads = [phrase(name, environment.language()) for name in names]
    head = "".join(f"<th>{escape(text)}</th>" for text in heads)
    return f"<table><tr>{head}</tr>{''.join(map(_row, checks))}</table>"


def html_block(content: str) -> str:
    """Put the style that both languages share around HTML.

    Its colours are those of JupyterLab's theme, and of the page where there is none.
    """
    style = contract()["report_style"]
    return f'<div class="hexa-report"><style>{style}</style>{content}</div>'


def _state(check: Check) -> str:
    return phrase(check.state, environment.language())


def _row(check: Check) -> str:
    remedy = escape(check.remedy)
    remedy = f"<code>{remedy}</code>" if check.is_command else remedy
    return (
        f"<tr><td>{escape(check.what)}</td>"
        f'<td class="hexa-{check.state}">{escape(_state(check))}</td>'
        f"<td>{escape(check.found)}</td><td>{remedy}</td></tr>"
    )
