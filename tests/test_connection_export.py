"""Connections in the environment, and the recipes of OpenHEXA's guide in a kernel."""

import copy
import json
import os
import re

import pytest

from hexa_kernels import environment, export_connection
from hexa_kernels.errors import ConnectionIncompleteError, ConnectionNotFoundError

from .conftest import ROOT
from .connection_variables import (
    gcs_variables,
    postgresql_variables,
    s3_variables,
    service_variables,
)
from .server import s3 as s3_server
from .server.recorded import recordings, token
from .server.replay import Replay
from .test_connections import openhexa  # noqa: F401

DOCS = (ROOT / "docs/fr/connections.md").read_text("utf-8")


def recipe(library):
    """Find the recipe of OpenHEXA's guide for a library, as our page quotes it."""
    (found,) = (
        block
        for block in re.findall(r"```python\n(.*?)```", DOCS, re.DOTALL)
        if f"fs = {library}." in block
    )
    return found


@pytest.fixture(autouse=True)
def restored():
    before = dict(os.environ)
    yield
    os.environ.clear()
    os.environ.update(before)


def exported(identifier):
    """Export with nothing but the record's own variables; give what was added."""
    before = environment.snapshot()
    names = export_connection(identifier)
    assert not any(value in str(names) for value in ("s3cret", "p@ss"))
    now = environment.snapshot()
    assert set(names) <= set(now)
    return {name: now[name] for name in names if name not in before}


def test_a_prefix_is_that_of_the_sdk():
    from openhexa.utils import stringcase

    vectors = json.loads((ROOT / "tests/contract/constcase-vectors.json").read_text())
    vectors = vectors if isinstance(vectors, list) else vectors["vectors"]
    assert len(vectors) > 50
    for vector in vectors:
        identifier = vector["identifier"]
        expected = stringcase.constcase(identifier.lower())
        assert environment.connection_prefix(identifier) == expected


def test_older_names_are_set_too(setenv, running_database):
    setenv(service_variables("SNIS", "dhis2", "https://x.org", "u", "s3cret"))
    assert exported("snis") == {"SNIS_API_URL": "https://x.org"}
    setenv(postgresql_variables("STORE", running_database.database))
    setenv({"STORE_PASSWORD": "p@ss/word"})
    added = exported("store")
    assert added["STORE_DATABASE"] == running_database.database.name
    assert "demo:p%40ss%2Fword@127.0.0.1" in added["STORE_URL"]


def test_a_connection_of_the_server_is_set(openhexa):  # noqa: F811
    openhexa("002")
    assert exported("raw-bucket") == {
        "RAW_BUCKET_ACCESS_KEY_ID": "AKIAEXAMPLEKEY",
        "RAW_BUCKET_ACCESS_KEY_SECRET": "s3/secret+value==",
        "RAW_BUCKET_BUCKET_NAME": "raw-data-bucket",
    }
    openhexa("009")
    assert exported("dashed-fields")["DASHED_FIELDS_BASE-URL"]
    assert "DASHED_FIELDS" not in os.environ  # the SDK would read the copies


def test_what_cannot_be_exported_is_an_error(openhexa, setenv):  # noqa: F811
    openhexa("020")
    with pytest.raises(ConnectionIncompleteError):
        export_connection("dhis2-play")
    setenv({"HEXA_SERVER_URL": ""})
    with pytest.raises(ConnectionNotFoundError):
        export_connection("nothing")


# In a kernel ------------------------------------------------------------------------


@pytest.fixture
def away(openhexa, setenv):  # noqa: F811
    """A server that has connection raw-bucket, to be exported at its mention."""
    server = openhexa("002")
    setenv({"HEXA_EXPORT_CONNECTIONS": "other, raw-bucket"})
    return server


@pytest.mark.parametrize(
    "code",
    [
        "import os; os.environ['RAW_BUCKET_BUCKET_NAME']",
        "import os; os.getenv('RAW_BUCKET_BUCKET_NAME')",
        "import os; x = 'NAME'; os.environ[f'RAW_BUCKET_BUCKET_{x}']",
        "def f():\n    import os\n    return os.environ['RAW_BUCKET_BUCKET_NAME']\nf()",
        "!echo $RAW_BUCKET_BUCKET_NAME",
        "%env RAW_BUCKET_BUCKET_NAME",
        "%%bash\necho $RAW_BUCKET_BUCKET_NAME",
        "%time __import__('os').environ['RAW_BUCKET_BUCKET_NAME']",
    ],
)
def test_variables_are_there_at_their_first_mention(away, kernel, code):
    python = kernel("openhexa-python")
    python.result("import os; os.environ.get('SOMETHING_ELSE'); 'raw-bucket'")
    assert away.requests == []
    assert "raw-data-bucket" in python.result(code)
    assert python.result("import sys; 'RAW_BUCKET' in os.environ") == "False"
    python.result(code)
    assert len(away.requests) == 1


def test_what_is_set_already_stays(away, kernel, setenv):
    setenv({"RAW_BUCKET_BUCKET_NAME": "mine"})
    python = kernel("openhexa-python")
    code = "import os; os.environ['RAW_BUCKET_BUCKET_NAME']"
    assert python.result(code) == "'mine'"
    assert python.result("os.environ['RAW_BUCKET_ACCESS_KEY_ID']") == "'AKIAEXAMPLEKEY'"


def test_a_failure_is_one_line(away, kernel):
    python = kernel("openhexa-python")
    reply, outputs = python.run("import os; os.getenv('OTHER_URL'), 1")
    assert reply["status"] == "ok"
    (warning,) = (text for kind, text in outputs if kind == "stderr")
    assert warning.count("\n") == 1 and 'Connection "other"' in warning


def test_a_plain_kernel_does_it_once_primed(away, kernel):
    python = kernel("python3")
    code = "%load_ext hexa_kernels\nimport os; os.environ['RAW_BUCKET_BUCKET_NAME']"
    assert python.result(code) == "'raw-data-bucket'"


@pytest.mark.parametrize("kind", ["s3", "gcs"])
@pytest.mark.parametrize("way", ["called", "lazy"])
def test_the_guide_s_recipe_runs_unchanged(kind, way, request, setenv, kernel, files):
    """With what a laptop's workspace.yaml sets, or with nothing but the server."""
    server = request.getfixturevalue(kind)
    make, code, folder = {
        "s3": (s3_variables, recipe("s3fs"), "climate"),
        "gcs": (gcs_variables, recipe("gcsfs"), "population"),
    }[kind]
    variables = make("BUCKET_CONNECTION", server)
    secrets = [
        value
        for name, value in variables.items()
        if name.endswith(("SECRET", "SERVICE_ACCOUNT_KEY"))
    ]
    record = _recorded(kind, variables)
    fill_recipe(kind, server, folder)
    with Replay([], [record], once=False) as openhexa_server:
        shared = ("AWS_ENDPOINT_URL_S3", "AWS_REGION", "STORAGE_EMULATOR_HOST")
        setenv({name: variables[name] for name in shared if name in variables})
        setenv(
            {
                "HEXA_SERVER_URL": openhexa_server.url,
                "HEXA_TOKEN": token(record["caller"]),
                "HEXA_WORKSPACE": "demo-workspace",
            }
        )
        if way == "lazy":
            setenv({"HEXA_EXPORT_CONNECTIONS": "bucket-connection"})
        python = kernel("openhexa-python")
        if way == "called":
            call = "from hexa_kernels import export_connection\n"
            shown = python.result(f"{call}export_connection('bucket-connection')")
            assert "BUCKET_CONNECTION_BUCKET_NAME" in shown
            assert not any(secret in shown for secret in secrets)
        reply, outputs = python.run(code.replace("/home/hexa/workspace", str(files)))
        assert reply["status"] == "ok", outputs
        assert not any(secret in str(outputs) for secret in secrets)
    names = {path.name for path in (files / f"{folder}_data").rglob("*.csv")}
    assert names == {"2023.csv", "été.csv"}


def fill_recipe(kind, server, folder):
    """Put what the recipe downloads, by a client of our own."""
    import gcsfs
    import s3fs

    if kind == "s3":
        fs = s3fs.S3FileSystem(
            key=s3_server.OWNER.access,
            secret=s3_server.OWNER.secret,
            endpoint_url=server.url,
            client_kwargs={"region_name": s3_server.REGION},
        )
    else:
        fs = gcsfs.GCSFileSystem(token=server.account, endpoint_url=server.url)
    fs.pipe(f"data/data/{folder}/2023.csv", b"a\n1\n")
    fs.pipe(f"data/data/{folder}/sub/été.csv", b"a\n2\n")


def _recorded(kind, variables):
    """Make the server's answer for a connection out of a recorded one."""
    record = copy.deepcopy(recordings()[{"s3": "002", "gcs": "003"}[kind]])
    record["request"]["graphql"]["variables"]["connectionSlug"] = "bucket-connection"
    data = record["response"]["body"]["json"]["data"]["connectionBySlug"]
    for field in data["fields"]:
        value = variables[f"BUCKET_CONNECTION_{field['code'].upper()}"]
        # The replay would take an address on the loopback for its own.
        field["value"] = value.replace("127.0.0.1", "localhost")
    return record
