"""Read and write any table or map of the workspace, by the extension of its name."""

import difflib
import gzip
import shutil
import tempfile
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path, PurePath
from typing import Any

from . import bucket_files, environment
from ._workspace import file_path, tmp_path
from .contract import contract, phrase
from .errors import (
    ConnectError,
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
    """Read a file of the workspace or a bucket, in the format its extension names.

    Parameters
    ----------
    path : str
        Relative to the workspace's root, never to the working directory; or absolute;
        or ``s3://identifier/key`` and ``gs://identifier/key``, in the bucket of a
        connection. csv, tsv, parquet, arrow, feather, json, ndjson, jsonl, geojson,
        gpkg, shp, xlsx, xls, dta, sav; csv.gz, tsv.gz, json.gz, ndjson.gz, geojson.gz.
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
    ConnectError
        If a bucket does not give it: ``ObjectMissingError``, ``BucketMissingError``,
        ``ConnectionRejectedError``, ``TransferCutError``…

    Examples
    --------
    >>> import pandas
    >>> frame = pandas.DataFrame({"district": ["Kaya", "Dori"], "cases": [12, None]})
    >>> path = file_write(frame.convert_dtypes(), "results/cases.csv")
    >>> file_read("results/cases.csv")["cases"].sum()
    np.int64(12)
    """
    format = _format_of(_name_of(path), "read")
    try:
        with _on_disk(path) as target, _unpacked(target) as plain:
            return READERS[format](plain, **options)
    # TypeError: an option of the caller's
    except (MissingPackageError, FileMissingError, ConnectError, TypeError):
        raise
    except Exception as error:
        reason = _reason(error)
        raise FileUnreadableError(path=path, format=format, reason=reason) from error


def file_write(frame: Any, path: str, **options) -> str:
    """Write a data frame to a file of the workspace or a bucket, as its name ends.

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
        As for ``file_read``; folders are made. Not xls. An object of a bucket is
        replaced.
    **options
        Of csv and tsv: ``sep``, ``decimal``, ``encoding``, ``na``: a French Excel wants
        ``decimal=",", encoding="utf-8-sig"``. All others go to the writer.

    Returns
    -------
    str
        The absolute path, or the path in the bucket.

    Raises
    ------
    FileUnwritableError, FolderNotWritableError
        If it cannot be written; what was there before is unchanged.
    RowNamesError
        If the index has a name, or is no row numbers.
    FormatUnknownError, FormatUnsupportedError, MissingPackageError, ConnectError
        As for ``file_read``.
    """
    name = _name_of(path)
    format = _format_of(name, "write")
    frame = _checked(frame, format)
    is_in_bucket = bucket_files.is_bucket_path(path)
    target = name if is_in_bucket else name.resolve()  # a link stays one
    place = bucket_files.uploader(path) if is_in_bucket else _replacer(target)
    try:
        with _draft(target.name, place) as draft:
            WRITERS[format](frame, draft, **options)
    except (MissingPackageError, ConnectError, TypeError):
        raise
    except Exception as error:
        raise FileUnwritableError(path=path, reason=_reason(error)) from error
    return path if is_in_bucket else str(name)


def _name_of(path: str) -> Path:
    """Give the absolute path of a file; of one in a bucket, its key as a path."""
    if not isinstance(path, (str, PurePath)):
        raise InvalidArgumentError(
            argument="path",
            expected=phrase("a_string", environment.language()),
            actual=type(path).__name__,
        )
    if bucket_files.is_bucket_path(path):
        return Path(bucket_files.split(path)[-1])
    return Path(file_path(path))


@contextmanager
def _on_disk(path: str) -> Iterator[Path]:
    if bucket_files.is_bucket_path(path):
        with bucket_files.downloaded(path) as target:
            yield target
        return
    target = _name_of(path)
    if not target.is_file():
        raise missing_file(path, target, environment.lookup("files_path"))
    yield target


def _reason(error: Exception) -> str:
    text = error.strerror if isinstance(error, OSError) and error.strerror else None
    lines = (text or str(error) or type(error).__name__).strip().splitlines()
    return lines[0].rstrip(".")


def missing_file(path: str, target: Path, root: str) -> FileMissingError:
    """Make the error of a file that is absent, with names that resemble it."""
    names = [p.name for p in target.parent.iterdir()] if target.parent.is_dir() else []
    similar = difflib.get_close_matches(target.name, names)
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
def _draft(name: str, place: Callable[[Path], None]) -> Iterator[Path]:
    """Give a path to write; then ``place`` is called for each file that is there.

    A bucket's mount is slow to seek in and has no locks, which some formats need, but
    it copies and renames as any disk.
    """
    with tempfile.TemporaryDirectory(dir=tmp_path()) as folder:
        final = Path(folder, name)
        packed = final.suffix.lower() == ".gz"
        draft = final.with_suffix("") if packed else final
        yield draft
        if packed:
            plain, draft = draft, final
            with plain.open("rb") as file, gzip.open(draft, "wb") as packed_file:
                shutil.copyfileobj(file, packed_file)
            plain.unlink()
        for part in sorted(Path(folder).iterdir(), key=lambda p: p == draft):
            place(part)


def _replacer(target: Path) -> Callable[[Path], None]:
    """Give what puts a file beside the target, under its own name and at once."""
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise FolderNotWritableError(path=str(target.parent)) from error
    return lambda part: _replace(target.with_name(part.name), part)


def _replace(target: Path, new: Path) -> None:
    aside = target.with_name(f".{uuid.uuid4().hex}.part")
    try:
        shutil.copyfile(new, aside)
        if target.exists():
            shutil.copymode(target, aside)
        aside.replace(target)
    finally:
        aside.unlink(missing_ok=True)
