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
