"""One small view of code in Python and R, so that a rule is written once.

A tree of nodes, each with its span in the cell. Kinds:

========= ======================================= ===================================
kind      text                                    children
========= ======================================= ===================================
block                                             statements
name      dotted: ``os.path``, ``workspace.slug``
text      the value of a string
template                                          ``text`` pieces and expressions
constant  as written
call      dotted name of what is called           callee, arguments
argument  its label                               value, if there is one
assign    ``=``, ``<-``, ``<<-``                  target, value
function  its name, in Python                     decorators, parameters, body
if                                                test, body, else
try                                               body, handlers
unary     operator                                operand
binary    operator                                left, right
index                                             object, key
member    name                                    object
import    pairs ``name=what``, with commas
magic     the line
other                                             whatever is inside
========= ======================================= ===================================

``$`` and ``@`` of R are dots; ``package::`` is taken off. Names of Python are those of
the library, whatever the import calls them.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field


class SyntaxProblem(Exception):
    """The code does not parse; carries the line, from 1."""

    def __init__(self, line: int):
        super().__init__(line)
        self.line = line


@dataclass(slots=True, eq=False)
class Node:
    kind: str
    start: int
    end: int
    text: str = ""
    children: list["Node"] = field(default_factory=list)
    parent: "Node | None" = None

    def walk(self, *kinds: str) -> Iterator["Node"]:
        """Give this node and all below, or those of some kinds, in the text's order."""
        waiting = [self]
        while waiting:
            node = waiting.pop()
            if not kinds or node.kind in kinds:
                yield node
            waiting.extend(reversed(node.children))

    def above(self) -> Iterator["Node"]:
        """Give the parents, the nearest first."""
        node = self.parent
        while node is not None:
            yield node
            node = node.parent

    @property
    def arguments(self) -> list["Node"]:
        """The arguments of a call."""
        return self.children[1:] if self.kind == "call" else []

    @property
    def parameters(self) -> list["Node"]:
        """The parameters of a function, as arguments: the value is the default."""
        is_function = self.kind == "function"
        return [one for one in self.children if is_function and one.kind == "argument"]

    @property
    def owner(self) -> "Node | None":
        """What a member is of: ``frame`` of ``frame.columns``, ``f()`` of ``f().x``."""
        if self.kind == "member":
            return self.children[0]
        owner = self.text.rpartition(".")[0] if self.kind == "name" else ""
        return Node("name", self.start, self.end, owner) if owner else None

    @property
    def value(self) -> "Node | None":
        """What an argument or an assignment gives."""
        return self.children[-1] if self.children else None

    def argument(self, label: str, position: int | None = None) -> "Node | None":
        """Find the value given for a parameter, by its label or its position."""
        for argument in self.arguments:
            if argument.text == label:
                return argument.value
        plain = [one for one in self.arguments if not one.text]
        if position is not None and position < len(plain):
            return plain[position].value
        return None

    def enclosing(self, kind: str) -> "Node | None":
        """Find the nearest parent of a kind."""
        return next((node for node in self.above() if node.kind == kind), None)


@dataclass(slots=True, eq=False)
class Tree(Node):
    """The root of a cell, a block.

    Attributes
    ----------
    comments : list of (start, end)
        In order.
    names : set of str
        What Python code calls its functions, classes, parameters and captures.
    """

    comments: list[tuple[int, int]] = field(default_factory=list)
    names: set[str] = field(default_factory=set)


def adopt(tree: Tree) -> Tree:
    """Tell every node its parent."""
    for one in tree.walk():
        for child in one.children:
            child.parent = one
    return tree


PIPES = {"%>%", "|>"}


def parameter_of(function: Node, argument: Node) -> str:
    """Name the parameter of a function that takes an argument; ``...`` if none else.

    A pipe of R hands over the first; R completes labels.
    """
    names = [one.text for one in function.parameters]
    call = argument.parent
    if argument.text:
        return _completed(argument.text, names)
    labelled = {_completed(one.text, names) for one in call.arguments if one.text}
    plain = [one for one in call.arguments if not one.text]
    is_piped = call.parent.text in PIPES and call.parent.children[-1] is call
    is_piped &= not any(
        one.value is not None and one.value.text == "." for one in plain
    )
    free = [name for name in names if name not in labelled]
    place = plain.index(argument) + is_piped
    return free[place] if place < len(free) and "..." not in free[:place] else "..."


def _completed(label: str, names: list[str]) -> str:
    longer = (name for name in names if name.startswith(label))
    return label if label in names else next(longer, "...")


def last_name(node: Node) -> str:
    """Give the last part of a dotted name: ``to_csv`` of ``frame.to_csv``."""
    return node.text.rpartition(".")[2]


def text_of(node: Node | None) -> str | None:
    """Give what a string says; None of anything else."""
    return node.text if node is not None and node.kind == "text" else None


def imported(node: Node) -> list[list[str]]:
    """Give what an import brings: pairs of a name and what it is."""
    return [pair.split("=") for pair in node.text.split(",")]


def unwrapped(node: Node) -> Node:
    """Take off the braces around one statement."""
    is_alone = node.kind == "block" and len(node.children) == 1
    return node.children[0] if is_alone else node


def with_newlines(text: str) -> str:
    """Write each end of a line as ``\\n``; no character changes its place."""
    return text.replace("\r\n", " \n").replace("\r", "\n")


def quoted(text: str) -> str:
    """Write a string of either language."""
    return json.dumps(text, ensure_ascii=False)
