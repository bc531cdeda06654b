"""Tables when something goes wrong: nothing half-written, and an error that says it."""

import os
import shutil
import signal
import subprocess
import sys
import threading
import time

import pandas
import psutil
import pyarrow as pa
import pytest
import sqlalchemy

from hexa_kernels import database_engine, db_read, db_write
from hexa_kernels.database import connection_engine
from hexa_kernels.errors import (
    ConnectionLostError,
    DiskFullError,
    PostgisMissingError,
    QueryCancelledError,
    ReadOnlyDatabaseError,
    SqlFailedError,
    TableMissingError,
)
from hexa_kernels.local import postgres, postgres_binaries, workspace_yaml

from .conftest import database_variables, require
from .database_page import execute
from .servers import with_small_disk

ONE = pandas.DataFrame({"a": [1]})


@pytest.fixture
def server(server_folder, setenv):
    """A server of the test's own, which it may break."""
    require("postgres", bool(list(postgres_binaries.find_binaries())))
    made = workspace_yaml.Database(
        "127.0.0.1", postgres.free_port(), "demo", "pw", "demo"
    )
    home = server_folder / "broken"
    setenv(database_variables(made))
    yield lambda: postgres.Server(home, made)
    database_engine().dispose()
    shutil.rmtree(home, ignore_errors=True)


def batches(count, rows=10_000):
    for start in range(count):
        yield pa.record_batch({"a": range(start * rows, (start + 1) * rows)})


def active(pattern):
    """Count the queries that run on the server."""
    with database_engine().connect() as connection:
        query = (
            "SELECT count(*) FROM pg_stat_activity WHERE state = 'active' "
            "AND pid <> pg_backend_pid() AND query LIKE :pattern"
        )
        statement = sqlalchemy.text(query)
        return connection.execute(statement, {"pattern": pattern}).scalar_one()


def ends(pattern):
    """Wait until such a query runs no more: the server hears of it a little later."""
    deadline = time.monotonic() + 5
    while active(pattern):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True


@pytest.fixture
def interrupted():
    """Press Ctrl-C as soon as a query that looks like the pattern runs."""
    threads = []

    def start(pattern):
        def press():
            while not active(pattern):
                time.sleep(0.05)
            os.kill(os.getpid(), signal.SIGINT)

        threads.append(threading.Thread(target=press))
        threads[-1].start()

    # A shell lets what runs behind (`make test &`) ignore Ctrl-C.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield start
    for thread in threads:
        thread.join()
    signal.signal(signal.SIGINT, before)


def test_an_interrupt_cancels_the_query_on_the_server(database, interrupted):
    interrupted("%pg_sleep(60)%")
    begin = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        db_read("SELECT pg_sleep(60)")
    assert time.monotonic() - begin < 10
    assert ends("%pg_sleep(60)%")


def test_an_interrupted_write_leaves_nothing(database, interrupted):
    interrupted("COPY%")
    with pytest.raises(KeyboardInterrupt):
        db_write(batches(100_000), "interrupted")
    assert ends("COPY%")
    with pytest.raises(TableMissingError):
        db_read("interrupted")


def test_a_cancelled_query_is_no_interrupt(database, setenv):
    url = "postgresql:///?options=-cstatement_timeout%3D100"
    setenv({"WORKSPACE_DATABASE_URL": url})
    with pytest.raises(QueryCancelledError) as raised:
        db_read("SELECT pg_sleep(60)")
    assert "timeout" in raised.value.values["reason"]


def test_a_killed_server_leaves_nothing_half_written(server):
    def kill_after(count):
        yield from batches(count)
        pid = int((running.data / "postmaster.pid").read_text().split()[0])
        postmaster = psutil.Process(pid)
        for process in [postmaster, *postmaster.children()]:
            process.kill()
        yield from batches(1000)

    for mode in ("append", "replace"):
        with server() as running:
            db_write(ONE, "t", if_exists="replace")
            with pytest.raises(ConnectionLostError):
                db_write(kill_after(50), "t", if_exists=mode)
        with server():
            assert db_read("t")["a"].tolist() == [1]
            assert len(db_read("SELECT 1 FROM pg_class WHERE relname ~ '^hexa'")) == 0


def test_a_dropped_connection_is_named_and_the_next_call_works(database):
    with pytest.raises(ConnectionLostError):
        db_read("SELECT pg_terminate_backend(pg_backend_pid())")
    assert len(db_read("SELECT 1")) == 1


def test_a_full_disk_leaves_nothing(server, setenv):
    with with_small_disk(server()):
        url = "postgresql:///?options=-cdefault_tablespace%3Dsmall"
        setenv({"WORKSPACE_DATABASE_URL": url})
        db_write(ONE, "t")
        for mode in ("append", "replace"):
            with pytest.raises(DiskFullError):
                db_write(batches(100), "t", if_exists=mode)
            assert db_read("t")["a"].tolist() == [1]
        database_engine().dispose()


def test_who_may_not_write_is_told_so(database):
    db_write(ONE, "t", if_exists="replace")
    read_only = database_engine(read_only=True)
    for mode in ("append", "replace"):
        with pytest.raises(ReadOnlyDatabaseError):
            db_write(ONE, "t", if_exists=mode, connection=read_only)
    execute("DROP ROLE IF EXISTS reader")
    execute("CREATE ROLE reader LOGIN PASSWORD 'r'")
    parts = {"host": database.host, "port": database.port, "database": database.name}
    reader = connection_engine(username="reader", password="r", **parts)
    with pytest.raises(ReadOnlyDatabaseError) as raised:
        db_write(ONE, "mine", connection=reader)
    assert raised.value.values["reason"] == "permission denied for schema public"
    with pytest.raises(SqlFailedError) as raised:
        db_read("t", connection=reader)
    assert raised.value.values["sqlstate"] == "42501"
    reader.dispose()
    assert db_read("t")["a"].tolist() == [1]
    execute("DROP TABLE t")


def test_without_postgis_geometry_is_refused(database):
    import geopandas
    from shapely.geometry import Point

    engine = connection_engine(
        host=database.host,
        port=database.port,
        username=database.username,
        password=database.password,
        database="postgres",
    )
    places = geopandas.GeoDataFrame(geometry=[Point(1, 2)], crs=4326)
    with pytest.raises(PostgisMissingError):
        db_write(places, "places", connection=engine)
    engine.dispose()


WRITER = """
import sys, pyarrow as pa
from hexa_kernels import db_write
for start in range(5):
    rows = [pa.record_batch({"a": [int(sys.argv[1])] * 2000})] * 5
    db_write(iter(rows), "crowd", if_exists="append")
    db_write(pa.table({"a": [int(sys.argv[1])] * 3}), "fought", if_exists="replace")
"""


def test_eight_writers_at_once_lose_nothing(database):
    db_write(pandas.DataFrame({"a": [0]}).head(0), "crowd", if_exists="replace")
    started = [
        subprocess.Popen([sys.executable, "-c", WRITER, str(number)])
        for number in range(8)
    ]
    assert [process.wait(timeout=120) for process in started] == [0] * 8
    counted = db_read("SELECT a, count(*) AS n FROM crowd GROUP BY a ORDER BY a")
    assert counted["n"].tolist() == [50_000] * 8
    fought = db_read("fought")["a"]
    assert len(fought) == 3
    assert fought.nunique() == 1
    execute("DROP TABLE crowd, fought")


BOUNDED = """
import sys
from pathlib import Path
import numpy, pyarrow as pa
from pyarrow import parquet
from hexa_kernels import db_read, db_write

def batches(count, rows=100_000):
    draw = numpy.random.default_rng(1)
    for start in range(0, count * rows, rows):
        ids = numpy.arange(start, start + rows)
        texts = pa.array([f"district {n}" for n in draw.integers(0, 500, rows)])
        yield pa.record_batch({"id": ids, "x": draw.random(rows), "s": texts})

db_write(batches(1), "bounded", if_exists="replace")
db_read("bounded", batches=True).read_next_batch()
Path("/proc/self/clear_refs").write_text("5")

def status(key):
    return int(Path("/proc/self/status").read_text().split(f"{key}:")[1].split()[0])

before = status("VmRSS")
db_write(batches(40), "bounded", if_exists="replace")
reader = db_read("bounded", batches=True)
with parquet.ParquetWriter(sys.argv[1], reader.schema) as writer:
    for batch in reader:
        writer.write_batch(batch)
db_write(sys.argv[1], "again", if_exists="replace")
print(status("VmHWM") - before)
"""


def test_four_million_rows_go_out_and_back_in_little_memory(database, tmp_path):
    done = subprocess.run(
        [sys.executable, "-c", BOUNDED, tmp_path / "rows.parquet"],
        capture_output=True,
        text=True,
        check=True,
    )
    size = db_read("SELECT pg_table_size('bounded') AS size")["size"].item()
    assert int(done.stdout) * 1024 < 160_000_000 < size
    same = "SELECT count(*) FROM (TABLE bounded EXCEPT ALL TABLE again) AS t"
    assert db_read(same)["count"].item() == 0
    assert db_read("SELECT count(*) FROM again")["count"].item() == 4_000_000
    execute("DROP TABLE bounded, again")


def test_progress_shows_on_long_work_and_not_in_pipelines(database, setenv):
    code = (
        "import time, pyarrow as pa, sys\n"
        "sys.stderr.isatty = lambda: True\n"
        "from hexa_kernels import db_write, progress\n"
        "progress.DELAY_S = 0.1\n"
        "def slow():\n"
        "    for _ in range(15):\n"
        "        time.sleep(0.2)\n"
        "        yield pa.record_batch({'a': range(1000)})\n"
        "db_write(slow(), 'slow', if_exists='replace')"
    )
    shown = {}
    for kind in ("CLOUD_JUPYTER", "CLOUD_PIPELINE"):
        setenv({"HEXA_ENVIRONMENT": kind})
        command = [sys.executable, "-c", code]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        shown[kind] = done.stderr
    assert "rows/s" in shown["CLOUD_JUPYTER"]
    assert shown["CLOUD_PIPELINE"] == ""
    execute("DROP TABLE slow")
