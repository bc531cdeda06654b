"""Log helpers: replaced where they only log."""

import pytest

HELPER = """
log_msg <- function(text, level = "info") {{
  if (!is.null(current_run)) current_run$log_info(text) else cat(text, "\\n")
  {more}
}}
log_msg("hello")
"""


@pytest.mark.parametrize(
    ("more", "safe"),
    [
        ("", True),
        ("if (level == 'error') stop(text)", False),
        ("write(text, 'run.log', append = TRUE)", False),
        ("count <<- count + 1", False),
        ("cat(text, file = 'run.log', append = TRUE)", False),
    ],
)
def test_a_helper_that_only_logs_is_replaced(more, safe, examined):
    findings = examined(".R", HELPER.format(more=more)).findings
    calls = [one for one in findings if one.rule == "log-helper"][1:]
    assert [call.safe for call in calls] == [safe]


LEVELS = """
from openhexa.sdk import current_run
def note(message{second}):
    if current_run is not None:
        {body}
    else:
        print("ERREUR :", message)
note("fini"{given})
"""
MAPPED = (
    'current_run.log_info(message) if level == "info" '
    "else current_run.log_error(message)"
)


@pytest.mark.parametrize(
    ("second", "body", "given", "safe"),
    [
        ("", "current_run.log_info(message)", "", True),
        ("", "current_run.log_error(message)", "", False),
        ("", "current_run.log_info('[PNLP] ' + message)", "", False),
        (", level='info'", MAPPED, "", True),
        (", level='info'", MAPPED, ", 'error'", True),
        (", level='info'", MAPPED, ", 'warning'", False),
        (", level='info'", MAPPED, ", 'erreur'", False),
        (", level='info'", MAPPED, ", chosen", False),
        (", level='info'", "if VERBOSE: current_run.log_info(message)", "", False),
    ],
)
def test_what_is_logged_keeps_its_level_and_text(second, body, given, safe, examined):
    code = LEVELS.format(second=second, body=body, given=given)
    findings = examined(".py", code).findings
    assert [one.safe for one in findings if one.rule == "log-helper"][-1] == safe


def test_the_value_of_a_helper_is_kept(examined):
    findings = examined(".R", HELPER.format(more="text") + "x <- log_msg('a')").findings
    reasons = [one.reason for one in findings if one.rule == "log-helper"]
    assert reasons == ["still_called", "", "value_used"]


@pytest.mark.parametrize(("file", "safe"), [("sys.stderr", True), ("log_file", False)])
def test_a_helper_that_prints_to_a_file_stays(file, safe, examined):
    code = (
        "import sys\ndef log(text):\n    if current_run:\n"
        "        current_run.log_info(text)\n"
        f"    print(text, file={file})\nlog('a')\n"
    )
    findings = examined(".py", code).findings
    assert [one.safe for one in findings if one.rule == "log-helper"][-1] == safe


CHOSEN = [
    "current_run[[paste0('log_', level)]](text)",
    "do.call(current_run[[sprintf('log_%s', level)]], list(text))",
    "do.call(paste0('log_', level), list(text), envir = current_run)",
    "switch(level, info = current_run$log_info(text), error = "
    "current_run$log_error(text))",
]


@pytest.mark.parametrize("body", CHOSEN)
@pytest.mark.parametrize(
    ("given", "reason"),
    [
        ("", ""),
        (", 'error'", ""),
        (", level = 'error'", ""),
        (", 'erreur'", "other_level"),
        (", chosen", "other_level"),
    ],
)
def test_a_level_that_chooses_the_method_in_r_is_kept(body, given, reason, examined):
    code = (
        "log_msg <- function(text, level = 'info') {\n"
        f"  if (!is.null(current_run)) {body} else cat(text)\n}}\nlog_msg('a'{given})"
    )
    found = [one for one in examined(".R", code).findings if one.rule == "log-helper"]
    assert [one.reason for one in found] == ["still_called", reason]
    if not reason:
        assert found[1].replacement == f"run_log('a'{given})"


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ('getattr(current_run, f"log_{level}")(message)', ""),
        ('getattr(current_run, "log_" + level.lower())(message)', ""),
        ('getattr(current_run, f"log_{prefix}{level}")(message)', "does_more"),
        ('getattr(current_run, f"log_{level}")("[A] " + message)', "does_more"),
        ('getattr(current_run, f"log_{message}")(level)', "other_signature"),
        (
            'log = getattr(current_run, f"log_{level}", current_run.log_info)\n'
            "        log(message)",
            "",
        ),
    ],
)
@pytest.mark.parametrize("given", ["'critical'", "level='warning'"])
def test_a_level_that_chooses_the_method_in_python_is_kept(
    body, reason, given, examined
):
    code = (
        "from openhexa.sdk import current_run\ndef note(message, level):\n"
        f"    if current_run:\n        {body}\n    else:\n        print(message)\n"
        f"note('a', {given})\n"
    )
    found = examined(".py", code).findings
    assert [one.reason for one in found] == ["still_called", reason]


@pytest.mark.parametrize(
    ("lines", "reason"),
    [
        (["try:", "    LOG(message)", "except Exception:", "    print(message)"], ""),
        (["if current_run: LOG(message)"], "prints_too"),
        (["message = '[A] ' + message", "if current_run: LOG(message)"], "does_more"),
        (["if not message: return", "if current_run: LOG(message)"], "does_more"),
        (
            ["if not current_run:", "    print(message)", "    return", "LOG(message)"],
            "",
        ),
        (
            ["if current_run and level != 'debug': LOG(message)", "print(message)"],
            "other_level",
        ),
    ],
)
def test_what_a_helper_does_besides_is_seen(lines, reason, examined):
    body = "\n    ".join(lines).replace("LOG", 'getattr(current_run, f"log_{level}")')
    code = (
        "from openhexa.sdk import current_run\n"
        f"def note(message, level='info'):\n    {body}\nnote('a', 'error')\n"
    )
    found = examined(".py", code).findings
    assert [one.reason for one in found] == ["still_called", reason]


def test_a_function_that_logs_how_far_it_is_is_no_helper(examined):
    code = (
        "from openhexa.sdk import current_run\ndef clean(data):\n"
        "    if current_run:\n        current_run.log_info(f'{len(data)} rows')\n"
        "    else:\n        print(f'{len(data)} rows')\n    return data\nclean(1)\n"
    )
    ((line, safe),) = [(one.line, one.safe) for one in examined(".py", code).findings]
    assert (line, safe) == (3, True)


BY_NAME = """
note <- function(text) {{
  if (exists("current_run"){more}) current_run$log_info(text) else cat(text)
}}
note("a")
x <- note("b")
y <- "/home/hexa/workspace/a.csv"
"""


@pytest.mark.parametrize(
    ("more", "safe"), [("", {5}), (" && !is.null(current_run)", {3, 5})]
)
def test_a_helper_that_takes_our_run_for_one_keeps_it_away(more, safe, examined):
    """openhexaR's current_run is there, and NULL: a call that stays would fail."""
    findings = examined(".R", BY_NAME.format(more=more)).findings
    assert {one.line - 2 for one in findings if one.safe} == safe
