"""Startup names: ``workspace``, ``current_run``, ``engine`` in the user's namespace.

Making them at start would take seconds. Each becomes the real object just before the
first cell, completion or inspection that mentions it; until then it costs nothing.
"""

import ast
import re
import sys
import sysconfig
from contextlib import suppress
from pathlib import Path
from time import perf_counter
from types import TracebackType

from ipykernel import zmqshell
from IPython.core.completer import SimpleCompletion, context_matcher

import hexa_kernels

from .. import connection_export, environment
from ..contract import contract
from . import magics

NAMES = frozenset(contract()["startup"]["python"])
_MENTION = re.compile(r"\b(?:" + "|".join(NAMES) + r")\b")


# Where a word is no variable of the notebook.
_NO_NAME = re.compile(r"(\.|\b(import|from|def|class)\s+)$")


class Record:
    """What the kernel did so far. One a process: ``record``."""

    def __init__(self):
        self.made: dict[str, object] = {}
        self.failures: dict[str, BaseException] = {}
        self.durations_ms: dict[str, float] = {}

    def check(self) -> list[BaseException]:
        """List all problems known by now, without opening anything."""
        try:
            found = environment.check()
        except BaseException as failure:
            found = [failure]
        texts = {str(problem) for problem in found}
        others = (f for f in self.failures.values() if str(f) not in texts)
        return [*found, *others]


record = Record()


def profile_failed(error: Exception, path: str) -> None:
    """Keep for ``%hexa`` that a file of the user's IPython profile failed."""
    from ..errors import ProfileFailedError

    reason = f"{type(error).__name__}: {error}".rstrip(".")
    record.failures[path] = ProfileFailedError(path=path, reason=reason)


def _mentioned(text: str) -> set[str]:
    return set(_MENTION.findall(text))


# Functions to which a text is code, or a name.
_READERS = frozenset({"eval", "exec", "getattr", "get", "system", "getoutput", "ev"})


def _mentioned_by(tree: ast.AST) -> set[str]:
    """Names that code reads, also by a text: ``eval("engine")``, ``ns["engine"]``.

    A text that only contains the word, such as a path, is no mention, and neither is a
    name that is only assigned.
    """
    found = set()
    for node in ast.walk(tree):
        match node:
            case ast.Name(id=name, ctx=ast.Load()):
                found.add(name)
            case ast.Subscript(slice=ast.Constant(value=str(text))):
                found.add(text)
            case ast.Call(func=ast.Name(id=name) | ast.Attribute(attr=name)):
                texts = [a.value for a in node.args if isinstance(a, ast.Constant)]
                if name in _READERS:
                    for text in texts:
                        found |= _mentioned(str(text))
    return found & NAMES


def _texts_of(tree: ast.AST) -> str:
    """Give the text constants of code, a line each."""
    nodes = (node for node in ast.walk(tree) if isinstance(node, ast.Constant))
    return "\n".join(node.value for node in nodes if isinstance(node.value, str))


class StartupNames:
    """Mixin for a shell: make a startup name when it is first mentioned.

    The object is the real one, in ``user_ns`` and, so that ``%who`` and the variable
    inspector leave it out until the user rebinds it, in ``user_ns_hidden``.
    """

    def materialise(self, names: set[str]) -> None:
        """Put the objects in place. A failure is kept for ``%hexa``, never raised."""
        for name in names - self.user_ns.keys():
            if name not in record.made:
                start = perf_counter()
                try:
                    record.made[name] = getattr(hexa_kernels, name)
                    record.failures.pop(name, None)
                except BaseException as failure:
                    record.failures[name] = failure
                    continue
                finally:
                    record.durations_ms[name] = (perf_counter() - start) * 1000
            self.user_ns[name] = self.user_ns_hidden[name] = record.made[name]

    def prime(self) -> None:
        """Take part in completion and offer ``%hexa``."""
        others = [self._complete_r, self._complete_sql]
        self.Completer.custom_matchers += [self._complete_startup, *others]
        self.register_magic_function(magics.hexa, "line", "hexa")
        self.register_magic_function(magics.R, "line_cell", "R")
        self.register_magic_function(magics.sql, "line_cell", "sql")
        problems = record.check()
        if problems:
            self.events.register("pre_run_cell", self._warn_once)

    def _warn_once(self, info) -> None:
        self.events.unregister("pre_run_cell", self._warn_once)
        from ..errors import StartupProblemWarning

        problem = record.check()[0]
        text = getattr(problem, "message", repr(problem))
        warning = StartupProblemWarning(problem=text, command="%hexa")
        print(warning, file=sys.stderr)

    @context_matcher()
    def _complete_startup(self, context):
        # Runs before Jedi and the others, which look at the objects themselves.
        self.materialise(_mentioned(context.full_text))
        token = context.token
        before = context.text_until_cursor.removesuffix(token)
        in_text = (before.count("'") + before.count('"')) % 2
        names = () if not token or in_text or _NO_NAME.search(before) else NAMES
        found = sorted(name for name in names if name.startswith(token))
        return {
            "completions": [SimpleCompletion(name, type="instance") for name in found]
        }

    @context_matcher()
    def _complete_r(self, context):
        """Complete R's names in a %%R cell, once R runs; nothing else then."""
        if not context.full_text.startswith("%%R") or context.cursor_line == 0:
            return {"completions": []}
        from ..bridge import magic

        lines = context.full_text.split("\n")[1 : context.cursor_line + 1]
        code = "\n".join([*lines[:-1], lines[-1][: context.cursor_position]])
        found = [SimpleCompletion(name, type="R") for name in magic.complete(code)]
        return {"completions": found, "suppress": bool(found)}

    @context_matcher()
    def _complete_sql(self, context):
        """Complete tables and columns in a %%sql cell, once one has run."""
        magic = sys.modules.get(f"{__package__}.sql_magic")
        head, _, rest = context.full_text.partition("\n")
        if magic is None or not rest or not re.match(r"%%sql\b", head):
            return {"completions": []}
        found = magic.complete(head.removeprefix("%%sql"), context.token)
        found = [SimpleCompletion(name, type="SQL") for name in found]
        return {"completions": found, "suppress": bool(found)}

    # Every way in which code or a person mentions a name:

    def init_user_ns(self):
        super().init_user_ns()  # also called by %reset
        self.materialise(NAMES & record.made.keys())

    def init_magics(self):
        super().init_magics()
        self.prime()

    def transform_ast(self, node):
        self.materialise(_mentioned_by(node))
        connection_export.export_mentioned(_texts_of(node))
        return super().transform_ast(node)

    def _ofind(self, oname, namespaces=None):
        self.materialise(_mentioned(oname))
        return super()._ofind(oname, namespaces)

    def user_expressions(self, expressions):
        self.materialise(_mentioned(" ".join(expressions.values())))
        return super().user_expressions(expressions)

    def ev(self, expr):
        self.materialise(_mentioned(expr))
        return super().ev(expr)

    def run_line_magic(self, magic_name, line, _stack_depth=1):
        self.materialise(_mentioned(line))
        return super().run_line_magic(magic_name, line, _stack_depth + 1)

    def run_cell_magic(self, magic_name, line, cell):
        text = f"{line}\n{cell}"
        self.materialise(_mentioned(text))
        connection_export.export_mentioned(text)
        return super().run_cell_magic(magic_name, line, cell)

    def safe_execfile(self, fname, *where, **options):
        with suppress(OSError):  # a missing file is IPython's to report
            text = Path(fname).read_text("utf-8", "replace")
            self.materialise(_mentioned(text))
            connection_export.export_mentioned(text)
        try:
            return super().safe_execfile(fname, *where, **options)
        except (
            Exception
        ) as error:  # raised to the start alone, of a file of the profile
            profile_failed(error, fname)
            self.events.register("pre_run_cell", self._warn_once)
            raise

    # A name that could not be made says why, in place of a NameError:

    async def run_code(self, code_obj, result=None, *, async_=False):
        failed = await super().run_code(code_obj, result, async_=async_)
        if result is not None:
            result.error_in_exec = _reason(result.error_in_exec)
        return failed

    def showtraceback(self, exc_tuple=None, *args, **options):
        _, error, place = self._get_exc_info(exc_tuple)
        reason = _reason(error)
        if reason is not error:
            exc_tuple = type(reason), reason.with_traceback(place), place
        elif hasattr(error, "explained"):
            # Two hundred lines of the libraries' own code would hide the explanation.
            cause, error.__cause__ = error.__cause__, None
            try:
                short = type(error), error, _own_frames(place)
                return super().showtraceback(short, *args, **options)
            finally:
                error.__cause__ = cause
        return super().showtraceback(exc_tuple, *args, **options)


def _own_frames(place):
    """Copy a traceback without the frames of libraries that it ends with."""
    folders = {sysconfig.get_path(n) for n in ("stdlib", "purelib", "platlib")}
    libraries = (*folders, str(Path(__file__).parent.parent))
    frames = []
    while place is not None:
        frames.append(place)
        place = place.tb_next
    while frames and frames[-1].tb_frame.f_code.co_filename.startswith(libraries):
        frames.pop()
    for one in reversed(frames):
        place = TracebackType(place, one.tb_frame, one.tb_lasti, one.tb_lineno)
    return place


def _reason(error):
    if isinstance(error, NameError):
        return record.failures.get(error.name, error)
    return error


# Libraries (rich among them) ask for a notebook by this very class name.
class ZMQInteractiveShell(StartupNames, zmqshell.ZMQInteractiveShell):
    """ipykernel's shell with the startup names."""


def prime(shell) -> None:
    """Give a running shell the startup names, as its own class had them from start."""
    if isinstance(shell, StartupNames):
        return
    base = type(shell)
    shell.__class__ = type(base.__name__, (StartupNames, base), {})
    shell.prime()
    # The rest of the cell that asks for it was parsed before.
    cell = shell.history_manager.input_hist_raw[-1]
    shell.materialise(_mentioned(cell))
    connection_export.export_mentioned(cell)
