"""A file as rules see it: its cells parsed, and what they define."""

import bisect
import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property

from .environment_access import variable_read
from .python_syntax import parse_python
from .r_syntax import RParser
from .sources import Code, Source, Text
from .syntax import Node, SyntaxProblem, imported, last_name

OUR_KERNELS = {"openhexa-r", "openhexa-python"}
_PACKAGE = {"python": "hexa_kernels.", "r": "openhexaR::"}
# Magics whose cell is Python all the same, and those whose cell is R.
_PYTHON_MAGICS = {"time", "timeit", "capture", "prun", "hexa"}
_R_MAGICS = {"R", "r"}
_SHELLS = {"bash", "sh", "zsh", "script", "system", "sx"}
_SETTINGS = {"env", "ini", "cfg", "conf", "toml", "yml", "yaml", "properties", "sh"}
_APPLIERS = ("lapply", "sapply", "vapply", "Map", "map", "walk", "do.call")
_WORKERS = re.compile(
    r"\b(callr|processx|mirai|crew|foreach|future\w*|furrr|multisession|makeCluster"
    r"|makePSOCKcluster|par[LS]?apply|clusterApply\w*|clusterMap|clusterCall"
    r"|clusterExport|clusterEvalQ|sf[LS]apply|sfExport|BiocParallel|bp[lm]apply)\b"
    r"|%dopar%"
)


@dataclass
class Cell:
    """Code that parses: of a cell, or of the whole script.

    Attributes
    ----------
    index : int
        Place among the cells of the notebook, from 0.
    language : str
        "python" or "r": an ``%%R`` cell of a Python notebook is R.
    text : str
    root : Node
    document : Document
    """

    index: int
    language: str
    text: str
    root: Node
    document: "Document"
    _walked: dict[tuple[str, ...], list[Node]] = field(default_factory=dict)

    @property
    def is_r(self) -> bool:
        return self.language == "r"

    def code(self, node: Node) -> str:
        """Give a node as it is written."""
        return self.text[node.start : node.end]

    @cached_property
    def nodes(self) -> list[Node]:
        """All nodes, in the order of the text."""
        return list(self.root.walk())

    def walk(self, *kinds: str) -> Iterator[Node]:
        """Give the nodes of some kinds, in the order of the text."""
        if kinds not in self._walked:  # many rules walk the same
            self._walked[kinds] = [node for node in self.nodes if node.kind in kinds]
        return iter(self._walked[kinds])

    def line(self, node: Node) -> int:
        """Give the line of a node, from 1."""
        return bisect.bisect_right(self._lines, node.start)

    @cached_property
    def _lines(self) -> list[int]:
        return [0, *(match.end() for match in re.finditer("\n", self.text))]

    def ours(self, name: str) -> str:
        """Spell a name of ours: with the package, where the notebook has the same."""
        # `*`: any name may come from there.
        document = self.document
        is_spelled = bool({name, "*"} & document.taken[self.language])
        if self.is_r:
            is_spelled |= document.runs_elsewhere or document.reads_others
            is_spelled |= document.notices_us
            is_spelled |= bool(document.calls("attach", "detach"))
        return _PACKAGE[self.language] + name if is_spelled else name

    def resolve(self, node: Node | None) -> Node | None:
        """Follow a name to the one value that the notebook gives it."""
        for _ in range(5):
            if node is None or node.kind != "name":
                return node
            given = self.document.definitions[self.language].get(node.text, ())
            if len(given) != 1 or given[0].value is None:
                return node
            node = given[0].value
        return node

    def functions_of(self, call: Node) -> list[Node]:
        """Find the functions of the file that a call may be of."""
        given = self.document.definitions[self.language].get(call.text, ())
        values = [one.value for one in given if call.kind == "call"]
        return [one for one in values if one is not None and one.kind == "function"]

    def is_statement(self, node: Node) -> bool:
        """Whether a node stands alone, its value used by nobody."""
        block = node.parent
        if block is None or block.kind != "block":
            return False
        owner = block.parent
        if owner is None or not self.is_r or block.children[-1] is not node:
            return True
        # The last expression of a block is its value in R, where somebody takes it.
        return owner.kind in ("if", "other") and self.is_statement(owner)

    def has_comment(self, start: int, end: int) -> bool:
        """Whether a comment begins in a span."""
        return any(start <= at < end for at, _ in self.root.comments)

    def lines_of(self, node: Node) -> tuple[int, int] | None:
        """Give the span of the whole lines of a statement, if it is alone there."""
        start = self.text.rfind("\n", 0, node.start) + 1
        stop = self.text.find("\n", node.end)
        stop = len(self.text) if stop < 0 else stop + 1
        before, after = self.text[start : node.start], self.text[node.end : stop]
        return None if before.strip() or after.strip() else (start, stop)


@dataclass(eq=False)
class Document:
    """All cells of a file.

    Attributes
    ----------
    source : Source
    cells : list of Cell
    unparsed : list of (index, line)
        Cells that are neither valid Python nor valid R, and where not.
    texts : list of Text
        All that was not parsed: those cells, other languages, markdown, outputs.
    notices_us : bool
        Whether its R code would do something else once openhexaR is attached.
    """

    source: Source
    cells: list[Cell] = field(default_factory=list)
    unparsed: list[tuple[int, int]] = field(default_factory=list)
    texts: list[Text] = field(default_factory=list)
    notices_us: bool = False

    def walk(self, *kinds: str) -> Iterator[tuple[Cell, Node]]:
        """Give the nodes of some kinds in all cells, each with its cell."""
        return ((cell, node) for cell in self.cells for node in cell.walk(*kinds))

    @cached_property
    def definitions(self) -> dict[str, dict[str, list[Node]]]:
        """The assignments to each name, by language."""
        found = {"r": defaultdict(list), "python": defaultdict(list)}
        for cell, node in self.walk("assign"):
            if node.children[0].kind in ("name", "text"):
                found[cell.language][node.children[0].text].append(node)
        return found

    @cached_property
    def taken(self) -> dict[str, set[str]]:
        """The names whose call may be something else than ours, by language."""
        found = {"r": set(), "python": set()}
        for cell in self.cells:
            names = found[cell.language]
            names |= cell.root.names
            for node in cell.nodes:
                owner = node.parent
                if node.kind == "argument" and owner.kind == "function":
                    names.add(node.text)
                elif node.kind == "import":
                    pairs = imported(node)
                    names |= {n for n, home in pairs if home != f"hexa_kernels.{n}"}
                elif node.kind == "assign" and node.value is not None:
                    # R looks for a function, past other values.
                    if not cell.is_r or node.value.kind == "function":
                        names.add(node.children[0].text)
                elif node.kind == "name" and not cell.is_r and owner.kind != "call":
                    names.add(node.text)
                elif node.kind == "magic" and node.text.startswith("%run"):
                    names.add("*")
        return found

    def calls(self, *names: str) -> list[Node]:
        """Find the calls of functions; of any object's method by ``.name``."""
        return [call for name in names for call in self._calls.get(name, ())]

    @cached_property
    def _calls(self) -> dict[str, list[Node]]:
        found = defaultdict(list)
        for _, node in self.walk("call"):
            for name in {node.text, f".{last_name(node)}"}:
                found[name].append(node)
        return found

    def mentions(self, pattern: str) -> bool:
        """Whether a name or a text of the code has something in it."""
        return any(re.search(pattern, word) for word in self._words)

    @cached_property
    def _words(self) -> set[str]:
        return {node.text for _, node in self.walk("name", "text")}

    @cached_property
    def modules(self) -> set[str]:
        """The modules, without what is below them, that Python cells import."""
        pairs = (pair for _, node in self.walk("import") for pair in imported(node))
        return {home.partition(".")[0] for _, home in pairs}

    @cached_property
    def environment_variables(self) -> set[str]:
        """The names of all environment variables that are read."""
        read = {variable_read(node) for _, node in self.walk("call", "index")}
        return {name for name in read if name}

    @cached_property
    def runs_elsewhere(self) -> bool:
        """Whether R code is handed to other processes, which attach nothing."""
        return any(_WORKERS.search(cell.text) for cell in self.cells if cell.is_r)

    @cached_property
    def reads_others(self) -> bool:
        """Whether R code runs other files, which may use or replace what it has."""
        parsed = (call.argument("file", 0) for call in self.calls("parse"))
        # lapply(files, source); elsewhere it may be the name of a column.
        handed = (
            one.value is not None and one.value.text in ("source", "sys.source")
            for call in self.calls(*_APPLIERS)
            for one in call.arguments
        )
        is_called = bool(self.calls("source", "sys.source"))
        return is_called or any(parsed) or any(handed)

    def attaches_us(self, cell: Cell, start: int) -> bool:
        """Whether names of ours are there at a place without a line for it."""
        if not cell.is_r:
            return False
        if self.source.kernel == "openhexa-r":
            return True
        return any(
            node.text in ("library", "require")
            and node.kind == "call"
            and [given.value.text for given in node.arguments] == ["openhexaR"]
            and (one.index, node.start) < (cell.index, start)
            for one in self.cells
            if one.is_r
            for node in one.root.children  # for all, whatever runs
        )


def parse(source: Source, r_parser: RParser) -> Document:
    """Parse all cells that are Python or R."""
    document = Document(source, texts=[*source.prose])
    for code in source.codes:
        language, text = _language(code)
        if language not in _PACKAGE:
            kind = "shell" if language in _SHELLS or _is_settings(text) else "code"
            magic = language if language != code.language else ""
            document.texts.append(Text(code.index, "code", kind, code.text, magic))
            continue
        try:
            root = r_parser.parse(text) if language == "r" else parse_python(text)
        except SyntaxProblem as problem:
            # R stops at the end of the text, which may be a line further.
            line = min(problem.line, code.text.rstrip().count("\n") + 1)
            document.unparsed.append((code.index, line))
            document.texts.append(Text(code.index, "code", "code", code.text))
            continue
        document.cells.append(Cell(code.index, language, code.text, root, document))
    _use_library_names(document)
    return document


def _is_settings(text: str) -> bool:
    """Whether a cell writes a file of settings: their values need no quotes."""
    written = re.match(r"\s*%%(?:write)?file\s[^\n]*?(?:\.(\w+))?[ \t]*(?:\n|$)", text)
    return written is not None and written[1] in (None, *_SETTINGS)


def _use_library_names(document: Document) -> None:
    """Call things what their library calls them: ``pd.read_csv``, pandas.read_csv."""
    cells = [cell for cell in document.cells if not cell.is_r]
    imports = (node for cell in cells for node in cell.walk("import"))
    full = dict(pair for node in imports for pair in imported(node))
    for cell in cells:
        for node in cell.walk("name", "call"):
            first, dot, rest = node.text.partition(".")
            node.text = full.get(first, first) + dot + rest


def _language(code: Code) -> tuple[str, str]:
    """Tell the language; blank the line of a cell's magic."""
    magic = re.match(r"\s*%%(\w+)[^\n]*", code.text)
    if code.language != "python" or magic is None:
        return code.language, code.text
    if magic[1] in _R_MAGICS | _PYTHON_MAGICS:
        blank = re.sub(r"[^\n]", " ", magic[0])
        language = "r" if magic[1] in _R_MAGICS else "python"
        return language, blank + code.text[magic.end() :]
    return magic[1], code.text
