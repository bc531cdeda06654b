"""Tables from R when something goes wrong: each driver says it in its own words."""

import contextlib
import queue
import socket
import time

import psutil
import pytest

from .conftest import database_variables
from .server.r_session import RSession, code_of
from .servers import (
    behind_pooler,
    certify,
    connect,
    new_server,
    teach_french,
    with_small_disk,
)


@pytest.fixture
def own_server(server_folder, tmp_path):
    """A server that a test may change, not yet started."""
    return new_server(server_folder / tmp_path.name)


def with_url(database, query):
    return database_variables(database) | {
        "WORKSPACE_DATABASE_URL": f"postgresql://u:p@h:1/d?{query}"
    }


FULL = """
db_write(data.frame(a = 1), "t", if_exists = "replace")
at <- 0
many <- function() {
  at <<- at + 1
  if (at <= 100) data.frame(a = stats::runif(10000))
}
codes <- vapply(c("append", "replace"), function(mode) {
  at <<- 0
  tryCatch(db_write(many, "t", if_exists = mode), error = function(e) class(e)[[1]])
}, "")
list(unname(codes), db_read("t")$a)
"""
FULL_SAYS = [["openhexa_error_disk_full"] * 2, 1]


SMALL = "options=-cdefault_tablespace%3Dsmall"


def test_a_full_disk_leaves_nothing(own_server):
    with with_small_disk(own_server), RSession() as r:
        assert r(FULL, with_url(own_server.database, SMALL))["value"] == FULL_SAYS


CODES = """
db_write(data.frame(a = 1L), "districts", if_exists = "replace")
run <- function(code) {
  tryCatch({code; "none"}, openhexa_error = function(e) {
    sub("openhexa_error_", "", class(e)[[1]])
  })
}
read_only <- database_connection(read_only = TRUE)
one <- data.frame(a = 1L)
DBI::dbExecute(con, "SET statement_timeout TO 100")
found <- c(
  run(db_read("district")),
  run(db_read("SELECT b FROM districts")),
  run(db_write(one, "districts", if_exists = "append", connection = read_only)),
  run(db_read("SELECT pg_sleep(60)")),
  run(db_read("SELECT pg_terminate_backend(pg_backend_pid())"))
)
mark <- tryCatch(
  db_read("SELECT 1,\\n b FROM districts", connection = read_only),
  error = function(e) e$values$problem
)
DBI::dbDisconnect(read_only)
Sys.setenv(WORKSPACE_DATABASE_USERNAME = "reader", WORKSPACE_DATABASE_PASSWORD = "r")
reader <- database_connection()
found <- c(
  found,
  run(db_write(one, "mine", connection = reader)),
  run(db_write(one, "districts", if_exists = "append", connection = reader))
)
DBI::dbDisconnect(reader)
Sys.setenv(WORKSPACE_DATABASE_PASSWORD = "wrong")
found <- c(found, run(database_connection()))
Sys.setenv(WORKSPACE_DATABASE_PASSWORD = "r", WORKSPACE_DATABASE_DB_NAME = "nowhere")
found <- c(found, run(database_connection()))
Sys.setenv(WORKSPACE_DATABASE_PORT = "1")
found <- c(found, run(database_connection()))
Sys.setenv(WORKSPACE_DATABASE_HOST = "nowhere.invalid")
found <- c(found, run(database_connection()))
list(found, mark)
"""
CODES_SAY = [
    "table_missing",
    "sql_failed",
    "read_only_database",
    "query_cancelled",
    "connection_lost",
    "read_only_database",
    "read_only_database",
    "database_authentication",
    "database_refused",
    "database_unreachable",
    "database_unreachable",
]


def test_a_server_that_speaks_french_is_understood(own_server, monkeypatch):
    teach_french(own_server, monkeypatch)
    database = own_server.database
    with with_small_disk(own_server), RSession("fr_FR.UTF-8") as r:
        with connect(database) as connection:
            connection.execute("CREATE ROLE reader LOGIN PASSWORD 'r'")
            connection.execute("ALTER SYSTEM SET lc_messages TO 'fr_FR.UTF-8'")
            connection.execute("SELECT pg_reload_conf()")
        answer = r(CODES, database_variables(database))
        assert answer["value"][0] == CODES_SAY
        assert answer["value"][1].split("\n")[1:] == [
            "LIGNE 2 :  b FROM districts",
            "           ^",
        ]
        assert r(FULL, with_url(database, SMALL))["value"] == FULL_SAYS


@pytest.mark.parametrize(("mode", "is_used"), [("require", True), ("disable", False)])
def test_sslmode_of_the_url_is_respected(mode, is_used, own_server):
    certify(own_server)
    code = "db_read('SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()')$ssl"
    with own_server, RSession() as r:
        answer = r(code, with_url(own_server.database, f"sslmode={mode}"))
        assert answer["value"] is is_used
        answer = r(
            "database_connection()",
            with_url(own_server.database, "sslmode=verify-full"),
        )
        assert code_of(answer) == "database_refused"


def test_a_host_that_does_not_answer_is_given_up(r, running_database):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        variables = with_url(running_database.database, "connect_timeout=2") | {
            "WORKSPACE_DATABASE_PORT": str(listener.getsockname()[1])
        }
        assert code_of(r("database_connection()", variables)) == "database_unreachable"


READ_ONLY = """
connection <- database_connection(read_only = TRUE)
on.exit(DBI::dbDisconnect(connection))
tries <- vapply(1:3, function(n) {
  tryCatch(
    db_write(data.frame(a = 1), "no", connection = connection),
    error = function(e) sub("openhexa_error_", "", class(e)[[1]])
  )
}, "")
list(tries, db_read("SELECT 1 AS one", connection = connection)$one)
"""


@pytest.mark.parametrize("settings", ["", "ignore_startup_parameters = options\n"])
def test_behind_a_pooler_of_sessions_read_only_holds(settings, r, running_database):
    with behind_pooler(running_database, "session", settings) as port:
        variables = database_variables(running_database.database)
        answer = r(READ_ONLY, variables | {"WORKSPACE_DATABASE_PORT": str(port)})
    assert answer["value"] == [["read_only_database"] * 3, 1]


@pytest.mark.parametrize("settings", ["", "server_round_robin = 1\n"])
def test_a_pooler_that_shares_sessions_makes_none_read_only(
    settings, r, running_database
):
    with behind_pooler(running_database, "transaction", settings) as port:
        variables = database_variables(running_database.database)
        variables["WORKSPACE_DATABASE_PORT"] = str(port)
        assert code_of(r(READ_ONLY, variables)) == "database_refused"
        writes = "for (n in 1:8) db_write(data.frame(a = n), 't', if_exists='replace')"
        assert "error" not in r(writes, variables)


SLEEP = "SELECT pg_sleep(600)"


@pytest.fixture
def press(database):
    """Run a cell, interrupt it once its query runs; give its status and its text."""
    with connect(database) as admin:

        def is_active():
            query = (
                "SELECT count(*) FROM pg_stat_activity WHERE state = 'active'"
                " AND pid <> pg_backend_pid()"
                " AND query ~ '^SELECT .*pg_sleep[(]600[)]|^FETCH'"
            )
            return admin.execute(query).fetchone()[0] > 0

        def interrupt(notebook, code):
            client, text = notebook.client, ""
            request = client.execute(code, allow_stdin=False, stop_on_error=False)
            deadline = time.monotonic() + 60
            while not is_active():
                assert time.monotonic() < deadline
                time.sleep(0.05)
            notebook.manager.interrupt_kernel()
            reply = notebook.reply(request)
            assert not is_active()
            with contextlib.suppress(queue.Empty):
                while True:
                    message = client.get_iopub_msg(timeout=0.5)
                    text += message["content"].get("text", "")
            return reply["content"]["status"], text

        yield interrupt


@pytest.mark.parametrize(
    "code",
    [
        f"DBI::dbGetQuery(con, '{SLEEP}')",
        f"db_read('{SLEEP}')",
        f"db_read('{SLEEP}', batches = function(part) NULL)",
        f"x <- try(DBI::dbGetQuery(con, '{SLEEP}'))\ncat('went on')",
    ],
)
def test_an_interrupt_cancels_the_query_of_an_r_notebook(code, kernel, press):
    notebook = kernel("openhexa-r")
    session = "cat(DBI::dbGetQuery(con, 'SELECT pg_backend_pid() AS pid')$pid)"
    pid = notebook.result(session)
    for _ in range(2):
        status, text = press(notebook, code)
        assert status == "abort"
        assert "went on" not in text
        assert notebook.result(session) == pid


def test_an_interrupt_of_other_work_cancels_no_later_query(kernel, press):
    notebook = kernel("openhexa-r")
    notebook.result("invisible(con)")
    request = notebook.client.execute("repeat {}", stop_on_error=False)
    time.sleep(1)
    notebook.manager.interrupt_kernel()
    assert notebook.reply(request)["content"]["status"] == "abort"
    found = notebook.result("cat(db_read('SELECT pg_sleep(5), 7 AS x')$x)")
    assert found == "7"


def test_nothing_is_left_of_an_r_notebook_that_was_killed(kernel, database):
    notebook = kernel("openhexa-r")
    pid = int(notebook.result("invisible(con); cat(Sys.getpid())"))
    [watcher] = psutil.Process(pid).children()
    psutil.Process(pid).kill()
    watcher.wait(timeout=30)


PROGRESS = """
at <- 0
slow <- function() {
  Sys.sleep(1.2)
  at <<- at + 1
  if (at <= 4) data.frame(a = 1:1000)
}
db_write(slow, "slow", if_exists = "replace")
db_read(
  "SELECT g FROM generate_series(1, 150000) g",
  batches = function(part) Sys.sleep(1.5)
)
"""


@pytest.mark.parametrize(
    ("kind", "is_shown"), [("CLOUD_JUPYTER", True), ("LOCAL_PIPELINE", False)]
)
def test_progress_shows_in_notebooks_and_not_in_pipelines(
    kind, is_shown, kernel, database, setenv
):
    setenv({"HEXA_ENVIRONMENT": kind})
    reply, outputs = kernel("openhexa-r").run(PROGRESS)
    assert reply["status"] == "ok", outputs
    shown = "".join(text for name, text in outputs if name == "stderr")
    assert ("rows written, " in shown) is is_shown
    assert ("rows read, " in shown) is is_shown


def test_short_work_and_rscript_show_no_progress(running_database):
    variables = database_variables(running_database.database)
    with RSession() as r:
        answer = r(PROGRESS.replace("1.2", "0.7"), variables)
    assert "said" not in answer, answer
