"""The log of both languages: printed everywhere, sent in a pipeline."""

import os
import subprocess
import sys
import warnings

import pytest

from hexa_kernels import _run, run_log
from hexa_kernels.contract import message
from hexa_kernels.errors import LogNotSentWarning, UnknownLogLevelWarning

from .server.pipeline import CALLER, exchange, log, seen
from .server.replay import Replay, token


def log_python(text, level="info"):
    """Call run_log(); give the codes of what it warns of."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        run_log(text, level)
    return [(w.category, str(w.message)) for w in caught]


def test_run_log_prints_and_sends(watched_r, in_pipeline, capsys):
    expected = log("ERROR", "lu : été")
    with Replay([], [expected]) as server:
        in_pipeline(server)
        assert log_python("lu : été", "error") == []
        assert (server.problems, server.waiting) == ([], [])
    assert seen(capsys.readouterr().out) == "ERROR lu : été"
    with Replay([], [expected]) as server:
        answer = watched_r('run_log("lu : été", "error")', in_pipeline(server))
        assert (server.problems, server.waiting) == ([], []), answer
    assert seen(answer["printed"][0]) == "ERROR lu : été"
    assert answer["warned"] == []


@pytest.mark.parametrize(
    "changes",
    [
        {"HEXA_LOG_LEVEL": "3"},
        {"HEXA_ENVIRONMENT": "CLOUD_JUPYTER"},
        {"HEXA_ENVIRONMENT": "STANDALONE"},
        {"HEXA_ENVIRONMENT": "LOCAL_PIPELINE"},
        {"HEXA_ENVIRONMENT": "unheard-of"},
    ],
    ids=str,
)
def test_what_is_dropped_or_not_of_a_pipeline_is_not_sent(
    changes, watched_r, in_pipeline, capsys
):
    dropped = "HEXA_LOG_LEVEL" in changes
    with Replay([]) as server:
        variables = in_pipeline(server, **changes)
        assert log_python("x") == []
        answer = watched_r('run_log("x")', variables)
        assert server.requests == []
    printed = capsys.readouterr().out
    assert answer["warned"] == []
    if dropped:
        assert (printed, answer["printed"]) == ("", [])
    else:
        assert seen(printed) == seen(*answer["printed"]) == "INFO x"


def test_current_run_prints_where_the_sdk_would_send_in_vain(watched_r, in_pipeline):
    """Decision 25: no run outside of a pipeline, whatever server there is."""
    with Replay([]) as server:
        variables = in_pipeline(server, HEXA_ENVIRONMENT="STANDALONE")
        code = 'current_run$log_warning("x"); current_run$progress(5)'
        answer = watched_r(code, variables)
        assert server.requests == []
    assert seen(answer["printed"][0]) == "WARNING x"
    assert answer["printed"][1:] == ["Progress update: 5%"]


def broken(status, body):
    found = log("INFO", "x")
    found["response"] |= {"status": status, "body": {"json": body}}
    return found


# Answers of the server; the code of what R says of them, and a word of Python's.
FAILURES = {
    "502": (broken(502, {}), "server_status", "502"),
    "no OpenHEXA": (broken(200, {"welcome": 1}), "server_answer", "KeyError"),
    "error": (
        broken(200, {"errors": [{"message": "too late"}]}),
        "graphql_error",
        "too late",
    ),
    "no token": (None, "missing_variable", "HEXA_TOKEN"),
}


@pytest.mark.parametrize("language", ["en", "fr"])
@pytest.mark.parametrize("name", [*FAILURES, "refused", "broken token"])
def test_a_failure_to_send_is_said_once_and_stops_nothing(
    name, language, watched_r, in_pipeline, capsys
):
    answer, code, word = FAILURES.get(name, (None, None, ""))
    answers = [answer] * 2 if answer else []
    changes = {"HEXA_LANG": language}
    if name == "refused":
        changes["HEXA_SERVER_URL"] = "http://127.0.0.1:1"
    if name == "broken token":
        changes["HEXA_TOKEN"] = "pass7f3a\nword7f3a"
    with Replay([], answers) as server:
        variables = in_pipeline(server, **changes)
        if name == "no token":
            del variables["HEXA_TOKEN"]
            os.environ.pop("HEXA_TOKEN")
        python = log_python("x") + log_python("x")
    with Replay([], answers) as server:
        if name != "refused":
            variables["HEXA_SERVER_URL"] = server.url
        answer = watched_r('run_log("x"); run_log("x")', variables)
    assert [kind for kind, _ in python] == [LogNotSentWarning]
    assert [kind for kind, _ in answer["warned"]] == ["openhexa_warning_log_not_sent"]
    texts = message("log_not_sent", language, {"what": "{what}", "reason": ""})
    said_r, said_python = answer["warned"][0][1], python[0][1]
    assert word in said_python
    if code:
        values = {"server": server.url, "status": 502, "reason": "too late"}
        values["variable"] = "HEXA_TOKEN"
        assert message(code, language, values)[0].removesuffix(".") in said_r
    for text in (said_r, said_python):
        assert text.startswith(texts[0].partition("{what}")[0])
        assert text.endswith(texts[1])
        assert "7f3a" not in text
        assert token(CALLER) not in text
    assert [seen(line) for line in answer["printed"]] == ["INFO x"] * 2
    printed = capsys.readouterr().out.splitlines()
    assert [seen(line) for line in printed] == ["INFO x"] * 2


def test_a_refused_message_is_said_in_r(watched_r, in_pipeline):
    """Where the SDK does not look at the answer."""
    refused = exchange(
        "logPipelineMessage",
        {"priority": "INFO", "message": "x"},
        ["PIPELINE_ALREADY_COMPLETED"],
    )
    with Replay([], [refused]) as server:
        in_pipeline(server)
        assert log_python("x") == []
    with Replay([], [refused]) as server:
        answer = watched_r('current_run$log_info("x")', in_pipeline(server))
    ((kind, text),) = answer["warned"]
    assert kind == "openhexa_warning_log_not_sent"
    assert message("run_not_found", "en", {})[0].rstrip(".") in text


def test_an_unknown_level_counts_as_info_and_is_said_once(files, monkeypatch, capsys):
    monkeypatch.setattr(_run, "_warned", set())
    found = [log_python("x", level) for level in ("loud", "louder", 3, None)]
    assert [kind for kind, _ in found[0]] == [UnknownLogLevelWarning]
    assert '"loud"' in found[0][0][1]
    assert found[1:] == [[], [], []]
    printed = capsys.readouterr().out.splitlines()
    assert [seen(line) for line in printed] == ["INFO x"] * 4


def test_logging_goes_on_where_warnings_are_errors(in_pipeline, capsys):
    with Replay([]) as server, warnings.catch_warnings():
        in_pipeline(server, HEXA_SERVER_URL="http://127.0.0.1:1")
        warnings.simplefilter("error", LogNotSentWarning)
        run_log("x")
    assert "127.0.0.1" in capsys.readouterr().err


class Broken:
    def __str__(self):
        raise RuntimeError


@pytest.mark.parametrize(
    ("text", "shown"),
    [(None, "None"), ([1], "[1]"), ("\ud800", r"\ud800"), (Broken(), "<Broken>")],
    ids=["None", "list", "surrogate", "broken"],
)
def test_anything_can_be_logged(text, shown, capsys):
    assert log_python(text) == []
    assert seen(capsys.readouterr().out) == f"INFO {shown}"


def test_logging_in_a_notebook_does_not_load_the_sdk(files):
    code = """
import sys
from hexa_kernels import run_log
run_log("x")
print([name for name in sys.modules if name.partition(".")[0] == "openhexa"])
"""
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert done.stdout.splitlines()[1:] == ["[]"]
