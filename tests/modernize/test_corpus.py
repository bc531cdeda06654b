"""The corpus is well formed, keeps its bytes, and what is said to run does."""

import pytest

from .cases import CASES, CORPUS, cells

RULES = {
    *("workspace-path", "tmp-path", "relative-write", "environment-setup"),
    *("sdk-import", "database-block", "connection-variables", "dataset-download"),
    *("parameter-default", "log-helper", "package-install", "secret-in-code"),
    *("config-json", "ready-made-output", "unparsed-cell", "format-switch"),
}
ADVICE = {
    *("relative-write", "connection-variables", "dataset-download", "package-install"),
    *("secret-in-code", "config-json", "ready-made-output", "unparsed-cell"),
    "format-switch",
}


def test_there_is_enough_of_each_kind():
    assert len(CASES) >= 60
    assert sum(case.values is not None for case in CASES.values()) >= 20
    assert sum(not case.findings for case in CASES.values()) >= 15
    assert {f["rule"] for case in CASES.values() for f in case.findings} == RULES


def test_no_expected_file_is_alone():
    expected = {path.name.split(".")[0] for path in CORPUS.glob("*.expected.json")}
    assert expected == set(CASES)


@pytest.mark.parametrize("name", CASES)
def test_findings_are_in_order_and_on_lines_of_code(name):
    found = CASES[name].findings
    assert found == sorted(found, key=lambda f: (f["cell"], f["line"], f["rule"]))
    texts = cells(CASES[name].path)
    for finding in found:
        assert set(finding) == {"cell", "line", "rule", "safe"}
        assert not (finding["safe"] and finding["rule"] in ADVICE)
        kind, text = texts[finding["cell"]]
        assert kind == "code"
        assert text.splitlines()[finding["line"] - 1].strip()


def test_files_keep_their_bytes():
    """A checkout that changes the ends of lines, or an editor, would not be noticed."""
    content = {name: case.path.read_bytes() for name, case in CASES.items()}
    for name in ("r_crlf", "py_crlf"):
        assert content[name].count(b"\n") == content[name].count(b"\r\n") > 0
    for name in ("r_latin1", "py_latin1_cookie"):
        with pytest.raises(UnicodeDecodeError):
            content[name].decode()
    assert content["py_bom"].startswith(b"\xef\xbb\xbf")
    for name in ("r_french_report", "py_one_string_sources", "py_french_guide"):
        assert content[name].isascii() and rb"\u00e9" in content[name].lower()
    assert content["py_attachments"].startswith(b'{\n  "cells"')
    assert b"\n" not in content["py_one_string_sources"]
    assert sum(b'"nbformat": 3' in data for data in content.values()) == 2


UNCHANGED = [
    name
    for name, case in CASES.items()
    if case.values and not any(finding["safe"] for finding in case.findings)
]


@pytest.mark.parametrize("name", UNCHANGED)  # the others: test_rewrite.py
def test_what_is_said_to_run_runs_as_it_is(name, values_of):
    case = CASES[name]
    values = values_of(case.path, case.kernel, case.values)
    assert list(values) == case.values
