"""Several SQL statements, run one after the other in one transaction."""

import re
from collections.abc import Mapping
from typing import Any

import pyarrow as pa

from . import table_reading
from .errors import StatementValueError, UnsupportedColumnError
from .session import Session, open_session
from .sql import _END, _TOKEN
from .table_query import Reading

_SPLIT = re.compile(rf"{_TOKEN.pattern} | (?P<word>[^\W\d][\w$]*) | [()]", re.X | re.S)
_ROUTINE = re.compile("create (or replace )?(function|procedure) ")


def run_script(
    script: str, variables: Mapping[str, Any], connection: Any = None
) -> pa.Table | int:
    """Run statements in one transaction: all of them count, or none.

    Parameters
    ----------
    script : str
        Statements with ``;`` between them.
    variables : mapping
        Values by name, for each ``:name`` of the statements. The server binds them.
    connection : str or sqlalchemy.Engine, optional
        As for ``db_read``.

    Returns
    -------
    pyarrow.Table or int
        The rows of the last statement; where it gives none, how many it changed, -1
        where it changes no rows (CREATE TABLE).

    Raises
    ------
    StatementValueError
        If ``variables`` lacks a name.
    UnsupportedColumnError
        If a change below WITH returns a type that needs a conversion.
    SqlFailedError, TableMissingError, QueryCancelledError, ConnectionLostError
        As for ``db_read``.
    """
    result: pa.Table | int = -1
    with open_session(connection) as session:
        for statement in split(script):
            values = _values(statement, variables)
            result = _run(session, statement, values, connection)
        session.commit()
    return result


def split(script: str) -> list[str]:
    """Cut a text at the semicolons that end statements; drop what is only comment.

    By the rules of psql: not within parentheses (CREATE RULE), nor in the body of a
    routine, BEGIN ATOMIC … END. Blanks stand before each statement, so that a line and
    column of it are those of the whole text.
    """
    statements, begin, parentheses, blocks, words = [], 0, 0, 0, ""
    for token in _SPLIT.finditer(script):
        text = token[0].lower()
        if text in ("(", ")"):
            parentheses = max(0, parentheses + (1 if text == "(" else -1))
        elif token["word"] and not parentheses:
            words += f"{text} "
            if _ROUTINE.match(words):
                blocks += text == "begin" or (text == "case" and blocks > 0)
                blocks -= text == "end" and blocks > 0
        elif text == ";" and not parentheses and not blocks:
            statements.append((begin, token.start()))
            begin, words = token.end(), ""
    statements.append((begin, len(script)))
    return [
        _blanks(script[:first]) + script[first:last].rstrip()
        for first, last in statements
        if not _END.match(script[first:last])
    ]


def _blanks(text: str) -> str:
    """Give as many lines as a text has, and as long a last one."""
    *lines, last = text.split("\n")
    return "\n" * len(lines) + " " * len(last)


def _values(statement: str, variables: Mapping[str, Any]) -> dict[str, Any]:
    names = dict.fromkeys(t["name"] for t in _TOKEN.finditer(statement) if t["name"])
    for name in names:
        if name not in variables:
            raise StatementValueError(name=name)
    return {name: variables[name] for name in names}


def _run(session: Session, statement: str, values: dict, connection: Any):
    code = _TOKEN.sub(" ", statement)
    wrap = next((wrap for kind, wrap in _WRAPS if kind.match(code)), _as_it_is)
    reading = Reading(session, statement, values, connection, has_all=True, wrap=wrap)
    if wrap is table_reading.wrap and reading.schema.names:
        return reading.finisher.finish(list(reading.batches()), reading.schema)
    table, count = session.run(reading.statement, reading.values)
    if not table.column_names:
        return count
    return reading.finisher.finish(table.to_batches(), table.schema)


def _in_with(statement: str, columns: list) -> str:
    """Make what a change returns readable: it may stand in WITH, not in FROM."""
    query = table_reading.wrap("TABLE hexa", columns)
    if query == "TABLE hexa":
        return statement
    return f"WITH hexa AS ({statement}\n) {query}"


def _as_it_is(statement: str, columns: list) -> str:
    """Leave what stands alone only: SHOW, EXPLAIN, a change below WITH."""
    for column in columns:
        if column.expression != "{}" or column.check:
            raise UnsupportedColumnError(column=column.name, type=column.postgres)
    return statement


_CHANGE = r"\b(INSERT|UPDATE|DELETE|MERGE)\b"
# By its first word, what is put around a statement so that its columns are read right.
_WRAPS = [
    (re.compile(rf"\s*WITH\b.*{_CHANGE}", re.I | re.S), _as_it_is),
    (re.compile(r"[\s(]*(SELECT|WITH|VALUES|TABLE)\b", re.I), table_reading.wrap),
    (re.compile(rf"\s*{_CHANGE}", re.I), _in_with),
]
