"""What is primed, what is wrong, and how to mend it."""

from dataclasses import dataclass
from html import escape

from .. import database, environment
from ..checks import Check, html_block, html_table, is_ok, text_lines
from ..contract import contract, phrase
from ..doctor import examine, quick_checks
from ..errors import OpenHexaError
from .budget import budget
from .shell import record

_BAR_PX = 240


@dataclass
class Status:
    """State of the OpenHEXA kernel; shows as text or HTML, never a secret.

    Attributes
    ----------
    rows : list of (str, str)
        Label and value.
    problems : list of BaseException
        What went wrong in this session; ours carry ``code`` and ``hint``.
    checks : list of Check
        What was looked at, how it is, and what mends it.
    steps_ms : dict
        Milliseconds of each step of the kernel's start; empty in a plain kernel.
    is_full : bool
        Whether the database, the server and the kernels were tried as well.
    """

    rows: list[tuple[str, str]]
    problems: list[BaseException]
    checks: list[Check]
    steps_ms: dict[str, float]
    is_full: bool

    @property
    def ok(self) -> bool:
        """Whether nothing is wrong; warnings are no failure."""
        return not self.problems and is_ok(self.checks)

    def __repr__(self):
        width = max(len(label) for label, _ in self.rows)
        lines = [f"{label:<{width}}  {value}" for label, value in self.rows]
        if self.steps_ms:
            steps = ", ".join(f"{name} {ms:.0f}" for name, ms in self.steps_ms.items())
            lines += ["", self._start(), f"  {steps}"]
        lines += ["", _heading("status_checks"), *text_lines(self.checks)]
        lines += [] if self.is_full else [f"  {_more()}"]
        if self.problems:
            lines += ["", _heading("status_problems")]
        return "\n".join([*lines, *map(_problem_line, self.problems)])

    def _repr_html_(self):
        cells = "".join(
            f"<tr><th>{escape(label)}</th><td>{escape(value)}</td></tr>"
            for label, value in self.rows
        )
        parts = [f"<table>{cells}</table>", self._problem_list()]
        parts += [f"<h4>{_heading('status_checks')}</h4>", html_table(self.checks)]
        parts += (
            [] if self.is_full else [f"<p>{_more('<code>%hexa doctor</code>')}</p>"]
        )
        parts.append(self._bars())
        return html_block("".join(parts))

    def _problem_list(self) -> str:
        items = "".join(f"<li>{escape(_problem_line(p))}</li>" for p in self.problems)
        heading = f"<h4>{_heading('status_problems')}</h4>"
        return f'{heading}<ul class="hexa-failed">{items}</ul>' if items else ""

    def _start(self) -> str:
        return _heading("status_start", ms=round(sum(self.steps_ms.values())))

    def _bars(self) -> str:
        """Draw the start as bars, each as long as its step took."""
        if not self.steps_ms:
            return ""
        scale = _BAR_PX / max(*self.steps_ms.values(), 1)
        rows = "".join(
            f"<tr><th>{escape(name)}</th><td>{ms:.0f}</td><td><span class='hexa-bar' "
            f"style='width:{max(ms, 0) * scale:.0f}px'></span></td></tr>"
            for name, ms in self.steps_ms.items()
        )
        return f"<h4>{self._start()}</h4><table>{rows}</table>"


def hexa_status(*, full: bool = False) -> Status:
    """Show what is primed, what is wrong and how to mend it.

    Parameters
    ----------
    full : bool
        Also ask the database and the OpenHEXA server, and start R and the kernels, for
        a minute at most: ``%hexa doctor``. Else no connection is opened.

    Examples
    --------
    >>> hexa_status().rows[0][0]
    'hexa_kernels'
    """
    from .. import __version__

    checks = examine().checks if full else quick_checks()
    language = environment.language()
    rows = [("hexa_kernels", __version__)]
    rows += [(name, _state(name)) for name in contract()["startup"]["python"]]
    facts = {
        "row_slug": environment.lookup("slug") or "-",
        "row_files": environment.lookup("files_path"),
        "row_scratch": environment.lookup("tmp_path"),
        "row_database": _database(),
    }
    rows += [(phrase(name, language), value) for name, value in facts.items()]
    rows += _hub_server()
    problems = record.check()
    if database.last_failure is not None:
        problems.append(database.last_failure)
    return Status(rows, problems, checks, dict(budget.steps_ms), full)


def _state(name: str) -> str:
    language = environment.language()
    if name in record.failures:
        return phrase("failed", language)
    if name in record.made:
        return f"{phrase('ready', language)}, {record.durations_ms[name]:.0f} ms"
    return phrase("at_first_use", language)


def _heading(name: str, **values) -> str:
    return phrase(name, environment.language(), **values)


def _more(command: str = "%hexa doctor") -> str:
    text = phrase("status_more", environment.language())
    return text.replace("`{command}`", command)


def _database() -> str:
    facts = ("database_username", "database_host", "database_port", "database_name")
    username, host, port, name = (environment.lookup(fact) or "?" for fact in facts)
    return f"{username}@{host}:{port}/{name}" if host != "?" else "-"


def _hub_server() -> list[tuple[str, str]]:
    """Name the server that a hub started, with what restarts it."""
    user, name = environment.lookup("hub_user"), environment.lookup("hub_server")
    label = phrase("row_server", environment.language())
    return [(label, f"{user}/{name} (%hexa restart-server)")] if user else []


def _problem_line(problem: BaseException) -> str:
    if isinstance(problem, OpenHexaError):
        return f"[{problem.code}] {problem}"
    return f"[{type(problem).__name__}] {problem}"
