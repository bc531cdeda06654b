"""The page of `modernize` says what the rules and the report do."""

import json

import click
import pytest

from hexa_kernels.cli import main
from hexa_kernels.modernize.report import as_json
from hexa_kernels.modernize.survey import survey

from .cases import CASES
from .rules_page import MARKS, PAGES, table


@pytest.mark.parametrize("language", PAGES)
def test_the_table_of_rules_is_current(language):
    assert MARKS[0] + table(language) + MARKS[1] in PAGES[language].read_text("utf-8")


@pytest.mark.parametrize("language", PAGES)
def test_every_option_and_key_is_described(language, tmp_path):
    page = PAGES[language].read_text("utf-8")
    command = main.commands["modernize"]
    for option in command.params:
        if isinstance(option, click.Option):
            assert any(f"`{spelling}" in page for spelling in option.opts)
    results = list(survey([CASES["r_guide_files"].path, tmp_path / "missing.R"]))
    report = json.loads(as_json(results))
    good, bad = report["files"]
    keys = [*report, *good, *good["findings"][0], *bad["error"], *report["summary"]]
    for key in keys:
        assert f"{key}`" in page or f"{key}[]" in page, key
