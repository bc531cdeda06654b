"""The vectors that R runs too, through the SDK's own objects."""

import contextlib
import io
import json
import re

import pytest
from openhexa.sdk import current_run, workspace
from openhexa.utils import stringcase

import hexa_kernels
from hexa_kernels.errors import OpenHexaError

from .conftest import ROOT

VECTORS = json.loads((ROOT / "tests/contract/vectors.json").read_text("utf-8"))
PREFIXES = json.loads(
    (ROOT / "tests/contract/constcase-vectors.json").read_text("utf-8")
)
FIELDS = {
    *("name", "env", "call", "expect", "error", "values", "sdk_error"),
    *("expect_r", "error_r", "decision"),
}


def fill(value, folder):
    """Replace {dir} by a folder of the test."""
    return json.loads(json.dumps(value).replace("{dir}", str(folder)))


def line(function, *arguments):
    """Give what a call prints, without the time of a log line; None for nothing."""
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        function(*arguments)
    time = r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+00:00 "
    return re.sub(time, "", printed.getvalue().removesuffix("\n")) or None


def parameter(name, default, *injected):
    """Ask for a parameter in a notebook, where papermill wrote it or not."""
    notebook = {"ask": hexa_kernels.notebook_parameter, "default": default}
    if injected:
        (notebook[name],) = injected
    return eval(f"ask({name!r}, default)", notebook)


def call(verb, *arguments):
    match verb:
        case "get":
            return getattr(workspace, *arguments)
        case "connection":
            accessor, identifier = arguments
            return getattr(workspace, accessor)(identifier)
        case "workspace_path" | "tmp_path" | "notebook_dir":
            return getattr(hexa_kernels, verb)(*arguments)
        case "run_id":
            return current_run.id()
        case "log":
            method, text = arguments
            return line(getattr(current_run, method), text)
        case "add_file_output":
            with contextlib.chdir(workspace.files_path):
                return line(current_run.add_file_output, *arguments)
        case "add_database_output":
            return line(current_run.add_database_output, *arguments)
        case "run_log":
            return line(hexa_kernels.run_log, *arguments)
        case "notebook_parameter":
            return parameter(*arguments)
    raise ValueError(f"unknown verb {verb}")


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector["name"])
def test_vector(vector, setenv, tmp_path):
    assert set(vector) <= FIELDS
    assert ("decision" in vector) == ("expect_r" in vector or "error_r" in vector)
    vector = fill(vector, tmp_path)
    setenv(vector["env"])
    if "sdk_error" in vector:
        with pytest.raises(Exception) as raised:
            call(*vector["call"])
        assert vector["sdk_error"] in {kind.__name__ for kind in raised.type.__mro__}
    elif "error" in vector:
        with pytest.raises(OpenHexaError) as raised:
            call(*vector["call"])
        assert raised.value.code == vector["error"]
        assert vector["values"].items() <= raised.value.values.items()
    elif vector["call"][0] == "connection":
        connection = call(*vector["call"])
        shown = {name: getattr(connection, name) for name in vector["expect"]}
        assert shown == vector["expect"]
    else:
        assert call(*vector["call"]) == vector["expect"]


@pytest.mark.parametrize("vector", PREFIXES, ids=lambda vector: repr(vector))
def test_prefix_is_the_sdk_s(vector):
    assert stringcase.constcase(vector["identifier"].lower()) == vector["prefix"]
