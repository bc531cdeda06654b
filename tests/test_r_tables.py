"""Tables of the database from R: what needs a server that dies, or another process."""

import json
import os
import signal
import subprocess
import threading
import time

import psycopg
import pytest

from hexa_kernels.local import postgres

from . import database_page, r_database_page
from .conftest import ROOT, database_variables
from .server.r_session import RSession, code_of
from .server.recorded import derived
from .server.replay import Replay
from .servers import connect, new_server

PRINTABLE = "".join(map(chr, range(32, 127))) + "é中"


def installed_drivers() -> list[str]:
    code = "cat(Filter(openhexaR:::is_installed, openhexaR:::database_drivers))"
    done = subprocess.run(["Rscript", "-e", code], capture_output=True, text=True)
    return done.stdout.split() or ["none"]


@pytest.fixture
def own_server(server_folder, tmp_path):
    """A server that a test may kill."""
    with new_server(server_folder / tmp_path.name) as server:
        yield server


@pytest.mark.parametrize("driver", installed_drivers())
@pytest.mark.parametrize("file", ["tables", "database", "connections-pane"])
def test_the_suite_holds_with_every_driver(driver, file, running_database, setenv):
    found = database_variables(running_database.database)
    setenv({k.replace("WORKSPACE_", "HEXA_TEST_"): v for k, v in found.items()})
    setenv({"HEXA_TEST_REQUIRE": "postgres", "HEXA_TEST_DRIVER": driver})
    path = ROOT / f"r/openhexaR/tests/testthat/test-{file}.R"
    code = f"""
    library(testthat)
    test_file("{path}", package = "openhexaR", load_package = "installed",
              reporter = "check", stop_on_failure = TRUE)
    """
    command = ["Rscript", "--no-init-file", "-e", code]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]


def test_maps_come_back_with_their_reference_system(r, running_database):
    database = running_database.database
    with connect(database) as connection:
        connection.execute("CREATE EXTENSION IF NOT EXISTS postgis")
    code = """
    shapes <- sf::st_sfc(
      sf::st_point(c(1, 2)), sf::st_geometrycollection(), sf::st_point(c(-3, 4.5)),
      crs = 32633
    )
    map <- sf::st_sf(name = c("a", NA, "\u00e9"), shape = shapes)
    db_write(map, "map", if_exists = "replace")
    back <- db_read("map")
    facts <- db_read("SELECT type, srid FROM geometry_columns WHERE f_table_name='map'")
    nulls <- db_read("SELECT count(*) AS n FROM map WHERE shape IS NULL")$n
    mixed <- sf::st_sf(shape = c(
      sf::st_sfc(sf::st_point(c(1, 2, 3))), sf::st_sfc(sf::st_linestring(diag(3)))
    ))
    db_write(mixed, "mixed", if_exists = "replace")
    appended <- tryCatch(
      db_write(sf::st_transform(map, 4326), "map", if_exists = "append"),
      error = function(e) class(e)[[1]]
    )
    list(
      same = identical(sf::st_as_binary(back$shape), sf::st_as_binary(shapes)),
      crs = sf::st_crs(back) == sf::st_crs(shapes), class = inherits(back, "sf"),
      unknown = tryCatch(
        db_write(sf::st_set_crs(map, "+proj=laea +lat_0=12"), "local"),
        error = function(e) class(e)[[1]]
      ),
      epsg = sf::st_crs(back)$epsg, type = facts$type, srid = facts$srid, nulls = nulls,
      mixed = identical(sf::st_as_binary(db_read("mixed")$shape),
                        sf::st_as_binary(mixed$shape)),
      no_crs = is.na(sf::st_crs(db_read("mixed"))), appended = appended
    )
    """
    assert r(code, database_variables(database))["value"] == {
        "same": True,
        "crs": True,
        "class": True,
        "unknown": "openhexa_error_crs_without_number",
        "epsg": 32633,
        "type": "POINT",
        "srid": 32633,
        "nulls": 1,
        "mixed": True,
        "no_crs": True,
        "appended": "openhexa_error_sql_failed",
    }


def test_a_database_without_postgis_is_said(own_server):
    code = """
    map <- sf::st_sf(shape = sf::st_sfc(sf::st_point(c(1, 2)), crs = 4326))
    db_write(map, "map")
    """
    with RSession() as r:
        answer = r(code, database_variables(own_server.database))
    assert code_of(answer) == "postgis_missing"


def test_a_server_killed_in_a_write_holds_nothing_of_it(own_server, tmp_path):
    variables = database_variables(own_server.database)
    midway = tmp_path / "midway"
    code = f"""
    db_write(data.frame(a = 1:3), "t", if_exists = "replace")
    at <- 0
    slow <- function() {{
      at <<- at + 1
      if (at == 20) file.create("{midway}")
      Sys.sleep(0.02)
      data.frame(a = at * 1000 + 1:1000)
    }}
    db_write(slow, "t", if_exists = "replace")
    """
    again = "list(before = db_read('t')$a, con = class(con)[[1]])"
    with RSession() as r:
        killer = threading.Thread(target=_kill, args=[own_server, midway], daemon=True)
        killer.start()
        answer = r(code, variables)
        assert code_of(answer) == "connection_lost", answer
        killer.join()
        with postgres.Server(own_server.home, own_server.database):
            answer = r(again, variables)
    assert answer["value"]["before"] == [1, 2, 3]
    assert answer["said"][0]["class"] == "openhexa_warning_database_reopened"


def _kill(server, when):
    """Kill all processes of a server at once, as a machine that goes off does, once the
    file ``when`` is there.
    """
    while not when.exists():
        time.sleep(0.01)
    pid = int((server.data / "postmaster.pid").read_text().split("\n")[0])
    children = subprocess.run(
        ["ps", "-o", "pid=", "--ppid", str(pid)], capture_output=True, text=True
    )
    for one in [pid, *map(int, children.stdout.split())]:
        os.kill(one, signal.SIGKILL)


def test_eight_writers_at_once(running_database, setenv):
    setenv(database_variables(running_database.database))
    code = """
    writer <- as.integer(commandArgs(TRUE))
    library(openhexaR)
    frame <- data.frame(writer = writer, id = seq_len(20000))
    for (round in 1:3) {
      db_write(frame, "eight", if_exists = "append")
      db_write(frame, "one_of_eight", if_exists = "replace")
    }
    """
    with connect(running_database.database) as connection:
        connection.execute("DROP TABLE IF EXISTS eight, one_of_eight")
        command = ["Rscript", "--no-init-file", "-e", code]
        writers = [
            subprocess.Popen([*command, str(n)], stderr=subprocess.PIPE, text=True)
            for n in range(8)
        ]
        failures = [w.communicate()[1] for w in writers]
        assert not any(w.returncode for w in writers), "".join(failures)
        counts = connection.execute(
            "SELECT writer, count(*), count(DISTINCT id) FROM eight"
            " GROUP BY 1 ORDER BY 1"
        ).fetchall()
        last = connection.execute(
            "SELECT count(*), count(DISTINCT writer) FROM one_of_eight"
        ).fetchone()
    assert counts == [(n, 60000, 20000) for n in range(8)]
    assert last == (20000, 1)


def test_every_printable_character_serves_in_name_and_password(r, running_database):
    database = running_database.database
    account = PRINTABLE[:62]
    quoted = account.replace('"', '""')
    with connect(database) as connection:
        connection.execute(f'DROP ROLE IF EXISTS "{quoted}"')
        password = psycopg.sql.Literal(PRINTABLE).as_string(connection)
        connection.execute(f'CREATE ROLE "{quoted}" LOGIN PASSWORD {password}')
        variables = database_variables(database) | {
            "WORKSPACE_DATABASE_USERNAME": account,
            "WORKSPACE_DATABASE_PASSWORD": PRINTABLE,
        }
        code = """
        connection <- database_connection()
        name <- db_read("SELECT session_user::text AS u", connection = connection)$u
        DBI::dbDisconnect(connection)
        name
        """
        answer = r(code, variables)
        connection.execute(f'DROP ROLE "{quoted}"')
    assert answer["value"] == account, answer


def renewed(database, password):
    """The server's answer, with the credentials of a database that really runs."""
    recording = derived("249", {"slug": "demo-workspace"})
    found = recording["response"]["body"]["json"]["data"]["workspace"]["database"]
    found["credentials"] |= {
        "dbName": database.name,
        "username": database.username,
        "password": password,
    }
    return recording


def server_variables(server):
    return {
        "HEXA_SERVER_URL": server.url,
        "HEXA_TOKEN": "token-workspace-member,-role-admin",
        "HEXA_WORKSPACE": "demo-workspace",
    }


def test_a_password_made_anew_is_asked_of_the_server(own_server):
    database = own_server.database
    first = "DBI::dbGetInfo(con); db_read('SELECT 1 AS one')$one"
    with Replay([], [renewed(database, "after")]) as server, RSession() as r:
        variables = database_variables(database) | server_variables(server)
        assert r(first, variables)["value"] == 1
        with connect(database) as connection:
            connection.execute("ALTER ROLE own PASSWORD 'after'")
            connection.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE pid <> pg_backend_pid() AND backend_type = 'client backend'"
            )
        answer = r("db_read('SELECT 2 AS two')$two", variables)
        assert answer["value"] == 2
        assert "after" not in json.dumps(answer)
        assert len(server.requests) == 1
        assert not server.problems


def test_the_server_is_asked_once_and_the_error_stays(own_server):
    database = own_server.database
    with Replay([], [renewed(database, "still wrong")]) as server, RSession() as r:
        variables = database_variables(database) | server_variables(server)
        variables["WORKSPACE_DATABASE_PASSWORD"] = "wrong"
        answer = r("database_connection()", variables)
        assert code_of(answer) == "database_authentication"
        assert "still wrong" not in json.dumps(answer)
        assert len(server.requests) == 1


def test_read_only_keeps_the_options_of_the_url(r, running_database):
    url = "postgresql://u:p@h:1/d?options=-c%20search_path%3Dpg_catalog"
    variables = database_variables(running_database.database)
    code = """
    connection <- database_connection(read_only = TRUE)
    settings <- "current_setting('search_path') AS path,
      current_setting('transaction_read_only') AS only,
      current_setting('client_encoding') AS encoding"
    found <- db_read(paste("SELECT", settings), connection = connection)
    DBI::dbDisconnect(connection)
    as.list(found)
    """
    answer = r(code, variables | {"WORKSPACE_DATABASE_URL": url})
    assert answer["value"] == {"path": "pg_catalog", "only": "on", "encoding": "UTF8"}


def test_batches_need_little_memory(running_database):
    variables = database_variables(running_database.database)
    code = """
    rows <- 0
    total <- db_read(
      "SELECT g AS id, md5(g::text) AS name, g / 7.0::float8 AS x
       FROM generate_series(1, {n}) g",
      batches = function(batch) rows <<- rows + nrow(batch)
    )
    c(total, rows)
    """
    peaks = []
    for n in (500_000, 2_000_000):
        with RSession() as session:
            answer = session(code.replace("{n}", str(n)), variables)
            assert answer["value"] == [n, n]
            peaks.append(session.peak_memory_mb())
    # Rows are 60 bytes in R: whole, they would need 90 MB more, and the driver more.
    assert peaks[1] - peaks[0] < 60


def test_an_interrupt_between_batches_leaves_no_query(running_database, setenv):
    setenv(database_variables(running_database.database))
    query = "SELECT g FROM generate_series(1, 50000000) g"
    code = f"""
    library(openhexaR)
    tryCatch(
      db_read("{query}", batches = function(batch) cat("batch\n")),
      interrupt = function(e) cat("interrupted\n")
    )
    cat(db_read("SELECT count(*) AS n FROM pg_stat_activity WHERE query LIKE '%g FROM%'
      AND state <> 'idle' AND pid <> pg_backend_pid()")$n)
    """
    command = ["Rscript", "--no-init-file", "-e", code]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout.readline() == "batch\n"
        process.send_signal(signal.SIGINT)
        said = process.stdout.read().split()
    assert said[-2:] == ["interrupted", "0"]
    assert len(said) < 200


def test_the_page_of_types_is_what_r_reads_and_writes(running_database):
    with connect(running_database.database) as connection:
        connection.execute("CREATE EXTENSION IF NOT EXISTS postgis")
    variables = database_variables(running_database.database)
    found = r_database_page.facts(variables)
    assert [name for name, fact in found.items() if not fact["exact"]] == []
    rows = r_database_page.rows(variables)
    for language, page in database_page.PAGES.items():
        assert page.read_text("utf-8") == r_database_page.render(page, language, rows)
