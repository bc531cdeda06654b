"""R code as the common tree: R parses it, in one process for all files."""

import queue
import re
import subprocess
import tempfile
import threading
from itertools import accumulate
from pathlib import Path
from typing import IO

from .. import environment
from ..errors import RStartError
from ..r_packages import find_r
from .syntax import Node, SyntaxProblem, Tree, adopt, with_newlines

TIMEOUT_S = 60  # R parses a thousand lines in a tenth of a second
_ASSIGNMENTS = {"LEFT_ASSIGN", "EQ_ASSIGN", "RIGHT_ASSIGN"}
_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "\n": "\n"}
_ESCAPE = re.compile(
    r"\\(?:x(?P<x>[0-9a-fA-F]{1,2})|u(?P<u>[0-9a-fA-F]{1,4}|\{[0-9a-fA-F]{1,4}\})"
    r"|U(?P<U>[0-9a-fA-F]{1,8}|\{[0-9a-fA-F]{1,8}\})|(?P<octal>[0-7]{1,3})|(.))",
    re.DOTALL,
)


class RParser:
    """An R process that parses cells; it starts with the first one."""

    def __init__(self):
        self.process = self.reader = self.answers = None

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self.stop()

    def parse(self, text: str) -> Tree:
        """Parse a cell.

        Raises
        ------
        SyntaxProblem
            With the line where it stops being R.
        RMissingError, RStartError
            If R is not there, or not in order.
        """
        # R counts a tab as up to eight columns, and knows no other end of a line.
        plain = with_newlines(text).replace("\t", " ").replace("\f", " ")
        try:
            sent = plain.encode()
        except UnicodeEncodeError:  # half a character
            raise SyntaxProblem(1) from None
        if self.process is None:
            self._start()
        answer = self._ask(sent).rstrip("\n").split("\t")
        if answer[0] == "":  # R was stuck, or the code too deep for it: a new one
            self.stop()
            raise SyntaxProblem(1)
        if answer[0] != "-":
            raise SyntaxProblem(int(answer[0]))
        try:
            return adopt(_Converter(text, plain, answer[1:]).root())
        except RecursionError:
            raise SyntaxProblem(1) from None

    def _ask(self, code: bytes) -> str:
        try:
            self.process.stdin.write(b"%d\n%b" % (len(code), code))
            self.process.stdin.flush()
            return self.answers.get(timeout=TIMEOUT_S).decode()
        except (OSError, queue.Empty):
            return ""

    def _read(self, output: IO[bytes], answers: queue.SimpleQueue) -> None:
        """Hand over lines as they come, an empty one at last: R's pipe has no clock."""
        for line in output:
            answers.put(line)
        answers.put(b"")

    def _start(self) -> None:
        script = Path(__file__).with_name("parse_r.R")
        with tempfile.TemporaryFile() as said:
            self.process = subprocess.Popen(
                [find_r(), "--vanilla", "--no-echo", "-f", str(script)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=said,
                env={**environment.snapshot(), "LC_ALL": "C.UTF-8"},
            )
            self.answers = queue.SimpleQueue()  # nothing of a process before
            self.reader = threading.Thread(
                target=self._read, args=(self.process.stdout, self.answers), daemon=True
            )
            self.reader.start()
            if not self._ask(b"NULL"):
                self.stop()
                said.seek(0)
                lines = said.read().decode(errors="replace").splitlines()
                raise RStartError(reason=(lines or ["?"])[-1].rstrip("."))

    def stop(self) -> None:
        """End the process, if there is one."""
        if self.process is not None:
            self.process.kill()
            self.reader.join()  # which reads to the end
            self.process.communicate()
            self.process = None


class _Converter:
    """From the rows of getParseData()."""

    def __init__(self, text: str, plain: str, answer: list[str]):
        self.text = text
        starts = [0, *accumulate(len(line) + 1 for line in plain.split("\n"))]
        columns = [map(int, column.split()) for column in answer[1:]]
        rows = zip(answer[0].split(" ") if answer[0] else [], *columns, strict=True)
        self.children: dict[int, list] = {}
        self.comments: list[tuple[int, int]] = []
        for token, line1, col1, line2, col2, identity, parent in rows:
            start, end = starts[line1 - 1] + col1 - 1, starts[line2 - 1] + col2
            if token == "COMMENT":
                length = len(self.text[start:end].rstrip())
                self.comments.append((start, start + length))
                continue
            row = (token, start, end, identity)
            self.children.setdefault(max(parent, 0), []).append(row)
        for rows in self.children.values():
            rows.sort(key=lambda row: (row[1], row[2]))

    def root(self) -> Tree:
        nodes = self.nodes(self.below(0))
        comments = sorted(self.comments)
        return Tree("block", 0, len(self.text), "", nodes, comments=comments)

    def below(self, identity: int) -> list:
        return self.children.get(identity, [])

    def nodes(self, rows: list) -> list[Node]:
        return [self.convert(row) for row in rows if self.means(row)]

    def means(self, row) -> bool:
        """Whether it is more than punctuation."""
        token, _, _, identity = row
        return identity in self.children or token in _TERMINALS

    def convert(self, row) -> Node:
        token, start, end, identity = row
        if token in _TERMINALS:
            text = self.text[start:end]
            kind = _TERMINALS[token]
            text = _unquoted(text) if kind == "text" else text.strip("`")
            return Node(kind, start, end, text)
        rows = self.below(identity)
        if not rows:  # next, break, the `_` of a pipe
            return Node("other", start, end, self.text[start:end])
        tokens = [one[0] for one in rows]
        if len(rows) == 1:
            return self.convert(rows[0])
        inner = self.nodes(rows)
        if tokens[0] == "'('" and len(inner) == 1:
            return inner[0]
        kind, text = "other", ""
        if tokens[0] == "'{'":
            kind = "block"
        elif _ASSIGNMENTS & {*tokens} and len(inner) == 2:
            kind, text = "assign", self.text[rows[1][1] : rows[1][2]]
            inner = inner[::-1] if "RIGHT_ASSIGN" in tokens else inner
        elif tokens[0] in ("FUNCTION", "'\\\\'"):
            return self.function(row, rows)
        elif tokens[0] == "IF":
            kind = "if"
        elif tokens[0] == "expr" and "'('" in tokens[1:2]:
            return self.call(row, rows)
        elif tokens[0] == "expr" and tokens[1] in ("'['", "LBB"):
            kind = "index"
        elif "NS_GET" in tokens or "NS_GET_INT" in tokens:
            kind, text, inner = "name", inner[-1].text, []
        elif tokens[1] in ("'$'", "'@'"):
            return self.member(row, inner)
        elif len(inner) == 2 and len(rows) == 3 and tokens[0] != "FOR":
            kind, text = "binary", self.text[rows[1][1] : rows[1][2]]
        elif len(inner) == 1 and len(rows) == 2:
            kind, text = "unary", self.text[rows[0][1] : rows[0][2]]
        return Node(kind, start, end, text, inner)

    def member(self, row, inner: list[Node]) -> Node:
        span, name = row[1:3], inner[-1].text
        if inner[0].kind == "name":
            return Node("name", *span, f"{inner[0].text}.{name}")
        return Node("member", *span, name, inner[:1])

    def arguments(self, rows: list, labels: set[str]) -> list[Node]:
        groups, current = [], []
        for row in rows:
            if row[0] == "','":
                groups.append(current)
                current = []
            else:
                current.append(row)
        found = []
        for group in filter(None, [*groups, current]):
            label = ""
            if group[0][0] in labels and (len(group) == 1 or "EQ_" in group[1][0]):
                label = self.text[group[0][1] : group[0][2]].strip("`\"'")
            values = self.nodes(group[2:] if label else group)
            span = (group[0][1], group[-1][2])
            found.append(Node("argument", *span, label, values))
        return found

    def call(self, row, rows: list) -> Node:
        callee = self.convert(rows[0])
        name = callee.text if callee.kind in ("name", "text") else f".{callee.text}"
        arguments = self.arguments(
            rows[2:-1], {"SYMBOL_SUB", "STR_CONST", "NULL_CONST"}
        )
        return Node("call", *row[1:3], name, [callee, *arguments])

    def function(self, row, rows: list) -> Node:
        arguments = self.arguments(rows[2:-2], {"SYMBOL_FORMALS"})
        body = self.convert(rows[-1])
        return Node("function", *row[1:3], "", [*arguments, body])


_TERMINALS = {
    "STR_CONST": "text",
    "NUM_CONST": "constant",
    "NULL_CONST": "constant",
    "SYMBOL": "name",
    "SYMBOL_FUNCTION_CALL": "name",
    "SYMBOL_PACKAGE": "name",
    "SLOT": "name",
}


def _unquoted(text: str) -> str:
    raw = re.fullmatch(r"[rR][\"'](-*)[\[({](.*)[\])}]\1[\"']", text, re.DOTALL)
    if raw:
        return raw[2]

    def said(match: re.Match) -> str:
        kind = match.lastgroup
        if kind is None:
            return _ESCAPES.get(match[5], match[5])
        number = int(match[kind].strip("{}"), 8 if kind == "octal" else 16)
        return chr(number) if 0 < number < 0x110000 else ""

    return _ESCAPE.sub(said, text[1:-1])
