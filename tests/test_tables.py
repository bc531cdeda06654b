"""Reading and writing tables of the database: types, values, names, statements."""

import datetime
import decimal
import json
import time

import geopandas
import numpy
import pandas
import polars
import pyarrow as pa
import pytest
import sqlalchemy
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pyarrow import parquet
from shapely.geometry import Point

from hexa_kernels import database_engine, db_read, db_tables, db_write, sql
from hexa_kernels.database import connection_engine
from hexa_kernels.errors import (
    ColumnMismatchError,
    CrsWithoutNumberError,
    DatabaseRefusedError,
    FileMissingError,
    FileUnreadableError,
    InvalidArgumentError,
    NameTooLongError,
    RowNamesError,
    SqlFailedError,
    TableExistsError,
    TableMissingError,
    UnsupportedColumnError,
    ValueOutOfRangeError,
)

from . import database_page, table_cases
from .database_page import execute

ALL_CASES = {**table_cases.CASES, **table_cases.MAPS}


@pytest.fixture(autouse=True)
def tables(database, setenv):
    """A database with the types of the cases, its session not in UTC, no tables."""
    setenv(database_page.ZONE)
    database_page.set_up()
    yield
    own = db_tables()
    own = own[~own["name"].str.contains("geometry_|geography_|spatial_ref_sys")]
    for schema, name in zip(own["schema"], own["name"], strict=True):
        execute(f"DROP TABLE IF EXISTS {sql.Table(schema, name)} CASCADE")


def texts(query):
    """Give the first column of a query as the server writes it."""
    with database_engine().connect() as connection:
        statement = f"SELECT t.c::text FROM ({query}) AS t(c)"
        return list(connection.scalars(sqlalchemy.text(statement.replace(":", "\\:"))))


@pytest.mark.parametrize("type_", ALL_CASES)
def test_every_value_of_a_type_comes_back(type_):
    values = ALL_CASES[type_]
    query = table_cases.rows(type_, values)
    frame = db_read(query)
    assert len(frame) == len(values)
    execute(f"CREATE TABLE copy (x {type_})")
    db_write(frame, "copy", if_exists="append")
    assert texts("SELECT x FROM copy") == texts(query)


@pytest.mark.parametrize(
    ("type_", "value"),
    [(type_, value) for type_, found in table_cases.REFUSED.items() for value in found],
)
@pytest.mark.parametrize("batches", [False, True])
def test_what_python_cannot_hold_is_refused_by_name(type_, value, batches):
    query = table_cases.rows(type_, [value])
    if batches and type_ == "numeric":
        read = db_read(query, batches=True).read_all()
        assert read["x"].to_pylist() == [
            {"NaN": "nan", "Infinity": "inf"}.get(value, value)
        ]
        return
    with pytest.raises(ValueOutOfRangeError) as raised:
        db_read(query, batches=batches).read_all()
    assert raised.value.values["column"] == "x"
    cast = db_read(f"SELECT {raised.value.values['remedy']} FROM ({query}) AS t")
    assert cast["x"].tolist() == texts(query)


def test_the_published_table_is_what_happens():
    facts, refused = database_page.collect(), database_page.refused()
    assert refused.keys() == table_cases.REFUSED.keys()
    for language, page in database_page.PAGES.items():
        rendered = database_page.render(language, facts, refused)
        assert page.read_text("utf-8") == rendered, f"{page} differs: make types"


ANY_LETTER = st.characters(exclude_characters="\0", codec="utf-8")
COLUMNS = {
    "whole": (st.integers(-(2**63), 2**63 - 1), pa.int64()),
    "short": (st.integers(-(2**15), 2**15 - 1), pa.int16()),
    "real": (st.floats(), pa.float64()),
    "half": (st.floats(width=32), pa.float32()),
    "text": (
        st.text(st.characters(exclude_characters="\0", codec="utf-8")),
        pa.string(),
    ),
    "raw": (st.binary(), pa.binary()),
    "flag": (st.booleans(), pa.bool_()),
    "day": (st.dates(), pa.date32()),
    "naive": (st.datetimes(), pa.timestamp("us")),
    "zoned": (st.datetimes(timezones=st.just(datetime.UTC)), pa.timestamp("us", "UTC")),
    "hour": (st.times(), pa.time64("us")),
    "span": (
        st.timedeltas(datetime.timedelta(-99999), datetime.timedelta(99999)),
        pa.duration("us"),
    ),
    "price": (
        st.decimals("-1e15", "1e15", places=4, allow_nan=False),
        pa.decimal128(20, 4),
    ),
    "list": (st.lists(st.none() | st.integers(0, 99)), pa.list_(pa.int32())),
}


@settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(data=st.data())
def test_any_table_comes_back_as_it_was(data):
    names = data.draw(
        st.lists(st.sampled_from(sorted(COLUMNS)), min_size=1, unique=True)
    )
    rows = data.draw(st.integers(0, 5))
    arrays = [
        pa.array(
            data.draw(
                st.lists(st.none() | COLUMNS[name][0], min_size=rows, max_size=rows)
            ),
            COLUMNS[name][1],
        )
        for name in names
    ]
    table = pa.table(arrays, names)
    db_write(table, "any", if_exists="replace")
    again = db_read("any", as_="arrow")
    assert again.schema.types == table.schema.types
    assert str(again.to_pydict()) == str(table.to_pydict())  # NaN differs from itself


def test_frames_of_every_library_are_written():
    expected = [{"a": 1, "b": "x"}, {"a": None, "b": "y"}]
    made = pa.Table.from_pylist(expected)
    frames = {
        "pandas": made.to_pandas(types_mapper=pandas.ArrowDtype),
        "polars": polars.DataFrame(made),
        "arrow": made,
        "categories": polars.DataFrame(made).with_columns(
            polars.col("b").cast(polars.Categorical)
        ),
    }
    for name, frame in frames.items():
        db_write(frame, name)
        assert db_read(name, as_="arrow").to_pylist() == expected
        assert db_read(name, as_="polars").to_dicts() == expected


def test_a_new_table_gets_the_narrowest_types():
    frame = pandas.DataFrame(
        {
            "i8": pandas.array([1, None], "Int8"),
            "u32": numpy.array([1, 2], "uint32"),
            "kind": pandas.Categorical(["a", "b"]),
            "none": [None, None],
            "at": pandas.to_datetime(["2024-01-01", None]),
            "price": pandas.array(
                [decimal.Decimal("1.50"), None], pandas.ArrowDtype(pa.decimal128(9, 2))
            ),
        }
    )
    db_write(frame, "made")
    query = "SELECT format_type(atttypid, atttypmod) FROM pg_attribute WHERE attnum > 0"
    assert texts(f"{query} AND attrelid = 'made'::regclass ORDER BY attnum") == [
        *("smallint", "bigint", "text", "text", "timestamp without time zone"),
        "numeric(9,2)",
    ]


def test_types_and_key_are_as_asked():
    frame = pandas.DataFrame(
        {
            "id": ["f5b3f8cb-33ed-4664-b321-85d04c397c1f"],
            "code": [7],
            "list": ["{1,2}"],
            "rate": [0.1],
        }
    )
    types = {"id": "uuid", "code": "varchar(3)", "list": "int[]", "rate": "numeric"}
    db_write(frame, "typed", dtype=types, key=["id", "code"])
    assert texts("SELECT row(t.*) FROM typed AS t") == [
        '(f5b3f8cb-33ed-4664-b321-85d04c397c1f,7,"{1,2}",0.1)'
    ]
    with pytest.raises(SqlFailedError) as raised:
        db_write(frame, "typed", if_exists="append", dtype=types)
    assert raised.value.values["sqlstate"] == "23505"
    with pytest.raises(InvalidArgumentError):
        db_write(frame, "typed", if_exists="append", key="code")


@pytest.mark.parametrize(
    "names",
    [
        ("t", ["a"]),
        ('"Ta ble"', ['a "b"', "é:x", "%s", "select", "A", "a"]),
        ('"a.b"', ["$1"]),
        ('survey."x""y"', ["1"]),
        ("Été-2024", ["{}"]),
    ],
)
def test_names_are_quoted(names):
    table, columns = names
    execute("CREATE SCHEMA IF NOT EXISTS survey")
    frame = pandas.DataFrame([range(len(columns))], columns=columns)
    db_write(frame, table)
    db_write(frame, table, if_exists="append")
    db_write(db_read(table), table, if_exists="replace")
    assert list(db_read(table).columns) == columns
    assert len(db_read(table)) == 2


def test_parameters_are_bound():
    db_write(pandas.DataFrame({"id": [1, 2, 3], "day": ["a", "b", ":id"]}), "t")
    hostile = "'; DROP TABLE t; --"
    assert db_read("SELECT :x AS x", params={"x": hostile})["x"].item() == hostile
    query = """SELECT id, ':id', $$:id$$, E'\\':id' AS e -- :id
        FROM t WHERE id = ANY(:ids) AND id::text <> :not /* :id */;"""
    found = db_read(query, params={"ids": [1, 2], "not": "2"})
    assert found.values.tolist() == [[1, ":id", ":id", "':id"]]
    day = "SELECT date '2024-01-31' = :day AS same, :none::int IS NULL AS nothing"
    for value in ("2024-01-31", datetime.date(2024, 1, 31)):
        assert db_read(day, params={"day": value, "none": None}).all(axis=None)
    for wrong in ({}, {"a": 1, "b": 2}):
        with pytest.raises(InvalidArgumentError):
            db_read("SELECT :a", params=wrong)


def test_batches_take_parameters_and_hold_all_rows():
    query = "SELECT g::bigint AS g FROM generate_series(1, :n) AS g"
    reader = db_read(query, params={"n": 120_000}, batches=True)
    read = [batch.num_rows for batch in reader]
    assert sum(read) == 120_000
    assert max(read) <= 50_000
    db_write(db_read(query, params={"n": 7}, batches=True), "seven")
    assert db_read("seven")["g"].tolist() == list(range(1, 8))


def test_a_dropped_reader_closes_its_connection():
    reader = db_read("SELECT g FROM generate_series(1, 10000000) AS g", batches=True)
    reader.read_next_batch()
    count = "SELECT count(*) FROM pg_stat_activity WHERE query LIKE 'COPY%series%'"
    assert texts(count) == ["1"]
    del reader
    deadline = time.monotonic() + 10  # the server notices at its next write
    while texts(count) != ["0"]:
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_a_missing_table_comes_with_near_names():
    execute("CREATE SCHEMA IF NOT EXISTS survey")
    for name in ("districts", "survey.district_2024"):
        db_write(pandas.DataFrame({"a": [1]}), name)
    for query in ("Districs", "SELECT 1,\n a FROM districs"):
        with pytest.raises(TableMissingError) as raised:
            db_read(query)
        assert "districts" in raised.value.values["similar"].split(", ")
    with pytest.raises(TableMissingError) as raised:
        db_read("surveys.district_2024")
    assert raised.value.values["similar"].startswith("survey.district_2024")


def test_an_error_marks_the_place_in_the_user_s_own_statement():
    with pytest.raises(SqlFailedError) as raised:
        db_read("SELECT :year::int,\n\tyeer FROM pg_class", params={"year": 2024})
    shown = raised.value.values["problem"].splitlines()
    assert shown[-2] == "2:  yeer FROM pg_class"
    assert shown[-1].index("^") == shown[-2].index("yeer")
    with pytest.raises(SqlFailedError) as raised:
        db_read("SELECT 1 / 0")
    assert raised.value.values["reason"] == "division by zero"


@pytest.mark.parametrize(
    "given", ["", "DROP TABLE t", "a b", "a.b.c", 'a"b', "; SELECT 1", None, 3]
)
def test_what_is_neither_a_name_nor_a_query_is_refused(given):
    with pytest.raises(InvalidArgumentError):
        db_read(given)


def test_wrong_arguments_are_named():
    frame = pandas.DataFrame({"a": [1]})
    wrong = {
        "as_": lambda: db_read("SELECT 1", as_="dict"),
        "if_exists": lambda: db_write(frame, "t", if_exists="drop"),
        "key": lambda: db_write(frame, "t", key="b"),
        "dtype": lambda: db_write(frame, "t", dtype={"b": "int"}),
        "table": lambda: db_write(frame, "SELECT 1"),
        "frame": lambda: db_write(pandas.DataFrame(), "t"),
        "connection": lambda: db_read("SELECT 1", connection=1),
    }
    wrong_type = {"a": "int); DROP TABLE x; --"}
    for argument, call in wrong.items():
        with pytest.raises(InvalidArgumentError) as raised:
            call()
        assert raised.value.values["argument"] == argument
    with pytest.raises(InvalidArgumentError):
        db_write(frame, "t", dtype=wrong_type)
    with pytest.raises(NameTooLongError):
        db_write(frame, "é" * 32)
    with pytest.raises(NameTooLongError):
        db_write(frame.rename(columns={"a": "é" * 32}), "t")
    with pytest.raises(RowNamesError):
        db_write(frame.set_index("a"), "t")
    with pytest.raises(UnsupportedColumnError):
        db_write(pa.table({"a": [{"x": 1}]}), "t")
    with pytest.raises(FileMissingError):
        db_write("nowhere.parquet", "t")
    with pytest.raises(FileUnreadableError, match="cannot be read as parquet"):
        db_write(__file__, "t")


def test_append_checks_every_column_before_the_first_row():
    execute("CREATE TABLE t (i int, s text, at timestamptz, n int NOT NULL, d date)")
    frame = pandas.DataFrame(
        {"i": ["a"], "s": [1], "at": pandas.to_datetime(["2024"]), "x": [1]}
    )
    with pytest.raises(ColumnMismatchError) as raised:
        db_write(frame, "t", if_exists="append")
    assert raised.value.values["columns"] == (
        "i (integer wanted, text given), s (text wanted, bigint given), "
        "at (timestamp with time zone wanted, timestamp without time zone given), "
        "x (not in the table), n (missing, and the table needs it)"
    )
    with pytest.raises(ValueOutOfRangeError) as raised:
        db_write(pandas.DataFrame({"n": [1, 2**40, 7]}), "t", if_exists="append")
    assert raised.value.values["values"] == str(2**40)
    with pytest.raises(ColumnMismatchError):
        db_write(pandas.DataFrame({"n": [1.5]}), "t", if_exists="append")
    assert len(db_read("t")) == 0
    fits = {"n": [1.0], "d": pandas.to_datetime(["2024-01-31"]), "i": [None]}
    db_write(pandas.DataFrame(fits), "t", if_exists="append")
    assert texts("SELECT row(t.*) FROM t") == ["(,,,1,2024-01-31)"]


def test_numbers_that_a_column_would_round_are_refused():
    execute("CREATE TABLE t (n numeric(6,2), r real)")
    for value in (0.125, decimal.Decimal("0.125"), 12345):
        frame = pa.table({"n": [type(value)(1), value, None]})
        with pytest.raises(ValueOutOfRangeError) as raised:
            db_write(frame, "t", if_exists="append")
        assert raised.value.values["values"] == str(value)
    with pytest.raises(ColumnMismatchError):
        db_write(pandas.DataFrame({"r": [0.1]}), "t", if_exists="append")
    db_write(pandas.DataFrame({"n": [0.25], "r": [0.5]}), "t", if_exists="append")
    assert texts("SELECT row(t.*) FROM t") == ["(0.25,0.5)"]


NOON = datetime.datetime(2024, 1, 31, 12, 0, 0, 500_000)


@pytest.mark.parametrize(
    ("type_", "fits", "changes"),
    [
        ("numeric(4,-2)", 12300, 12340),
        ("numeric(4,-2)", 12300.0, 12300.5),
        ("numeric(3,5)", decimal.Decimal("0.00123"), decimal.Decimal("0.001234")),
        ("numeric(80,1)", decimal.Decimal("0.5"), decimal.Decimal("0.25")),
        ("numeric(6,2)", "0.250", "0.125"),
        ("numeric(6,2)[]", ["0.25", "1"], ["0.25", "0.125"]),
        ("varchar(3)", 123, 1234),
        ("character(3)", 1, 1234),
        ("bit(3)", "101", "1010"),
        ("timestamp(0)", NOON.replace(microsecond=0), NOON),
        ("timestamp(3)", NOON, NOON.replace(microsecond=1)),
        ("time(1)", NOON.time(), NOON.time().replace(microsecond=1)),
        ("interval(0)", datetime.timedelta(1), datetime.timedelta(microseconds=1)),
    ],
)
def test_what_a_declared_precision_would_change_is_refused(type_, fits, changes):
    dtype = {"x": type_}
    db_write(pa.table({"x": [fits, None]}), "t", dtype=dtype)
    with pytest.raises(ValueOutOfRangeError) as raised:
        db_write(pa.table({"x": [fits, changes]}), "t", if_exists="append", dtype=dtype)
    assert raised.value.values["column"] == "x"
    with pytest.raises(ValueOutOfRangeError):
        db_write(pa.table({"x": [changes]}), "t", if_exists="replace", dtype=dtype)
    assert texts("SELECT count(*) FROM t") == ["2"]
    remedy = raised.value.values["remedy"].removeprefix("dtype=")
    db_write(pa.table({"x": [changes]}), "wide", dtype=json.loads(remedy))
    assert texts("SELECT count(*) FROM wide") == ["1"]


def test_integers_beyond_bigint_and_times_beyond_microseconds_are_refused():
    large = pandas.DataFrame({"u": numpy.array([2**63, 1], "uint64")})
    with pytest.raises(ValueOutOfRangeError) as raised:
        db_write(large, "large")
    assert raised.value.values["values"] == str(2**63)
    db_write(large, "large", dtype={"u": "numeric"})
    assert texts("SELECT u FROM large") == [str(2**63), "1"]
    fine = pandas.DataFrame(
        {"at": pandas.to_datetime(["2024-01-01 00:00:00.000000001"])}
    )
    with pytest.raises(ValueOutOfRangeError):
        db_write(fine, "fine")
    with pytest.raises(TableMissingError):
        db_read("fine")


def test_a_failed_write_leaves_what_was_there():
    first = pandas.DataFrame({"a": [1, 2]})
    db_write(first, "t", key="a")
    with pytest.raises(TableExistsError):
        db_write(first, "t")
    for mode in ("replace", "append"):
        with pytest.raises(SqlFailedError):
            db_write(pandas.DataFrame({"a": [7, 7]}), "t", if_exists=mode, key="a")
        with pytest.raises(ZeroDivisionError):
            rows = (pa.record_batch({"a": [1 // (3 - i)]}) for i in range(9))
            db_write(rows, "t", if_exists=mode)
        assert db_read("t")["a"].tolist() == [1, 2]
    execute("CREATE VIEW v AS SELECT * FROM t")
    with pytest.raises(SqlFailedError) as raised:
        db_write(first, "t", if_exists="replace")
    assert "view v depends on table t" in raised.value.values["problem"]
    execute("DROP VIEW v")
    assert len(db_tables().query("name.str.startswith('hexa_')")) == 0


def test_later_batches_may_order_their_columns_otherwise():
    first = pa.record_batch({"a": [1], "b": ["x"]})
    db_write(iter([first, first.select(["b", "a"])]), "t")
    assert db_read("t").values.tolist() == [[1, "x"]] * 2
    with pytest.raises(ColumnMismatchError):
        db_write(iter([first, first.select(["b"])]), "other")


def test_types_that_are_made_between_two_reads_are_known():
    """The driver's knowledge of types is kept: not beyond a new one."""
    execute("DROP TYPE IF EXISTS later")
    assert db_read("SELECT 1 AS one")["one"].item() == 1
    execute("CREATE TYPE later AS ENUM ('a', 'b')")
    assert db_read("SELECT '{a,b}'::later[] AS x", as_="arrow")["x"].to_pylist() == [
        ["a", "b"]
    ]
    execute("CREATE TABLE rows (id int)")
    execute("INSERT INTO rows VALUES (7)")
    assert db_read("SELECT rows AS x FROM rows")["x"].tolist() == ["(7)"]


def test_psycopg2_serves_where_there_is_no_psycopg(monkeypatch):
    found = "hexa_kernels.database.find_spec"
    monkeypatch.setattr(found, lambda name: name == "psycopg2")
    engine = database_engine()
    assert engine.driver == "psycopg2"
    assert db_read("SELECT current_setting('TimeZone') AS zone")["zone"].item() == (
        "Africa/Nairobi"
    )


def test_a_refused_second_connection_is_named(database):
    execute("DROP ROLE IF EXISTS single")
    execute("CREATE ROLE single LOGIN PASSWORD 'p' CONNECTION LIMIT 1")
    parts = {"host": database.host, "port": database.port, "database": database.name}
    engine = connection_engine(username="single", password="p", **parts)
    with pytest.raises(DatabaseRefusedError) as raised:
        db_read("SELECT 1", connection=engine)
    assert "too many connections" in raised.value.values["reason"]
    engine.dispose()


def test_parquet_files_and_folders_are_written(files):
    for year in (2023, 2024):
        folder = files / "cases" / f"year={year}"
        folder.mkdir(parents=True)
        parquet.write_table(pa.table({"n": [year, None]}), folder / "part.parquet")
    db_write("cases", "cases")
    found = db_read("SELECT n, year FROM cases ORDER BY n, year", as_="arrow")
    assert found.to_pydict() == {
        "n": [2023, 2024, None, None],
        "year": [2023, 2024, 2023, 2024],
    }
    db_write(files / "cases/year=2023/part.parquet", "one")
    assert len(db_read("one")) == 2


def geoparquet(path, **changes):
    """Write a map; change what the file says of its geometry: None leaves it out."""
    places = geopandas.GeoDataFrame(
        {"name": ["a", "b"]}, geometry=[Point(1, 2), None], crs=32630
    )
    places.to_parquet(path)
    table = parquet.read_table(path)
    geo = json.loads(table.schema.metadata[b"geo"])
    column = {**geo["columns"]["geometry"], **changes}
    geo["columns"]["geometry"] = {k: v for k, v in column.items() if v is not None}
    metadata = {**table.schema.metadata, b"geo": json.dumps(geo)}
    parquet.write_table(table.replace_schema_metadata(metadata), path)
    return places


def test_maps_of_geoparquet_are_written_with_their_crs(files):
    (files / "places/year=2024").mkdir(parents=True)
    places = geoparquet(files / "places/year=2024/part.parquet")
    db_write("places", "places")
    again = db_read("places")
    assert again.crs == places.crs
    assert again.geometry.tolist() == places.geometry.tolist()
    assert again["year"].tolist() == [2024, 2024]
    db_write("places/year=2024/part.parquet", "one")
    db_write(places, "one", if_exists="append")
    assert db_read("one").crs == places.crs


def test_geoparquet_without_a_crs_is_in_degrees(files):
    geoparquet(files / "degrees.parquet", crs=None)
    db_write("degrees.parquet", "degrees")
    assert db_read("degrees").crs.to_epsg() == 4326
    table = parquet.read_table(files / "degrees.parquet").drop_columns("geometry")
    parquet.write_table(table, files / "names.parquet")
    db_write("names.parquet", "names")
    assert list(db_read("names").columns) == ["name"]
    geoparquet(files / "native.parquet", encoding="point")
    with pytest.raises(UnsupportedColumnError):
        db_write("native.parquet", "native")


def test_maps_cross_with_their_crs():
    places = geopandas.GeoDataFrame(
        {"name": ["a", "b"]}, geometry=[Point(1, 2), None], crs=32630
    )
    db_write(places, "places")
    again = db_read("places")
    assert again.crs == places.crs
    assert again.geometry.tolist() == places.geometry.tolist()
    kept = db_read("SELECT srid FROM geometry_columns WHERE f_table_name = 'places'")
    assert kept["srid"].item() == 32630
    db_write(places, "places", if_exists="append")
    with pytest.raises(ColumnMismatchError) as raised:
        db_write(places.to_crs(4326), "places", if_exists="append")
    assert "SRID 4326" in raised.value.values["columns"]
    local = places.set_crs("+proj=laea +lat_0=12", allow_override=True)
    with pytest.raises(CrsWithoutNumberError):
        db_write(local, "local")
    with pytest.raises(UnsupportedColumnError):
        db_read(
            "SELECT ST_Point(1, 2, srid) AS g FROM (VALUES (4326), (32630)) t(srid)"
        )


def test_the_tables_are_listed():
    execute("CREATE SCHEMA IF NOT EXISTS survey")
    db_write(pandas.DataFrame({"a": range(1000)}), "survey.cases")
    execute("ANALYZE survey.cases")
    execute("COMMENT ON TABLE survey.cases IS 'Déclarés'")
    (row,) = db_tables(schema="survey").to_dict("records")
    assert row.pop("size_bytes") > 30_000
    assert row == {
        "schema": "survey",
        "name": "cases",
        "kind": "table",
        "rows": 1000,
        "comment": "Déclarés",
    }


def test_other_databases_are_read_by_identifier_or_engine(database, setenv):
    setenv(
        {
            "STORE": "postgresql",
            "STORE_HOST": database.host,
            "STORE_PORT": str(database.port),
            "STORE_USERNAME": database.username,
            "STORE_PASSWORD": database.password,
            "STORE_DB_NAME": "postgres",
        }
    )
    name = "SELECT current_database() AS name"
    assert db_read(name, connection="store")["name"].item() == "postgres"
    assert db_read(name, connection=database_engine())["name"].item() == database.name
