"""R cells in a Python notebook, in a real kernel; the same with both engines."""

import base64
import os
import signal
import struct
import time
from pathlib import Path
from xml.etree import ElementTree

import pytest

from .soak.notebook import children, handed_over

ENGINES = ["sidecar", "embedded"]


@pytest.fixture
def notebook(kernel, files):
    """A Python notebook of the workspace, for a test that ends R or leaves traces."""
    return kernel("openhexa-python")


@pytest.fixture(scope="module")
def shared(shared_kernel, tmp_path_factory):
    """A notebook that other tests use too: what they named is still there."""
    files = tmp_path_factory.mktemp("files")
    return shared_kernel("openhexa-python", {"WORKSPACE_FILES_PATH": str(files)})


def cell(engine, code, options=""):
    return f"%%R --engine {engine} {options}\n{code}"


def ended(pid: int, processes: set[int]) -> bool:
    """Wait until processes, and all that was handed over, are gone."""
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        alive = [p for p in processes if Path(f"/proc/{p}").exists()]
        if not alive and not handed_over(pid):
            return True
        time.sleep(0.1)
    return False


@pytest.mark.parametrize("engine", ENGINES)
def test_r_shows_what_it_shows_in_order(engine, shared):
    code = 'print("un"); message("deux"); warning("trois"); x <- 4\nx\ninvisible(5)'
    reply, outputs = shared.run(cell(engine, code))
    assert reply["status"] == "ok"
    text = " ".join(text for _, text in outputs)
    order = [text.index(word) for word in ("un", "deux", "trois", "[1] 4")]
    assert order == sorted(order)
    kinds = {kind for kind, _ in outputs}
    assert kinds == {"stdout", "stderr", "result"}


@pytest.mark.parametrize("engine", ENGINES)
def test_frames_and_values_cross_both_ways(engine, shared):
    shared.result(
        "import pandas\n"
        "frame = pandas.DataFrame({'n': pandas.array([1, None], 'Int64'),"
        " 's': ['é', None]})\n"
        "given = {'year': 2024, 'names': ['a', 'b'], 'none': None}"
    )
    code = (
        "stopifnot(is.integer(frame$n), is.na(frame$s[[2]]), given$year == 2024L)\n"
        "frame$level <- factor(c('low', 'high'), c('low', 'mid', 'high'))\n"
        "taken <- list(mean = 1.5, ok = TRUE, day = as.Date('2024-02-29'))"
    )
    assert shared.result(cell(engine, code, "-i frame,given -o frame -o taken")) is None
    assert shared.result("str(frame['n'].dtype)") == "'Int64'"
    assert "low" in shared.result("list(frame['level'].cat.categories)")
    assert shared.result("taken['day'].isoformat(), taken['mean'], taken['ok']") == (
        "('2024-02-29', 1.5, True)"
    )


@pytest.mark.parametrize("engine", ENGINES)
def test_a_line_gives_its_value(engine, shared):
    assert shared.result(f"%R --engine {engine} sum(1:4)") == "10"
    assert shared.result(f"y = %R --engine {engine} c(a = 1.5)\ny") is not None


@pytest.mark.parametrize("engine", ENGINES)
def test_an_error_of_r_is_one_of_the_cell_and_the_notebook_lives_on(engine, shared):
    assert "R stops with an error: Error" in shared.error(cell(engine, "stop('non')"))
    assert shared.result(cell(engine, "1 + 1")) == "[1] 2"


@pytest.mark.parametrize("engine", ENGINES)
def test_a_plot_is_a_picture_of_the_asked_size(engine, shared):
    pictures = []

    def collect(message):
        if message["msg_type"] == "display_data":
            pictures.append(message["content"])

    code = cell(engine, "plot(1)", "--width 4 --height 3 --res 100")
    shared.client.execute_interactive(code, output_hook=collect, timeout=60)
    (picture,) = pictures
    png = base64.b64decode(picture["data"]["image/png"])
    assert struct.unpack(">II", png[16:24]) == (400, 300)


@pytest.mark.parametrize("engine", ENGINES)
def test_the_workspace_is_primed_in_r(engine, notebook, files):
    assert str(files) in notebook.result(cell(engine, "workspace$files_path"))


def test_both_engines_have_the_same_libraries(shared):
    found = [
        shared.result(cell(engine, "cat(sort(.libPaths()), sep = '\\n')"))
        for engine in ENGINES
    ]
    assert found[0] == found[1]
    assert ".rlib" in found[0]


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize(
    ("options", "error"),
    [("-i nothing", "Python has no variable nothing"), ("-o nothing", "no variable")],
)
def test_an_unknown_name_is_named(engine, options, error, shared):
    assert error in shared.error(cell(engine, "1", options))


@pytest.mark.parametrize("engine", ENGINES)
def test_an_interrupt_stops_r_and_keeps_its_variables(engine, shared):
    shared.result(cell(engine, "kept <- 7"))
    # Asked to stop on an error, a kernel drops what arrives just after it.
    request = shared.client.execute(cell(engine, "repeat {}"), stop_on_error=False)
    time.sleep(1)
    shared.manager.interrupt_kernel()
    reply = shared.client.get_shell_msg(timeout=30)
    assert reply["parent_header"]["msg_id"] == request
    assert reply["content"]["ename"] == "KeyboardInterrupt"
    assert shared.result(cell(engine, "kept")) == "[1] 7"


@pytest.mark.parametrize("engine", ENGINES)
def test_quitting_r_leaves_the_notebook(engine, notebook):
    notebook.run(cell(engine, "q()"))
    assert notebook.result("1 + 1") == "2"
    assert notebook.result(cell(engine, "2")) == "[1] 2"


def test_a_crash_of_r_is_said_and_the_next_cell_has_a_new_r(notebook):
    notebook.result("%%R\nx <- 1")
    error = notebook.error("%%R\ntools::pskill(Sys.getpid(), 9)")
    assert "R ended while it ran this cell (SIGKILL)" in error
    _, outputs = notebook.run("%%R\nexists('x')")
    assert ("stderr", "R was started anew: the variables it had are gone.\n") in outputs
    assert any("FALSE" in text for _, text in outputs)


def test_the_end_of_the_kernel_is_the_end_of_r(notebook):
    notebook.result("%%R\n1")
    pid = notebook.manager.provisioner.pid
    processes = children(pid)
    assert processes
    notebook.manager.shutdown_kernel()
    assert ended(pid, processes)


def test_a_killed_kernel_leaves_no_r(notebook):
    notebook.result("%%R\n1")
    pid = notebook.manager.provisioner.pid
    processes = children(pid)
    os.kill(pid, signal.SIGKILL)
    assert ended(pid, processes)


def test_a_call_that_does_not_stop_is_told_of(notebook):
    """A program that ignores the interrupt, as a long matrix product does."""
    notebook.result("%%R\nkept <- 7")
    shown = []
    code = "%%R\nsystem(\"trap '' INT; sleep 8\")"
    request = notebook.client.execute(code, stop_on_error=False)
    time.sleep(1)
    notebook.manager.interrupt_kernel()
    while True:
        message = notebook.client.get_iopub_msg(timeout=60)
        if message["parent_header"].get("msg_id") == request:
            content = message["content"]
            shown.append(content.get("text", ""))
            if content.get("execution_state") == "idle":
                break
    assert "R does not stop yet: `system(" in "".join(shown)
    assert notebook.result("%%R\nkept") == "[1] 7"


def test_readline_asks_the_user(shared):
    client = shared.client
    request = client.execute("%%R\nname <- readline('Nom ? ')", allow_stdin=True)
    asked = client.get_stdin_msg(timeout=60)
    assert asked["content"]["prompt"] == "Nom ? "
    client.input("Ana")
    while client.get_shell_msg(timeout=60)["parent_header"]["msg_id"] != request:
        pass
    assert shared.result("%%R\nname") == '[1] "Ana"'


def test_names_of_r_are_completed(shared):
    shared.result("%%R\nmy_long_name <- 1")
    assert "my_long_name" in shared.complete("%%R\n1 + my_lo")
    assert "import" in shared.complete("impor")


def test_nothing_is_loaded_before_the_first_r_cell(notebook):
    loaded = "'hexa_kernels.bridge' in __import__('sys').modules"
    assert notebook.result(loaded) == "False"
    assert notebook.result("get_ipython().find_cell_magic('R') is not None") == "True"
    assert notebook.result(loaded) == "False"


def displays(notebook, code):
    """Run a cell; give what it displays."""
    found = []

    def collect(message):
        if message["msg_type"] == "display_data":
            found.append(message["content"])

    reply = notebook.client.execute_interactive(code, output_hook=collect, timeout=60)
    assert reply["content"]["status"] == "ok"
    return found


@pytest.mark.parametrize("engine", ENGINES)
def test_a_plot_is_svg_where_asked_for(engine, shared):
    code = cell(engine, "plot(1)", "--format svg --width 4 --height 3 --res 100")
    (picture,) = displays(shared, code)
    assert "image/png" not in picture["data"]
    root = ElementTree.fromstring(picture["data"]["image/svg+xml"])
    assert root.tag == "{http://www.w3.org/2000/svg}svg"
    # 4 x 3 inches of 72 points.
    assert [root.get(name).removesuffix("pt") for name in ("width", "height")] == [
        "288",
        "216",
    ]
    sizes = picture["metadata"]["image/svg+xml"]
    # Half of the pixels, as for screens with twice as many.
    assert (sizes["width"], sizes["height"], sizes["isolated"]) == (200, 150, True)
    # Options of a cell are its own.
    (picture,) = displays(shared, cell(engine, "plot(1)"))
    assert "image/svg+xml" not in picture["data"]
    png = base64.b64decode(picture["data"]["image/png"])
    assert struct.unpack(">II", png[16:24]) != (400, 300)


@pytest.mark.parametrize("engine", ENGINES)
def test_the_user_s_own_option_decides_on_the_format(engine, notebook):
    option = 'options(jupyter.plot_mimetypes = c("image/svg+xml", "image/png"))'
    notebook.result(cell(engine, option))
    (picture,) = displays(notebook, cell(engine, "plot(1)"))
    assert {"image/svg+xml", "image/png"} <= set(picture["data"])
    (picture,) = displays(notebook, cell(engine, "plot(1)", "--format png"))
    assert "image/svg+xml" not in picture["data"]
    (picture,) = displays(notebook, cell(engine, "plot(1)"))
    assert "image/svg+xml" in picture["data"]


def test_options_of_a_cell_end_with_it_also_after_an_error(shared):
    shared.error("%%R --format svg\nstop('non')")
    (picture,) = displays(shared, "%%R\nplot(1)")
    assert "image/svg+xml" not in picture["data"]


def test_two_notebooks_have_each_its_own_r(kernel, files):
    first, second = kernel("openhexa-python"), kernel("openhexa-python")
    pids = [one.result("%%R\nx <- 1; cat(Sys.getpid())") for one in (first, second)]
    assert len(set(pids)) == 2
    first.result("%%R\nshare_frame(data.frame(n = 1:3, s = c('é', NA, 'b')), 'ours')")
    second.result("%%R\nours <- receive_frame('ours'); ours$n <- ours$n * 2L")
    assert second.result("%R sum(ours$n)") == "12"
    assert first.result("%R sum(receive_frame('ours')$n)") == "6"
    running = first.client.execute("%%R\nfor (i in 1:30) Sys.sleep(0.1); x <- 2")
    request = second.client.execute("%%R\nrepeat {}", stop_on_error=False)
    time.sleep(1)
    second.manager.interrupt_kernel()
    for one, sent, status in ((second, request, "error"), (first, running, "ok")):
        while True:
            reply = one.client.get_shell_msg(timeout=30)
            if reply["parent_header"].get("msg_id") == sent:
                break
        assert reply["content"]["status"] == status
    second.error("%%R\ntools::pskill(Sys.getpid(), 9)")
    assert first.result("%%R\ncat(x, Sys.getpid())") == f"2 {pids[0]}"
