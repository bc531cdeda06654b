"""One small view of code in Python and R, so that a rule is written once.

A tree of nodes, each with its span in the cell. Kinds:

========= ======================================= ===================================
kind      text                                    children
========= ======================================= ===================================
block                                             statements
name      dotted: ``os.path``, ``workspace.slug``
text      the value of a string
template                                          ``text`` pieces and expressions
constant  as written                              of a list: its items
call      dotted name of what is called           callee, arguments
argument  its label                               value, if there is one
assign    ``=``, ``<-``, ``<<-``                  target, value
function                                          arguments (defaults), body
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

    def walk(self) -> Iterator["Node"]:
        """Give this node and all below, in the order of the text."""
        waiting = [self]
        while waiting:
            node = waiting.pop()
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

    def enclosing(self, *kinds: str) -> "Node | None":
        """Find the nearest parent of a kind."""
        return next((node for node in self.above() if node.kind in kinds), None)


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


def last_name(node: Node) -> str:
    """Give the last part of a dotted name: ``to_csv`` of ``frame.to_csv``."""
    return node.text.rpartition(".")[2]
