"""The same calls through the SDK and through openhexaR, on recorded answers."""

import ast
import io
import json
from enum import Enum

import openhexa.sdk
import pytest
from openhexa.sdk.datasets.dataset import Dataset, DatasetFile, DatasetVersion
from openhexa.sdk.utils import Iterator
from pydantic import BaseModel

import hexa_kernels
from hexa_kernels.contract import contract

from .conftest import ROOT
from .server import differences
from .server.calls import CALLS
from .server.recorded import data_of, recordings
from .server.replay import Replay

# Files whose upload was recorded, by the number of the request that carried them.
ON_DISK = {
    "plain.csv": "113",
    "empty.csv": "119",
    "noext": "122",
    "rivières à sec.csv": "128",
    "x.txt": "113",
}


@pytest.fixture
def folder(tmp_path):
    for name, number in ON_DISK.items():
        content = recordings()[number]["request"]["body"].get("text", "")
        (tmp_path / name).write_text(content, encoding="utf-8")
    return tmp_path


def plain(value):
    """Give what R's runner gives of the same object."""
    match value:
        case bytes():
            return value.hex()
        case Enum():
            return value.value
        case BaseModel():
            return {name: plain(item) for name, item in value}
        case list() | Iterator():
            return [plain(item) for item in value]
        case dict():
            return {name: plain(item) for name, item in value.items()}
    if not hasattr(value, "__dict__"):
        return value
    parents = (Dataset, DatasetVersion)
    return {
        name: plain(item)
        for name, item in vars(value).items()
        if not name.startswith("_") and not isinstance(item, parents)
    }


def run_python(code: str, names: dict) -> object:
    """Run statements; give the value of the last, if it is an expression."""
    *before, last = ast.parse(code).body
    if not isinstance(last, ast.Expr):
        before, last = [*before, last], ast.Expr(ast.Constant(None))
    exec(compile(ast.Module(before, []), "call", "exec"), names)
    return eval(compile(ast.Expression(last.value), "call", "eval"), names)


def through_sdk(call, server, folder) -> dict:
    ids = call.ids()
    dataset = Dataset(ids["datasetId"], "slug", "name", "", "demo-workspace")
    version = DatasetVersion(dataset, ids["versionId"], "name", None)
    names = {
        "workspace": openhexa.sdk.workspace,
        "dataset": dataset,
        "version": version,
        "file": DatasetFile(version, ids["fileId"], "x/y/z.csv", "z.csv", "", ""),
        "path": lambda name: str(folder / name),
        "io": io,
    }
    try:
        return {"value": plain(run_python(call.code("python"), names))}
    except Exception as error:
        return {"error": type(error).__name__}


def through_r(call, server, folder, r) -> dict:
    environment = call.environment(server.url) | {"WORKSPACE_TMP_PATH": str(folder)}
    answer = r(call.r_program(folder), environment)
    assert "said" not in answer
    if "value" in answer:
        return {"value": answer["value"]}
    code, kind, *_ = answer["error"]
    assert kind == "openhexa_error", answer
    return {"error": code.removeprefix("openhexa_error_")}


def outcome(call, language, run) -> dict:
    """Run a call against its recordings; give its outcome and what it transferred."""
    numbers, derived = call.replayed(language)
    with Replay(numbers, derived) as server:
        found = run(server)
        assert not server.problems, found
        assert not server.waiting, found
        requests = server.requests
    if call.counts_requests:
        found = {"value": len(requests)}
    transfers = [q for q in requests if q["path"] != "/graphql/"]
    assert all("authorization" not in q["headers"] for q in transfers)
    if language == "r":
        agent = f"openhexaR/{hexa_kernels.__version__}"
        assert all(q["headers"]["user-agent"] == agent for q in requests)
        # Also of an empty file, which object stores refuse without.
        puts = [q for q in transfers if q["method"] == "PUT"]
        assert all(q["headers"]["content-length"] == str(len(q["body"])) for q in puts)
    found["transfers"] = [
        [q["method"], q["path"], q["headers"].get("content-type"), q["body"].hex()]
        for q in transfers
    ]
    text = json.dumps(found, ensure_ascii=False)
    return json.loads(text.replace(server.url, "http://server"))


@pytest.mark.parametrize("call", CALLS, ids=lambda c: f"{c.recordings} {c.python}"[:60])
def test_a_call_has_the_outcome_it_has_in_the_sdk(call, r, setenv, folder):
    def sdk(server):
        setenv(call.environment(server.url))
        return through_sdk(call, server, folder)

    expected = outcome(call, "python", sdk)
    found = outcome(call, "r", lambda server: through_r(call, server, folder, r))
    assert found.pop("transfers") == expected.pop("transfers")
    if call.raises:
        assert expected == {"error": call.raises}
    elif call.decision:
        assert expected == {"value": call.value}
    if call.error:
        assert found == {"error": call.error}
    elif call.decision:
        assert found == {"value": call.r_value}
        assert found != expected
    else:
        assert found == expected


def test_at_least_sixty_calls_are_compared_each_of_them_once():
    keys = {(c.recordings, c.code("r"), c.answers, c.without) for c in CALLS}
    assert len(keys) == len(CALLS)
    assert len(CALLS) >= 60


def test_every_recorded_failure_of_the_sdk_is_among_the_calls():
    failed = {
        number: recording["outcome"]["raises"]
        for number, recording in recordings().items()
        if "raises" in (recording.get("outcome") or {})
    }
    listed = {n: c.raises for c in CALLS for n in c.recordings.split() if c.raises}
    missing = {n: name for n, name in failed.items() if listed.get(n) != name}
    assert missing == {}


def test_every_condition_of_what_asks_the_server_is_tried():
    names = ("graphql", "records", "datasets", "transfer")
    sources = "".join(
        (ROOT / f"r/openhexaR/R/{name}.R").read_text("utf-8") for name in names
    )
    raised = {code for code in contract()["errors"] if f'"{code}"' in sources}
    faults = "".join(p.read_text("utf-8") for p in ROOT.glob("tests/test_faults*.py"))
    tried = {call.error for call in CALLS}
    assert {code for code in raised - tried if code not in faults} == set()


def test_all_datasets_are_listed(r):
    (call,) = [c for c in CALLS if c.python == "len(workspace.list_datasets())"]
    numbers, derived = call.replayed("r")
    with Replay(numbers, derived) as server:
        code = "lapply(workspace$list_datasets(), function(d) d$slug)"
        answer = r(code, call.environment(server.url))
    every = data_of(recordings()["037"])["workspace"]["datasets"]["items"]
    assert answer == {"value": [item["dataset"]["slug"] for item in every]}


def test_every_difference_on_purpose_has_a_call_and_both_texts():
    texts = differences.TEXTS["decisions"]
    assert {call.decision for call in differences.all_calls()} - {""} == set(texts)
    assert all(set(entry) == {"en", "fr"} for entry in texts.values())


def test_the_page_of_differences_says_what_the_calls_show():
    for path, text in differences.pages().items():
        assert "<!-- differences" in text
        assert "<!-- errors" in text
        assert path.read_text("utf-8") == text, f"{path.name} differs: make sync"
