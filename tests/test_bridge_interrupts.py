"""Interrupts of R cells by things that people do, threads and tasks around them."""

import time

import pytest
import sqlalchemy

from hexa_kernels import database_engine

ENGINES = ["sidecar", "embedded"]
KEPT = "kept <- list(runif(1000), data.frame(s = c('é', NA)), function(x) x)"
HASH = "cat(rlang::hash(list(kept[1:2], deparse(kept[[3]]))))"


@pytest.fixture
def notebook(kernel, files):
    """A Python notebook of the workspace."""
    return kernel("openhexa-python")


def interrupt(notebook, code, *after_s):
    """Run a cell and press Ctrl-C; give its error's name, its text and its seconds.

    ``after_s``: when to press, counted from the begin; for a text, once that text
    appears; for a function, once it is true.
    """
    client = notebook.client
    # Asked to stop on an error, a kernel drops what arrives just after it.
    request = client.execute(code, allow_stdin=True, stop_on_error=False)
    begin, text, presses = time.monotonic(), "", list(after_s)
    while time.monotonic() < begin + 90:
        if presses and is_due(presses[0], text, begin):
            presses.pop(0)
            pressed = time.monotonic()
            notebook.manager.interrupt_kernel()
        if client.iopub_channel.socket.poll(50):
            message = client.get_iopub_msg(timeout=1)
            if message["parent_header"].get("msg_id") == request:
                text += message["content"].get("text", "")
        if client.shell_channel.socket.poll(0):
            reply = client.get_shell_msg(timeout=1)
            if reply["parent_header"].get("msg_id") == request:
                seconds = time.monotonic() - pressed
                return reply["content"].get("ename"), text, seconds
    raise TimeoutError(text)


def is_due(press, text, begin):
    if callable(press):
        return press()
    return press in text if isinstance(press, str) else time.monotonic() > begin + press


def is_asleep(seconds):
    """Tell whether the server runs pg_sleep() of so many seconds."""
    running = "SELECT count(*) FROM pg_stat_activity WHERE state = 'active' AND query"
    query = sqlalchemy.text(f"{running} = 'SELECT pg_sleep({seconds})'")
    with database_engine().connect() as connection:
        return connection.scalar(query) == 1


@pytest.mark.parametrize("engine", ENGINES)
def test_a_query_is_cancelled_and_the_connection_goes_on(engine, database, notebook):
    magic = f"%%R --engine {engine}"
    notebook.result(f"{magic}\n{KEPT}\nDBI::dbGetQuery(con, 'SELECT 1')")
    before = notebook.result(f"{magic}\n{HASH}; pid <- DBI::dbGetInfo(con)$backendPId")
    code = f"{magic}\nDBI::dbGetQuery(con, 'SELECT pg_sleep(600)')"
    assert interrupt(notebook, code, lambda: is_asleep(600))[0] == "KeyboardInterrupt"
    assert notebook.result(f"{magic}\n{HASH}") == before
    again = "DBI::dbGetQuery(con, 'SELECT 40 + 2 AS x')$x"
    assert notebook.result(f"{magic}\n{again}") == "[1] 42"
    same = "identical(DBI::dbGetInfo(con)$backendPId, pid)"
    assert notebook.result(f"{magic}\n{same}") == "[1] TRUE"


def test_the_user_is_told_of_a_query_that_the_server_cannot_cancel(database, notebook):
    """Where R waits in C, in the notebook's process: a query that has another name."""
    magic = "%%R --engine embedded"
    setting = "Sys.setenv(HEXA_R_PROCESS = ''); other <- database_connection()"
    notebook.result(f"{magic}\n{setting}")
    query = "DBI::dbGetQuery(other, 'SELECT pg_sleep(12)')"
    code = f"{magic}\nwaited <- {query}\nlate <- 1"
    error, text, _ = interrupt(notebook, code, lambda: is_asleep(12))
    assert "R does not stop yet: `late <- 1`" in text
    assert "only a restart of the kernel" in text
    assert error == "KeyboardInterrupt"
    assert notebook.result(f"{magic}\nexists('late')") == "[1] FALSE"
    assert notebook.result(f"{magic}\nSys.sleep(0); 7") == "[1] 7"


def test_the_queries_of_another_notebook_go_on(kernel, files, database):
    ours, other = kernel("openhexa-python"), kernel("openhexa-python")
    sleep = "%%R\nDBI::dbGetQuery(con, 'SELECT pg_sleep({}), 7 AS x')$x"
    other.result(sleep.format(0))
    ours.result(sleep.format(0))
    running = other.client.execute(sleep.format(6))
    assert interrupt(ours, sleep.format(60), 1)[0] == "KeyboardInterrupt"
    while True:
        reply = other.client.get_shell_msg(timeout=30)
        if reply["parent_header"].get("msg_id") == running:
            break
    assert reply["content"]["status"] == "ok"


def test_a_matrix_product_is_told_of_and_stops_at_its_end(notebook):
    setting = f"{KEPT}\nm <- matrix(runif(1e6), 1000)"
    notebook.result(f"%%R\n{setting}")
    before = notebook.result(f"%%R\n{HASH}")
    took = notebook.result("%%R\ncat(system.time(m %*% m)[['elapsed']])")
    # As large as takes some 8 s in one call.
    side = int(1000 * (8 / float(took)) ** (1 / 3))
    code = f"%%R\nm <- matrix(1, {side}, {side})\nm <- m %*% m\nafter <- 1"
    error, text, _ = interrupt(notebook, code, 1)
    assert "R does not stop yet: `after <- 1`" in text
    assert error == "KeyboardInterrupt"
    assert notebook.result(f"%%R\n{HASH}") == before
    assert notebook.result("%%R\nexists('after')") == "[1] FALSE"


def test_a_second_interrupt_ends_r_that_does_not_stop(notebook):
    notebook.result("%%R\nkept <- 7")
    code = "%%R\nsuspendInterrupts(repeat {})"
    error, _, seconds = interrupt(notebook, code, 1, "does not stop yet")
    assert error == "KeyboardInterrupt"
    assert seconds < 5
    _, outputs = notebook.run("%%R\nexists('kept')")
    assert ("stderr", "R was started anew: the variables it had are gone.\n") in outputs
    assert any("FALSE" in text for _, text in outputs)


def test_an_interrupt_that_r_hears_does_not_end_it(notebook):
    """While a program runs, R ignores it; the third is the first that R hears."""
    notebook.result("%%R\nkept <- 7")
    code = "%%R\nsystem(\"trap '' INT; sleep 2\")\nrepeat {}"
    assert (
        interrupt(notebook, code, 0.5, 0.7, "does not stop")[0] == "KeyboardInterrupt"
    )
    assert notebook.result("%%R\nkept") == "[1] 7"


@pytest.mark.parametrize("engine", ENGINES)
def test_a_question_is_answered_or_interrupted(engine, notebook):
    magic = f"%%R --engine {engine}"
    ask = f"{magic}\nname <- readline('Nom ? ')"
    notebook.result(f"{magic}\nname <- 'before'")
    assert interrupt(notebook, ask, 1)[0] == "KeyboardInterrupt"
    assert notebook.result(f"{magic}\nname") == '[1] "before"'
    while notebook.client.stdin_channel.msg_ready():  # the question that stays
        notebook.client.get_stdin_msg(timeout=1)
    request = notebook.client.execute(ask, allow_stdin=True)
    asked = notebook.client.get_stdin_msg(timeout=60)
    assert asked["content"]["prompt"] == "Nom ? "
    notebook.client.input("Ana")
    while True:
        reply = notebook.client.get_shell_msg(timeout=60)
        if reply["parent_header"]["msg_id"] == request:
            break
    assert notebook.result(f"{magic}\nname") == '[1] "Ana"'


# What a thread does with R; the main thread uses R, and Python, all the while.
THREADED = """
import threading
from IPython import get_ipython
found = []

def call():
    try:
        found.append(get_ipython().run_line_magic("R", "--engine {engine} 1 + 1"))
    except Exception as error:
        found.append((type(error).__name__, error.code))

def work():
    while not done.is_set():
        sum(range(10_000))

done = threading.Event()
threads = [threading.Thread(target=target) for target in (work, work, call)]
for thread in threads:
    thread.start()
value = get_ipython().run_line_magic(
    "R", "--engine {engine} local({{for (i in 1:2e6) sqrt(i); 42}})")
done.set()
for thread in threads:
    thread.join()
value, found
"""


@pytest.mark.parametrize(
    ("engine", "found"),
    [("sidecar", "[2.0]"), ("embedded", "[('RThreadError', 'r_thread')]")],
)
def test_threads_and_r_leave_each_other_alone(engine, found, notebook):
    notebook.result(f"%R --engine {engine} 1")
    found_here = notebook.result(THREADED.format(engine=engine))
    assert found_here == f"(42.0, {found})"
    assert notebook.result(f"%R --engine {engine} 3") == "3.0"


TASKS = """
import asyncio
ticks = 0

async def tick():
    global ticks
    while True:
        ticks += 1
        await asyncio.sleep(0.01)

async def ask(n):
    await asyncio.sleep(0.05)
    value = get_ipython().run_line_magic("R", f"--engine {engine} {{n}} + 1")
    await asyncio.sleep(0.05)
    return value

ticking = asyncio.create_task(tick())
values = await asyncio.gather(*[ask(n) for n in range(5)])
y = %R --engine {engine} 10
ticking.cancel()
values, y, ticks > 5
"""


@pytest.mark.parametrize("engine", ENGINES)
def test_tasks_await_around_r(engine, notebook):
    found = notebook.result(TASKS.format(engine=engine))
    assert found == "([1.0, 2.0, 3.0, 4.0, 5.0], 10.0, True)"
