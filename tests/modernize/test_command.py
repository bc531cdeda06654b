"""``hexa-kernels modernize``: what it says, writes and exits with."""

import json
import shutil

import pytest
from click.testing import CliRunner

from hexa_kernels.cli import main
from hexa_kernels.modernize.rules import texts

from .cases import CASES, CORPUS


@pytest.fixture
def cli():
    def run(*arguments):
        return CliRunner().invoke(main, ["modernize", *map(str, arguments)])

    return run


@pytest.fixture
def script(tmp_path):
    path = tmp_path / "x.R"
    path.write_text('x <- "~/workspace/a.csv"\ntoken <- "abcd1234"\n')
    return path


def test_findings_are_listed_counted_and_timed(cli, script):
    done = cli(script)
    assert done.exit_code == 0, done.output
    rules = texts()["rules"]
    assert done.output == (
        f"{script}\n"
        "  line 1: Path of the workspace written out [workspace-path]\n"
        '    → workspace_path("a.csv")\n'
        "  line 2: Password, token or key written out [secret-in-code]\n"
        "    by hand: it must be changed where it was issued\n"
        "Findings: 2 (files: 1 of 1). Can be changed for you: 1. For you to "
        "change: 1.\n"
        f"     1     2 min  workspace-path: {rules['workspace-path']['en']['why']}\n"
        f"     1    15 min  secret-in-code: {rules['secret-in-code']['en']['why']}\n"
        "About 17 minutes saved once all is done.\n"
        "See the changes: --diff. Make them: --write (copies) or --in-place (with "
        "backups).\n"
    )


def test_french(cli, script, setenv):
    setenv({"HEXA_LANG": "fr"})
    done = cli(script)
    assert "ligne 2 : Mot de passe, jeton ou clé écrit en clair" in done.output
    assert "Environ 17 minutes gagnées une fois tout fait." in done.output


def test_check_is_for_ci(cli, script, tmp_path):
    assert cli("--check", script).exit_code == 1
    assert cli(script).exit_code == 0
    assert cli("--check", CASES["r_modern"].path).exit_code == 0
    assert cli("--check", tmp_path / "missing.R", script).exit_code == 2
    assert cli("--in-place", "--write", script).exit_code == 2
    assert cli().exit_code == 2


def test_a_file_that_fails_is_one_message_and_the_rest_goes_on(cli, script):
    bad = script.with_name("bad.ipynb")
    bad.write_text("{")
    done = cli(script.parent)
    assert done.exit_code == 2
    assert done.output.count(f"[notebook_corrupt] Notebook {bad} is damaged") == 1
    assert "[workspace-path]" in done.output


def test_diff_shows_code_and_no_secret(cli, script):
    done = cli("--diff", script)
    assert f"--- {script}, cell 1\n" in done.output
    assert '+x <- workspace_path("a.csv")' in done.output
    assert ' token <- "***"' in done.output


SECRETS = [
    *("Paludisme-1234", "d2pat_0123456789abcdefghijABCDEFGHIJ42", "n0t-a-real-one"),
    *("3f0c9d8e7b6a5f4e3d2c1b0a", "k-48151623420815162342"),
]


@pytest.mark.parametrize("options", [["--diff"], ["--json"], ["--check"]])
def test_no_secret_of_the_corpus_is_shown(options, cli):
    written = b"".join(case.path.read_bytes() for case in CASES.values())
    done = cli(*options, CORPUS)
    for secret in SECRETS:
        assert secret.encode() in written
        assert secret not in done.output


def test_json_is_what_the_documentation_says(cli, script):
    done = cli("--json", script, script.with_name("missing.R"))
    assert done.exit_code == 2
    report = json.loads(done.stdout)
    why = texts()["rules"]["workspace-path"]["en"]
    assert report["version"] == 1
    good, bad = report["files"]
    assert good["findings"][0] == {
        **{"rule": "workspace-path", "cell": 0, "line": 1, "safe": True, **why},
        **{"where": "code", "replacement": 'workspace_path("a.csv")', "reason": ""},
    }
    assert good["error"] is None
    assert bad["error"]["code"] == "source_unreadable"
    assert report["summary"] == {
        **{"files": 2, "failed": 1, "findings": 2, "safe": 1, "minutes": 17}
    }


def test_write_makes_copies_and_leaves_files_alone(cli, tmp_path):
    folder = tmp_path / "in"
    (folder / "below").mkdir(parents=True)
    shutil.copy(CASES["r_guide_files"].path, folder / "a.ipynb")
    shutil.copy(CASES["py_crlf"].path, folder / "below/b.ipynb")
    before = {path: path.read_bytes() for path in folder.rglob("*.ipynb")}
    done = cli("--write", folder)
    assert done.exit_code == 0, done.output
    assert (folder / "a.modernized.ipynb").exists()
    assert cli("-o", tmp_path / "out", folder).exit_code == 0
    copy = tmp_path / "out/below/b.ipynb"
    assert copy.read_bytes() == (folder / "below/b.modernized.ipynb").read_bytes()
    assert {path: path.read_bytes() for path in before} == before


def test_a_copy_replaces_no_other_file(cli, script, tmp_path):
    before, below = script.read_text(), tmp_path / "below"
    below.mkdir()
    (below / "x.R").write_text(before + "y <- 1\n")
    for _ in range(2):  # a copy that is there already is not made again
        done = cli("-o", tmp_path, script, below / "x.R")
        assert done.exit_code == 0, done.output
    assert script.read_text() == before
    assert {path.name for path in tmp_path.glob("*.R")} == {"x.R", "x-2.R", "x-3.R"}
    assert (tmp_path / "x-3.R").read_text().endswith("y <- 1\n")
    edited = tmp_path / "x.modernized.R"
    edited.write_text("# mine\n")
    cli("--write", script)
    assert edited.read_text() == "# mine\n"
    assert (tmp_path / "x.modernized-2.R").exists()
    assert "x.modernized-2.R" not in cli(tmp_path).output


def test_a_secret_of_several_lines_is_not_shown(cli, tmp_path):
    path = tmp_path / "x.py"
    path.write_text(
        "password = (\n    'hunter-A'\n    'hunter-B'\n)\n"
        'key = """-----BEGIN PRIVATE KEY-----\nMIIEsecret\n"""\n'
        "x = '/home/hexa/workspace/a'\n"
    )
    for option in ("--diff", "--json"):
        shown = cli(option, path).output
        assert "secret-in-code" in shown
        for secret in ("hunter-A", "hunter-B", "MIIEsecret"):
            assert secret not in shown


def test_in_place_replaces_files_and_keeps_them(cli, script):
    before = script.read_text()
    done = cli("--in-place", script)
    assert done.exit_code == 0, done.output
    assert 'workspace_path("a.csv")' in script.read_text()
    assert script.with_name("x.R.bak").read_text() == before
    assert "[workspace-path]" not in cli(script).output


def test_without_r_python_is_examined_all_the_same(cli, script, setenv):
    python = script.with_name("y.py")
    python.write_text('x = "~/workspace"\n')
    setenv({"PATH": str(script.parent)})
    done = cli(script.parent)
    assert done.exit_code == 2
    assert "[r_missing]" in done.output
    assert "[workspace-path]" in done.output
