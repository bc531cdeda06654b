"""Reading the environment."""

import os

import pytest

from hexa_kernels import environment
from hexa_kernels.errors import InvalidPortError, MissingVariableError


def test_variables_are_read_at_each_asking(setenv):
    assert environment.lookup("files_path") == "/home/hexa/workspace"
    setenv({"WORKSPACE_FILES_PATH": "/w"})
    assert environment.lookup("files_path") == "/w"


def test_an_empty_value_counts_only_where_it_can_be_useful(setenv):
    setenv({"WORKSPACE_TMP_PATH": "", "WORKSPACE_DATABASE_PASSWORD": ""})
    assert environment.lookup("tmp_path") == "/home/hexa/tmp"
    assert environment.lookup("database_password") == ""


def test_a_missing_variable_is_named():
    with pytest.raises(MissingVariableError) as raised:
        environment.require("database_host")
    assert raised.value.values == {"variable": "WORKSPACE_DATABASE_HOST"}


@pytest.mark.parametrize("text", ["", "abc", "0", "65536", "-1", "1.5", "١٢"])
def test_a_port_is_a_number_between_1_and_65535(text, setenv):
    setenv({"WORKSPACE_DATABASE_PORT": text})
    with pytest.raises(InvalidPortError):
        environment.database_port()


def test_what_cannot_work_is_listed(setenv):
    assert environment.check() == []
    setenv({"WORKSPACE_DATABASE_PORT": "x", "HEXA_ENVIRONMENT": "MOON"})
    assert [e.code for e in environment.check()] == [
        "invalid_port",
        "invalid_environment",
    ]
    setenv({"WORKSPACE_DATABASE_PORT": "1", "HEXA_ENVIRONMENT": "cloud_jupyter"})
    assert environment.check() == []


@pytest.mark.parametrize(
    ("variables", "language"),
    [
        ({"HEXA_LANG": "fr"}, "fr"),
        ({"HEXA_LANG": "en", "LANG": "fr_FR.UTF-8"}, "en"),
        ({"LANG": "fr_FR.UTF-8"}, "fr"),
        ({"LANG": "fr_FR.UTF-8", "LC_ALL": "C"}, "en"),
        ({"LANG": "pt_PT.UTF-8"}, "en"),
        ({"HEXA_LANG": "", "LANG": ""}, "en"),
    ],
)
def test_language(variables, language, setenv):
    setenv(variables)
    assert environment.language() == language


def test_applied_values_go_away_again(setenv):
    setenv({"WORKSPACE_DATABASE_URL": "old", "WORKSPACE_FILES_PATH": "old"})
    before = dict(os.environ)
    with environment.applied({"WORKSPACE_DATABASE_HOST": "new"}):
        assert "WORKSPACE_DATABASE_URL" not in os.environ  # would win over the parts
        assert os.environ["WORKSPACE_FILES_PATH"] == "old"
        assert os.environ["WORKSPACE_DATABASE_HOST"] == "new"
    assert dict(os.environ) == before
