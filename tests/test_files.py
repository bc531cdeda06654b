"""Files of the workspace: every format, both ways, whole or not at all."""

import gzip
import json
import multiprocessing
import re
import shutil
import subprocess

import geopandas
import geopandas.testing
import numpy
import pandas
import polars
import pyarrow
import pytest
from shapely.geometry import Point

from hexa_kernels import file_read, file_write, from_wire
from hexa_kernels import files as files_module
from hexa_kernels.contract import contract
from hexa_kernels.errors import (
    FileMissingError,
    FileUnreadableError,
    FileUnwritableError,
    FolderNotWritableError,
    FormatUnknownError,
    FormatUnsupportedError,
    InvalidArgumentError,
    MissingPackageError,
    PathOutsideError,
    RowNamesError,
)
from hexa_kernels.formats import READERS, WRITERS

from . import frame_cases
from .conftest import ROOT, require

TABLE = pandas.DataFrame(
    {
        "district": ["Kaya", "Dori; «Nord»", None],
        "cases": pandas.array([12, None, 9007199254740993], dtype="Int64"),
        "rate": [0.1, 1 / 3, numpy.nan],
        "urban": pandas.array([True, None, False], dtype="boolean"),
        "code": ["007", "010", "100"],
    }
)
MAP = geopandas.GeoDataFrame(
    {"name": ["Été", "b"], "n": [1, 2]},
    geometry=[Point(-1.5, 12.25), Point(2, 13)],
    crs="EPSG:4326",
)


@pytest.mark.parametrize("name", ["x.csv", "x.tsv", "x.csv.gz", "x.tsv.gz", "X.CSV"])
def test_a_table_comes_back_from_text(name, files):
    path = file_write(TABLE, f"results/{name}")
    assert path == str(files / "results" / name)
    pandas.testing.assert_frame_equal(file_read(f"results/{name}"), TABLE)


@pytest.mark.parametrize("extension", ["parquet", "arrow", "feather"])
def test_a_table_comes_back_with_its_types(extension, files):
    table = TABLE.assign(
        day=pandas.to_datetime(["1900-01-01", "2024-02-29", None]),
        kind=pandas.Categorical(["a", None, "b"], ["c", "b", "a"]),
    )
    file_write(table, f"x.{extension}")
    pandas.testing.assert_frame_equal(file_read(f"x.{extension}"), table)


@pytest.mark.parametrize("name", frame_cases.ARROW)
def test_a_column_of_an_arrow_file_is_read_by_the_rules_of_frames(name, files):
    table = frame_cases.make("arrow", name)
    with pyarrow.ipc.new_stream(files / "x.arrow", table.schema) as stream:
        stream.write_table(table)
    pandas.testing.assert_frame_equal(file_read("x.arrow"), from_wire(table))


# Of these pandas merges NaN with missing, or cannot read what it wrote.
BETTER_THAN_PANDAS = ["Float32 nan", "Float64 nan", "list[pyarrow]", "struct[pyarrow]"]
# Parquet has only text in dictionaries, and pandas only some of its own.
NOT_IN_PARQUET = ["category integers", "category intervals", "dictionary[pyarrow]"]


@pytest.mark.parametrize(
    "name",
    [n for n in frame_cases.PANDAS if n not in NOT_IN_PARQUET and "geometry" not in n],
)
def test_a_column_that_pandas_wrote_is_read_as_by_pandas(name, files):
    frame = frame_cases.make("pandas", name)
    frame.to_parquet(files / "x.parquet")
    if name not in BETTER_THAN_PANDAS:
        frame = pandas.read_parquet(files / "x.parquet")
    pandas.testing.assert_frame_equal(file_read("x.parquet"), frame)


def test_categories_of_integers_stay_integers_in_parquet(files):
    frame = frame_cases.make("pandas", "category integers")
    frame.to_parquet(files / "x.parquet")
    assert file_read("x.parquet")["x"].tolist() == [3, pandas.NA, 2**60]


PLAIN = frame_cases.make("pandas", "Int64 beyond")


@pytest.mark.parametrize(
    "frame",
    [
        pandas.DataFrame({"x": pandas.period_range("2024", periods=2, freq="M")}),
        PLAIN.set_axis(["a", "b", "c"]),
        PLAIN.rename_axis("id"),
        PLAIN.set_axis(range(5, 11, 2)),
        PLAIN.rename_axis(columns="année"),
        PLAIN.rename(columns={"x": 2024}),
    ],
    ids=["periods", "index", "name of index", "range", "name of columns", "number"],
)
def test_the_names_that_pandas_wrote_come_back(frame, files):
    frame.to_parquet(files / "x.parquet")
    pandas.testing.assert_frame_equal(file_read("x.parquet"), frame)


@pytest.mark.parametrize("name", ["x.json", "x.ndjson", "x.jsonl", "x.json.gz"])
def test_a_table_comes_back_from_json(name, files):
    file_write(TABLE, name)
    pandas.testing.assert_frame_equal(file_read(name), TABLE)


@pytest.mark.parametrize(
    "value",
    [
        {"a": [1], "été": {"b": None}},
        [1, "a"],
        [{"a": [1]}],
        [{"a": 1}, {"a": "x"}],
        [],
        [{}],
        "x",
    ],
)
def test_json_that_is_no_table_is_what_it_is(value, files):
    (files / "x.json").write_text("\ufeff" + json.dumps(value), "utf-8")
    assert file_read("x.json") == value
    if not isinstance(value, str):
        file_write(value, "y.json")
        assert json.loads((files / "y.json").read_text("utf-8")) == value


@pytest.mark.parametrize("extension", ["geojson", "gpkg", "shp", "parquet"])
def test_a_map_comes_back(extension, files):
    file_write(MAP, f"maps/x.{extension}")
    found = file_read(f"maps/x.{extension}")
    geopandas.testing.assert_geodataframe_equal(
        found[MAP.columns], MAP, check_dtype=False
    )
    assert found.crs == MAP.crs
    assert not list(files.rglob("*.part"))


def test_excel_keeps_text_and_numbers(files):
    table = TABLE.drop(columns="cases").assign(code=["NA", "BF", None])
    file_write(table, "x.xlsx", sheet="données")
    found = file_read("x.xlsx", sheet="données")
    pandas.testing.assert_frame_equal(found, table, check_dtype=False)


def test_excel_has_no_zones_and_times_are_in_utc(files):
    zoned = pandas.to_datetime(["2024-01-01T12:00+01:00"], utc=False)
    file_write(pandas.DataFrame({"a": zoned}), "x.xlsx")
    assert file_read("x.xlsx")["a"][0] == pandas.Timestamp("2024-01-01 11:00")


def test_an_old_excel_is_read_and_not_written(files):
    shutil.copy(ROOT / "tests/data/districts.xls", files)
    assert file_read("districts.xls").to_dict("list") == {
        "district": ["Kaya", "Dori"],
        "cases": [12, 7],
    }
    with pytest.raises(FormatUnsupportedError, match="Python cannot write xls files"):
        file_write(TABLE, "x.xls")


@pytest.mark.parametrize("extension", ["dta", "sav"])
def test_labels_of_statistics_packages_come_back(extension, files):
    table = pandas.DataFrame({"sex": [1.0, 2.0], "age": [30.5, 4.0]})
    table.attrs["column_labels"] = {"sex": "Sexe", "age": "Âge"}
    table.attrs["variable_value_labels"] = {"sex": {1.0: "femme", 2.0: "homme"}}
    file_write(table, f"x.{extension}")
    found = file_read(f"x.{extension}")
    pandas.testing.assert_frame_equal(found, table, check_dtype=False)
    assert found.attrs == table.attrs


def test_polars_and_arrow_are_written(files):
    frame = polars.DataFrame({"a": [1, None]})
    for table in (frame, frame.to_arrow()):
        file_write(table, "x.csv")
        assert (files / "x.csv").read_text() == 'a\n1\n""\n'


def test_an_unknown_option_is_a_mistake_of_the_call(files):
    (files / "x.csv").write_text("a\n1\n")
    with pytest.raises(TypeError, match="no_such_option"):
        file_read("x.csv", no_such_option=1)


def test_a_relative_path_never_starts_at_the_working_directory(
    files, tmp_path, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "x.csv").write_text("a\n1\n")
    with pytest.raises(FileMissingError):
        file_read("x.csv")
    assert file_read(str(tmp_path / "x.csv")).shape == (1, 1)
    with pytest.raises(PathOutsideError):
        file_read("../x.csv")


def test_a_missing_file_names_similar_ones(files):
    (files / "cases_2023.csv").touch()
    with pytest.raises(FileMissingError, match=r"cases_2023\.csv") as raised:
        file_read("cases_2024.csv")
    assert isinstance(raised.value, FileNotFoundError)


@pytest.mark.parametrize("name", ["x", "x.foo", "x.gz", "x.xlsx.gz", ".csv"])
def test_an_unknown_extension_is_refused(name, files):
    with pytest.raises(FormatUnknownError, match="geojson"):
        file_read(name)
    with pytest.raises(FormatUnknownError):
        file_write(TABLE, name)


def test_rds_is_r_s_own(files):
    with pytest.raises(FormatUnsupportedError, match="parquet"):
        file_read("x.rds")


@pytest.mark.parametrize(
    "name",
    [
        *("x.parquet", "x.arrow", "x.json", "x.ndjson", "x.xlsx", "x.xls"),
        *("x.gpkg", "x.geojson", "x.shp", "x.dta", "x.sav", "x.csv.gz"),
    ],
)
def test_a_file_that_is_not_what_it_says_is_refused(name, files):
    (files / name).write_bytes(b"\x00\x01 no such format {")
    with pytest.raises(FileUnreadableError) as raised:
        file_read(name)
    assert raised.value.values["path"] == name
    assert raised.value.__cause__ is not None


def test_a_cut_gzip_is_no_result(files):
    packed = gzip.compress(b"a,b\n" + b"1,2\n" * 100_000)
    (files / "x.csv.gz").write_bytes(packed[: len(packed) // 2])
    with pytest.raises(FileUnreadableError):
        file_read("x.csv.gz")


@pytest.mark.parametrize(
    ("name", "error"),
    [("x.csv", UnicodeEncodeError), ("x.xlsx", Exception), ("x.shp", ValueError)],
)
def test_a_failed_write_leaves_the_old_file(name, error, files):
    (files / name).write_text("old")
    frames = {
        "x.csv": pandas.DataFrame({"a": ["Ł"]}),
        "x.xlsx": pandas.DataFrame({"a": [1]}),
        "x.shp": MAP.rename(columns={"name": "name of the district"}),
    }
    options = {"x.csv": {"encoding": "latin-1"}, "x.xlsx": {"sheet": "a/b"}}
    with pytest.raises(FileUnwritableError) as raised:
        file_write(frames[name], name, **options.get(name, {}))
    assert isinstance(raised.value.__cause__, error)
    assert (files / name).read_text() == "old"
    assert [path.name for path in files.iterdir()] == [name]
    assert not list((files.parent / "tmp").iterdir())


@pytest.mark.parametrize(
    "index", [pandas.Index(["a", "b"]), pandas.RangeIndex(2, name="id")]
)
def test_row_labels_are_never_dropped(index, files):
    with pytest.raises(RowNamesError):
        file_write(pandas.DataFrame({"x": [1, 2]}, index=index), "x.csv")


def test_row_numbers_are_no_labels(files):
    frame = pandas.DataFrame({"x": [1, 2, 3]})
    file_write(frame[frame["x"] > 1], "x.csv")
    assert file_read("x.csv")["x"].tolist() == [2, 3]


@pytest.mark.parametrize("value", [[1, 2], {"a": 1}, None, "text"])
def test_only_a_frame_is_a_table(value, files):
    with pytest.raises(InvalidArgumentError, match="data frame"):
        file_write(value, "x.csv")


def test_a_missing_package_names_its_command(files, monkeypatch):
    monkeypatch.setattr(files_module, "find_spec", lambda name: None)
    with pytest.raises(MissingPackageError, match="pip install geopandas"):
        file_read("x.gpkg")


def test_a_folder_that_cannot_be_made_is_named(files):
    (files / "a").touch()
    with pytest.raises(FolderNotWritableError):
        file_write(TABLE, "a/x.csv")


def test_a_link_stays_and_permissions_too(files, tmp_path):
    (tmp_path / "real.csv").touch(mode=0o600)
    (files / "x.csv").symlink_to(tmp_path / "real.csv")
    file_write(TABLE, "x.csv")
    assert (files / "x.csv").is_symlink()
    assert (tmp_path / "real.csv").stat().st_mode & 0o777 == 0o600
    assert len(file_read("x.csv")) == 3


def _rewrite(number):
    for size in range(number):
        file_write(pandas.DataFrame({"a": [size] * 20_000}), "x.csv")


def test_a_reader_never_sees_half_a_file(files):
    file_write(pandas.DataFrame({"a": [0] * 20_000}), "x.csv")
    writer = multiprocessing.get_context("fork").Process(target=_rewrite, args=(40,))
    writer.start()
    seen = set()
    while writer.is_alive():
        frame = file_read("x.csv")
        assert len(frame) == 20_000
        assert frame["a"].nunique() == 1
        seen.add(frame["a"][0])
    writer.join()
    assert writer.exitcode == 0
    assert len(seen) > 2


def test_one_table_of_formats():
    formats = contract()["formats"]
    assert set(READERS) == {n for n, e in formats.items() if "read" in e["python"]}
    assert set(WRITERS) == {n for n, e in formats.items() if "write" in e["python"]}
    for entry in formats.values():
        for language in ("python", "r"):
            assert "instead" in entry or {"read", "write"} <= set(entry[language])


@pytest.mark.parametrize("docs", ["en", "fr"])
def test_the_docs_name_every_format_and_its_package(docs):
    text = (ROOT / f"docs/{docs}/index.md").read_text("utf-8")
    rows = [line.split("|") for line in text.splitlines() if line.startswith("| ")]
    for entry in contract()["formats"].values():
        for extension in entry["extensions"]:
            (row,) = [r for r in rows if extension in re.findall(r"\w+", r[1])]
            for cell, packages in zip(
                row[2:4], (entry["python"], entry["r"]), strict=True
            ):
                named = {p for action in packages.values() for p in action}
                for package in named - {"base", "utils"}:
                    assert package in cell, (extension, package)


CROSS = ["csv", "tsv.gz", "json", "ndjson", "xlsx", "gpkg", "geojson", "dta", "sav"]


@pytest.mark.parametrize("name", [f"x.{extension}" for extension in CROSS])
def test_what_one_language_writes_the_other_reads(name, files):
    """Python writes, R reads and writes again, Python finds the same."""
    require("rscript", shutil.which("Rscript") is not None)
    frame = TABLE.assign(cases=[12, 7, 3], rate=[0.1, 1 / 3, -2.5], urban=[1, 0, 1])
    frame["district"] = ["Kaya", "Dori; «Nord»", "Été"]
    if name.endswith(("gpkg", "geojson")):
        frame = geopandas.GeoDataFrame(
            frame, geometry=[Point(i, 1.5) for i in range(3)], crs="EPSG:4326"
        )
    file_write(frame, name)
    code = f"library(openhexaR); file_write(file_read('{name}'), 'again/{name}')"
    done = subprocess.run(
        ["Rscript", "--no-init-file", "-e", code], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    again = file_read(f"again/{name}")
    if "geometry" in frame:
        assert again.geometry.geom_equals(frame.geometry).all()
        assert again.crs == frame.crs
    if name.endswith("xlsx"):  # which keeps 15 digits
        again["rate"] = again["rate"].round(14)
        frame["rate"] = frame["rate"].round(14)
    for column in ("district", "cases", "rate", "urban", "code"):
        assert again[column].tolist() == frame[column].tolist(), column
