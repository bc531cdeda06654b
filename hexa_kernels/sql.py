"""Names and statements as users type them, and as the server takes them."""

import re
from dataclasses import dataclass

from . import environment
from .contract import phrase
from .errors import InvalidArgumentError, NameTooLongError

NAME_BYTES = 63  # PostgreSQL cuts a longer name, and says so in a notice only

_PART = r'(?:"(?:[^"]|"")+"|[\w$-]+)'
_NAME = re.compile(rf"\s*(?:({_PART})\.)?({_PART})\s*")
# PostgreSQL's comments hold others; a pattern of Python's only so many of them.
_COMMENT = r"/\*(?:[^*/]|\*(?!/)|/(?!\*))*+\*/"
for _ in range(7):
    _COMMENT = rf"/\*(?:[^*/]|\*(?!/)|/(?!\*)|{_COMMENT})*+\*/"
_BLANK = rf"(?:\s|--[^\n]*(?:\n|$)|{_COMMENT})*"
_BEGIN = re.compile(
    rf"{_BLANK}(?:\(|(?:SELECT|WITH|VALUES|TABLE)\b)", re.IGNORECASE | re.DOTALL
)
_END = re.compile(rf"{_BLANK}\Z", re.DOTALL)
# What may hold a colon or a semicolon that means nothing, then what means something.
_TOKEN = re.compile(
    rf"""(?<!\w)[eE]'(?:[^'\\]|\\.|'')*'
    | '(?:[^']|'')*'
    | "(?:[^"]|"")*"
    | (?<![\w$])\$(?P<tag>(?:[^\W\d]\w*)?)\$.*?\$(?P=tag)\$
    | --[^\n]*
    | {_COMMENT}
    | ::
    | (?<![\w\])]):(?P<name>[^\W\d]\w*)
    | ;
    """,
    re.VERBOSE | re.DOTALL,
)


def quote(name: str) -> str:
    """Quote an identifier."""
    return '"' + name.replace('"', '""') + '"'


@dataclass(frozen=True)
class Table:
    """The name of a table, taken as it is written; ``str()`` quotes it."""

    schema: str | None
    name: str

    def __str__(self):
        return ".".join(quote(part) for part in (self.schema, self.name) if part)

    @property
    def label(self) -> str:
        """Give the name as messages show it."""
        return self.name if self.schema is None else f"{self.schema}.{self.name}"


def parse_table(text: str, argument: str = "table") -> Table:
    """Read a name such as ``districts`` or ``survey.districts``."""
    found = _NAME.fullmatch(text) if isinstance(text, str) else None
    if found is None:
        expected = phrase("a_table_name", environment.language())
        raise InvalidArgumentError(
            argument=argument, expected=expected, actual=repr(text)
        )
    schema, name = (part and _unquote(part) for part in found.groups())
    for part in (schema, name):
        check_length(part or "")
    return Table(schema, name)


def check_length(name: str) -> None:
    """Refuse a name that PostgreSQL would cut."""
    size = len(name.encode())
    if size > NAME_BYTES:
        raise NameTooLongError(name=name, size=size)


def _unquote(part: str) -> str:
    return part[1:-1].replace('""', '"') if part[0] == '"' else part


def parse_query(text: str) -> Table | str:
    """Read the name of a table, or a statement."""
    if isinstance(text, str) and _NAME.fullmatch(text):
        return parse_table(text, "table_or_sql")
    if not isinstance(text, str) or not _BEGIN.match(text):
        expected = phrase("a_table_or_query", environment.language())
        raise InvalidArgumentError(
            argument="table_or_sql", expected=expected, actual=repr(text)
        )
    return text


def number_parameters(statement: str, given: dict | None) -> tuple[str, list[str]]:
    """Replace ``:name`` by ``$1`` and so on; give the names in that order.

    Without ``given``, a colon means nothing. A semicolon at the end goes, as the
    statement becomes part of another one. Each replacement is as long as what it
    replaces, so that positions that the server names hold.
    """
    pieces, names, end = [], [], 0
    for token in _TOKEN.finditer(statement):
        if token["name"] and given is not None:
            if token["name"] not in names:
                names.append(token["name"])
            number = f"${names.index(token['name']) + 1}"
            pieces += [statement[end : token.start()], number.ljust(len(token[0]))]
            end = token.end()
        elif token[0] == ";" and _END.match(statement, token.end()):
            statement = statement[: token.start()]
            break
    if set(names) != set(given or {}):
        expected = phrase("values_by_name", environment.language())
        raise InvalidArgumentError(
            argument="params",
            expected=expected.replace("{names}", ", ".join(names) or "-"),
            actual=", ".join(map(str, given)) or "-",
        )
    return "".join([*pieces, statement[end:]]), names


def mark(statement: str, position: int) -> str:
    """Show the line of a statement with a caret below a position, counted from 1."""
    before = statement[: position - 1]
    begin = before.rfind("\n") + 1
    line = statement[begin:].partition("\n")[0].replace("\t", " ")
    head = f"{before.count(chr(10)) + 1}: "
    return f"{head}{line}\n{' ' * (len(head) + len(before) - begin)}^"


def name_at(statement: str, position: int) -> Table | None:
    """Read the name of a table at a position, counted from 1."""
    found = _NAME.match(statement, position - 1)
    if found is None:
        return None
    # What is not quoted is lower case to the server.
    parts = [p and (_unquote(p) if p[0] == '"' else p.lower()) for p in found.groups()]
    return Table(*parts)
