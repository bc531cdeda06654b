"""The SDK's workspace, made lazily, and paths inside it."""

import os
import re
import tempfile
import warnings
from pathlib import Path, PurePath

from . import environment
from .contract import phrase
from .errors import (
    FolderNotWritableError,
    InvalidArgumentError,
    PathOutsideError,
    ScratchReplacedWarning,
)


def __getattr__(name):
    if name not in ("workspace", "current_run"):
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    import openhexa.sdk

    return getattr(openhexa.sdk, name)


def workspace_path(*parts: "str | os.PathLike[str]") -> str:
    """Give a path in the workspace's files, with its parent folders made.

    Parameters
    ----------
    *parts : str or os.PathLike
        Parts of a relative path; none gives the root. ``..`` may not leave the root.

    Returns
    -------
    str
        An absolute path. The root is ``WORKSPACE_FILES_PATH``, else
        ``/home/hexa/workspace``; a trailing slash is taken off.

    Raises
    ------
    InvalidArgumentError
        If a part is no path.
    PathOutsideError
        If the path leaves the workspace.
    FolderNotWritableError
        If a parent folder is missing and cannot be made.

    Examples
    --------
    >>> Path(workspace_path("results", "cases.csv")).name
    'cases.csv'
    """
    return _below(environment.lookup("files_path"), parts)


def tmp_path(*parts: "str | os.PathLike[str]") -> str:
    """Give a path in the workspace's scratch folder, with its parent folders made.

    As ``workspace_path``, below ``WORKSPACE_TMP_PATH``, else ``/home/hexa/tmp``.
    What is there vanishes with the server. Where the scratch folder cannot be made,
    the system's temporary folder takes its place, with a ``ScratchReplacedWarning``.
    """
    root = environment.lookup("tmp_path")
    try:
        Path(root).mkdir(parents=True, exist_ok=True)
    except OSError:
        replacement = tempfile.gettempdir()
        warnings.warn(
            ScratchReplacedWarning(
                path=root,
                replacement=replacement,
                variable=environment.variable("tmp_path"),
            ),
            stacklevel=2,
        )
        root = replacement
    return _below(root, parts)


def notebook_dir() -> str:
    """Give the folder of the running notebook, also when a pipeline runs it.

    Sources, in this order: ``HEXA_NOTEBOOK_PATH`` (a notebook pipeline; relative to
    the workspace's root), ``JPY_SESSION_NAME`` (a Jupyter server), the working
    directory (everything else starts a kernel in the notebook's folder).
    """
    pipeline = environment.lookup("notebook_path")
    if pipeline is not None:
        return str(Path(environment.lookup("files_path"), pipeline).parent)
    session = environment.session_notebook()
    if session is not None and Path(session).is_absolute():
        return str(Path(session).parent)
    return str(Path.cwd())


def file_path(path: str) -> str:
    """Give the absolute path of a file; a relative one starts at the workspace's root.

    Makes no folder.
    """
    given = Path(path)
    if str(path).startswith("~/"):
        given = given.expanduser()
    if given.is_absolute():
        return str(given)
    return str(_inside(environment.lookup("files_path"), (str(path),)))


def _below(root: str, parts: tuple) -> str:
    target = _inside(root, tuple(map(_text, parts)))
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise FolderNotWritableError(path=str(target.parent)) from error
    return str(target)


def _text(part: object) -> str:
    text = os.fspath(part) if isinstance(part, os.PathLike) else part
    if not isinstance(text, str):
        expected = phrase("a_string", environment.language())
        actual = type(part).__name__
        raise InvalidArgumentError(argument="parts", expected=expected, actual=actual)
    return text


def _inside(root: str, parts: tuple[str, ...]) -> Path:
    path = PurePath(*parts)
    depth, lowest = 0, 0
    for part in path.parts:
        depth += -1 if part == ".." else 1
        lowest = min(lowest, depth)
    # In any part: what starts at a root, a home or a drive, on any system.
    if lowest < 0 or any(re.match(r"[/~\\]|[A-Za-z]:", part) for part in parts):
        raise PathOutsideError(path="/".join(parts), root=root)
    return Path(root, path)
