"""Paths put together of parts, by way of variables and of adjacent texts."""

import json

import pytest

from hexa_kernels.modernize.survey import survey

HEAD = 'import os\nfrom pathlib import Path as P\nhome = os.path.expanduser("~")\n'
R_HEAD = 'home <- Sys.getenv("HOME")\n'


@pytest.fixture
def changed(examined):
    """Give a function that changes code below its head; None where nothing is found."""

    def change(suffix, code):
        head = HEAD if suffix == ".py" else R_HEAD
        result = examined(suffix, f"{head}{code}\n")
        if not result.findings:
            return None
        assert {one.reason for one in result.findings} == {""}
        return result.change.data.decode().partition(head)[2].rstrip("\n")

    return change


@pytest.mark.parametrize(
    ("suffix", "code", "expected"),
    [
        # The home folder in a variable
        (".py", 'x = os.path.join(home, "workspace")', "x = workspace_path()"),
        (
            ".py",
            'x = os.path.join(home, "workspace", y)',
            "x = os.path.join(workspace_path(), y)",
        ),
        (".py", 'x = home + "/workspace/a"', 'x = workspace_path("a")'),
        (".py", 'x = f"{home}/workspace/{y}"', 'x = f"{workspace_path()}/{y}"'),
        (".py", 'x = P(home) / "workspace"', "x = P(workspace_path())"),
        (".py", 'x = P(home, "workspace", "a")', 'x = P(workspace_path("a"))'),
        (
            ".py",
            'h = P.home()\nx = h / "workspace" / "a"',
            'h = P.home()\nx = P(workspace_path()) / "a"',
        ),
        (
            ".py",
            'h = P.home()\nx = h.joinpath("workspace", y)',
            "h = P.home()\nx = P(workspace_path()).joinpath(y)",
        ),
        (
            ".py",
            'h = str(P.home())\nx = h + "/workspace"',
            "h = str(P.home())\nx = workspace_path()",
        ),
        (
            ".py",
            'h = "/home/hexa/"\nx = os.path.join(h, "workspace")',
            'h = "/home/hexa/"\nx = workspace_path()',
        ),
        (
            ".py",
            'def f():\n    return os.path.join(home, "workspace")',
            "def f():\n    return workspace_path()",
        ),
        (".R", 'x <- file.path(home, "workspace")', "x <- workspace_path()"),
        (".R", 'x <- paste0(home, "/workspace/a")', 'x <- workspace_path("a")'),
        (
            ".R",
            'x <- file.path(fs::path_home(), "workspace", y)',
            "x <- file.path(workspace_path(), y)",
        ),
        # A root of its own
        (
            ".py",
            'x = P("/", "home", "hexa", "workspace", "a")',
            'x = P(workspace_path("a"))',
        ),
        (
            ".py",
            'x = os.path.join("/", "home", "hexa", "workspace", y)',
            "x = os.path.join(workspace_path(), y)",
        ),
        (
            ".R",
            'x <- file.path("", "home", "hexa", "workspace", y)',
            "x <- file.path(workspace_path(), y)",
        ),
        # An fs_path stays one
        (
            ".R",
            'x <- fs::path("~/workspace", "a")',
            'x <- fs::path(workspace_path("a"))',
        ),
        (
            ".R",
            'x <- fs::path(home, "workspace", "a", ext = "csv")',
            'x <- fs::path(workspace_path(), "a", ext = "csv")',
        ),
        (
            ".R",
            'x <- fs::path_expand("~/workspace")',
            "x <- fs::path_expand(workspace_path())",
        ),
        # Adjacent texts
        (
            ".py",
            'x = "/home/hexa/" "workspace/a.csv"',
            'x = workspace_path("a.csv")',
        ),
        (
            ".py",
            'x = ("/home/hexa/"\n     "workspace/a/"\n     f"{y}.csv")',
            'x = (f"{workspace_path()}/a/"\n     f"{y}.csv")',
        ),
        (
            ".py",
            'x = f"""/home/hexa/workspace/{y}"""',
            'x = f"""{workspace_path()}/{y}"""',
        ),
    ],
)
def test_a_path_of_parts_is_changed(suffix, code, expected, changed):
    assert changed(suffix, code) == expected


@pytest.mark.parametrize(
    ("suffix", "code"),
    [
        # The variable may be something else
        (".py", 'home += "/x"\nx = os.path.join(home, "workspace")'),
        (".py", 'home = "/srv"\nx = os.path.join(home, "workspace")'),
        (".py", 'def f(home):\n    return os.path.join(home, "workspace")'),
        (".py", 'f = lambda home: home + "/workspace"'),
        (".py", 'for home in y:\n    x = home + "/workspace"'),
        (".py", 'x = [home + "/workspace" for home in y]'),
        (".py", 'with open(y) as home:\n    x = f"{home}/workspace/{y}"'),
        (".py", '(home := y)\nx = home + "/workspace"'),
        (".py", 'globals()["home"] = y\nx = home + "/workspace"'),
        (".py", 'if y:\n    h = P.home()\nx = h / "workspace"'),
        (".R", 'home[1] <- y\nx <- file.path(home, "workspace")'),
        (".R", 'y$h <- "~"\ny <- z\nx <- file.path(y$h, "workspace")'),
        (".R", 'assign("home", y)\nx <- file.path(home, "workspace")'),
        (".R", 'f <- function(home) file.path(home, "workspace")'),
        (".R", 'for (home in y) x <- file.path(home, "workspace")'),
        (".R", 'if (y) h <- path.expand("~")\nx <- file.path(h, "workspace")'),
        # A relative path, or another folder
        (".py", 'x = os.path.join("", "home", "hexa", "workspace")'),
        (".py", 'x = P("home", "hexa", "workspace")'),
        (".py", 'x = home + "/workspaces"'),
        (".py", 'x = "/home/hexa/" "workspaces/" f"{y}"'),
        (".R", 'x <- file.path("home", "hexa", "workspace")'),
    ],
)
def test_what_may_be_another_folder_is_left_alone(suffix, code, changed):
    assert changed(suffix, code) is None


def test_a_variable_of_another_cell_brings_its_spelling_of_path(tmp_path):
    codes = ["# é\nimport pathlib as pl\nh = pl.Path.home()", 'x = h / "workspace"']
    cells = [{"cell_type": "code", "source": code} for code in codes]
    path = tmp_path / "old.ipynb"
    path.write_text(json.dumps({"nbformat": 4, "metadata": {}, "cells": cells}))
    ((finding,),) = (one.findings for one in survey([path]))
    assert finding.replacement == "pl.Path(workspace_path())"
