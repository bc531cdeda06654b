"""The same calls through the SDK and through openhexaR, on recorded answers."""

import json
import shutil
import subprocess

import pytest

from .conftest import ROOT, require
from .server.replay import Replay, recordings, token

# Recordings of one call; the call in both languages; how the outcomes compare:
# "same", or the class of R's condition where the SDK raises, or the decision by which R
# differs and R's value.
CASES = [
    *[
        (number, f'workspace.get_connection("{i}")', f'workspace$get_connection("{i}")')
        for number, i in [
            ("001", "warehouse-db"),
            ("002", "raw-bucket"),
            ("003", "maps-bucket"),
            ("004", "dhis2-play"),
            ("005", "iaso-prod"),
            ("006", "meteo-api-2-v10"),
            ("010", "no-fields"),
            ("011", "DHIS2-Play"),
            ("020", "dhis2-play"),
            ("021", "dhis2-play"),
            ("022", "dhis2-play"),
            ("023", "dhis2-play"),
            ("024", "warehouse-db"),
        ]
    ],
    (
        "008",
        'workspace.custom_connection("3rd-party")',
        'workspace$custom_connection("3rd-party")',
    ),
    *[
        (number, "workspace.configuration", "workspace$configuration")
        for number in ("187", "188", "189")
    ],
    ("191", "workspace.countries", "workspace$countries"),
    ("208", 'workspace.get_file("readme.txt")', 'workspace$get_file("readme.txt")'),
    (
        "209",
        'workspace.get_file("reports/été 2024.csv")',
        'workspace$get_file("reports/été 2024.csv")',
    ),
    ("210", 'workspace.get_file("reports")', 'workspace$get_file("reports")'),
    (
        "214",
        'workspace.get_webapp("carte-sanitaire")',
        'workspace$get_webapp("carte-sanitaire")',
    ),
]
REFUSED = [
    ("014", 'workspace$get_connection("nope")', "connection_not_found"),
    ("015", 'workspace$dhis2_connection("nope")', "connection_not_found"),
    ("016", 'workspace$dhis2_connection("iaso-prod")', "connection_type"),
    ("017", 'workspace$get_connection("outside-dhis2")', "connection_not_found"),
    ("018", 'workspace$get_connection("dhis2-play")', "connection_not_found"),
    ("019", 'workspace$get_connection("dhis2-play")', "connection_not_found"),
    ("025", 'workspace$get_connection("dhis2-play")', "unauthenticated"),
    ("026", 'workspace$get_connection("dhis2-play")', "unauthenticated"),
    ("027", 'workspace$get_connection("dhis2-play")', "unauthenticated"),
    ("190", "workspace$configuration", "unauthenticated"),
    ("199", 'workspace$set_configuration(list(x = "y"))', "permission_denied"),
    ("202", 'workspace$set_configuration(list(x = "y"))', "permission_denied"),
    ("203", 'workspace$set_configuration(list(x = "y"))', "workspace_not_found"),
    ("204", 'workspace$set_configuration(list(x = "y"))', "unauthenticated"),
    ("211", 'workspace$get_file("nope.txt")', "file_not_found"),
    ("212", 'workspace$get_file("../x")', "file_not_found"),
    ("213", 'workspace$get_file("readme.txt")', "unauthenticated"),
    ("215", 'workspace$get_webapp("nope")', "webapp_not_found"),
    ("216", 'workspace$get_webapp("outside-app")', "webapp_not_found"),
    ("217", 'workspace$get_webapp("carte-sanitaire")', "graphql_error"),
    ("218", 'workspace$get_webapp("carte-sanitaire")', "webapp_not_found"),
]


def environment_of(number: str, server: Replay) -> dict[str, str]:
    recording = recordings()[number]
    return {
        "HEXA_SERVER_URL": f"{server.url}/",
        "HEXA_TOKEN": token(recording["caller"]),
        "HEXA_WORKSPACE": recording["workspace"],
        "WORKSPACE_FILES_PATH": "/home/hexa/workspace",
    }


@pytest.fixture(scope="module")
def r():
    """One R process; gives a function that runs code in it."""
    require("rscript", shutil.which("Rscript") is not None)
    process = subprocess.Popen(
        ["Rscript", "--no-init-file", ROOT / "tests/server/runner.R"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        encoding="utf-8",
    )

    def run(code, env):
        process.stdin.write(json.dumps({"code": code, "env": env}) + "\n")
        process.stdin.flush()
        return json.loads(process.stdout.readline())

    yield run
    process.stdin.close()
    process.wait(timeout=30)


def plain(value):
    """Give what R's runner gives of the same object."""
    from enum import Enum

    from pydantic import BaseModel

    if isinstance(value, Enum):
        return value.value
    if isinstance(value, BaseModel):
        return {name: plain(item) for name, item in value}
    if isinstance(value, list):
        return [plain(item) for item in value]
    if hasattr(value, "__dict__") and not isinstance(value, type):
        return {name: plain(item) for name, item in vars(value).items()}
    return value


@pytest.mark.parametrize(("number", "python", "code"), CASES, ids=lambda x: x[:40])
def test_the_same_answer_gives_the_same_object(number, python, code, r, setenv):
    with Replay([number]) as server:
        setenv(environment_of(number, server))
        from openhexa.sdk import workspace

        expected = plain(eval(python, {"workspace": workspace}))
        expected = json.loads(json.dumps(expected).replace(server.url, "http://server"))
        assert not server.problems
    with Replay([number]) as server:
        answer = r(code, environment_of(number, server))
        assert not server.problems
        assert not server.waiting
        agent = server.requests[0]["headers"]["user-agent"]
    assert "error" not in answer, answer
    answer = json.loads(json.dumps(answer).replace(server.url, "http://server"))
    assert answer["value"] == expected
    assert agent == "openhexaR/0.1.0"


@pytest.mark.parametrize(("number", "code", "error"), REFUSED, ids=lambda x: x[:40])
def test_a_refusal_is_a_classed_condition(number, code, error, r):
    assert "raises" in recordings()[number]["outcome"]
    with Replay([number]) as server:
        environment = environment_of(number, server)
        answer = r(code, environment)
        assert not server.problems
    assert answer.get("error", [None])[0] == f"openhexa_error_{error}", answer
    assert environment["HEXA_TOKEN"] not in answer["message"]


CONFIGURATION = """list(
  `clé` = "valeur ✓", nested = list(n = 1L, none = NULL, list = list(1L, "a")), a = "b"
)"""


@pytest.mark.parametrize(
    ("numbers", "code"),
    [
        (["194", "195"], f"workspace$configuration <- {CONFIGURATION}"),
        (["194", "195"], f"workspace$set_configuration({CONFIGURATION})"),
        (["197", "198"], "workspace$set_configuration(list())"),
        (["200", "201"], 'workspace$set_configuration(list(x = "y"))'),
        # Read and written back: arrays stay arrays, also of one element.
        (["207", "206", "207"], "workspace$configuration <- workspace$configuration"),
    ],
    ids=lambda x: str(x)[:40],
)
def test_the_configuration_is_written_as_the_sdk_writes_it(numbers, code, r):
    with Replay(numbers) as server:
        answer = r(
            f"{code}; workspace$configuration", environment_of(numbers[0], server)
        )
        assert not server.problems, answer
        assert not server.waiting, answer
    body = recordings()[numbers[-1]]["response"]["body"]["json"]
    assert answer["value"] == body["data"]["workspace"]["configuration"]
