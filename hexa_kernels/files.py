"""Read and write any table or map of the workspace, by the extension of its name."""

import difflib
import gzip
import shutil
import tempfile
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path, PurePath
from typing import Any

from . import environment
from ._workspace import file_path, tmp_path
from .contract import contract, phrase
from .errors import (
    FileMissingError,
    FileUnreadableError,
    FileUnwritableError,
    FolderNotWritableError,
    FormatUnknownError,
    FormatUnsupportedError,
    InvalidArgumentError,
    MissingPackageError,
)
from .formats import READERS, WRITERS, to_pandas


def file_read(path: str, **options) -> Any:
    """Read a file of the workspace, in the format that its extension names.

    Parameters
    ----------
    path : str
        Relative to the workspace's root, never to the working directory; or absolute.
        csv, tsv, parquet, arrow, feather, json, ndjson, jsonl, geojson, gpkg, shp,
        xlsx, xls, dta, sav; csv.gz, tsv.gz, json.gz, ndjson.gz, geojson.gz.
    **options
        Of csv and tsv: ``sep``, ``decimal``, ``encoding``, ``na`` (what stands for a
        missing value; ``("", "NA")``), in place of what the file looks like, and
        ``text``, names of columns to leave as text, or True for all. Of xlsx and xls:
        ``sheet``. All others go to the reader: ``pandas.read_excel``,
        ``geopandas.read_file``, ``pyreadstat.read_dta``…

    Returns
    -------
    pandas.DataFrame, shape (n_rows, n_columns)
        A ``GeoDataFrame`` where there is geometry. Integers with missing values are
        ``Int64``, never floating point. Labels of dta and sav are in ``frame.attrs``.
        JSON that is no table (an array of flat objects) is a list or a dict.

    Raises
    ------
    FileMissingError, FileUnreadableError
        If it is not there, or is not what its name says.
    FormatUnknownError, FormatUnsupportedError
        If the extension is unknown, or Python cannot read it (rds).
    MissingPackageError
        If the format's package is not installed; the message has the command.

    Examples
    --------
    >>> import pandas
    >>> frame = pandas.DataFrame({"district": ["Kaya", "Dori"], "cases": [12, None]})
    >>> path = file_write(frame.convert_dtypes(), "results/cases.csv")
    >>> file_read("results/cases.csv")["cases"].sum()
    np.int64(12)
    """
    target = _target(path)
    format = _format_of(target, "read")
    if not target.is_file():
        raise _missing(path, target)
    try:
        with _unpacked(target) as plain:
            return READERS[format](plain, **options)
    except (MissingPackageError, TypeError):  # TypeError: an option of the caller's
        raise
    except Exception as error:
        reason = _reason(error)
        raise FileUnreadableError(path=path, format=format, reason=reason) from error


def file_write(frame: Any, path: str, **options) -> str:
    """Write a data frame to a file of the workspace; its extension names the format.

    The file appears at once and whole: it is written in scratch, copied beside its
    place and renamed, also where the workspace is a mounted bucket. (A shapefile is
    several files, of which the .shp comes last.)

    Parameters
    ----------
    frame : pandas.DataFrame, shape (n_rows, n_columns)
        Or one of polars or Arrow, a ``GeoDataFrame`` for maps, a dict or list for json.
        xlsx keeps 15 digits, as Excel does. Row labels are an error, not dropped; row
        numbers are no labels.
    path : str
        As for ``file_read``; folders are made. Not xls.
    **options
        Of csv and tsv: ``sep``, ``decimal``, ``encoding``, ``na``: a French Excel wants
        ``decimal=",", encoding="utf-8-sig"``. All others go to the writer.

    Returns
    -------
    str
        The absolute path.

    Raises
    ------
    FileUnwritableError, FolderNotWritableError
        If it cannot be written; what was there before is unchanged.
    RowNamesError
        If the index has a name, or is no row numbers.
    FormatUnknownError, FormatUnsupportedError, MissingPackageError
        As for ``file_read``.
    """
    target = _target(path)
    format = _format_of(target, "write")
    frame = _checked(frame, format)
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise FolderNotWritableError(path=str(target.parent)) from error
    try:
        with _replacing(target) as draft:
            WRITERS[format](frame, draft, **options)
    except (MissingPackageError, TypeError):
        raise
    except Exception as error:
        raise FileUnwritableError(path=path, reason=_reason(error)) from error
    return str(target)


def _target(path: str) -> Path:
    if not isinstance(path, (str, PurePath)):
        raise InvalidArgumentError(
            argument="path",
            expected=phrase("a_string", environment.language()),
            actual=type(path).__name__,
        )
    return Path(file_path(path))


def _reason(error: Exception) -> str:
    text = error.strerror if isinstance(error, OSError) and error.strerror else None
    lines = (text or str(error) or type(error).__name__).strip().splitlines()
    return lines[0].rstrip(".")


def _missing(path: str, target: Path) -> FileMissingError:
    names = [p.name for p in target.parent.iterdir()] if target.parent.is_dir() else []
    similar = difflib.get_close_matches(target.name, names)
    root = environment.lookup("files_path")
    return FileMissingError(path=path, root=root, similar=", ".join(similar) or "-")


def _format_of(path: Path, action: str) -> str:
    """Name the format of a file; see that Python knows it and has its package."""
    suffixes = [suffix.lower() for suffix in path.suffixes]
    packed = suffixes[-1:] == [".gz"]
    extension = suffixes[-2 if packed else -1][1:] if len(suffixes) > packed else ""
    formats = contract()["formats"]
    names = [
        name
        for name, entry in formats.items()
        if extension in entry["extensions"] and (not packed or entry.get("gzip"))
    ]
    if not names:
        known = ", ".join(e for entry in formats.values() for e in entry["extensions"])
        raise FormatUnknownError(path=path.name, extensions=known)
    entry = formats[names[0]]
    purposes = {"read": "read_format", "write": "write_format"}
    purpose = phrase(purposes[action], environment.language())
    purpose = purpose.replace("{format}", names[0])
    packages = entry["python"].get(action)
    if not packages:
        raise FormatUnsupportedError(
            action=purpose, language="Python", instead=entry["instead"]
        )
    for package in packages:
        if find_spec(package) is None:
            raise MissingPackageError(
                package=package, purpose=purpose, command=f"pip install {package}"
            )
    return names[0]


def _checked(frame, format: str):
    """Give what a writer takes: a pandas data frame without row labels, or JSON."""
    import pandas
    import pyarrow

    from .pandas_frames import need_row_numbers

    is_frame = isinstance(frame, pandas.DataFrame)
    if not is_frame and hasattr(frame, "to_arrow"):
        frame = frame.to_arrow()  # polars
    if isinstance(frame, pyarrow.Table):
        frame, is_frame = to_pandas(frame), True
    if not is_frame and not (format == "json" and isinstance(frame, (dict, list))):
        expected = "a_frame_or_list" if format == "json" else "a_frame"
        raise InvalidArgumentError(
            argument="frame",
            expected=phrase(expected, environment.language()),
            actual=type(frame).__name__,
        )
    if is_frame:
        need_row_numbers(frame)
    return frame


@contextmanager
def _unpacked(path: Path) -> Iterator[Path]:
    if path.suffix.lower() != ".gz":
        yield path
        return
    with tempfile.TemporaryDirectory(dir=tmp_path()) as folder:
        plain = Path(folder, path.stem)
        with gzip.open(path) as packed, plain.open("wb") as file:
            shutil.copyfileobj(packed, file)
        yield plain


@contextmanager
def _replacing(target: Path) -> Iterator[Path]:
    """Give a path to write; what is there then takes the target's place at once.

    A bucket's mount is slow to seek in and has no locks, which some formats need, but
    it copies and renames as any disk.
    """
    target = target.resolve()
    with tempfile.TemporaryDirectory(dir=tmp_path()) as folder:
        packed = target.suffix.lower() == ".gz"
        draft = Path(folder, target.stem if packed else target.name)
        yield draft
        if packed:
            plain, draft = draft, Path(folder, target.name)
            with plain.open("rb") as file, gzip.open(draft, "wb") as packed_file:
                shutil.copyfileobj(file, packed_file)
            plain.unlink()
        for part in sorted(Path(folder).iterdir(), key=lambda p: p == draft):
            _replace(target.with_name(part.name), part)


def _replace(target: Path, new: Path) -> None:
    aside = target.with_name(f".{uuid.uuid4().hex}.part")
    try:
        shutil.copyfile(new, aside)
        if target.exists():
            shutil.copymode(target, aside)
        aside.replace(target)
    finally:
        aside.unlink(missing_ok=True)
