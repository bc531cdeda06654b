"""The formats that file_read and file_write know: one reader and one writer each.

Heavy packages are imported when a file of their format is met.
"""

import json

from . import delimited, environment
from .contract import phrase


def to_pandas(table):
    """Make a data frame by the rules of ``from_wire``.

    The index, and the class of a column, are those that pandas wrote down, if it did.
    """
    from .frames import from_wire
    from .pandas_frames import with_classes

    written = table.schema.pandas_metadata
    try:
        empty = table.schema.empty_table().to_pandas()
    except (TypeError, ValueError):  # a class that pandas writes and cannot read
        written = None
    if written is None:
        return from_wire(table)
    indexes = [name for name in written["index_columns"] if name in table.column_names]
    frame = from_wire(with_classes(table.drop_columns(indexes), empty.dtypes))
    frame.columns = empty.columns
    frame.index = table.select(indexes).to_pandas().index
    frame.attrs |= empty.attrs
    return frame


def _to_arrow(frame):
    import pyarrow

    return pyarrow.Table.from_pandas(frame, preserve_index=False)


def _read_parquet(path, **options):
    from pyarrow import parquet

    if b"geo" in (parquet.read_metadata(path).metadata or {}):
        import geopandas

        return geopandas.read_parquet(path, **options)
    return to_pandas(parquet.read_table(path, **options))


def _write_parquet(frame, path, **options):
    from pyarrow import parquet

    if hasattr(frame, "crs"):
        return frame.to_parquet(path, index=False, **options)
    parquet.write_table(_to_arrow(frame), path, **options)


def _read_arrow(path, **options):
    from pyarrow import feather, ipc

    if path.open("rb").read(6) in (b"ARROW1", b"FEA1"):
        return to_pandas(feather.read_table(path, **options))
    with ipc.open_stream(path) as stream:
        return to_pandas(stream.read_all())


def _write_arrow(frame, path, **options):
    from pyarrow import feather

    feather.write_feather(_to_arrow(frame), path, **options)


def _read_json(path, **options):
    import pyarrow

    value = json.loads(path.read_text("utf-8-sig"), **options)
    try:
        return _table_of(value) if _is_table(value) else value
    except (OverflowError, pyarrow.ArrowInvalid):  # no column can hold them exactly
        return value


def _read_ndjson(path):
    lines = path.read_text("utf-8-sig").split("\n")
    return _table_of([json.loads(line) for line in lines if line.strip()])


def _is_table(value) -> bool:
    """Whether JSON is an array of flat objects whose fields keep their type."""
    if not isinstance(value, list) or not value:
        return False
    if not all(isinstance(row, dict) and row for row in value):
        return False
    kinds = {}
    for row in value:
        for name, item in row.items():
            kinds.setdefault(name, set()).add(type(item))
    numbers = {int, float}
    for kind in kinds.values():
        kind -= {type(None)}
        if kind & {list, dict} or (len(kind) > 1 and kind != numbers):
            return False
    return True


def _table_of(rows: list[dict]):
    import pyarrow

    names = dict.fromkeys(name for row in rows for name in row)
    columns = {name: [row.get(name) for row in rows] for name in names}
    return to_pandas(pyarrow.table(columns))


def _records(frame) -> list[dict]:
    """Give the rows as JSON values: missing is null, times are ISO 8601."""
    rows = _to_arrow(frame).to_pylist()
    nan = float("nan")
    for row in rows:
        for name, value in row.items():
            if value != value or value is nan:  # NaN has no JSON
                row[name] = None
    return rows


def _json_text(value, **options) -> str:
    def other(item):
        return item.isoformat() if hasattr(item, "isoformat") else str(item)

    options = {"ensure_ascii": False, "allow_nan": False, "default": other, **options}
    return json.dumps(value, **options)


def _write_json(frame, path, **options):
    value = frame if isinstance(frame, (dict, list)) else _records(frame)
    path.write_text(_json_text(value, **options), "utf-8")


def _write_ndjson(frame, path, **options):
    lines = (_json_text(row, **options) + "\n" for row in _records(frame))
    with path.open("w", encoding="utf-8", newline="\n") as file:
        file.writelines(lines)


def _read_map(path, **options):
    import geopandas

    return geopandas.read_file(path, engine="pyogrio", **options)


def _write_map(frame, path, **options):
    import pyogrio

    if path.suffix.lower() == ".shp":
        long = [n for n in frame.columns if len(str(n)) > 10 and n != "geometry"]
        if long:
            text = phrase("long_names", environment.language())
            raise ValueError(text.replace("{names}", ", ".join(long)))
    pyogrio.write_dataframe(frame, path, **options)


def _read_excel(path, sheet=0, **options):
    import pandas

    # Text stays text: NA is Namibia, 007 no number. An empty cell is missing.
    defaults = {
        "keep_default_na": False,
        "na_values": [""],
        "dtype": object,
        "engine": "openpyxl" if path.suffix.lower() == ".xlsx" else "calamine",
    }
    found = pandas.read_excel(path, sheet_name=sheet, **{**defaults, **options})
    if isinstance(found, dict):  # sheet=None: all of them
        return {name: _plain(frame) for name, frame in found.items()}
    return _plain(found)


def _plain(frame):
    """Give columns of Python's values a type; numpy's, but where a missing value needs
    the nullable one."""
    import pandas

    frame = frame.convert_dtypes()
    for position, dtype in enumerate(frame.dtypes):
        column = frame.iloc[:, position]
        if isinstance(dtype, pandas.StringDtype):
            frame.isetitem(position, column.astype(pandas.Series([""]).dtype))
        elif isinstance(dtype, pandas.Float64Dtype) or (
            hasattr(dtype, "numpy_dtype") and not column.isna().any()
        ):
            frame.isetitem(position, column.astype(dtype.numpy_dtype))
    return frame


def _write_excel(frame, path, sheet="Sheet1", **options):
    # Excel has no time zones: what has one is written in UTC.
    zoned = frame.select_dtypes("datetimetz").columns
    frame = frame.assign(**{n: frame[n].dt.tz_convert(None) for n in zoned})
    frame.to_excel(path, sheet_name=sheet, index=False, engine="openpyxl", **options)


_LABELS = ("column_labels", "variable_value_labels")


def _read_labelled(reader):
    def read(path, **options):
        import pyreadstat

        frame, meta = getattr(pyreadstat, reader)(path, **options)
        frame.attrs["column_labels"] = meta.column_names_to_labels
        frame.attrs["variable_value_labels"] = meta.variable_value_labels
        return frame

    return read


def _write_labelled(writer):
    def write(frame, path, **options):
        import pyreadstat

        labels = {name: frame.attrs[name] for name in _LABELS if name in frame.attrs}
        getattr(pyreadstat, writer)(frame, path, **{**labels, **options})

    return write


def _write_tsv(frame, path, **options):
    delimited.write(frame, path, **{"sep": "\t", **options})


READERS = {
    "csv": delimited.read,
    "tsv": lambda path, **options: delimited.read(path, **{"sep": "\t", **options}),
    "parquet": _read_parquet,
    "arrow": _read_arrow,
    "json": _read_json,
    "ndjson": _read_ndjson,
    "geojson": _read_map,
    "geopackage": _read_map,
    "shapefile": _read_map,
    "xlsx": _read_excel,
    "xls": _read_excel,
    "stata": _read_labelled("read_dta"),
    "spss": _read_labelled("read_sav"),
}
WRITERS = {
    "csv": delimited.write,
    "tsv": _write_tsv,
    "parquet": _write_parquet,
    "arrow": _write_arrow,
    "json": _write_json,
    "ndjson": _write_ndjson,
    "geojson": _write_map,
    "geopackage": _write_map,
    "shapefile": _write_map,
    "xlsx": _write_excel,
    "stata": _write_labelled("write_dta"),
    "spss": _write_labelled("write_sav"),
}
