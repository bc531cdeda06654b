"""The same calls through the SDK and through openhexaR, on recorded answers."""

import copy
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
DATASET = "275ac107-1d6e-4373-a701-30bea615dabe"
VERSION = "191f7bf1-6a6f-405c-8ad8-9c77f61dd204"
DATASETS = [
    *[
        (
            [number],
            f'workspace$get_dataset("{slug}"{source})',
            f'workspace.get_dataset("{slug}"{source})',
        )
        for number, slug, source in [
            ("042", "malaria-cases", ""),
            ("043", "shared-population", ""),
            (
                "044",
                "shared-population",
                ', source_workspace_slug="partner-workspace"',
            ),
            ("227", "partner-only", ""),
        ]
    ],
    *[
        (
            numbers,
            f'workspace$create_dataset("{name}", {text or "NULL"})',
            f'workspace.create_dataset("{name}", {text})',
        )
        for numbers, name, text in [
            (["084", "085"], "Nouvelles données 2024", '"Créé par le SDK ✓"'),
            (["086", "087"], "Nouvelles données 2024", '"again"'),
            (["088", "089"], "No description", None),
            (["090", "091"], "", '"no name"'),
            (["092", "093"], "!!!", '""'),
            (["099", "100"], "From a run", '"by a pipeline"'),
        ]
    ],
]
REFUSED = [
    ("045", 'workspace$get_dataset("partner-only")', "dataset_not_found"),
    ("046", 'workspace$get_dataset("nope")', "dataset_not_found"),
    (
        "047",
        'workspace$get_dataset("hidden-dataset", "outside-workspace")',
        "dataset_not_found",
    ),
    ("048", 'workspace$get_dataset("malaria-cases")', "dataset_not_found"),
    ("094", 'workspace$create_dataset("x", "y")', "permission_denied"),
    ("095", 'workspace$create_dataset("x", "y")', "workspace_not_found"),
    ("096", 'workspace$create_dataset("x", "y")', "unauthenticated"),
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


@pytest.mark.parametrize(
    ("numbers", "code", "python"), DATASETS, ids=lambda x: str(x)[:40]
)
def test_a_dataset_is_the_same(numbers, code, python, r, setenv):
    with Replay(numbers) as server:
        setenv(environment_of(numbers[0], server))
        from openhexa.sdk import workspace

        expected = eval(python, {"workspace": workspace})
        assert not server.problems
    with Replay(numbers) as server:
        answer = r(code, environment_of(numbers[0], server))
        assert not server.problems, answer
        assert not server.waiting
    fields = ("id", "slug", "name", "description", "source_workspace_slug")
    assert answer.get("value"), answer
    assert {name: answer["value"].get(name) for name in fields} == {
        name: getattr(expected, name) for name in fields
    }


def parent(number: str) -> dict[str, str]:
    """Give the id of the dataset, version or file that a recording is about."""
    variables = recordings()[number]["request"]["graphql"]["variables"]
    return variables.get("input", variables)


VERSIONS = [
    (
        ["049", "050", "051"],
        "[v.name for v in dataset.versions]",
        "sapply(dataset$versions, `[[`, 'name')",
    ),
    (
        ["054"],
        "[dataset.latest_version.id, dataset.latest_version.created_at]",
        "{ v <- dataset$latest_version; c(v$id, v$created_at) }",
    ),
    (
        ["057", "058"],
        "[f.filename for f in version.files]",
        "sapply(version$files, `[[`, 'filename')",
    ),
    (
        ["059"],
        "[[f.filename, f.uri, f.content_type] for f in version.files]",
        "lapply(version$files, function(f) c(f$filename, f$uri, f$content_type))",
    ),
    *[
        (
            [number],
            f'version.get_file("{name}").id',
            f'version$get_file("{name}")$id',
        )
        for number, name in [
            ("060", "cases.csv"),
            ("061", "données brutes.csv"),
            ("062", "sub/dir/notes.txt"),
        ]
    ],
    (["065"], 'version.exists("cases.csv")', 'version$exists("cases.csv")'),
    (["066"], 'version.exists("nope.csv")', 'version$exists("nope.csv")'),
    *[
        (
            numbers,
            f'version.get_file("{name}").read().hex()',
            f'paste(version$get_file("{name}")$read_raw(), collapse = "")',
        )
        for numbers, name in [
            (["069", "070", "071"], "cases.parquet"),
            (["072", "073", "074"], "vide.bin"),
            (["075", "076", "077"], "données brutes.csv"),
            (["078", "079", "080"], "cases.csv"),
            (["081", "082", "083"], "cases.csv"),
        ]
    ],
    (
        ["101"],
        'dataset.create_version("première").name',
        'dataset$create_version("première")$name',
    ),
    *[
        (
            numbers,
            f'version.add_file({python}, "{name}").id',
            f'version$add_file({code}, "{name}")$id',
        )
        for numbers, python, code, name in [
            (
                ["109", "110", "111"],
                r'b"hello\n"',
                r'charToRaw("hello\n")',
                "hello.txt",
            ),
            (
                ["124", "125", "126"],
                'io.BytesIO(b"abc")',
                'rawConnection(charToRaw("abc"))',
                "buffer.dat",
            ),
            (["133", "134", "135"], 'b"x"', 'charToRaw("x")', "/lead.txt"),
        ]
    ],
]


@pytest.mark.parametrize(
    ("numbers", "python", "code"), VERSIONS, ids=lambda x: str(x)[:60]
)
def test_versions_and_files_are_the_same(numbers, python, code, r, setenv, tmp_path):
    import io

    from openhexa.sdk.datasets.dataset import Dataset, DatasetVersion

    ids = parent(numbers[0])
    dataset_id = ids.get("datasetId", "-")
    version_id = ids.get("versionId", "-")
    setenv({"WORKSPACE_TMP_PATH": str(tmp_path)})
    with Replay([*numbers, *(numbers if "latest" in python else [])]) as server:
        setenv(environment_of(numbers[0], server))
        dataset = Dataset(dataset_id, "slug", "name", "", "demo-workspace")
        version = DatasetVersion(dataset, version_id, "name", None)
        names = {"dataset": dataset, "version": version, "io": io}
        expected = eval(python, names)
        assert not server.problems
    with Replay(numbers) as server:
        setup = (
            f'dataset <- openhexaR:::new_dataset(list(id = "{dataset_id}"));'
            f'version <- openhexaR:::new_version(list(id = "{version_id}"));'
        )
        environment = environment_of(numbers[0], server)
        environment["WORKSPACE_TMP_PATH"] = str(tmp_path)
        answer = r(setup + code, environment)
        assert not server.problems, answer
        assert not server.waiting
        puts = [q["headers"] for q in server.requests if q["method"] == "PUT"]
    assert answer == {"value": expected}
    assert all("authorization" not in headers for headers in puts)


REFUSED_FILES = [
    (["063"], 'version$get_file("notes.txt")', "file_not_found"),
    (["064"], 'version$get_file("nope.csv")', "file_not_found"),
    (["102"], 'dataset$create_version("première")', "duplicate_version"),
    (["103"], 'dataset$create_version("x")', "permission_denied"),
    (["108"], 'dataset$create_version("x")', "dataset_not_found"),
    (["136"], 'version$add_file(charToRaw("again"), "hello.txt")', "file_exists"),
    (
        ["140"],
        'version$add_file(charToRaw("x"), "../../../../../x.txt")',
        "graphql_error",
    ),
    (["141"], 'version$add_file(charToRaw("x"), "")', "file_exists"),
    (
        ["142", "143", "144"],
        'version$add_file(charToRaw("x"), "viewer.txt")',
        "permission_denied",
    ),
    (["145", "146"], 'version$add_file(raw(6 * 1024^2), "big.bin")', "file_too_large"),
    (["150"], 'version$add_file(charToRaw("x"), "late.txt")', "version_locked"),
]


@pytest.mark.parametrize(
    ("numbers", "code", "error"), REFUSED_FILES, ids=lambda x: str(x)[:60]
)
def test_a_refused_file_is_a_classed_condition(numbers, code, error, r):
    ids = parent(numbers[0])
    setup = (
        f'dataset <- openhexaR:::new_dataset(list(id = "{ids.get("datasetId")}"));'
        f'version <- openhexaR:::new_version(list(id = "{ids.get("versionId")}"));'
    )
    with Replay(numbers) as server:
        answer = r(setup + code, environment_of(numbers[0], server))
        assert not server.problems, answer
        assert not server.waiting
    assert answer.get("error", [None])[0] == f"openhexa_error_{error}", answer


@pytest.mark.parametrize("source", ["raw()", 'file.path(WORKSPACE, "empty.bin")'])
def test_an_empty_file_is_sent_with_its_length(source, r, tmp_path):
    (tmp_path / "empty.bin").touch()
    numbers = ["115", "116", "117"]
    version_id = parent("115")["versionId"]
    code = source.replace("WORKSPACE", f'"{tmp_path}"')
    with Replay(numbers) as server:
        answer = r(
            f'version <- openhexaR:::new_version(list(id = "{version_id}"));'
            f'version$add_file({code}, "empty.bin")$filename',
            environment_of("115", server),
        )
        assert not server.problems, answer
        (put,) = [q for q in server.requests if q["method"] == "PUT"]
    assert answer == {"value": "empty.bin"}
    assert put["headers"]["content-length"] == "0"


def page_of_datasets(page):
    """Derive a page of full records: 030 has those of page 1, 036 the slugs of page 2.

    The SDK asks for no page, so a second page of full records was never recorded.
    """
    derived = copy.deepcopy(recordings()["030"])
    asked = derived["request"]["graphql"]
    asked["variables"] |= {"page": page, "perPage": 15}
    asked["selected"].append("workspace.datasets.totalPages")
    answer = derived["response"]["body"]["json"]["data"]["workspace"]["datasets"]
    answer["totalPages"] = 2
    if page == 2:
        second = recordings()["036"]["response"]["body"]["json"]["data"]["workspace"]
        for item, slug in zip(
            answer["items"], second["datasets"]["items"], strict=True
        ):
            item["dataset"] |= {"id": slug["dataset"]["slug"], **slug["dataset"]}
    return derived


def test_all_datasets_are_listed_the_first_ones_as_the_sdk_lists_them(r, setenv):
    with Replay(["030"]) as server:
        setenv(environment_of("030", server))
        from openhexa.sdk import workspace

        first = [[d.slug, d.id, d.name] for d in workspace.list_datasets()]
    code = "lapply(workspace$list_datasets(), function(d) c(d$slug, d$id, d$name))"
    with Replay([], [page_of_datasets(1), page_of_datasets(2)]) as server:
        answer = r(code, environment_of("030", server))
        assert not server.problems, answer
        assert not server.waiting
    assert answer["value"][:15] == first
    every = recordings()["037"]["response"]["body"]["json"]["data"]["workspace"]
    slugs = [item["dataset"]["slug"] for item in every["datasets"]["items"]]
    assert [slug for slug, *_ in answer["value"]] == slugs
