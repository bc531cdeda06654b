"""Logs whose method is put together from a level: ``log_`` and its name."""

import re
from collections.abc import Iterator

from .syntax import Node

_METHOD = re.compile(r"log_(%s|\{\w*\})?")
_CHOOSERS = {"getattr", "do.call", "get", "match.fun"}


def chosen_logs(body: Node) -> Iterator[tuple[Node, Node, list[Node]]]:
    """Find the logs whose method is put together: ``getattr(run, f"log_{level}")(x)``.

    Gives the node that makes the method, the call of it, and the call's arguments.
    """
    for node in body.walk("text"):
        if not _METHOD.fullmatch(node.text):
            continue
        for maker in node.above():
            is_call = maker.kind == "call" and maker.text in _CHOOSERS
            if is_call or maker.kind == "index":
                yield from ((maker, *call) for call in _calls_of(maker, body))
                break


def _calls_of(maker: Node, body: Node) -> Iterator[tuple[Node, list[Node]]]:
    """Find the calls of what a node makes: at once, by do.call() or by its name."""
    owner = maker.parent
    if maker.text == "do.call":
        yield maker, _listed(maker)
    elif owner.kind == "call" and owner.children[0] is maker:
        yield owner, owner.arguments
    elif owner.kind == "argument" and owner.parent.text == "do.call":
        yield owner.parent, _listed(owner.parent)
    elif owner.kind == "assign" and owner.value is maker:
        name = owner.children[0].text
        calls = (one for one in body.walk("call") if one.text == name)
        yield from ((one, one.arguments) for one in calls)


def _listed(call: Node) -> list[Node]:
    """Give what do.call() hands over."""
    given = call.argument("args", 1)
    return given.arguments if given is not None and given.text == "list" else []
