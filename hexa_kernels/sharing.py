"""Hand a frame to another notebook of this server, Python or R, through scratch."""

import json
import os
import re
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import pyarrow as pa

from . import environment
from ._workspace import tmp_path
from .columns import PREFIX
from .contract import contract
from .errors import (
    ShareNameInvalidError,
    ShareNotFoundError,
    ShareNotWrittenError,
    SharesFullError,
    ShareUnreadableError,
)
from .frames import from_wire, to_wire

if TYPE_CHECKING:
    import pandas

GB = 10**9
ORIGIN = f"{PREFIX}origin".encode()


def share_frame(frame: Any, name: str) -> Path:
    """Hand a data frame to other notebooks: ``receive_frame(name)`` gives it there.

    For notebooks of one server, in Python or R. A share of the same name is replaced at
    once, goes away after a day or with the server, and is not seen by pipelines, which
    run in containers of their own.

    Parameters
    ----------
    frame : pandas.DataFrame, geopandas.GeoDataFrame, polars.DataFrame or pyarrow.Table
        Crosses as ``to_wire`` says.
    name : str
        Letters without accents, digits, ``_`` and ``-``; 1 to 64 characters.

    Returns
    -------
    pathlib.Path
        Arrow IPC stream, not compressed, under ``workspace.tmp_path``.

    Raises
    ------
    FrameError
        If the frame does not cross.
    ShareNameInvalidError
        If ``name`` has other characters.
    SharesFullError
        If all shares together would exceed ``HEXA_SHARED_FRAMES_MAX_GB`` (8 without).
    ShareNotWrittenError
        If the disk is full.

    References
    ----------
    Arrow IPC streaming format, https://arrow.apache.org/docs/format/Columnar.html

    Examples
    --------
    >>> import pandas
    >>> path = share_frame(pandas.DataFrame({"year": [2023, 2024]}), "cases")
    >>> receive_frame("cases").shape
    (2, 1)
    """
    path = _path(name)
    table = to_wire(frame)
    origin = {
        "language": "Python",
        "pid": os.getpid(),
        "notebook": environment.session_notebook() or "",
    }
    metadata = {**(table.schema.metadata or {}), ORIGIN: json.dumps(origin)}
    table = table.replace_schema_metadata(metadata)
    try:
        _write(table, path)
    except OSError as error:
        reason = error.strerror or str(error)
        raise ShareNotWrittenError(path=str(path), reason=reason) from error
    return path


def receive_frame(
    name: str, *, as_: Literal["pandas", "polars", "arrow"] = "pandas"
) -> "pandas.DataFrame":
    """Read a frame that another notebook of this server shared, in Python or R.

    Parameters
    ----------
    name : str
        As given to ``share_frame``.
    as_ : str
        "pandas" (a GeoDataFrame where there is geometry), "polars" or "arrow".

    Returns
    -------
    pandas.DataFrame, geopandas.GeoDataFrame, polars.DataFrame or pyarrow.Table
        As ``from_wire`` makes it.

    Raises
    ------
    ShareNotFoundError
        If there is none of that name, or it has expired.
    ShareUnreadableError
        If its file is damaged or vanishes while it is read.

    Examples
    --------
    >>> import pandas
    >>> path = share_frame(pandas.DataFrame({"year": [2023, 2024]}), "cases")
    >>> int(receive_frame("cases")["year"].max())
    2024
    """
    path = _path(name)
    try:
        with pa.OSFile(str(path)) as file:
            table = pa.ipc.open_stream(file).read_all()
    except FileNotFoundError as error:
        known = ", ".join(p.stem for p in _shares()) or "-"
        raise ShareNotFoundError(name=name, known=known) from error
    except (OSError, pa.ArrowInvalid) as error:
        reason = str(error).rstrip(".")
        raise ShareUnreadableError(path=str(path), reason=reason) from error
    return from_wire(table, as_)


def shared_frames() -> "pandas.DataFrame":
    """List the frames that notebooks of this server share.

    Returns
    -------
    pandas.DataFrame
        ``name``, ``size_bytes``, ``age_s`` (seconds since it was shared), ``language``
        ("Python" or "R"), ``pid`` and ``notebook`` of the kernel that shared it; newest
        first.

    Examples
    --------
    >>> import pandas
    >>> path = share_frame(pandas.DataFrame({"year": [2023, 2024]}), "cases")
    >>> list(shared_frames()["name"])
    ['cases']
    """
    import pandas

    columns = ("name", "size_bytes", "age_s", "language", "pid", "notebook")
    rows = []
    for path in _shares():
        try:
            with pa.OSFile(str(path)) as file:
                metadata = pa.ipc.open_stream(file).schema.metadata
            status = path.stat()
        except (OSError, pa.ArrowInvalid):  # gone since, or not ours
            continue
        origin = json.loads((metadata or {}).get(ORIGIN, "{}"))
        row = (path.stem, status.st_size, time.time() - status.st_mtime)
        rows.append((*row, *(origin.get(key) for key in columns[3:])))
    rows.sort(key=lambda row: row[2])
    return pandas.DataFrame(rows, columns=columns)


def _write(table: pa.Table, path: Path) -> None:
    """Write aside, then rename: nobody ever reads half a frame."""
    handle, aside = tempfile.mkstemp(dir=path.parent, suffix=".part")
    try:
        with (
            os.fdopen(handle, "wb") as file,
            pa.ipc.new_stream(file, table.schema) as stream,
        ):
            stream.write_table(table)
        _check_room(Path(aside).stat().st_size, path)
        Path(aside).replace(path)
    finally:
        Path(aside).unlink(missing_ok=True)


def _path(name: str) -> Path:
    pattern = contract()["sharing"]["name"]
    if not (isinstance(name, str) and re.fullmatch(pattern, name)):
        raise ShareNameInvalidError(name=name)
    _expire()
    return _folder() / (name + contract()["sharing"]["suffix"])


def _folder() -> Path:
    return Path(tmp_path(contract()["sharing"]["folder"], "x")).parent


def _shares() -> Iterator[Path]:
    _expire()
    yield from sorted(_folder().glob(f"*{contract()['sharing']['suffix']}"))


def _expire() -> None:
    """Delete what is older than a day, and what a process that died left behind."""
    oldest = time.time() - contract()["sharing"]["expires_after_s"]
    for path in _folder().iterdir():
        try:
            if path.stat().st_mtime < oldest:
                path.unlink()
        except OSError:  # another kernel deletes too
            continue


def _check_room(size: int, path: Path) -> None:
    limit = environment.positive_number("shared_frames_max_gb")
    used = sum(p.stat().st_size for p in _shares() if p != path)
    if used + size > limit * GB:
        raise SharesFullError(
            name=path.stem,
            size=f"{size / GB:.3g}",
            used=f"{used / GB:.3g}",
            limit=f"{limit:g}",
            folder=str(path.parent),
            variable=environment.variable("shared_frames_max_gb"),
        )
