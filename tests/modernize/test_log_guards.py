"""Logs behind a test for a run: replaced where the same text is said without one."""

import pytest

SDK = "from openhexa.sdk import current_run\n"


def told(result):
    found = [one for one in result.findings if one.rule == "log-helper"]
    return [(one.replacement, one.reason) for one in found]


@pytest.mark.parametrize(
    ("code", "changed"),
    [
        ('if (HAS) current_run$log_info("x") else cat("x\\n")', 'run_log("x")'),
        (
            'has_run <- HAS\nif (has_run) current_run$log_info("x") else cat("x")',
            'has_run <- !is.null(current_run)\nrun_log("x")',
        ),
        (
            'if (exists("current_run")) current_run$log_info("x") else cat("x")',
            'run_log("x")',
        ),
        (
            'if (HAS) {\n  current_run$log_error(m)\n} else {\n  cat(m, "\\n")\n}',
            'run_log(m, "error")',
        ),
        (
            'if (is.null(current_run)) print("x") else current_run$log_info("x")',
            'run_log("x")',
        ),
        (
            "if (HAS) current_run$log_info(sprintf('%d', n)) "
            "else cat(sprintf('%d\\n', n))",
            "run_log(sprintf('%d', n))",
        ),
        (
            "for (i in x) if (HAS) current_run$log_info(i) else message(i)",
            "for (i in x) run_log(i)",
        ),
        (
            'tryCatch(current_run$log_warning("x"), error = function(e) cat("x"))',
            'run_log("x", "warning")',
        ),
        (
            "run <- openhexa$current_run\n"
            'if (!is.null(run)) run$log_info("x") else print("x")',
            'run <- openhexa$current_run\nrun_log("x")',
        ),
    ],
)
def test_a_log_of_r_that_says_the_same_without_a_run_is_replaced(
    code, changed, examined
):
    result = examined(".R", code.replace("HAS", "!is.null(current_run)"))
    assert result.change.data.decode() == f"library(openhexaR)\n{changed}"


@pytest.mark.parametrize(
    ("code", "changed"),
    [
        ("if current_run is not None:\n    LOG\nelse:\n    SAY", "run_log(f'{x}')"),
        ("if current_run:\n    LOG\nelse:\n    SAY", "run_log(f'{x}')"),
        ("if not current_run:\n    SAY\nelse:\n    LOG", "run_log(f'{x}')"),
        ("LOG if current_run else SAY", "run_log(f'{x}')"),
        ("try:\n    LOG\nexcept AttributeError:\n    SAY", "run_log(f'{x}')"),
        (
            "def double(x):\n    if current_run:\n        LOG\n    else:\n"
            "        SAY\n    return 2 * x",
            "def double(x):\n    run_log(f'{x}')\n    return 2 * x",
        ),
        (
            'if "current_run" in globals() and current_run is not None:\n    LOG\n'
            "else:\n    SAY",
            "run_log(f'{x}')",
        ),
    ],
)
def test_a_log_of_python_that_says_the_same_without_a_run_is_replaced(
    code, changed, examined
):
    code = code.replace("LOG", "current_run.log_info(f'{x}')")
    result = examined(".py", SDK + code.replace("SAY", "print(f'{x}')"))
    head = f"from hexa_kernels import run_log\n{SDK}"
    assert result.change.data.decode() == head + changed


@pytest.mark.parametrize(
    ("code", "replacement", "reason"),
    [
        ("if current_run:\n    LOG", "run_log(m)", "prints_too"),
        ("try:\n    LOG\nexcept Exception:\n    pass", "run_log(m)", "prints_too"),
        ("if current_run:\n    LOG\nelse:\n    print(n)", "run_log(m)", "other_arm"),
        (
            "if current_run:\n    LOG\nelse:\n    print(m, end='')",
            "run_log(m)",
            "other_arm",
        ),
        (
            "if current_run and y:\n    LOG\nelse:\n    print(m)",
            "run_log(m)",
            "asks_more",
        ),
        (
            "if y:\n    y = 0\nelif current_run:\n    LOG\nelse:\n    print(m)",
            "run_log(m)",
            "asks_more",
        ),
        (
            "if current_run:\n    LOG\n    add(m)\nelse:\n    print(m)",
            "run_log(…)",
            "guards_more",
        ),
        (
            "log = current_run.log_info if current_run else print",
            "run_log(…)",
            "guards_more",
        ),
        ("x = LOG if current_run else print(m)", "run_log(m)", "value_used"),
        (
            "if current_run:\n    # why\n    LOG\nelse:\n    print(m)",
            "run_log(m)",
            "comment",
        ),
        (
            "if current_run:\n    current_run.log_debug(m)\nelse:\n    print(m)",
            'run_log(m, "debug")',
            "debug_hidden",
        ),
    ],
)
def test_a_log_that_would_say_something_else_is_advice(
    code, replacement, reason, examined
):
    result = examined(".py", SDK + code.replace("LOG", "current_run.log_info(m)"))
    assert told(result) == [(replacement, reason)]


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        ('f <- function() {\n  if (HAS) LOG else cat("x\\n")\n}', "value_used"),
        ('if (exists("current_run")) LOG else {\n  # why\n  cat("x")\n}', "comment"),
        ('if (exists("current_run")) LOG else cat("y")', "other_arm"),
        ("try(LOG, silent = TRUE)", "prints_too"),
        ("if (HAS) LOG else invisible(NULL)", "prints_too"),
        ('if (HAS) LOG else cat("x", file = "run.log")', "other_arm"),
        ('cat <- function(x) 1\nif (HAS) LOG else cat("x")', "other_arm"),
        ('tryCatch(LOG, error = function(e) cat("x"), finally = z())', "guards_more"),
    ],
)
def test_a_log_of_r_that_would_say_something_else_is_advice(code, reason, examined):
    code = code.replace("LOG", 'current_run$log_info("x")')
    result = examined(".R", code.replace("HAS", "!is.null(current_run)"))
    ((written, why),) = told(result)
    assert (written.removeprefix("openhexaR::"), why) == ('run_log("x")', reason)


@pytest.mark.parametrize(
    "code",
    [
        "class Own: pass\ncurrent_run = Own()\nif current_run:\n    LOG",
        "def f(current_run):\n    if current_run:\n        LOG\n    return 1",
        "if current_run:\n    current_run.add_file_output(m)",
        "if is_ready:\n    LOG",
        "try:\n    LOG\nexcept ValueError:\n    print(m)",
        "try:\n    work()\n    LOG\nexcept Exception as error:\n    print(error)",
        "run = Logger(current_run)\nif run:\n    run.log_info(m)",
        "x = 'if current_run: current_run.log_info(1)'  # if current_run: LOG",
    ],
)
def test_what_asks_for_no_run_or_logs_nothing_is_left_alone(code, examined):
    code = SDK + code.replace("LOG", "current_run.log_info(m)")
    assert told(examined(".py", code)) == []


def test_a_test_for_a_run_is_one_finding_with_all_that_is_in_it(examined):
    code = (
        "if (!is.null(current_run)) {\n  current_run$log_info('b')\n"
        "  if (!is.null(current_run)) current_run$log_info('a')\n}"
    )
    assert told(examined(".R", code)) == [("run_log(…)", "guards_more")]
