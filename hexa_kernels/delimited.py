"""Delimited text, as analysts meet it: any encoding, any separator, no type lost."""

import codecs
import re
from collections import defaultdict
from pathlib import Path
from typing import NamedTuple

from . import environment
from .contract import phrase

BLOCK = 1 << 20
SAMPLE = 1 << 16
SEPARATORS = (",", ";", "\t", "|")
BOMS = {codecs.BOM_UTF8: "utf-8-sig", codecs.BOM_UTF16_LE: "utf-16"}


class Dialect(NamedTuple):
    """How a text file is written. R finds the same, see tests/contract/files."""

    encoding: str
    sep: str
    decimal: str


def find_dialect(path: Path) -> Dialect:
    """Find encoding, separator and decimal mark of a text file.

    UTF-8 or UTF-16 as its first bytes say, UTF-8 when all of it is, else Windows-1252,
    which contains Latin-1. The separator is the most frequent candidate of the first
    line, outside quotes. The decimal mark is a comma where more fields of the first
    64 KiB look like 1,5 than like 1.5.
    """
    encoding = find_encoding(path)
    with path.open("rb") as file:
        text = file.read(SAMPLE).decode(encoding, "replace")
    lines = text.splitlines() or [""]
    header = re.sub('"[^"]*"', "", lines[0])
    sep = max(SEPARATORS, key=header.count)
    fields = [f.strip('"') for line in lines[1:] for f in line.split(sep)]
    commas, points = (
        sum(bool(re.fullmatch(rf"-?\d+{mark}\d+", field)) for field in fields)
        for mark in (",", r"\.")
    )
    return Dialect(encoding, sep, "," if sep != "," and commas > points else ".")


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
    path: Path, *, sep=None, decimal=None, encoding=None, na=("", "NA"), **options
):
    """Read a table. Further options are those of ``pandas.read_csv``.

    A column becomes logical, integer, floating point, date or time when every text in
    it is one, in full: 007 is no number, and neither is one too large to be exact.
    """
    import pandas

    found = find_dialect(path)
    given = options.pop("dtype", {})
    columns = given if isinstance(given, dict) else {}
    frame = pandas.read_csv(
        path,
        sep=sep or found.sep,
        encoding=encoding or found.encoding,
        na_values=[na] if isinstance(na, str) else list(na),
        keep_default_na=False,
        dtype=defaultdict(lambda: str, given) if given == columns else given,
        **options,
    )
    for position, name in enumerate(frame.columns):
        column = frame.iloc[:, position]
        if given == columns and name not in columns:
            frame.isetitem(position, typed(column, decimal or found.decimal))
    return frame


def write(frame, path: Path, *, sep=",", decimal=".", encoding="utf-8", **options):
    """Write a table. Further options are those of ``pandas.DataFrame.to_csv``."""
    frame.to_csv(
        path, index=False, sep=sep, decimal=decimal, encoding=encoding, **options
    )


_LOGICAL = r"^([Tt]rue|TRUE|[Ff]alse|FALSE)$"
_INTEGER = r"^-?(0|[1-9]\d*)$"
_NUMBER = r"^(-?((0|[1-9]\d*)(\.\d*)?|\.\d+)([eE][+-]?\d+)?|-?[Ii]nf|[Nn]a[Nn])$"
_DATE = r"^\d{4}-\d\d-\d\d$"
_TIME = r"^\d{4}-\d\d-\d\d[ T]\d\d:\d\d(:\d\d(\.\d{1,6})?)?$"
_ZONED = _TIME[:-1] + r"(Z|[+-]\d\d:?\d\d)$"


def typed(column, decimal: str):
    """Give a column of texts the type that all of them have."""
    import pandas
    import pyarrow
    from pyarrow import compute

    if not pandas.api.types.is_string_dtype(column) or column.isna().all():
        return column
    texts = pyarrow.array(column, pyarrow.string(), from_pandas=True)

    def all_are(pattern, texts=texts):
        few = compute.match_substring_regex(texts[:100], pattern)
        return compute.all(few).as_py() is not False and (
            compute.all(compute.match_substring_regex(texts, pattern)).as_py()
        )

    def converted(values):
        return nullable(values).set_axis(column.index).rename(column.name)

    if all_are(_LOGICAL):
        return converted(compute.equal(compute.utf8_lower(texts), "true"))
    if all_are(_INTEGER):
        try:
            return converted(texts.cast(pyarrow.int64()))
        except pyarrow.ArrowInvalid:  # too large
            return column
    numbers = texts
    if decimal == ",":
        # A point would be a thousands separator, or another decimal mark: no number.
        numbers = compute.replace_substring_regex(texts, r"[.]", "?")
        numbers = compute.replace_substring(numbers, ",", ".")
    if all_are(_NUMBER, numbers):
        return converted(numbers.cast(pyarrow.float64()))
    for pattern, zoned in ((_DATE, False), (_TIME, False), (_ZONED, True)):
        if all_are(pattern):
            try:
                return pandas.to_datetime(column, format="ISO8601", utc=zoned)
            except ValueError:  # the 30th of February
                return column
    return column


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

    return values.to_pandas(types_mapper=dtype if values.null_count else None)
