"""Python code, with the magics of notebooks, as the common tree."""

import ast
import io
import re
import tokenize
import warnings
from itertools import accumulate

from .syntax import Node, SyntaxProblem, Tree, adopt, with_newlines

# ast, not libcst: it knows the place of every node too, and takes a hundredth of the
# time; nothing but the text is edited, so that no other form needs to be kept.

_MAGIC = re.compile(
    r"^[ \t]*(?:[\w.]+[ \t]*=[ \t]*)?"
    r"(?P<code>[%!](?:[^\n]*\\\n)*[^\n]*|\?{1,2}[\w.]+|[\w.]+\?{1,2})[ \t]*$",
    re.MULTILINE,
)


def parse_python(text: str) -> Tree:
    """Parse a cell.

    Raises
    ------
    SyntaxProblem
        With the line where it stops being Python.
    """
    if re.search("[\ud800-\udfff]", text):  # half a character, which may be masked
        raise SyntaxProblem(1)
    magics: list[Node] = []
    source = text.replace("\f", " ")
    try:
        tree = _parsed(source)
    except SyntaxProblem:
        # In Python alone, a line may begin with `%` inside brackets or a string.
        source = _MAGIC.sub(lambda match: _masked(match, magics), source)
        tree = _parsed(source)
    converter = _Converter(text)
    try:
        nodes = [converter.convert(statement) for statement in tree.body]
    except RecursionError:
        raise SyntaxProblem(1) from None
    masks = {magic.start for magic in magics}
    nodes = [node for node in nodes if node.start not in masks]
    nodes = sorted([*nodes, *magics], key=lambda node: node.start)
    comments = _comments(source, converter) if "#" in source else []
    root = Tree("block", 0, len(text), "", nodes, comments=comments)
    root.names = _bound(tree)
    return adopt(root)


def _bound(tree: ast.Module) -> set[str]:
    """Name what code binds by other ways than an assignment or an import."""
    nodes = (
        one for one in ast.walk(tree) if not isinstance(one, ast.alias | ast.keyword)
    )
    names = (getattr(one, k, None) for one in nodes for k in ("name", "arg", "rest"))
    return {name for name in names if isinstance(name, str)}


def _comments(source: str, converter: "_Converter") -> list[tuple[int, int]]:
    found = []
    lines = io.StringIO(with_newlines(source))
    for token in tokenize.generate_tokens(lines.readline):
        if token.type == tokenize.COMMENT:
            start = converter.starts[token.start[0] - 1] + token.start[1]
            found.append((start, start + len(token.string.rstrip())))
    return found


def _parsed(text: str) -> ast.Module:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of the user's code, not ours
            return ast.parse(text)
    except SyntaxError as error:
        raise SyntaxProblem(error.lineno or 1) from None
    except (ValueError, RecursionError, MemoryError):
        raise SyntaxProblem(1) from None


def _masked(match: re.Match, magics: list[Node]) -> str:
    """Put `0`, an expression, in the place of a magic: with its lines and length."""
    magics.append(Node("magic", *match.span("code"), match["code"].strip()))
    start = match.start("code") - match.start()
    blank = re.sub(r"[^\n]", " ", match[0][start + 1 :])
    return match[0][:start] + "0" + blank


class _Converter:
    """From the nodes of ast; their columns are bytes of UTF-8."""

    def __init__(self, text: str):
        self.lines = with_newlines(text).split("\n")
        self.starts = [0, *accumulate(len(line) + 1 for line in self.lines)]

    def offset(self, line: int, column: int) -> int:
        text = self.lines[min(line, len(self.lines)) - 1]
        if not text.isascii():
            column = len(text.encode()[:column].decode(errors="ignore"))
        return self.starts[line - 1] + column

    def span(self, node: ast.AST) -> tuple[int, int]:
        start = self.offset(node.lineno, node.col_offset)
        for decorator in getattr(node, "decorator_list", ()):
            at = self.offset(decorator.lineno, decorator.col_offset)
            start = min(start, at - 1)
        return start, self.offset(node.end_lineno, node.end_col_offset)

    def convert(self, node: ast.AST) -> Node:
        method = getattr(self, "on_" + type(node).__name__.lower(), self.other)
        return method(node)

    def other(self, node: ast.AST) -> Node:
        children = []
        for child in ast.iter_child_nodes(node):
            if hasattr(child, "lineno"):
                children.append(self.convert(child))
            else:  # such as a comprehension: no place of its own
                children += self.other(child).children
        children = [child for child in children if child.kind != "nothing"]
        if not hasattr(node, "lineno"):
            return Node("nothing", 0, 0, "", children)
        return Node("other", *self.span(node), type(node).__name__, children)

    def block(self, body: list[ast.stmt]) -> Node:
        children = [self.convert(statement) for statement in body]
        span = (children[0].start, children[-1].end)
        return Node("block", *span, "", children)

    def with_blocks(self, kind: str, node: ast.AST, *parts: str) -> Node:
        children = []
        for part in parts:
            value = getattr(node, part)
            if isinstance(value, ast.AST):
                children.append(self.convert(value))
            elif value and isinstance(value[0], ast.ExceptHandler):
                children += [self.convert(handler) for handler in value]
            elif value and isinstance(value[0], ast.stmt):
                children.append(self.block(value))
            elif value:
                children += [c for one in value for c in self.other(one).children]
        return Node(kind, *self.span(node), type(node).__name__, children)

    def on_expr(self, node: ast.Expr) -> Node:
        return self.convert(node.value)

    def on_name(self, node: ast.Name) -> Node:
        return Node("name", *self.span(node), node.id)

    def on_attribute(self, node: ast.Attribute) -> Node:
        value = self.convert(node.value)
        if value.kind == "name":
            return Node("name", *self.span(node), f"{value.text}.{node.attr}")
        return Node("member", *self.span(node), node.attr, [value])

    def on_constant(self, node: ast.Constant) -> Node:
        if isinstance(node.value, str):
            return Node("text", *self.span(node), node.value)
        return Node("constant", *self.span(node), repr(node.value))

    def on_joinedstr(self, node: ast.JoinedStr) -> Node:
        start, end = self.span(node)
        pieces = [
            self.convert(one.value)
            if isinstance(one, ast.FormattedValue)
            else Node("text", start, end, one.value)
            for one in node.values
        ]
        template = Node("template", start, end, "", pieces)
        for inner in template.walk():  # whose own places are wrong before Python 3.12
            inner.start, inner.end = start, end
        return template

    def on_call(self, node: ast.Call) -> Node:
        callee = self.convert(node.func)
        name = callee.text if callee.kind == "name" else f".{callee.text}"
        arguments = [
            Node("argument", *self.span(given), "", [self.convert(given)])
            for given in node.args
        ]
        for given in node.keywords:
            value = self.convert(given.value)
            argument = Node("argument", *self.span(given), given.arg or "", [value])
            arguments.append(argument)
        arguments.sort(key=lambda argument: argument.start)
        return Node("call", *self.span(node), name, [callee, *arguments])

    def on_assign(self, node: ast.Assign) -> Node:
        if len(node.targets) > 1:
            return self.other(node)
        children = [self.convert(node.targets[0]), self.convert(node.value)]
        return Node("assign", *self.span(node), "=", children)

    def on_annassign(self, node: ast.AnnAssign) -> Node:
        if node.value is None:
            return Node("other", *self.span(node))
        children = [self.convert(node.target), self.convert(node.value)]
        return Node("assign", *self.span(node), ":=", children)

    def on_functiondef(self, node: ast.FunctionDef) -> Node:
        given = node.args
        names = [*given.posonlyargs, *given.args]
        defaults = [None] * (len(names) - len(given.defaults)) + given.defaults
        pairs = [*zip(names, defaults, strict=True)]
        pairs += zip(given.kwonlyargs, given.kw_defaults, strict=True)
        children = []
        for name, default in pairs:
            value = [self.convert(default)] if default else []
            children.append(Node("argument", *self.span(name), name.arg, value))
        span = self.span(node)
        function = Node(
            "function", *span, node.name, [*children, self.block(node.body)]
        )
        function.children[0:0] = [self.convert(d) for d in node.decorator_list]
        name = Node("name", *span, node.name)
        return Node("assign", *span, type(node).__name__, [name, function])

    on_asyncfunctiondef = on_functiondef

    def on_if(self, node: ast.If | ast.IfExp) -> Node:
        return self.with_blocks("if", node, "test", "body", "orelse")

    on_ifexp = on_if

    def on_try(self, node: ast.Try) -> Node:
        return self.with_blocks("try", node, "body", "handlers", "orelse", "finalbody")

    def on_excepthandler(self, node: ast.ExceptHandler) -> Node:
        return self.with_blocks("other", node, "type", "body")

    def on_for(self, node: ast.For) -> Node:
        return self.with_blocks("other", node, "target", "iter", "body", "orelse")

    def on_while(self, node: ast.While) -> Node:
        return self.with_blocks("other", node, "test", "body", "orelse")

    def on_with(self, node: ast.With) -> Node:
        children = []
        for item in node.items:
            value = self.convert(item.context_expr)
            if item.optional_vars is not None:
                pair = [self.convert(item.optional_vars), value]
                value = Node("assign", value.start, pair[0].end, "as", pair)
            children.append(value)
        children.append(self.block(node.body))
        return Node("other", *self.span(node), "With", children)

    def on_classdef(self, node: ast.ClassDef) -> Node:
        return self.with_blocks("other", node, "bases", "body")

    def on_binop(self, node: ast.BinOp) -> Node:
        operator = {"Add": "+", "Div": "/", "Mod": "%"}.get(type(node.op).__name__, "?")
        children = [self.convert(node.left), self.convert(node.right)]
        return Node("binary", *self.span(node), operator, children)

    def on_compare(self, node: ast.Compare) -> Node:
        operator = re.sub(r"\B[A-Z]", r" \g<0>", type(node.ops[0]).__name__).lower()
        if len(node.ops) > 1:
            return self.other(node)
        children = [self.convert(node.left), self.convert(node.comparators[0])]
        return Node("binary", *self.span(node), operator, children)

    def on_unaryop(self, node: ast.UnaryOp) -> Node:
        operator = {"Not": "!"}.get(type(node.op).__name__, "-")
        return Node("unary", *self.span(node), operator, [self.convert(node.operand)])

    def on_subscript(self, node: ast.Subscript) -> Node:
        children = [self.convert(node.value), self.convert(node.slice)]
        return Node("index", *self.span(node), "", children)

    def on_dict(self, node: ast.Dict) -> Node:
        """A dict's pairs are arguments, labelled where the key is a text."""
        pairs = []
        for key, value in zip(node.keys, node.values, strict=True):
            inner = self.convert(value)
            label = getattr(key, "value", "")
            label = label if isinstance(label, str) else ""
            span = (self.span(key)[0] if key else inner.start, inner.end)
            pairs.append(Node("argument", *span, label, [inner]))
        return Node("other", *self.span(node), "Dict", pairs)

    def on_import(self, node: ast.Import) -> Node:
        pairs = [f"{alias.asname or alias.name}={alias.name}" for alias in node.names]
        return Node("import", *self.span(node), ",".join(pairs))

    def on_importfrom(self, node: ast.ImportFrom) -> Node:
        home = "." * node.level + (node.module or "")
        pairs = [f"{one.asname or one.name}={home}.{one.name}" for one in node.names]
        return Node("import", *self.span(node), ",".join(pairs))
