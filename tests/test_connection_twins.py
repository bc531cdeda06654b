"""The same calls on connections in Python and in R: what they give is compared."""

import json
import os

import pandas
import pytest

from hexa_kernels import (
    connect,
    environment,
    export_connection,
    file_read,
    file_write,
)
from hexa_kernels import test_connection as try_connection
from hexa_kernels.errors import OpenHexaError

from .connection_variables import (
    custom_variables,
    gcs_variables,
    postgresql_variables,
    s3_variables,
    service_variables,
)
from .server import dhis2 as dhis2_server
from .server import iaso as iaso_server
from .server import s3 as s3_server
from .server.r_session import code_of

KEY = "été/cas 2024.csv"
FRAME = pandas.DataFrame({"district": ["Pô", "Dori"], "cas": [12, 7]})


@pytest.fixture
def in_r(r, files):
    """Give a function that runs R code with the variables that Python has."""
    names = (
        "WORKSPACE_",
        "HEXA_",
        "AWS_",
        "STORAGE_",
        "LAKE",
        "POND",
        "API",
        "STOCK",
        "CARD",
        "SNIS",
    )

    def run(code):
        return r(code, {k: v for k, v in os.environ.items() if k.startswith(names)})

    return run


def value_of(answer):
    assert "value" in answer, answer
    return answer["value"]


@pytest.fixture(params=["s3", "gs"])
def scheme(request, setenv, files):
    """A bucket of each kind under identifier lake; gives the scheme of its paths."""
    name, variables = {"s3": ("s3", s3_variables), "gs": ("gcs", gcs_variables)}[
        request.param
    ]
    setenv(variables("LAKE", request.getfixturevalue(name)))
    return request.param


def test_a_frame_goes_through_a_bucket_both_ways(scheme, in_r, files):
    path = f"{scheme}://lake/twins/{KEY}"
    file_write(FRAME, path)
    assert value_of(in_r(f"as.list(file_read('{path}'))")) == FRAME.to_dict("list")
    again = path.replace("twins/", "twins/r ")
    value_of(in_r(f"file_write(file_read('{path}'), '{again}'); 1"))
    pandas.testing.assert_frame_equal(file_read(again), FRAME, check_dtype=False)


def test_folders_are_listed_and_copied_alike(scheme, in_r, files):
    fs, keys = connect("lake"), [f"twins/deep/é{n}/x.txt" for n in range(3)]
    for key in keys:
        fs.pipe(f"data/{key}", key.encode())
    assert value_of(in_r("connect('lake')$list('twins/deep/')$key")) == keys
    assert fs.find("data/twins/deep") == [f"data/{key}" for key in keys]
    fs.get("data/twins/deep", str(files / "python"), recursive=True)
    value_of(in_r("connect('lake')$download('twins/deep/', 'r'); 1"))
    copies = [
        {str(path.relative_to(files / place)): path.read_text() for path in found}
        for place in ("python", "r")
        if (found := sorted((files / place).rglob("*.txt")))
    ]
    assert copies[0] == copies[1]
    assert sorted(copies[0].values()) == keys


def report_in_python(identifier):
    checks = try_connection(identifier).checks
    return [[check.what, check.state, check.found, check.remedy] for check in checks]


def report_in_r(identifier, in_r):
    code = f"x <- test_connection('{identifier}')$checks"
    code += "; unname(as.list(x[c('what', 'state', 'found', 'remedy')]))"
    return [list(row) for row in zip(*value_of(in_r(code)), strict=True)]


@pytest.mark.parametrize("language", ["en", "fr"])
def test_a_bucket_is_reported_alike(language, scheme, in_r, setenv):
    setenv({"HEXA_LANG": language})
    connect("lake").pipe("data/a.csv", b"x")
    assert report_in_python("lake") == report_in_r("lake", in_r)
    setenv({"LAKE_BUCKET_NAME": "nowhere"})
    assert report_in_python("lake") == report_in_r("lake", in_r)


@pytest.mark.parametrize("language", ["en", "fr"])
def test_services_and_databases_are_reported_alike(
    language, dhis2, iaso, database, in_r, setenv
):
    setenv({"HEXA_LANG": language})
    accounts = {
        "dhis2": (dhis2, dhis2_server.USERNAME, dhis2_server.PASSWORD),
        "iaso": (iaso, iaso_server.USERNAME, iaso_server.PASSWORD),
    }
    for kind, (server, username, password) in accounts.items():
        for given in (password, "wrong"):
            setenv(service_variables("API", kind, server.url, username, given))
            assert report_in_python("api") == report_in_r("api", in_r)
    setenv(postgresql_variables("STOCK", database))
    assert report_in_python("stock") == report_in_r("stock", in_r)


BROKEN = {
    "another kind": {"POND": "dhis2", "POND_URL": "dhis2.example.org"},
    "half filled": {"POND": "s3", "POND_BUCKET_NAME": "data"},
    "no json": {
        "POND": "gcs",
        "POND_SERVICE_ACCOUNT_KEY": "{broken",
        "POND_BUCKET_NAME": "data",
    },
    "no key": {
        "POND": "gcs",
        "POND_SERVICE_ACCOUNT_KEY": json.dumps({"client_email": "a@b"}),
        "POND_BUCKET_NAME": "data",
    },
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_record_that_cannot_work_has_one_code(name, in_r, setenv, files):
    setenv(BROKEN[name] | {"POND_USERNAME": "u", "POND_PASSWORD": "p"})
    with pytest.raises(OpenHexaError) as caught:
        connect("pond")
    assert code_of(in_r("connect('pond')")) == caught.value.code


@pytest.mark.parametrize(
    "path", ["{}://lake/none/x.csv", "{}://laek/x.csv", "{}://lake/x.unknown"]
)
def test_a_path_that_cannot_be_read_has_one_code(path, scheme, in_r):
    path = path.format(scheme)
    with pytest.raises(OpenHexaError) as caught:
        file_read(path)
    assert code_of(in_r(f"file_read('{path}')")) == caught.value.code


@pytest.mark.parametrize(
    "key",
    [s3_server.Key("AKIANOBODY", "x"), s3_server.Key(s3_server.OWNER.access, "x")],
)
def test_a_refused_key_has_one_code(key, s3, in_r, setenv, files):
    setenv(s3_variables("LAKE", s3, key))
    with pytest.raises(OpenHexaError) as caught:
        file_read("s3://lake/x.csv")
    assert code_of(in_r("file_read('s3://lake/x.csv')")) == caught.value.code


def test_fields_and_exported_variables_are_alike(in_r, setenv, files, monkeypatch):
    setenv(custom_variables("CARD", **{"api-key": "k1", "url": "https://x.org"}))
    record = connect("card")
    assert (
        value_of(in_r("connect('card')$fields[['api-key']]"))
        == (record.fields["api-key"])
    )
    assert sorted(value_of(in_r("names(connect('card')$fields)"))) == (
        sorted(record.fields)
    )
    setenv(service_variables("SNIS", "dhis2", "https://x.org", "u", "p"))
    for identifier in ("card", "snis"):
        with environment.applied({}):  # no later test sees them
            in_python = sorted(export_connection(identifier))
        assert sorted(value_of(in_r(f"export_connection('{identifier}')"))) == in_python
