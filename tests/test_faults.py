"""A server that is absent, slow, broken or wrong: what openhexaR makes of it.

RSession fails any of these tests when the token shows in whatever R says.
"""

import json
import shutil
import ssl
import subprocess

import pytest

from hexa_kernels.local.postgres import free_port

from .conftest import require
from .server import faults
from .server.calls import Call
from .server.r_session import RSession, code_of, through
from .server.recorded import content_of, recordings
from .server.replay import Replay

QUERY = Call(recordings="187", python="workspace.configuration")
MUTATION = Call(recordings="101", python="dataset.create_version('première')")
DOWNLOAD = Call(recordings="067 068", python="", r="file$download(path('cases.csv'))")
CSV = content_of(recordings()["068"])


@pytest.fixture
def expected(r, tmp_path):
    answer, _ = through(r, QUERY, tmp_path)
    return answer


# The server does not answer ---------------------------------------------------------


@pytest.mark.parametrize("call", [QUERY, MUTATION, DOWNLOAD])
def test_a_refused_connection_names_the_server(call, r, tmp_path):
    url = f"http://somebody:pass-7f3a@127.0.0.1:{free_port()}"
    answer = r(call.r_program(tmp_path), call.environment(url))
    assert code_of(answer) == "server_unreachable"
    assert url.partition("@")[2] in answer["message"]
    assert "pass-7f3a" not in answer["shown"]


@pytest.mark.parametrize("call", [QUERY, MUTATION])
def test_a_server_that_is_silent_for_the_time_limit_is_asked_once(call, r, tmp_path):
    answer, requests = through(r, call.within(0.5), tmp_path, [faults.silence(2)])
    assert code_of(answer) == "server_unreachable"
    assert "Timeout" in answer["message"]
    assert len(requests) == 1


@pytest.mark.parametrize("limit", ["0", "NA", "Inf", "'soon'", "c(1, 2)"])
def test_a_time_limit_that_is_none_is_refused(limit, r, tmp_path):
    answer = r(QUERY.within(limit).r_program(tmp_path), QUERY.environment("http://x"))
    assert code_of(answer) == "invalid_argument"
    assert "openhexaR.timeout_s" in answer["message"]


PASSING = {
    "reset": (faults.reset, "server_unreachable"),
    "cut body": (faults.cut, "server_unreachable"),
    "502": (faults.status(502), "server_status"),
    "503": (faults.status(503), "server_status"),
    "504": (faults.status(504), "server_status"),
}


@pytest.mark.parametrize("fault", PASSING)
def test_a_query_is_tried_three_times(fault, r, tmp_path, expected):
    fault, code = PASSING[fault]
    numbers = ["187"] * 3  # a cut answer is one that was given
    with Replay(numbers, faults=[fault, fault]) as server:
        assert through(r, QUERY, tmp_path, server=server)[0] == expected
        assert len(server.requests) == 3
    with Replay(numbers, faults=[fault] * 3) as server:
        answer, requests = through(r, QUERY, tmp_path, server=server)
    assert code_of(answer) == code
    assert len(requests) == 3


@pytest.mark.parametrize("fault", PASSING)
def test_a_mutation_is_sent_once(fault, r, tmp_path):
    fault, code = PASSING[fault]
    answer, requests = through(r, MUTATION, tmp_path, [fault])
    assert code_of(answer) == code
    assert len(requests) == 1


def test_a_link_changes_nothing_and_is_asked_for_again(r, tmp_path):
    answer, requests = through(r, DOWNLOAD, tmp_path, [faults.status(502)])
    assert answer == {"value": str(tmp_path / "cases.csv")}
    assert [q["method"] for q in requests] == ["POST", "POST", "GET"]


# The answer is not one of OpenHEXA --------------------------------------------------


@pytest.mark.parametrize(
    ("fault", "code"),
    [
        (faults.status(200, b"<html>welcome</html>"), "server_answer"),
        (faults.status(200, b""), "server_answer"),
        (faults.status(200, b"{}"), "server_answer"),
        (faults.status(200, b"null"), "server_answer"),
        (faults.status(200, b'"data"'), "server_answer"),
        (faults.status(200, b'{"data": "\0"}'), "server_answer"),
        (faults.recorded("241"), "server_answer"),
        (faults.recorded("242"), "server_answer"),
        (faults.status(308, location="https://example.org/graphql/"), "server_answer"),
        (faults.recorded("246"), "server_answer"),
        (faults.recorded("238"), "server_status"),
        (faults.recorded("277"), "server_status"),
        (faults.status(429, retry_after="1"), "server_status"),
        (faults.recorded("233"), "graphql_error"),
        (faults.recorded("234"), "graphql_error"),
        (faults.recorded("239"), "graphql_error"),
        (faults.status(200, b'{"errors": "closed"}'), "graphql_error"),
        (faults.status(200, b'{"errors": ["closed", {"x": 1}]}'), "graphql_error"),
    ],
)
def test_another_answer_is_a_coded_error(fault, code, r, tmp_path):
    answer, requests = through(r, QUERY, tmp_path, [fault])
    assert code_of(answer) == code
    # A redirect is not followed: the POST would become a GET.
    assert [q["method"] for q in requests] == ["POST"]


def test_the_status_is_named(r, tmp_path):
    answer, _ = through(r, QUERY, tmp_path, [faults.status(429)])
    assert "429" in answer["message"]


def test_an_error_that_repeats_the_token_is_shown_without_it(r, tmp_path):
    def echo(handler, answer):
        error = {"message": f"bad {handler.headers['authorization']}"}
        handler.send(200, {}, json.dumps({"errors": [error]}).encode())

    answer, _ = through(r, QUERY, tmp_path, [echo])
    assert code_of(answer) == "graphql_error"
    assert "bad Bearer <token>" in answer["message"]


def test_a_compressed_answer_is_read(r, tmp_path, expected):
    assert through(r, QUERY, tmp_path, [faults.zipped])[0] == expected


def test_accents_survive_a_locale_without_them(tmp_path):
    require("rscript", shutil.which("Rscript") is not None)
    read = "version$get_file('données brutes.csv')"
    name = Call(recordings="075", python="", r=f"{read}$filename")
    size = Call(recordings="075 076 077", python="", r=f"file.size({read}$download())")
    # The server escapes what is not ASCII; another may not.
    plain = faults.status(200, '{"data": {"webapp": {"name": "é"}}}'.encode())
    query = Call(recordings="214", python="workspace.get_webapp('x').name")
    with RSession(locale="C") as r:
        assert through(r, name, tmp_path)[0] == {"value": "données brutes.csv"}
        assert through(r, size, tmp_path)[0] == {"value": len(CSV)}
        assert through(r, query, tmp_path, [plain])[0] == {"value": "é"}
    assert [file.read_bytes() for file in tmp_path.rglob("données brutes.csv")] == [CSV]


# Certificates -----------------------------------------------------------------------


@pytest.fixture
def tls_server(tmp_path):
    """A server with a certificate that nobody vouches for."""
    require("openssl", shutil.which("openssl") is not None)
    key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
    subprocess.run(
        [
            *("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2"),
            *("-subj", "/CN=example.org", "-keyout", key, "-out", certificate),
        ],
        check=True,
        capture_output=True,
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    server = Replay(["187", "187"])
    server.socket = context.wrap_socket(server.socket, server_side=True)
    server.url = server.url.replace("http://", "https://")
    return server


def test_an_unknown_certificate_is_refused_until_told_otherwise(tls_server, expected):
    with RSession() as r, tls_server as server:
        environment = QUERY.environment(server.url)
        answer = r(QUERY.code("r"), environment)
        assert code_of(answer) == "certificate_refused"
        assert "HEXA_VERIFY_SSL=0" in answer["message"]
        for value in ("1", "no", ""):
            answer = r(QUERY.code("r"), environment | {"HEXA_VERIFY_SSL": value})
            assert code_of(answer) == "certificate_refused"
        assert server.requests == []
        first = r(QUERY.code("r"), environment | {"HEXA_VERIFY_SSL": "0"})
        second = r(QUERY.code("r"), environment | {"HEXA_VERIFY_SSL": "False"})
    (warning,) = first.pop("said")
    assert warning["class"] == "openhexa_warning_certificate_unverified"
    assert server.url in warning["text"]
    assert "HEXA_VERIFY_SSL" in warning["text"]
    assert first == second == expected
