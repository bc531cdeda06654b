"""``connect`` and ``test_connection``, on real servers."""

import json
import pickle
import re
import socket
import sys
import threading
from contextlib import ExitStack

import httpx
import pytest
import sqlalchemy
from openhexa.toolbox.dhis2 import DHIS2
from openhexa.toolbox.iaso import IASO

from hexa_kernels import connect, db_read, test_connection
from hexa_kernels.checks import run_checks
from hexa_kernels.connection_record import ConnectionRecord
from hexa_kernels.errors import (
    BrokenTypeError,
    ConnectionIncompleteError,
    ConnectionNotFoundError,
    ConnectionReadError,
    ConnectionRejectedError,
    ConnectionTypeError,
    ConnectionUnreachableError,
    InvalidArgumentError,
    InvalidPortError,
    MissingPackageError,
    ReservedTypeWarning,
    ServiceAccountError,
    UrlSchemeMissingError,
)
from hexa_kernels.session import engine_of

from .conftest import ROOT
from .connection_variables import (
    custom_variables,
    gcs_variables,
    postgresql_variables,
    s3_variables,
    service_variables,
)
from .secret_scan import no_secret_shown  # noqa: F401
from .server import dhis2 as dhis2_server
from .server import iaso as iaso_server
from .server.answerer import Answerer, as_json
from .server.faults import silence, status
from .server.recorded import recordings, token
from .server.replay import Replay

pytestmark = pytest.mark.usefixtures("no_secret_shown")


def states(report):
    return [check.state for check in report.checks]


@pytest.fixture
def team_package(tmp_path, monkeypatch):
    """Install a package that brings connection types; give a function that does."""

    def install(code, **points):
        (tmp_path / "team.py").write_text(code)
        folder = tmp_path / "team-1.0.dist-info"
        folder.mkdir()
        (folder / "METADATA").write_text("Name: team\nVersion: 1.0\n")
        lines = [f"{name} = team:{value}" for name, value in points.items()]
        lines = ["[hexa_kernels.connections]", *lines]
        (folder / "entry_points.txt").write_text("\n".join(lines))
        monkeypatch.syspath_prepend(str(tmp_path))
        monkeypatch.delitem(sys.modules, "team", raising=False)

    return install


# What a connection opens as ---------------------------------------------------------


def test_postgresql_opens_as_an_engine(setenv, running_database):
    setenv(postgresql_variables("STORE", running_database.database))
    engine = connect("store")
    assert isinstance(engine, sqlalchemy.Engine)
    with engine.connect() as connection:
        assert connection.scalar(sqlalchemy.text("SELECT 41 + 1")) == 42
    assert engine_of("store") is engine
    assert db_read("SELECT 1 AS one", connection="store")["one"].tolist() == [1]


def test_dhis2_opens_as_the_toolbox_s_client(setenv, dhis2):
    variables = (dhis2.url, dhis2_server.USERNAME, dhis2_server.PASSWORD)
    for url in (dhis2.url, f"{dhis2.url}/", f"{dhis2.url}/api"):
        setenv(service_variables("SNIS", "dhis2", url, *variables[1:]))
        client = connect("snis")
        assert isinstance(client, DHIS2)
        assert client.me()["username"] == dhis2_server.USERNAME
    units = client.meta.organisation_units(fields="id,name")
    assert len(units) == len(dhis2.collections["organisationUnits"])


def test_iaso_opens_as_the_toolbox_s_client(setenv, iaso):
    login = (iaso.url, iaso_server.USERNAME, iaso_server.PASSWORD)
    setenv(service_variables("FIELD", "iaso", *login))
    client = connect("field")
    assert isinstance(client, IASO)
    assert client.get_projects()


def test_a_custom_connection_is_its_record(setenv):
    setenv(custom_variables("KOBO", url="https://kobo.example.org", class_="a"))
    setenv({"KOBO_API-KEY": "s3cret-k3y", "KOBO_1ST": "one"})
    record = connect("kobo")
    assert record.url == "https://kobo.example.org"
    assert record.fields["api-key"] == "s3cret-k3y"
    assert sorted(record.fields) == ["1st", "api-key", "class_", "url"]
    assert {"url", "class_"} <= set(dir(record)) and "api-key" not in dir(record)
    with pytest.raises(AttributeError, match="no field 'token'"):
        record.token  # noqa: B018
    with pytest.raises(TypeError):
        record.fields["url"] = "other"
    assert pickle.loads(pickle.dumps(record)).fields["api-key"] == "s3cret-k3y"


def test_no_text_of_a_record_shows_a_value(setenv):
    setenv(custom_variables("KOBO", token="s3cret-t0ken"))
    record = connect("kobo")
    for text in (repr(record), str(record), f"{record}", repr(record.fields)):
        assert "token" in text and "s3cret" not in text
    assert record.hide("403 for s3cret-t0ken") == "403 for …"


# What a team adds -------------------------------------------------------------------


class KoboServer(Answerer):
    """What the example of our documentation asks for."""

    def answer(self, handler):
        if handler.headers.get("authorization") != "Token s3cret-t0ken":
            return as_json(401, {"detail": "Invalid token."})
        return as_json(200, {"count": 3})


@pytest.mark.parametrize("language", ["en", "fr"])
def test_a_package_brings_a_type_as_in_our_docs(setenv, team_package, language):
    page = (ROOT / f"docs/{language}/connections.md").read_text("utf-8")
    blocks = re.findall(r"```python\n(.*?)```", page, re.DOTALL)
    (code,) = (block for block in blocks if "KOBO = " in block)
    team_package(code, kobo="KOBO", plain="open_kobo")
    with KoboServer() as server:
        setenv(custom_variables("SURVEYS", type="Kobo", url=server.url))
        setenv({"SURVEYS_API-TOKEN": "s3cret-t0ken"})
        assert isinstance(connect("surveys"), httpx.Client)
        report = test_connection("surveys")
        assert states(report) == ["ok", "ok"]
        assert report.checks[-1].found.startswith("3 form")
        setenv({"SURVEYS_API-TOKEN": "s3cret-wrong"})
        report = test_connection("surveys")
        assert states(report) == ["ok", "failed"]
        assert "401" in report.checks[-1].found and "s3cret" not in repr(report)
        setenv({"SURVEYS_TYPE": "plain"})
        assert isinstance(connect("surveys"), httpx.Client)
        assert states(test_connection("surveys")) == ["ok", "skipped"]


def test_a_built_in_type_is_not_replaced(setenv, team_package):
    team_package("def steal(record): raise SystemError", s3="steal", kobo="steal")
    setenv(custom_variables("SURVEYS", type="s3", token="t"))
    with pytest.warns(ReservedTypeWarning, match="Connection type s3 is built in"):
        assert isinstance(connect("surveys"), ConnectionRecord)


def test_a_type_that_does_not_load_says_so(setenv, team_package):
    team_package("import no_such_module", kobo="KOBO")
    setenv(custom_variables("SURVEYS", type="kobo", token="t"))
    with pytest.raises(BrokenTypeError, match="ModuleNotFoundError: No module named"):
        connect("surveys")


# Bad input --------------------------------------------------------------------------


def test_an_unknown_identifier_names_the_nearest(setenv):
    setenv(custom_variables("POLIO_TEST", token="t"))
    setenv(custom_variables("MALARIA", token="t"))
    with pytest.raises(ConnectionNotFoundError) as caught:
        connect("polio-tset")
    assert caught.value.values["similar"] == "polio-test"
    assert isinstance(caught.value, ValueError)
    for identifier in ("", "a" * 300, "path"):
        with pytest.raises(ConnectionNotFoundError):
            connect(identifier)
    with pytest.raises(InvalidArgumentError):
        connect(None)


def test_a_connection_of_another_kind_is_said(setenv):
    setenv(service_variables("SNIS", "dhis2", "https://x.org", "u", "s3cret"))
    with pytest.raises(ConnectionTypeError) as caught:
        engine_of("snis")
    assert caught.value.values["actual"] == "DHIS2"
    assert 'connect("snis")' in str(caught.value)


def test_a_half_filled_record_names_what_is_missing(setenv):
    setenv({"LAKE": "s3", "LAKE_BUCKET_NAME": "data", "LAKE_ACCESS_KEY_ID": ""})
    with pytest.raises(ConnectionIncompleteError) as caught:
        connect("lake")
    assert caught.value.values["fields"] == "access_key_id, secret_access_key"
    report = test_connection("lake")
    assert states(report) == ["failed", "skipped", "skipped", "skipped"]


def test_a_port_that_is_none_is_said(setenv, running_database):
    setenv(postgresql_variables("STORE", running_database.database))
    setenv({"STORE_PORT": "54x"})
    with pytest.raises(InvalidPortError, match="STORE_PORT"):
        connect("store")


@pytest.mark.parametrize(
    ("key", "reason"),
    [
        ("not json", "it is no JSON object"),
        ("[1]", "it is no JSON object"),
        ('{"client_email": "a"}', "it has no private_key, token_uri"),
        (
            '{"client_email": "a", "token_uri": "b", "private_key": "s3cret"}',
            "its private key cannot be read",
        ),
    ],
)
def test_a_malformed_service_account_is_said(setenv, key, reason):
    variables = {"LAKE_SERVICE_ACCOUNT_KEY": key, "LAKE_BUCKET_NAME": "b"}
    setenv({"LAKE": "gcs", **variables})
    with pytest.raises(ServiceAccountError) as caught:
        connect("lake")
    assert caught.value.values["reason"] == reason
    assert "s3cret" not in str(caught.value)
    report = test_connection("lake")
    assert states(report) == ["ok", "failed", "skipped", "skipped"]


@pytest.mark.parametrize("kind", ["dhis2", "iaso"])
def test_a_url_without_scheme_is_said(setenv, kind):
    setenv(service_variables("SNIS", kind, "me:s3cret@x.org/dhis", "u", "pw"))
    with pytest.raises(UrlSchemeMissingError) as caught:
        connect("snis")
    assert caught.value.values["url"] == "x.org/dhis"
    assert "s3cret" not in repr(test_connection("snis"))


@pytest.mark.parametrize(
    ("module", "variables"),
    [
        ("s3fs", {"LAKE": "s3", "LAKE_ACCESS_KEY_ID": "a", "LAKE_BUCKET_NAME": "b"}),
        ("gcsfs", {"LAKE": "gcs", "LAKE_BUCKET_NAME": "b"}),
        ("openhexa.toolbox", {"LAKE": "dhis2", "LAKE_URL": "https://x.org"}),
        ("openhexa.toolbox", {"LAKE": "iaso", "LAKE_URL": "https://x.org"}),
    ],
)
def test_a_missing_client_is_said(setenv, monkeypatch, module, variables):
    names = ("ACCESS_KEY_SECRET", "SERVICE_ACCOUNT_KEY", "USERNAME", "PASSWORD")
    setenv({f"LAKE_{name}": "x" for name in names} | variables)
    for name in [n for n in sys.modules if f"{n}.".startswith(f"{module}.")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setattr(
        "hexa_kernels.connection_types.find_spec", lambda name: None
    )  # as where it is not installed
    with pytest.raises(MissingPackageError, match=f"pip install {module}"):
        connect("lake")


# The server of OpenHEXA -------------------------------------------------------------


@pytest.fixture
def openhexa(setenv):
    """Give a function that makes an OpenHEXA server answer from recordings."""
    with ExitStack() as stack:

        def start(*numbers, **options):
            server = stack.enter_context(Replay(numbers, once=False, **options))
            caller = recordings()[numbers[0]]["caller"]
            setenv({"HEXA_SERVER_URL": server.url, "HEXA_TOKEN": token(caller)})
            setenv({"HEXA_WORKSPACE": "demo-workspace"})
            return server

        yield start


def test_a_connection_is_read_from_the_server(openhexa):
    server = openhexa("009")
    record = connect("dashed-fields")
    assert dict(record.fields) == {
        "base-url": "https://dash.example.org",
        "2nd": "two",
        "class": "reserved word",
    }
    openhexa("002")
    assert connect("raw-bucket").secret == "s3/secret+value=="
    openhexa("001")
    assert connect("warehouse-db").url.password == "p@ss/w:ord#1é"
    assert server.problems == []


def test_a_viewer_is_told_why_a_secret_is_missing(openhexa):
    openhexa("020")
    with pytest.raises(ConnectionIncompleteError, match="viewer") as caught:
        connect("dhis2-play")
    assert caught.value.values["fields"] == "password"


def test_the_nearest_names_come_from_the_server(openhexa):
    recording = json.loads(json.dumps(recordings()["014"]))
    variables = recording["request"]["graphql"]["variables"]
    variables["connectionSlug"] = "raw-buckte"
    openhexa("029", derived=[recording])
    with pytest.raises(ConnectionNotFoundError) as caught:
        connect("raw-buckte")
    assert caught.value.values["similar"].startswith("raw-bucket")


def test_a_server_that_refuses_is_said(openhexa):
    openhexa("027")
    with pytest.raises(ConnectionReadError, match="authenticated user") as caught:
        connect("dhis2-play")
    assert "token-" not in str(caught.value)


def test_a_server_out_of_order_is_said(openhexa):
    openhexa("009", faults=[status(500)] * 9)
    with pytest.raises(ConnectionReadError):
        connect("dashed-fields")


# Tests ------------------------------------------------------------------------------


def test_a_database_that_works(setenv, running_database):
    setenv(postgresql_variables("STORE", running_database.database))
    with connect("store").begin() as connection:
        connection.execute(sqlalchemy.text("CREATE TABLE IF NOT EXISTS cas (id int)"))
    report = test_connection("store")
    assert report.ok and states(report) == ["ok"] * 4
    assert "demo is accepted" in repr(report) and "(cas)" in repr(report)
    assert "some may be written" in repr(report)


def test_a_database_that_does_not(setenv, running_database):
    setenv(postgresql_variables("STORE", running_database.database))
    setenv({"STORE_PASSWORD": "s3cret-wrong"})
    report = test_connection("store")
    assert states(report) == ["ok", "ok", "failed", "skipped"]
    assert "refuses the password of demo" in report.checks[2].found
    assert report.checks[2].remedy
    assert "s3cret" not in repr(report) + report._repr_html_()


def test_services_that_work(setenv, dhis2, iaso):
    login = dhis2_server.USERNAME, dhis2_server.PASSWORD
    setenv(service_variables("SNIS", "dhis2", dhis2.url, *login))
    report = test_connection("snis")
    assert report.ok, report
    assert "2.40.3" in report.checks[-1].found
    login = iaso_server.USERNAME, iaso_server.PASSWORD
    setenv(service_variables("FIELD", "iaso", iaso.url, *login))
    report = test_connection("field")
    assert report.ok, report
    assert str(len(dhis2.collections["organisationUnits"])) in report.checks[-1].found


@pytest.mark.parametrize("kind", ["dhis2", "iaso"])
def test_a_service_that_refuses(setenv, kind, request):
    server = request.getfixturevalue(kind)
    setenv(service_variables("SNIS", kind, server.url, "somebody", "s3cret-wrong"))
    report = test_connection("snis")
    assert states(report) == ["ok", "ok", "failed", "skipped"]
    assert "(somebody): wrong credentials" in report.checks[2].found
    assert "s3cret" not in repr(report)


def test_iaso_s_refusal_is_coded(setenv, iaso):
    setenv(service_variables("FIELD", "iaso", iaso.url, "somebody", "s3cret-wrong"))
    with pytest.raises(ConnectionRejectedError):
        connect("field")


@pytest.mark.parametrize(
    ("fault", "code", "said"),
    [
        (status(429, retry_after="30"), "rate_limited", "for 30 seconds"),
        (status(502), "server_status", "HTTP status 502"),
        (status(200), "connection_answer", "as IASO does"),
        (status(404), "connection_answer", "as IASO does"),
    ],
)
def test_a_service_in_trouble(setenv, iaso, fault, code, said):
    setenv(service_variables("FIELD", "iaso", iaso.url, "u", "s3cret"))
    iaso.fail(fault, where="/api/token", for_ever=True)
    report = test_connection("field")
    assert states(report) == ["ok", "ok", "failed", "skipped"]
    assert said in report.checks[2].found
    with pytest.raises(Exception, match=said) as caught:
        connect("field")
    assert caught.value.code == code


def test_a_server_that_is_not_there(setenv):
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        port = closed.getsockname()[1]
    for url, reason in (
        (f"http://127.0.0.1:{port}", f"nothing listens on port {port}"),
        ("https://no-such-host.invalid", "no machine has that name"),
    ):
        setenv(service_variables("FIELD", "iaso", url, "u", "s3cret"))
        with pytest.raises(ConnectionUnreachableError) as caught:
            connect("field")
        assert caught.value.values["reason"] == reason
        assert states(test_connection("field"))[:2] == ["ok", "failed"]


def test_a_certificate_that_nobody_knows(setenv, dhis2):
    with socket.socket() as plain:  # speaks no TLS at all
        plain.bind(("127.0.0.1", 0))
        plain.listen()

        def answer():
            one, _ = plain.accept()
            one.recv(100)
            one.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")
            one.close()

        threading.Thread(target=answer, daemon=True).start()
        url = f"https://127.0.0.1:{plain.getsockname()[1]}"
        setenv(service_variables("FIELD", "iaso", url, "u", "s3cret"))
        with pytest.raises(ConnectionUnreachableError, match="certificate"):
            connect("field")


def test_a_test_ends_in_time(setenv, iaso):
    setenv(service_variables("FIELD", "iaso", iaso.url, "u", "s3cret"))
    test_connection("field")  # what it imports is there, so that time is the server's
    iaso.fail(silence(60), where="/api/token", for_ever=True)
    report = test_connection("field", timeout_s=3)
    assert states(report) == ["ok", "ok", "failed", "skipped"]
    assert report.checks[2].found == "no answer within 3 s"


def test_steps_that_hang_keep_nothing_waiting():
    never = threading.Event()
    checks = run_checks({"a": never.wait, "b": str}, 0.1)
    assert [check.state for check in checks] == ["failed", "skipped"]


def test_a_report_in_french_and_as_a_table(setenv):
    setenv({**custom_variables("KOBO", token="s3cret"), "HEXA_LANG": "fr"})
    report = test_connection("kobo")
    assert repr(report).splitlines()[0].endswith("kobo (CUSTOM) fonctionne")
    html = report._repr_html_()
    assert "<th" in html and "--jp-success-color1" in html and "s3cret" not in html


def test_an_unknown_connection_is_an_error_of_the_test(setenv):
    with pytest.raises(ConnectionNotFoundError):
        test_connection("nothing")


@pytest.mark.parametrize("kind", ["s3", "gcs"])
def test_buckets_that_work_and_do_not(setenv, request, kind):
    server = request.getfixturevalue(kind)
    variables = {"s3": s3_variables, "gcs": gcs_variables}[kind]
    setenv(variables("LAKE", server))
    report = test_connection("lake")
    assert report.ok, report
    assert "bucket data may be listed" in report.checks[-1].found
    setenv({"LAKE_BUCKET_NAME": "nowhere"})
    report = test_connection("lake")
    assert states(report) == ["ok", "ok", "ok", "failed"]
    assert "Bucket nowhere" in report.checks[3].found
