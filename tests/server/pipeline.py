"""A pipeline's run for tests: its server, and both languages as its processes.

No exchange of these was recorded. What is asked is what the installed SDK asks: both
languages must send the same. What is answered has the form that the schema gives, with
codes of the server's enumeration of errors.
"""

import pytest

from hexa_kernels import _run

from .recorded import token

CALLER = "running pipeline"


def exchange(mutation, given, errors=()):
    """Make the recording of a mutation: what is asked with, and refused for."""
    answer = {mutation: {"success": not errors, "errors": list(errors)}}
    return {
        "caller": CALLER,
        "request": {
            "graphql": {
                "kind": "mutation",
                "variables": {"input": given},
                "selected": [f"{mutation}.success", f"{mutation}.errors"],
            }
        },
        "response": {
            "status": 200,
            "headers": {"content-type": "application/json"},
            "body": {"json": {"data": answer}},
        },
    }


def output_of(path):
    return {"uri": f"gs://hexa-demo/{path}", "type": "file", "name": path}


TABLE = {"uri": "postgresql://db.example.org/w1db/cases", "type": "db", "name": "cases"}


def log(priority, text):
    return exchange("logPipelineMessage", {"priority": priority, "message": text})


def variables_of(server, folder):
    return {
        "HEXA_SERVER_URL": server.url,
        "HEXA_TOKEN": token(CALLER),
        "HEXA_WORKSPACE": "demo-workspace",
        "HEXA_ENVIRONMENT": "CLOUD_PIPELINE",
        "HEXA_RUN_ID": "7f3a",
        "WORKSPACE_BUCKET_NAME": "hexa-demo",
        "WORKSPACE_FILES_PATH": str(folder),
        "WORKSPACE_DATABASE_HOST": "db.example.org",
        "WORKSPACE_DATABASE_DB_NAME": "w1db",
    }


# What a call prints and warns of, and its error: the runner's own output is a protocol.
WATCHED = """
session <- openhexaR:::the
session$warned <- NULL
warned <- list()
printed <- capture.output(withCallingHandlers(
  { CODE },
  warning = function(w) {
    warned[[length(warned) + 1]] <<- list(class(w)[[1]], conditionMessage(w))
    tryInvokeRestart("muffleWarning")
  }
))
list(printed = as.list(printed), warned = warned)
"""


@pytest.fixture
def watched_r(r):
    """Give a function that runs R code; what it printed, warned of, or failed with."""

    def run(code, env):
        answer = r(WATCHED.replace("CODE", code), env)
        return answer.get("value", answer)

    return run


@pytest.fixture
def in_pipeline(files, setenv, monkeypatch):
    """Give a function that makes this process a pipeline run of a server."""
    monkeypatch.setattr(_run, "_warned", set())
    monkeypatch.chdir(files)

    def enter(server, **changes):
        variables = {**variables_of(server, files), **changes}
        setenv(variables)
        return variables

    return enter


def seen(printed):
    """Take the time off a line of the log."""
    return printed.rstrip("\n").partition(" ")[2]
