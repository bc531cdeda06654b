"""Tables read in parts by a real scheduler of Dask and two worker processes."""

import os
import shutil
import subprocess
import sys
import time

import pytest
import sqlalchemy

from hexa_kernels import dask_tables, database_engine, db_read
from hexa_kernels.dask_tables import read_partitions
from hexa_kernels.errors import (
    DaskUnreachableError,
    MissingPackageError,
    SqlFailedError,
    TableMissingError,
)
from hexa_kernels.local import postgres

ROWS = 20_000


class Cluster:
    """A scheduler and two workers, which know nothing of the database."""

    def __init__(self, folder):
        port = postgres.free_port()
        self.address = f"tcp://127.0.0.1:{port}"
        self.logs, self.processes = [], []
        options = ["--host=127.0.0.1", "--dashboard-address=127.0.0.1:0"]
        self._start(folder, "scheduler", *options, f"--port={port}")
        for name in ("one", "two"):
            single = ["--no-nanny", "--nthreads=1", f"--name={name}"]
            self._start(folder, "worker", self.address, *options, *single)

    def _start(self, folder, kind, *options):
        log = folder / f"{len(self.logs)}-{kind}.log"
        self.logs.append(log)
        with log.open("w") as output:
            self.processes.append(
                subprocess.Popen(
                    [sys.executable, "-m", "distributed.cli.dask_" + kind, *options],
                    env={"PATH": os.defpath},
                    stdout=output,
                    stderr=subprocess.STDOUT,
                    cwd=folder,
                )
            )

    def said(self):
        return "".join(log.read_text() for log in self.logs)

    def stop(self):
        for process in reversed(self.processes):
            process.terminate()
        for process in self.processes:
            try:
                process.wait(timeout=20)
            except subprocess.TimeoutExpired:  # a worker that waits for its scheduler
                process.kill()
                process.wait()


@pytest.fixture(scope="module")
def running_cluster(tmp_path_factory):
    folder = tmp_path_factory.mktemp("dask")
    cluster = Cluster(folder)
    yield cluster
    cluster.stop()
    shutil.rmtree(folder)


@pytest.fixture
def cluster(running_cluster, setenv):
    """The cluster as the environment names it; no client is left behind."""
    setenv({"DASK_SCHEDULER_ADDRESS": running_cluster.address})
    yield running_cluster
    import distributed

    distributed.default_client().close()


def run(*statements):
    with database_engine().begin() as connection:
        for statement in statements:
            connection.execute(sqlalchemy.text(statement))


@pytest.fixture
def table(database, monkeypatch):
    """A table of 20,000 rows, cut into parts of 256 kB."""
    monkeypatch.setattr(dask_tables, "PARTITION_BYTES", 2**18)
    run(
        'DROP TABLE IF EXISTS "Visits" CASCADE',
        'CREATE TABLE "Visits" (id bigint, name text, rate numeric, day date)',
        f"""INSERT INTO "Visits" SELECT CASE WHEN i > 100 THEN i END, 'né ' || i,
            i / 8.0, date '2020-01-01' + i % 900 FROM generate_series(1, {ROWS}) i""",
    )
    return '"Visits"'


def test_every_row_is_read_once_by_both_workers(table, cluster):
    frame = read_partitions(table)
    assert frame.npartitions >= 4
    found = frame.compute()
    assert len(found) == ROWS
    assert sorted(found["name"]) == sorted(f"né {i}" for i in range(1, ROWS + 1))
    where = frame.map_partitions(
        lambda part: part.assign(id=__import__("os").getpid())[["id"]].head(1)
    )
    pids = {process.pid for process in cluster.processes[1:]}
    assert set(where.compute()["id"]) == pids


def test_db_read_gives_it(table, cluster):
    frame = db_read(table, as_="dask")
    assert type(frame).__module__.startswith("dask.")
    assert len(frame) == ROWS


def test_types_are_those_of_the_description_in_every_partition(table, cluster):
    frame = read_partitions(table)
    types = {name: str(kind) for name, kind in frame.dtypes.items()}
    expected = {"id": "int64", "name": "string", "rate": "string", "day": "date32[day]"}
    assert types == {name: f"{kind}[pyarrow]" for name, kind in expected.items()}
    for part in frame.partitions:
        assert {n: str(k) for n, k in part.compute().dtypes.items()} == types
    assert frame["id"].sum().compute() == sum(range(101, ROWS + 1))


def test_partitioned_tables_and_materialized_views_are_cut_too(table, cluster):
    run(
        "DROP TABLE IF EXISTS years CASCADE",
        'CREATE TABLE years (LIKE "Visits") PARTITION BY RANGE (day)',
        "CREATE TABLE years_a PARTITION OF years FOR VALUES FROM (MINVALUE) "
        "TO ('2021-01-01')",
        "CREATE TABLE years_b PARTITION OF years DEFAULT",
        'INSERT INTO years SELECT * FROM "Visits"',
        'CREATE MATERIALIZED VIEW kept AS SELECT * FROM "Visits"',
        'CREATE VIEW seen AS SELECT * FROM "Visits"',
    )
    for name, is_cut in {"years": True, "public.kept": True, "seen": False}.items():
        frame = read_partitions(name)
        assert (frame.npartitions > 1) == is_cut
        assert frame["name"].nunique().compute() == ROWS
    run("DROP TABLE years; DROP VIEW seen; DROP MATERIALIZED VIEW kept")


def test_rows_that_are_added_later_are_read(table, cluster):
    frame = read_partitions(table)
    run(f'INSERT INTO "Visits" SELECT * FROM "Visits" LIMIT {ROWS}')
    assert len(frame) == 2 * ROWS


def test_an_empty_table_has_its_columns(table, cluster):
    run('TRUNCATE "Visits"')
    found = read_partitions(table).compute()
    assert (len(found), list(found)) == (0, ["id", "name", "rate", "day"])


def test_a_statement_is_one_partition_and_its_values_are_bound(table, cluster):
    statement = 'SELECT id FROM "Visits" WHERE name = :name; -- one'
    frame = read_partitions(statement, params={"name": "né 150"})
    assert frame.npartitions == 1
    assert frame.compute()["id"].tolist() == [150]


def test_the_password_is_in_no_key_log_or_repr(table, cluster, database):
    frame = read_partitions(table)
    graph = frame.optimize(fuse=False).__dask_graph__()
    shown = [str(dict(graph)), repr(frame), str(frame.optimize().__dask_keys__())]
    run('DROP TABLE "Visits"')
    with pytest.raises(TableMissingError):
        frame.compute()
    time.sleep(0.5)  # until the workers have written their logs
    said = cluster.said()
    assert "Compute Failed" in said
    for text in [*shown, said]:
        assert database.password not in text


def test_db_read_s_own_errors_come_first(table, cluster):
    read_partitions(table)
    with pytest.raises(TableMissingError, match="Visits"):
        read_partitions("Visit")
    with pytest.raises(SqlFailedError):
        read_partitions("SELECT nothing")


def test_the_present_client_is_used(table, running_cluster, setenv):
    import distributed

    setenv({"DASK_SCHEDULER_ADDRESS": "tcp://127.0.0.1:1"})
    with distributed.Client(running_cluster.address):
        assert len(read_partitions(table)) == ROWS


def test_without_a_cluster_one_is_made_here(table):
    import dask
    import distributed

    # Dask keeps the variable as it was when it was first imported.
    with dask.config.set({"scheduler-address": None}):
        assert len(read_partitions(table)) == ROWS
    client = distributed.default_client()
    assert "127.0.0.1" in client.scheduler.address
    client.cluster.close()
    client.close()


def test_a_scheduler_that_does_not_answer_is_named(table, setenv, monkeypatch):
    monkeypatch.setattr(dask_tables, "CONNECT_TIMEOUT_S", 1)
    address = f"tcp://127.0.0.1:{postgres.free_port()}"
    setenv({"DASK_SCHEDULER_ADDRESS": address})
    with pytest.raises(DaskUnreachableError) as raised:
        read_partitions(table)
    assert raised.value.values["address"] == address


def test_without_dask_the_extra_is_named(database, monkeypatch):
    monkeypatch.setitem(sys.modules, "dask", None)
    with pytest.raises(MissingPackageError, match=r"hexa-kernels\[dask\]") as raised:
        read_partitions("anything")
    assert raised.value.values["package"] == "dask"
