"""The OpenHEXA server, the token, and what else lapses."""

import json
import time
from datetime import datetime, timedelta

import pytest

from hexa_kernels.doctor import credentials, server

from ..conftest import ROOT
from ..server import recorded
from ..server.faults import reset, status
from ..server.replay import Replay
from .conftest import look

TOKENS = json.loads((ROOT / "tests/contract/tokens.json").read_text("utf-8"))
ADMIN = "workspace member, role ADMIN"


@pytest.fixture
def ask(setenv):
    """Look at a server that answers from a recording; the token is never shown."""

    def ask(number, caller=ADMIN, faults=()):
        token = recorded.token(caller)
        with Replay([number], faults=faults) as replay:
            setenv(
                {
                    "HEXA_SERVER_URL": replay.url,
                    "HEXA_TOKEN": token,
                    "HEXA_WORKSPACE": "demo-workspace",
                }
            )
            found = server.server()
            assert not replay.problems
        assert token not in repr(found)
        return found

    return ask


def test_a_server_in_order_names_the_workspace(ask):
    found = ask("187")
    assert (found.state, found.code) == ("ok", "server_fine")
    assert found.found.startswith("http://127.0.0.1:")


def test_a_run_may_ask_too(ask):
    assert ask("189", "running pipeline").state == "ok"


def test_a_token_that_is_no_good_is_said_until_there_is_a_new_one(ask):
    broken = ask("190", "no valid login")
    assert (broken.state, broken.code) == ("failed", "server_refuses")
    assert "start it again" in broken.remedy
    assert ask("187").state == "ok"


@pytest.mark.parametrize("fault", [reset, status(502)])
def test_a_server_out_of_order_is_said(fault, ask):
    broken = ask("187", faults=[fault])
    assert (broken.state, broken.code) == ("failed", "server_silent")
    assert "curl" in broken.remedy


@pytest.mark.parametrize(("number", "code"), [(401, "refuses"), (500, "silent")])
def test_an_answer_that_is_none_is_told_from_a_refusal(number, code, ask):
    assert ask("187", faults=[status(number)]).code == f"server_{code}"


@pytest.mark.parametrize(
    "address", ["notaurl", "https://h:99999", "https://", "ftp://h", "http://[::1"]
)
def test_what_is_no_address_is_said(address, setenv):
    setenv({"HEXA_SERVER_URL": address, "HEXA_TOKEN": "t", "HEXA_WORKSPACE": "demo"})
    found = server.server()
    assert (found.state, found.code) == ("failed", "server_address")
    assert "HEXA_SERVER_URL" in found.remedy


def test_without_a_server_nothing_is_asked(clean_env):
    found = server.server()
    assert (found.state, found.code) == ("skipped", "server_none")


@pytest.mark.parametrize("vector", TOKENS, ids=[v["name"] for v in TOKENS])
def test_whose_token_it_is(vector, setenv):
    setenv({"HEXA_TOKEN": vector["token"], **vector.get("env", {})})
    found = credentials.token()
    assert found.code == vector["code"]
    assert not vector["token"] or vector["token"] not in repr(found)


def test_a_token_that_lapses_soon_is_a_warning(setenv):
    issued = int(time.time()) - credentials.IDENTITY_LIFETIME_S + 300
    digits = ""
    while issued:
        issued, digit = divmod(issued, 62)
        digits = credentials._BASE62[digit] + digits
    identity = next(v["token"] for v in TOKENS if v["code"] == "token_identity")
    setenv({"HEXA_TOKEN": identity.replace(":", f":{digits}:")})
    found = credentials.token()
    assert (found.state, found.code) == ("warning", "token_lapsing")
    assert "start it again" in found.remedy


def test_a_time_that_is_none_is_no_time(setenv):
    identity = next(v["token"] for v in TOKENS if v["code"] == "token_identity")
    setenv({"HEXA_TOKEN": identity.replace(":", ":!!!:")})
    assert credentials.token().code == "token_identity"
    name = "WORKSPACE_STORAGE_ENGINE_AZURE_STORAGE_SAS_TOKEN"
    setenv({"WORKSPACE_STORAGE_ENGINE": "azure", name: "se=garbage&sig=pw-7f3a"})
    (found,) = credentials.storage()
    assert (found.state, found.code) == ("ok", "storage_unknown")
    setenv({name: "se=2020-01-01&sig=pw-7f3a"})
    (found,) = credentials.storage()
    assert found.code == "storage_lapsed"


@pytest.mark.parametrize(
    ("hours", "code"),
    [(-1, "storage_lapsed"), (0.1, "storage_lapsing"), (9, "storage_until")],
)
def test_an_azure_signature_says_itself_until_when_it_holds(hours, code, setenv):
    end = datetime.now().astimezone() + timedelta(hours=hours)
    end = datetime.fromtimestamp(end.timestamp()).astimezone()
    utc = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(end.timestamp()))
    sas = f"sv=2024-11-04&se={utc.replace(':', '%3A')}&sig=pw-7f3a"
    name = "WORKSPACE_STORAGE_ENGINE_AZURE_STORAGE_SAS_TOKEN"
    setenv({"WORKSPACE_STORAGE_ENGINE": "azure", name: sas})
    (found,) = credentials.storage()
    assert found.code == code
    assert end.strftime("%Y-%m-%d %H:%M") in found.found
    assert "pw-7f3a" not in repr(found)


GCP = {
    "WORKSPACE_STORAGE_ENGINE": "gcp",
    "WORKSPACE_STORAGE_ENGINE_GCP_ACCESS_TOKEN": "pw-7f3a",
}


def test_google_s_token_holds_from_the_start_of_the_server(setenv, monkeypatch):
    setenv(GCP)
    begin = time.time()
    found = look("storage", "sleep 1")
    until = datetime.strptime(found["found"].split("until ")[1][:16], "%Y-%m-%d %H:%M")
    # The shell had the variable first; the minute is cut, not rounded.
    assert -62 <= until.timestamp() - (begin + 3600) <= 2
    assert found["code"] == "storage_until"
    monkeypatch.setattr(credentials, "STORAGE_LIFETIME_S", 0)
    (lapsed,) = credentials.storage()
    assert (lapsed.state, lapsed.code) == ("failed", "storage_lapsed")


def test_keys_without_a_session_do_not_lapse(setenv):
    setenv({"WORKSPACE_STORAGE_ENGINE": "s3"})
    (found,) = credentials.storage()
    assert found.code == "storage_static"


def test_files_that_are_not_mounted_have_no_credentials(clean_env):
    assert credentials.storage() == []
