"""Set-up by hand: it goes only where the kernel gives the same by itself."""

import json

import pytest

from hexa_kernels.modernize.survey import survey

PROJ = "Sys.setenv(PROJ_LIB = '/opt/conda/share/proj')"
PYTHON = "use_python('/opt/conda/bin/python')"


@pytest.fixture
def reasons(tmp_path):
    """Give a function: why each finding in a notebook of a kernel is advice."""

    def examine(kernel, *cells):
        path = tmp_path / "old.ipynb"
        book = {
            "nbformat": 4,
            "metadata": {"kernelspec": {"name": kernel}},
            "cells": [{"cell_type": "code", "source": source} for source in cells],
        }
        path.write_text(json.dumps(book))
        (result,) = survey([path])
        assert result.error is None, result.error
        return [finding.reason for finding in result.findings]

    return examine


@pytest.mark.parametrize(
    ("kernel", "cell", "reason"),
    [
        ("openhexa-r", PROJ, ""),
        ("openhexa-r", "Sys.setenv(GDAL_DATA = '/opt/conda/share/gdal')", ""),
        ("openhexa-r", f"if (Sys.getenv('PROJ_LIB') == '') {PROJ}", ""),
        ("openhexa-python", f"%%R\n{PROJ}", ""),
        ("openhexa-python", f"%%R --engine embedded\n{PROJ}", "kernel_sets"),
        ("ir", PROJ, "kernel_sets"),
        ("python3", f"%%R\n{PROJ}", "kernel_sets"),
        ("python3", "%env PROJ_LIB=/opt/conda/share/proj", "kernel_sets"),
        ("openhexa-python", "%env PROJ_LIB=/opt/conda/share/proj", "kernel_sets"),
        ("openhexa-r", "Sys.setenv(PROJ_LIB = '/usr/share/proj')", "own_place"),
        ("openhexa-r", "Sys.setenv(PROJ_LIB = '/opt/conda/share/gdal')", "own_place"),
        ("openhexa-r", "Sys.setenv(PROJ_LIB = proj_folder())", "own_place"),
        ("ir", PYTHON, ""),
        ("ir", "reticulate::use_python('/opt/conda/bin/python', required = TRUE)", ""),
        ("ir", "Sys.setenv(RETICULATE_PYTHON = '/opt/conda/bin/python')", ""),
        ("ir", "py_config()", ""),
        ("ir", "reticulate::py_config()$python", ""),
        ("ir", "use_condaenv('gee')", "own_place"),
        ("ir", "use_condaenv('gee', conda = '/opt/conda/bin/conda')", "own_place"),
        ("ir", "use_python('/opt/conda/envs/gee/bin/python')", "own_place"),
        ("ir", "use_python(Sys.which('python3'))", "own_place"),
        ("ir", "f <- function(p = '/opt/conda/bin/python') {use_python(p); 1}", ""),
    ],
)
def test_it_goes_where_the_kernel_sets_the_same(kernel, cell, reason, reasons):
    assert reasons(kernel, cell) == [reason]


@pytest.mark.parametrize(
    "more",
    [
        "openhexa <- tryCatch({\n  # there?\n  import('openhexa.sdk')\n})",
        "openhexa <- import('openhexa.sdk')\nx <- openhexa$OpenHexaClient()",
        "openhexa <- import('openhexa.sdk')\nif (exists('con')) x <- 1",
        "sdk <- import('openhexa')",
        "np <- import(module)",
        "x <- py$total",
        "x <- py_config()$python",
        "library(rgee)",
        "x <- (1",
    ],
)
def test_the_interpreter_stays_where_python_may_be_needed(more, reasons):
    found = reasons("ir", f"{PYTHON}\ny <- 1", more)
    assert found[0] == "uses_python"


@pytest.mark.parametrize("sdk", ["", "openhexa <- import('openhexa.sdk')\n"])
def test_the_interpreter_stays_where_other_files_may_need_it(sdk, reasons):
    found = reasons("ir", f"{PYTHON}\ny <- 1", f"{sdk}source('helpers.R')")
    assert found[0] == "other_files"
    assert "" not in found


@pytest.mark.parametrize(
    "other",
    ["Sys.setenv(PROJ_LIB = '/home/me/grids')", "Sys.unsetenv('PROJ_LIB')"],
)
def test_a_variable_that_is_given_back_its_value_stays(other, reasons):
    assert reasons("openhexa-r", f"{other}\n{PROJ}")[-1] == "other_value"


@pytest.mark.parametrize(
    ("kernel", "reason"), [("ir", "kernel_sets"), ("openhexa-r", "")]
)
def test_a_variable_that_is_read_stays(kernel, reason, reasons):
    cell = "Sys.setenv(RETICULATE_PYTHON = '/opt/conda/bin/python')"
    guard = f"if (Sys.getenv('RETICULATE_PYTHON') == '') {cell}"
    assert reasons(kernel, cell, "x <- Sys.getenv('RETICULATE_PYTHON')") == [reason]
    assert reasons(kernel, guard) == [""]


def test_a_name_that_our_kernel_has_is_no_parameter(reasons):
    assert reasons("openhexa-r", "if (!exists('con')) con <- NULL") == ["asked_for"]


def test_a_parameter_that_a_call_sets_is_not_the_platforms(reasons):
    helper = "f <- function(p = '/opt/conda/bin/python') {use_python(p); 1}"
    assert reasons("ir", helper, "f('/home/me/bin/python')") == ["own_place"]


def test_a_test_that_does_something_stays(reasons, tmp_path):
    cell = f"if (fetch_grids()) {{\n  {PROJ}\n}}\nx <- 1"
    assert reasons("openhexa-r", cell) == [""]
    (result,) = survey([tmp_path / "old.ipynb"])
    assert b"if (fetch_grids()) {\\n  invisible()\\n}" in result.change.data
