"""The run of a pipeline: its outputs and progress, beside the SDK."""

import copy

import pytest
from openhexa.sdk.pipelines.pipeline import Pipeline
from openhexa.sdk.pipelines.run import CurrentRun

from hexa_kernels.contract import message

from .server.pipeline import TABLE, exchange, log, output_of, seen
from .server.replay import Replay, recordings

# Of a run that is over: a token that the server does not know any more.
UNAUTHENTICATED = "026"


SAME = [
    (
        'add_file_output(f"{files}/out/cases.csv")',
        'add_file_output(paste0(files, "/out/cases.csv"))',
        exchange("addPipelineOutput", output_of("out/cases.csv")),
    ),
    (
        'add_file_output(f"{files}/été 2024.csv")',
        'add_file_output(paste0(files, "/été 2024.csv"))',
        exchange("addPipelineOutput", output_of("été 2024.csv")),
    ),
    (
        'add_database_output("cases")',
        'add_database_output("cases")',
        exchange("addPipelineOutput", TABLE),
    ),
    *[
        (
            f'log_{level.lower()}("fait à 50 %")',
            f'log_{level.lower()}("fait à 50 %")',
            log(level, "fait à 50 %"),
        )
        for level in ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")
    ],
    ("log_info(42)", "log_info(42L)", log("INFO", "42")),
]


@pytest.mark.parametrize(
    ("python", "code", "asked"), SAME, ids=[python for python, *_ in SAME]
)
def test_both_languages_send_the_same(
    python, code, asked, watched_r, in_pipeline, files
):
    with Replay([], [asked]) as server:
        in_pipeline(server, HEXA_LOG_LEVEL="0")
        eval(f"run.{python}", {"run": CurrentRun(), "files": files})
        assert (server.problems, server.waiting) == ([], [])
    with Replay([], [asked]) as server:
        variables = in_pipeline(server, HEXA_LOG_LEVEL="0")
        answer = watched_r(f'files <- "{files}"; current_run${code}', variables)
        assert (server.problems, server.waiting) == ([], []), answer
    assert answer == {"printed": [], "warned": []}


def test_progress_is_sent_as_the_sdk_s_engine_sends_it(watched_r, in_pipeline):
    asked = exchange("updatePipelineProgress", {"percent": 42})
    with Replay([], [asked]) as server:
        in_pipeline(server)
        pipeline = Pipeline("x", "x", lambda: None, [])
        pipeline._update_progress(42)
        assert (server.problems, server.waiting) == ([], [])
    with Replay([], [asked]) as server:
        answer = watched_r("current_run$progress(42.9)", in_pipeline(server))
        assert (server.problems, server.waiting) == ([], []), answer
    assert answer == {"printed": [], "warned": []}


REFUSED = [
    ("file", "FILE_NOT_FOUND", FileNotFoundError, "file_not_found"),
    ("file", "PIPELINE_NOT_FOUND", Exception, "run_not_found"),
    ("file", "PIPELINE_ALREADY_COMPLETED", Exception, "run_not_found"),
    ("file", "PERMISSION_DENIED", Exception, "permission_denied"),
    ("file", "INVALID_CONFIG", Exception, "request_refused"),
    ("database", "TABLE_NOT_FOUND", Exception, "table_not_found"),
    # The SDK says nothing; decision 28.
    ("database", "PIPELINE_NOT_FOUND", None, "run_not_found"),
    ("database", "PERMISSION_DENIED", None, "permission_denied"),
    ("database", "INVALID_CONFIG", None, "request_refused"),
]
OUTPUTS = {
    "file": (output_of("x.csv"), 'add_file_output("{files}/x.csv")'),
    "database": (TABLE, 'add_database_output("cases")'),
}


@pytest.mark.parametrize("language", ["en", "fr"])
@pytest.mark.parametrize(("kind", "refusal", "raised", "code"), REFUSED)
def test_every_refused_output_is_a_condition(
    kind, refusal, raised, code, language, watched_r, in_pipeline, files
):
    given, call = OUTPUTS[kind]
    call = call.format(files=files)
    asked = exchange("addPipelineOutput", given, [refusal])
    with Replay([], [asked]) as server:
        in_pipeline(server)
        try:
            eval(f"run.{call}", {"run": CurrentRun()})
            found = None
        except Exception as error:
            found = type(error)
        assert found is raised
    with Replay([], [asked]) as server:
        variables = in_pipeline(server, HEXA_LANG=language)
        answer = watched_r(f"current_run${call}", variables)
        assert (server.problems, server.waiting) == ([], []), answer
    assert answer["error"][:2] == [f"openhexa_error_{code}", "openhexa_error"]
    values = {
        "path": "x.csv",
        "place": str(files),
        "table": "cases",
        "database": "w1db",
        "reason": refusal,
    }
    if code != "permission_denied":
        assert answer["message"].startswith(message(code, language, values)[0])
    assert variables["HEXA_TOKEN"] not in answer["message"]


def test_an_output_with_a_token_of_a_finished_run_is_refused(
    watched_r, in_pipeline, files
):
    refused = copy.deepcopy(recordings()[UNAUTHENTICATED])
    asked = exchange("addPipelineOutput", TABLE)
    asked["response"]["body"]["json"] = {
        "data": None,
        "errors": refused["response"]["body"]["json"]["errors"],
    }
    with Replay([], [asked]) as server:
        answer = watched_r(
            'current_run$add_database_output("cases")', in_pipeline(server)
        )
    assert answer["error"][0] == "openhexa_error_unauthenticated"


def test_paths_that_the_sdk_gets_wrong_are_right_in_r(
    watched_r, in_pipeline, files, tmp_path
):
    """Decision 27: relative paths, and the other name of the home folder."""
    (tmp_path / "jovyan").symlink_to(tmp_path)
    linked = f"{tmp_path}/jovyan/workspace/out/x.csv"
    for path, wrong in [
        ("out/x.csv", "gs://hexa-demoout/x.csv"),
        (linked, f"gs://hexa-demo{linked}"),
    ]:
        sdk = exchange("addPipelineOutput", {"uri": wrong, "type": "file"})
        sdk["request"]["graphql"]["variables"]["input"]["name"] = path.strip("/")
        with Replay([], [sdk]) as server:
            in_pipeline(server)
            CurrentRun().add_file_output(path)
            assert (server.problems, server.waiting) == ([], [])
        right = exchange("addPipelineOutput", output_of("out/x.csv"))
        with Replay([], [right]) as server:
            variables = in_pipeline(server)
            code = f'setwd("{files}"); current_run$add_file_output("{path}")'
            answer = watched_r(code, variables)
            assert (server.problems, server.waiting) == ([], []), answer


def test_a_failed_progress_is_a_warning(watched_r, in_pipeline):
    refused = exchange("updatePipelineProgress", {"percent": 5}, ["PIPELINE_NOT_FOUND"])
    with Replay([], [refused]) as server:
        answer = watched_r("current_run$progress(5)", in_pipeline(server))
        assert (server.problems, server.waiting) == ([], []), answer
    assert [kind for kind, _ in answer["warned"]] == ["openhexa_warning_log_not_sent"]


@pytest.mark.parametrize("name", ["openhexa-python", "openhexa-r", "ir"])
def test_the_notebook_of_a_pipeline_reports_its_run(
    name, kernel, plain_r, in_pipeline, files
):
    (files / "x.csv").touch()
    output = exchange("addPipelineOutput", output_of("x.csv"))
    expected = [log("INFO", "fait"), log("WARNING", "vide"), output]
    python = name == "openhexa-python"
    with Replay([], expected) as server:
        in_pipeline(server)
        one = kernel(name)
        load = "from hexa_kernels import run_log" if python else "library(openhexaR)"
        one.run(load)
        assert seen(one.result('run_log("fait")')) == "INFO fait"
        dot = "." if python else "$"
        assert one.result(f'current_run{dot}log_warning("vide")') is None
        assert one.result(f'current_run{dot}add_file_output("{files}/x.csv")') is None
        assert (server.problems, server.waiting) == ([], [])
