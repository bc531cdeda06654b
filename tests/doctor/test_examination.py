"""The whole report: one broken check, exit codes, JSON, languages, secrets."""

import json
import threading

import pytest
from click.testing import CliRunner

from hexa_kernels.checks import Check
from hexa_kernels.cli import main
from hexa_kernels.contract import contract
from hexa_kernels.doctor import examination

from ..conftest import ROOT
from .conftest import shell


@pytest.fixture
def doctor(monkeypatch):
    """Run the command, with one slow check: each has tests of its own."""
    slow = tuple(pair for pair in examination.SLOW if pair[0] == "database")
    monkeypatch.setattr(examination, "SLOW", slow)

    def run(*arguments):
        return CliRunner().invoke(main, ["doctor", *arguments])

    return run


@pytest.fixture
def scratch(files, tmp_path):
    (tmp_path / "tmp").mkdir()


def test_a_check_that_breaks_or_hangs_stops_no_other(setenv, monkeypatch):
    def breaks():
        raise ZeroDivisionError("in pw-7f3a")

    def hangs():
        threading.Event().wait()

    setenv({"HEXA_TOKEN": "pw-7f3a"})
    steps = (
        ("python", breaks),
        ("r", hangs),
        ("files", lambda: Check("files", "ok", "x")),
    )
    broken, hung, fine = examination._run(steps, 0.5)
    assert (broken.name, broken.state) == ("python", "failed")
    assert broken.found == "ZeroDivisionError: in <HEXA_TOKEN>"
    assert (hung.name, hung.state, hung.found) == (
        "r",
        "failed",
        "no answer within 0.5 s",
    )
    assert fine.state == "ok"


def test_everything_in_order_ends_with_0(doctor, scratch, database):
    done = doctor()
    assert done.exit_code == 0, done.output
    assert done.output.startswith("OpenHEXA: 0 failed")


def test_a_warning_is_no_failure(doctor, scratch, database, setenv):
    setenv({"HEXA_ENVIRONMENT": "CLOUD_JUPYTER"})
    done = doctor()
    assert "warning" in done.output
    assert done.exit_code == 0, done.output


def test_a_failure_ends_with_1_and_its_remedy(doctor, files):
    done = doctor()
    assert done.exit_code == 1
    assert f"→ mkdir -p {files.parent}/tmp\n" in done.output


def checks_of(done):
    """Give the checks of the JSON report, by name."""
    return {check["name"]: check for check in json.loads(done.output)["checks"]}


def test_without_a_workspace_one_is_made_by_the_remedy(
    doctor, tmp_path, monkeypatch, no_default
):
    monkeypatch.chdir(tmp_path)
    broken = checks_of(doctor("--json"))["files"]
    assert (broken["state"], broken["code"]) == ("failed", "workspace_none")
    shell(broken["remedy"])
    monkeypatch.chdir("my-workspace/workspace")
    mended = checks_of(doctor("--json"))
    assert (mended["files"]["code"], mended["scratch"]["code"]) == ("folder_fine",) * 2
    assert str(tmp_path / "my-workspace") in mended["database"]["remedy"]


def test_a_variable_that_cannot_work_is_said(setenv, monkeypatch):
    setenv({"HEXA_ENVIRONMENT": "NONSENSE"})
    steps = (("variables", examination.variables),)
    (broken,) = examination._run(steps, 5)
    assert (broken.state, broken.code) == ("failed", "invalid_environment")
    setenv({"HEXA_ENVIRONMENT": "standalone"})
    (mended,) = examination._run(steps, 5)
    assert (mended.state, mended.code) == ("ok", "variables_fine")


@pytest.mark.parametrize(
    ("text", "code"),
    [("workspace: [oops", "workspace_yaml_syntax"), ("", "workspace_yaml_value")],
)
def test_a_workspace_that_does_not_open_stops_no_check(text, code, doctor, tmp_path):
    (tmp_path / "workspace.yaml").write_text(text)
    done = doctor("--json", "--workspace", str(tmp_path))
    found = checks_of(done)
    assert done.exit_code == 1
    assert found["workspace"]["state"] == "failed"
    assert found["workspace"]["code"].startswith("workspace_yaml")
    assert found["python"]["state"] == "ok"


def test_a_wrong_variable_stops_no_check(doctor, tmp_path, monkeypatch):
    shell(f"hexa-kernels init '{tmp_path}/mine'")
    monkeypatch.chdir(tmp_path / "mine")
    monkeypatch.setenv("HEXA_ENVIRONMENT", "NONSENSE")
    found = checks_of(doctor("--json"))
    assert found["workspace"]["code"] == "invalid_environment"
    assert found["python"]["state"] == "ok"


def test_json_is_what_is_documented(doctor, files):
    done = doctor("--json")
    assert done.exit_code == 1
    found = json.loads(done.output)
    assert set(found) == {"version", "ok", "checks"}
    assert found["ok"] is False
    for check in found["checks"]:
        assert check["name"] in contract()["checks"]
        assert check["code"] in {*contract()["findings"], *contract()["errors"]}
        for key, value in check.items():
            assert isinstance(value, bool if key == "is_command" else str)
    for language in ("en", "fr"):
        page = (ROOT / f"docs/{language}/doctor.md").read_text("utf-8")
        assert all(f'"{key}":' in page for key in [*found, *found["checks"][0]])


def test_french(doctor, files, setenv):
    setenv({"HEXA_LANG": "fr"})
    done = doctor()
    assert "en échec" in done.output
    assert f"{files.parent}/tmp n'existe pas" in done.output


def test_no_secret_is_shown(doctor, scratch, database, setenv):
    names = [v["name"] for v in contract()["variables"].values() if v.get("secret")]
    url = f"postgresql://u:pw-7f3a@127.0.0.1:{database.port}/d"
    setenv({name: url if name.endswith("URL") else "pw-7f3a" for name in names})
    setenv({"WORKSPACE_STORAGE_ENGINE": "azure"})
    assert "pw-7f3a" not in doctor().output + doctor("--json").output


def test_every_finding_is_found_somewhere():
    sources = {
        "python": (ROOT / "hexa_kernels/doctor").glob("*.py"),
        "r": (ROOT / "r/openhexaR/R").glob("doctor*.R"),
    }
    texts = {
        name: "".join(path.read_text("utf-8") for path in paths)
        for name, paths in sources.items()
    }
    for code, entry in contract()["findings"].items():
        languages = [entry["only"]] if "only" in entry else ["python", "r"]
        for language in languages:
            assert f'"{code}"' in texts[language], (code, language)
        assert {"en", "fr"} <= entry.keys(), code
        assert all(name in contract()["checks"] for name in entry["checks"]), code
        is_wrong = entry["state"] in ("warning", "failed")
        assert not is_wrong or {"command", "advice"} & entry.keys(), code
