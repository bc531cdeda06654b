"""Delimited text, as analysts meet it: any encoding, any separator, no type lost."""

import codecs
import csv
import re
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from . import environment
from .contract import phrase

BLOCK = 1 << 20
SAMPLE = 1 << 16
# A record may not be longer than what is parsed at once.
PARSED = 1 << 26
SEPARATORS = (",", ";", "\t", "|")
BOMS = {
    codecs.BOM_UTF8: "utf-8-sig",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}


class Dialect(NamedTuple):
    """How a text file is written. R finds the same: tests/contract/delimited.json."""

    encoding: str
    sep: str
    decimal: str
    header: list[str]
    skipped: int  # lines before the header


def find_dialect(path: Path, encoding: str | None, sep: str | None) -> Dialect:
    """Find encoding, separator, decimal mark and column names of a text file.

    UTF-8 or UTF-16 as its first bytes say, UTF-8 when all of it is, else Windows-1252,
    which contains Latin-1. The separator is what a first line ``sep=;`` says, else the
    most frequent candidate of the header, outside quotes. The decimal mark is a comma
    where more fields of the first 64 KiB look like 1,5 than like 1.5.
    """
    encoding = encoding or find_encoding(path)
    with path.open("rb") as file:
        sample = file.read(SAMPLE)
        if b"\n" not in sample:  # a header of thousands of columns
            sample += file.readline()
    text = sample.decode(encoding, "replace").removeprefix("\ufeff")
    lines = re.split(r"\r\n|\n|\r", text)
    skipped = next((n for n, line in enumerate(lines) if line), 0)
    if said := re.fullmatch("sep=(.)", lines[skipped]):
        sep, skipped = sep or said[1], skipped + 1
    lines = lines[skipped:] or [""]
    bare = re.sub('"[^"]*"', "", lines[0])
    sep = sep or max(SEPARATORS, key=bare.count)
    header = next(csv.reader((f"{line}\n" for line in lines), delimiter=sep), [])
    fields = [f.strip('"') for line in lines[1:] for f in line.split(sep)]
    commas, points = (
        sum(bool(re.fullmatch(rf"-?\d+{mark}\d+", field)) for field in fields)
        for mark in (",", r"\.")
    )
    decimal = "," if sep != "," and commas > points else "."
    return Dialect(encoding, sep, decimal, header, skipped)


def find_encoding(path: Path) -> str:
    decoder = codecs.getincrementaldecoder("utf-8")()
    with path.open("rb") as file:
        start = file.read(4)
        for bom, encoding in BOMS.items():
            if start.startswith(bom):
                return encoding
        file.seek(0)
        try:
            while block := file.read(BLOCK):
                if b"\0" in block:
                    raise ValueError(phrase("nul_byte", environment.language()))
                decoder.decode(block)
            decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            return "cp1252"
    return "utf-8"


def read(
    path: Path,
    *,
    sep: str | None = None,
    decimal: str | None = None,
    encoding: str | None = None,
    na: str | Iterable[str] = ("", "NA"),
    text: bool | str | Iterable[str] = (),
):
    """Read a table; see ``file_read``.

    A column becomes logical, integer, floating point, date or time when every text in
    it is one, in full: 007 is no number, and neither is one too large to be exact.
    Every record has as many fields as the header: nothing is left out or filled up.
    """
    import pandas

    found = find_dialect(path, encoding, sep)
    if not found.header:
        raise ValueError(phrase("no_columns", environment.language()))
    table = _parse(path, found, [na] if isinstance(na, str) else list(na))
    names = [name or f"column_{n}" for n, name in enumerate(found.header, 1)]
    kept = [text] if isinstance(text, str) else text
    columns = [
        nullable(
            column
            if kept is True or name in (kept or ())
            else typed(column.combine_chunks(), decimal or found.decimal)
        )
        for name, column in zip(names, table.columns, strict=True)
    ]
    frame = pandas.concat(columns, axis="columns") if columns else pandas.DataFrame()
    return frame.set_axis(names, axis="columns")


def _parse(path: Path, found: Dialect, na: list[str]):
    """Parse all columns as text."""
    import pyarrow
    from pyarrow import csv as arrow_csv

    def parse(width):
        names = [str(n) for n in range(width)]
        return arrow_csv.read_csv(
            path,
            arrow_csv.ReadOptions(
                encoding=found.encoding,
                column_names=names,
                skip_rows=found.skipped,
                skip_rows_after_names=1,
                block_size=PARSED,
            ),
            arrow_csv.ParseOptions(delimiter=found.sep, newlines_in_values=True),
            arrow_csv.ConvertOptions(
                column_types=dict.fromkeys(names, pyarrow.string()),
                null_values=na,
                strings_can_be_null=True,
            ),
        )

    width = len(found.header)
    try:
        return parse(width)
    except pyarrow.ArrowInvalid:
        # A separator at the end of each record is no column.
        try:
            wider = parse(width + 1)
        except pyarrow.ArrowInvalid:
            wider = None
        if wider is None or wider.columns[-1].null_count < wider.num_rows:
            raise
        return wider.drop_columns(str(width))


def write(
    frame,
    path: Path,
    *,
    sep: str | None = None,
    decimal: str = ".",
    encoding: str = "utf-8",
    na: str = "",
):
    """Write a table; see ``file_write``. Beside a decimal comma, ``sep`` is ``;``."""
    sep = sep or (";" if decimal == "," else ",")
    frame.to_csv(
        path, index=False, sep=sep, decimal=decimal, encoding=encoding, na_rep=na
    )


_LOGICAL = r"^([Tt]rue|TRUE|[Ff]alse|FALSE)$"
_INTEGER = r"^-?(0|[1-9]\d*)$"
_NUMBER = r"^(-?((0|[1-9]\d*)(\.\d*)?|\.\d+)([eE][+-]?\d+)?|-?[Ii]nf|[Nn]a[Nn])$"
_DATE = r"^\d{4}-\d\d-\d\d$"
_TIME = r"^\d{4}-\d\d-\d\d[ T]\d\d:\d\d(:\d\d(\.\d{1,6})?)?$"
_ZONED = _TIME[:-1] + r"(Z|[+-]\d\d:?\d\d)$"


def typed(texts, decimal: str):
    """Give an Arrow array of texts the type that all of them have."""
    import pyarrow
    from pyarrow import compute

    if texts.null_count == len(texts):
        return texts

    def all_are(pattern, texts=texts):
        few = compute.match_substring_regex(texts[:100], pattern)  # mostly enough
        return compute.all(few).as_py() is not False and (
            compute.all(compute.match_substring_regex(texts, pattern)).as_py()
        )

    if all_are(_LOGICAL):
        return compute.equal(compute.utf8_lower(texts), "true")
    if all_are(_INTEGER):
        try:
            return texts.cast(pyarrow.int64())
        except pyarrow.ArrowInvalid:  # too large
            return texts
    numbers = texts
    if decimal == ",":
        # Beside a decimal comma, a point makes no number.
        numbers = compute.replace_substring(texts, ".", "?")
        numbers = compute.replace_substring(numbers, ",", ".")
    if all_are(_NUMBER, numbers):
        return numbers.cast(pyarrow.float64())
    for pattern, zoned in ((_DATE, False), (_TIME, False), (_ZONED, True)):
        if all_are(pattern):
            return _times(texts, zoned)
    return texts


def _times(texts, zoned: bool):
    import pandas
    import pyarrow

    try:
        times = pandas.to_datetime(texts.to_pandas(), format="ISO8601", utc=zoned)
    except ValueError:  # the 30th of February
        return texts
    return pyarrow.array(times)


def nullable(values):
    """Turn an Arrow array into a pandas column: with nulls, integers stay integers."""
    import pandas
    import pyarrow

    kinds = {pyarrow.bool_(): "boolean"}
    for bits in (8, 16, 32, 64):
        kinds[getattr(pyarrow, f"int{bits}")()] = f"Int{bits}"
        kinds[getattr(pyarrow, f"uint{bits}")()] = f"UInt{bits}"

    def dtype(kind):
        return pandas.api.types.pandas_dtype(kinds[kind]) if kind in kinds else None

    found = values.to_pandas(types_mapper=dtype if values.null_count else None)
    return pandas.Series(found)
