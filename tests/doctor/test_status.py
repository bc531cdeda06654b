"""The status as a notebook shows it: HTML, plain text, the start's time, remedies."""

import os
import re

import pytest

from hexa_kernels.contract import contract

from .conftest import BIN


def shown(kernel, code):
    """Run a cell; give what it shows in each form."""
    found = []

    def collect(message):
        if message["msg_type"] in ("execute_result", "display_data"):
            found.append(message["content"]["data"])

    reply = kernel.client.execute_interactive(code, output_hook=collect, timeout=120)
    assert reply["content"]["status"] == "ok", reply["content"]
    return found[-1]


COMMANDS = {"openhexa-python": "%hexa", "openhexa-r": "hexa_status()"}
STEPS = {
    "openhexa-python": ["python", "ipykernel", "hexa_kernels", "kernel"],
    "openhexa-r": ["R", "IRkernel", "locale", "variables", "libraries", "profile"],
}


@pytest.mark.parametrize("name", COMMANDS)
def test_a_notebook_gets_html_and_text_with_the_start_in_ms(name, kernel, files):
    forms = shown(kernel(name), COMMANDS[name])
    (total,) = re.findall(r"Start of this kernel: (\d+) ms", forms["text/plain"])
    steps = re.findall(r"<tr><th>(\w+)</th><td>(\d+)</td><td><span", forms["text/html"])
    assert [step for step, _ in steps][: len(STEPS[name])] == STEPS[name]
    assert abs(sum(int(ms) for _, ms in steps) - int(total)) <= len(steps)
    assert int(total) > 0
    assert f"Start of this kernel: {total} ms" in forms["text/html"]
    assert '<td class="hexa-ok">ok</td>' in forms["text/html"]
    assert "<" not in forms["text/plain"]


@pytest.mark.parametrize("name", COMMANDS)
def test_a_problem_is_in_both_forms_and_escaped(name, kernel, files, setenv):
    setenv({"WORKSPACE_DATABASE_PORT": "<b>", "HEXA_LANG": "fr"})
    forms = shown(kernel(name), COMMANDS[name])
    assert "[invalid_port]" in forms["text/plain"]
    assert "Problèmes" in forms["text/plain"]
    assert "[invalid_port]" in forms["text/html"]
    assert "<b>" not in forms["text/html"]


LEFT = {
    "openhexa-python": "import os; os.chdir({!r})",
    "openhexa-r": 'setwd("{}")',
}


@pytest.mark.parametrize("name", COMMANDS)
def test_the_remedy_of_a_kernel_s_own_state_is_code_of_its_language(
    name, kernel, files, setenv
):
    setenv({"HEXA_ENVIRONMENT": "CLOUD_JUPYTER"})
    notebook = kernel(name, cwd="/")
    remedy = LEFT[name].format(str(files))
    assert f"→ {remedy}" in notebook.result(COMMANDS[name])
    notebook.run(remedy)
    assert remedy not in notebook.result(COMMANDS[name])


def test_everything_is_tried_on_request(kernel, database, files):
    python = kernel("openhexa-python")
    assert "PostgreSQL" not in python.result("%hexa")
    full = python.result("%hexa doctor")
    assert "PostgreSQL" in full
    assert "openhexa-python, " in full
    assert "InvalidArgumentError" in python.error("%hexa docter")


def test_everything_of_r_is_tried_on_request(kernel, database, files, setenv, tmp_path):
    program = tmp_path / "hexa-kernels"  # which R's own libraries must not reach
    program.write_text(
        f'#!/bin/sh\n[ -z "$LD_LIBRARY_PATH" ] || exit 3\n'
        f'exec {BIN}/hexa-kernels "$@"\n'
    )
    program.chmod(0o755)
    setenv({"PATH": f"{tmp_path}{os.pathsep}{os.environ['PATH']}"})
    r = kernel("openhexa-r")
    libraries = r.result("Sys.getenv('LD_LIBRARY_PATH')")
    assert "/" in libraries
    quick = r.result("hexa_status()")
    full = shown(r, "hexa_status(full = TRUE)")["text/plain"]
    for sign in ("PostgreSQL 1", r"Python 3\.", r"openhexa-r, \d+ ms"):
        assert not re.search(sign, quick)
        assert re.search(sign, full)
    assert full.count("PostgreSQL 1") == 1
    assert r.result("Sys.getenv('LD_LIBRARY_PATH')") == libraries
    assert "full" in r.error("hexa_status('all')")


def test_every_colour_is_the_theme_s_with_one_for_pages_that_have_none():
    style = contract()["report_style"]
    colours = re.findall(r"(?:color|background|solid)[: ]([^;}]+)", style)
    themed = [c for c in colours if c not in ("inherit", "none!important")]
    assert len(themed) >= 9
    assert all(re.fullmatch(r"var\(--jp-[\w-]+,.+\)", c) for c in themed), themed
