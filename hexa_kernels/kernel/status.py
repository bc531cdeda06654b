"""What is primed, what is wrong, and how to mend it."""

from dataclasses import dataclass
from html import escape

from .. import database, environment
from ..contract import contract, phrase
from ..errors import OpenHexaError
from .shell import record


@dataclass
class Status:
    """State of the OpenHEXA kernel; shows as text or HTML, never a secret.

    Attributes
    ----------
    rows : list of (str, str)
        Label and value.
    problems : list of BaseException
        What is wrong; ours carry ``code`` and ``hint``.
    """

    rows: list[tuple[str, str]]
    problems: list[BaseException]

    def __repr__(self):
        width = max(len(label) for label, _ in self.rows)
        lines = [f"{label:<{width}}  {value}" for label, value in self.rows]
        return "\n".join([*lines, *map(_problem_line, self.problems)])

    def _repr_html_(self):
        cells = "".join(
            f"<tr><th style='text-align:left'>{escape(label)}</th>"
            f"<td style='text-align:left'>{escape(value)}</td></tr>"
            for label, value in self.rows
        )
        items = "".join(f"<li>{escape(_problem_line(p))}</li>" for p in self.problems)
        return f"<table>{cells}</table>" + (f"<ul>{items}</ul>" if items else "")


def hexa_status() -> Status:
    """Show what is primed, what is wrong and how to mend it. Opens no connection.

    Examples
    --------
    >>> hexa_status().rows[0][0]
    'hexa_kernels'
    """
    from .. import __version__

    language = environment.language()
    rows = [("hexa_kernels", __version__)]
    for name in contract()["startup"]["python"]:
        if name in record.failures:
            state = phrase("failed", language)
        elif name in record.made:
            state = f"{phrase('ready', language)}, {record.durations_ms[name]:.0f} ms"
        else:
            state = phrase("at_first_use", language)
        rows.append((name, state))
    rows += [
        ("slug", environment.lookup("slug") or "-"),
        ("files", environment.lookup("files_path")),
        ("scratch", environment.lookup("tmp_path")),
        ("database", _database()),
    ]
    problems = record.check()
    if database.last_failure is not None:
        problems.append(database.last_failure)
    rows.append(
        ("problems", str(len(problems)) if problems else phrase("none", language))
    )
    return Status(rows, problems)


def _database() -> str:
    facts = ("database_username", "database_host", "database_port", "database_name")
    username, host, port, name = map(environment.lookup, facts)
    return f"{username}@{host}:{port}/{name}" if host else "-"


def _problem_line(problem: BaseException) -> str:
    if isinstance(problem, OpenHexaError):
        return f"[{problem.code}] {problem}"
    return f"[{type(problem).__name__}] {problem}"
