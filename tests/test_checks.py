"""Checks one after the other, and their report."""

import threading

from hexa_kernels.checks import Report, run_checks
from hexa_kernels.errors import MissingVariableError


def missing():
    raise MissingVariableError(variable="X")


def broken():
    raise ValueError("in pw-7f3a\nand more")


def test_steps_after_one_that_failed_are_not_tried(clean_env):
    checks = run_checks({"a": lambda: "fine", "b": missing, "c": broken}, 5)
    assert [check.state for check in checks] == ["ok", "failed", "skipped"]
    assert checks[1].code == "missing_variable"
    assert checks[1].found == "Environment variable X is not set."
    assert "hexa-kernels lab" in checks[1].remedy


def test_a_step_that_hangs_has_failed(clean_env):
    (check,) = run_checks({"a": lambda: threading.Event().wait()}, 0.2)
    assert (check.state, check.found) == ("failed", "no answer within 0.2 s")


def test_secrets_are_taken_out_of_foreign_errors(clean_env):
    (check,) = run_checks({"a": broken}, 5, lambda t: t.replace("pw-7f3a", "<secret>"))
    assert check.found == "ValueError: in <secret>"


def test_a_report_shows_as_text_and_as_html(clean_env):
    report = Report("Title <1>", run_checks({"a": lambda: "x & y", "bb": missing}, 5))
    assert not report.ok
    assert repr(report).splitlines()[:2] == ["Title <1>", "  a   ok      x & y"]
    assert "    → OpenHEXA sets it" in repr(report)
    html = report._repr_html_()
    assert "<h4>Title &lt;1&gt;</h4>" in html
    assert '<td class="hexa-failed">failed</td>' in html
    assert "x &amp; y" in html
