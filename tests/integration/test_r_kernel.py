"""The kernel "OpenHEXA R" as a notebook meets it, beside plain IRkernel."""

import contextlib
import subprocess
from queue import Empty

import pytest


@pytest.fixture
def r(kernel, database, files):
    return kernel("openhexa-r")


def test_workspace_is_there(r, files):
    assert r.result("workspace$files_path") == f'[1] "{files}"'
    assert r.result("inherits(workspace, 'openhexa_workspace')") == "[1] TRUE"


def test_con_is_a_live_connection(r):
    assert r.result("inherits(con, 'DBIConnection')") == "[1] TRUE"
    assert r.result("DBI::dbGetQuery(con, 'SELECT 40 + 2 AS x')$x") == "[1] 42"


def test_con_may_be_mentioned_first_in_any_generic(r):
    r.result("DBI::dbWriteTable(con, 'first_r', data.frame(x = 1), overwrite = TRUE)")
    assert r.result("DBI::dbReadTable(con, 'first_r')$x") == "[1] 1"


def test_names_are_not_the_user_s(r):
    assert r.result("ls()") == "character(0)"
    r.result("x <- 1; rm(list = ls())")
    assert r.result("is.environment(workspace)") == "[1] TRUE"
    assert r.result("DBI::dbGetQuery(con, 'SELECT 1 AS x')$x") == "[1] 1"
    assert r.result("con <- 5; con") == "[1] 5"


def test_completion(r):
    assert "workspace$files_path" in r.complete("workspace$fi")
    assert "con" in r.complete("con")


def test_a_failed_connection_says_what_to_do(kernel, database, setenv):
    setenv({"WORKSPACE_DATABASE_PASSWORD": "wrong-pw"})
    r = kernel("openhexa-r")
    error = r.error("con")
    assert "refuses the password of demo" in error
    assert "wrong-pw" not in error
    assert r.result("1 + 1") == "[1] 2"


def test_status(r):
    status = r.result("hexa_status()")
    assert "IRkernel" in status
    assert " ms" in status
    assert "S3cret" not in status


def test_a_wrong_value_is_said_once(kernel, setenv):
    setenv({"WORKSPACE_DATABASE_PORT": "abc"})
    r = kernel("openhexa-r")
    _, outputs = r.run("1 + 1")
    (warning,) = [text for kind, text in outputs if kind == "stderr"]
    assert warning.count("\n") == 1
    assert "hexa_status()" in warning
    assert r.run("1 + 1")[1] == [("result", "[1] 2")]


# Five defects of plain IRkernel. Each test first shows that it has it.


def test_a_broken_profile_does_not_stop_the_kernel(kernel, plain_r, tmp_path):
    (tmp_path / ".Rprofile").write_text('mine <- 42\nstop("broken é")\n')
    with pytest.raises(RuntimeError, match="died"):
        kernel(plain_r, cwd=str(tmp_path))
    r = kernel("openhexa-r", cwd=str(tmp_path))
    _, outputs = r.run("mine")
    assert outputs[0][0] == "stderr"
    assert "broken é" in outputs[0][1]
    assert outputs[1] == ("result", "[1] 42")
    assert "[profile_failed]" in r.result("hexa_status()")


def test_a_stray_image_is_not_restored(kernel, plain_r, tmp_path):
    save = "stray <- 1; save.image()"
    subprocess.run(["Rscript", "--vanilla", "-e", save], cwd=tmp_path, check=True)
    plain = kernel(plain_r, cwd=str(tmp_path))
    assert plain.result("exists('stray')") == "[1] TRUE"
    r = kernel("openhexa-r", cwd=str(tmp_path))
    assert r.result("exists('stray')") == "[1] FALSE"


def test_a_file_in_a_folder_does_not_replace_the_server_s_variables(
    kernel, plain_r, tmp_path, setenv
):
    (tmp_path / ".Renviron").write_text(
        "WORKSPACE_DATABASE_HOST=evil\nHEXA_TOKEN=evil\nMINE=1\n"
    )
    setenv({"WORKSPACE_DATABASE_HOST": "good", "HEXA_TOKEN": "a=b c"})
    host = "Sys.getenv('WORKSPACE_DATABASE_HOST')"
    plain = kernel(plain_r, cwd=str(tmp_path))
    assert plain.result(host) == '[1] "evil"'
    r = kernel("openhexa-r", cwd=str(tmp_path))
    assert r.result(host) == '[1] "good"'
    assert r.result("Sys.getenv('HEXA_TOKEN')") == '[1] "a=b c"'
    assert r.result("Sys.getenv('MINE')") == '[1] "1"'


def test_text_is_utf8_under_a_plain_locale(kernel, plain_r, setenv):
    setenv({"LANG": "C", "LC_ALL": "C"})
    code = 'x <- "décès"; c(nchar(x), l10n_info()[["UTF-8"]])'
    assert kernel(plain_r).result(code) != "[1] 5 1"
    r = kernel("openhexa-r")
    assert r.result(code) == "[1] 5 1"
    assert r.result('print("décès à Bobo")') == '[1] "décès à Bobo"'


def after_a_failure(notebook, *, stop_on_error):
    """Send a cell that fails and one after it; give how that ends, and if it does."""
    fails = "Sys.sleep(1); stop('no')"
    notebook.client.execute(fails, stop_on_error=stop_on_error)
    request = notebook.client.execute("cat(6 * 7)")
    status = notebook.reply(request)["content"]["status"]
    states = []
    with contextlib.suppress(Empty):
        while states[-1:] != ["idle"]:
            message = notebook.client.get_iopub_msg(timeout=5)
            if message["parent_header"].get("msg_id") == request:
                states.append(message["content"].get("execution_state"))
    return status, states[-1:] == ["idle"]


def test_a_cell_after_a_failure_is_over_when_it_is_refused(kernel, plain_r):
    """JupyterLab shows a star beside it until then."""
    assert after_a_failure(kernel(plain_r), stop_on_error=True) == ("aborted", False)
    r = kernel("openhexa-r")
    assert after_a_failure(r, stop_on_error=True) == ("aborted", True)
    assert r.result("cat(6 * 7)") == "42"


def test_a_cell_sent_upon_the_answer_to_a_failure_runs(kernel):
    r = kernel("openhexa-r")
    for _ in range(100):
        assert r.reply(r.client.execute("stop('no')"))["content"]["status"] == "error"
        assert r.reply(r.client.execute("1"))["content"]["status"] == "ok"


def test_a_cell_after_a_failure_runs_where_it_is_asked_to(kernel, plain_r):
    assert after_a_failure(kernel(plain_r), stop_on_error=False)[0] == "aborted"
    r = kernel("openhexa-r")
    assert after_a_failure(r, stop_on_error=False) == ("ok", True)


def test_the_compiler_is_on_after_the_start(r):
    assert r.result("compiler::enableJIT(-1)") == "[1] 3"
    assert r.result("Sys.getenv('R_ENABLE_JIT', NA)") == "[1] NA"


def test_what_a_profile_prints_stays_out_of_the_output(tmp_path, setenv):
    (tmp_path / ".Rprofile").write_text('cat("from the profile\\n")\nprint(1)\n')
    connection = tmp_path / "absent.json"
    code = "openhexaR::kernel_main()"
    options = ["--no-echo", "--no-init-file", "-e", code, "--args", str(connection)]
    done = subprocess.run(
        ["R", *options],
        cwd=tmp_path,
        capture_output=True,
        text=True,
    )
    assert "from the profile" in done.stderr
    assert done.stdout == ""


def test_the_package_primes_a_plain_kernel(kernel, plain_r, database, files):
    r = kernel(plain_r)
    assert r.result("library(openhexaR); workspace$files_path") == f'[1] "{files}"'
    assert r.result("DBI::dbGetQuery(con, 'SELECT 1 AS x')$x") == "[1] 1"
    assert r.result("detach('package:openhexaR'); exists('con')") == "[1] FALSE"


def test_the_package_primes_rscript(database, files):
    code = """
    con <- 1  # of the user: loading must neither mind nor open the database
    library(openhexaR)
    cat(workspace$files_path, is.null(openhexaR:::the$con))
    rm(con)
    cat("", DBI::dbGetQuery(con, "SELECT 1 AS x")$x)
    """
    done = subprocess.run(
        ["Rscript", "--no-init-file", "-e", code], capture_output=True, text=True
    )
    assert done.stdout == f"{files} TRUE 1", done.stderr
