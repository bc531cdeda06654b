"""DHIS2, IASO and databases of connections from R, compared with OpenHEXA's toolbox.

RSession fails any of these tests when a secret shows in whatever R says.
"""

import base64
import re

import pytest
from openhexa.toolbox.dhis2 import DHIS2
from openhexa.toolbox.iaso import IASO

from .conftest import ROOT
from .server import dhis2 as dhis2_server
from .server import faults
from .server import iaso as iaso_server
from .server.answerer import Answerer, as_json
from .server.r_session import code_of
from .server.recorded import derived, token
from .server.replay import Replay

CALLER = "workspace member, role ADMIN"
ONCE = "options(openhexaR.timeout_s = 1); on.exit(options(openhexaR.timeout_s = NULL))"


def basic(username, password):
    return base64.b64encode(f"{username}:{password}".encode()).decode()


@pytest.fixture
def in_dhis2(r, dhis2):
    """Give a function that runs R code with DHIS2 open as ``conn``."""
    user, password = dhis2_server.USERNAME, dhis2_server.PASSWORD
    r.secrets = {password, basic(user, password)}

    def run(code, **changes):
        env = {"SNIS": "dhis2", "SNIS_URL": dhis2.url}
        env |= {"SNIS_USERNAME": user, "SNIS_PASSWORD": password}
        return r(f"conn <- connect('snis')\n{code}", env | changes)

    return run


@pytest.fixture
def in_iaso(r, iaso):
    r.secrets = {iaso_server.PASSWORD}

    def run(code, **changes):
        env = {"FIELD": "iaso", "FIELD_URL": iaso.url}
        env |= {"FIELD_USERNAME": iaso_server.USERNAME}
        env |= {"FIELD_PASSWORD": iaso_server.PASSWORD}
        return r(f"conn <- connect('field')\n{code}", env | changes)

    return run


def value_of(answer):
    assert "value" in answer, answer
    return answer["value"]


# DHIS2 -------------------------------------------------------------------------------

UNITS = "dhis2_get(conn, 'organisationUnits', fields = c('id', 'name', 'level')"


@pytest.mark.parametrize("end", ["", "/", "/api", "/api/"])
def test_all_pages_are_those_of_the_toolbox(end, in_dhis2, dhis2):
    client = DHIS2(
        url=dhis2.url, username=dhis2_server.USERNAME, password=dhis2_server.PASSWORD
    )
    pages = client.api.get_paged(
        "organisationUnits", params={"fields": "id,name,level"}
    )
    expected = [unit for page in pages for unit in page["organisationUnits"]]
    assert len(expected) == 247
    code = f"{UNITS}, pageSize = 60)"
    dhis2.requests.clear()
    assert value_of(in_dhis2(code, SNIS_URL=dhis2.url + end)) == expected
    assert len(dhis2.requests) == 5
    assert value_of(in_dhis2(f"{UNITS}, paging = FALSE)")) == expected


def test_filters_and_nested_parts(in_dhis2):
    code = """
    found <- dhis2_get(conn, "organisationUnits", fields = c("name", "parent"),
                       filter = c("level:eq:2", "name:ilike:côte"))
    list(found$name, class(found$parent), names(found$parent[[1]]))
    """
    assert value_of(in_dhis2(code)) == ["Côte d’Œuvre", "AsIs", "id"]


def test_analytics_are_a_table_and_one_thing_is_a_list(in_dhis2):
    code = """
    element <- dhis2_get(conn, "dataElements", fields = "id")$id[[1]]
    unit <- dhis2_get(conn, "organisationUnits", filter = "level:eq:1")$id
    found <- dhis2_get(conn, "analytics",
      dimension = c(paste0("dx:", element), "pe:2023;2024", paste0("ou:", unit)))
    list(dim(found), class(found$pe), class(found$value),
      dhis2_get(conn, "system/info")$version,
      names(dhis2_get(conn, "filledOrganisationUnitLevels")),
      dhis2_get(conn, "organisationUnits", filter = "level:eq:9"))
    """
    assert value_of(in_dhis2(code)) == [
        *([2, 4], "character", "numeric", "2.40.3", ["id", "name", "level"], [])
    ]


def test_the_request_is_one_of_httr2(in_dhis2):
    code = """
    me <- httr2::req_perform(httr2::req_url_path_append(conn, "me"))
    httr2::resp_body_json(me)$username
    """
    assert value_of(in_dhis2(code)) == dhis2_server.USERNAME
    said = in_dhis2("print(conn); str(conn); 1")["said"]
    assert sum("REDACTED" in one["text"] for one in said) == 2


def test_a_wrong_password_names_the_user(in_dhis2, r):
    r.secrets = {"wrong-7f3a", basic(dhis2_server.USERNAME, "wrong-7f3a")}
    answer = in_dhis2("dhis2_get(conn, 'me')", SNIS_PASSWORD="wrong-7f3a")
    assert code_of(answer) == "connection_refused"
    assert dhis2_server.USERNAME in answer["message"]
    code = "test_connection('snis')$checks$state"
    states = value_of(in_dhis2(code, SNIS_PASSWORD="wrong-7f3a"))
    assert states == ["ok", "ok", "failed", "skipped"]


def test_a_busy_server_is_waited_for(in_dhis2, dhis2):
    busy = faults.status(429, retry_after="1")
    dhis2.fail(busy, faults.status(503), where="/api/me")
    dhis2.requests.clear()
    assert value_of(in_dhis2("dhis2_get(conn, 'me')$username"))
    assert len(dhis2.requests) == 3


@pytest.mark.parametrize("wait", ["3600", "0"])
def test_a_server_that_stays_busy_says_for_how_long(wait, in_dhis2, dhis2):
    dhis2.fail(faults.status(429, retry_after=wait), for_ever=True)
    answer = in_dhis2("dhis2_get(conn, 'me')")
    assert code_of(answer) == "rate_limited"
    assert f" {wait} seconds" in answer["message"]


ODD = {
    "a page": (faults.status(200), "connection_answer"),
    "a login": (faults.status(302, location="/login"), "connection_answer"),
    "no such page": (faults.status(404), "connection_answer"),
    "broken": (faults.status(500), "server_status"),
    "cut": (faults.cut, "connection_unreachable"),
    "gone": (faults.reset, "connection_unreachable"),
}


@pytest.mark.parametrize("name", ODD)
def test_an_odd_answer_has_a_code(name, in_dhis2, dhis2):
    fault, code = ODD[name]
    dhis2.fail(fault, for_ever=True)
    assert code_of(in_dhis2("dhis2_get(conn, 'me')")) == code


def test_what_dhis2_says_is_told(in_dhis2):
    answer = in_dhis2("dhis2_get(conn, 'nothing')")
    assert code_of(answer) == "request_refused"
    assert "No handler found" in answer["message"]
    answer = in_dhis2("dhis2_get(conn, 'analytics', dimension = 'pe:2023')")
    assert code_of(answer) == "request_refused"


def test_a_slow_server_is_waited_for_and_a_silent_one_given_up(in_dhis2, dhis2):
    dhis2.fail(faults.delay(1.5))
    assert value_of(in_dhis2("dhis2_get(conn, 'me')$username"))
    dhis2.fail(faults.silence(5), for_ever=True)
    answer = in_dhis2(f"local({{ {ONCE}\n dhis2_get(conn, 'me') }})")
    assert code_of(answer) == "connection_unreachable"
    checks = value_of(in_dhis2("test_connection('snis', timeout_s = 2)$checks"))
    assert [c["state"] for c in checks] == ["ok", "failed", "skipped", "skipped"]


def test_a_test_says_who_where_and_which_version(in_dhis2):
    checks = value_of(in_dhis2("test_connection('snis')$checks"))
    assert [check["state"] for check in checks] == ["ok"] * 4
    assert "2.40.3" in checks[3]["found"] and "Aïssata" in checks[3]["found"]


# IASO --------------------------------------------------------------------------------


@pytest.mark.parametrize("key", ["orgUnits", "orgunits"])
def test_all_pages_of_iaso_are_those_of_the_toolbox(key, in_iaso, iaso):
    iaso.key = key
    client = IASO(iaso.url, iaso_server.USERNAME, iaso_server.PASSWORD)
    expected = [one["name"] for one in client.get_org_units(limit=1000)]
    assert len(expected) == 247
    iaso.requests.clear()
    assert value_of(in_iaso("iaso_get(conn, 'orgunits', limit = 100)$name")) == expected
    assert [q.split()[0] for q in iaso.requests] == ["POST", "GET", "GET", "GET"]
    assert value_of(in_iaso("iaso_get(conn, 'projects/')$app_id")) == "org.sahelie"
    content = "iaso_get(conn, 'instances', form_ids = 2)$file_content[[1]]$remarque"
    assert value_of(in_iaso(content)) == "Rien à signaler"


def test_a_token_that_ran_out_is_renewed(in_iaso, iaso):
    iaso.fail(None, faults.status(401, b'{"detail": "expired"}'))
    iaso.requests.clear()
    assert len(value_of(in_iaso("iaso_get(conn, 'forms')"))) == 2
    assert [q.split()[0] for q in iaso.requests] == ["POST", "GET", "POST", "GET"]


def test_iaso_refuses_and_says_why(in_iaso, r):
    r.secrets = {"wrong-7f3a"}
    wrong = {"FIELD_PASSWORD": "wrong-7f3a"}
    answer = in_iaso("", **wrong)
    assert code_of(answer) == "connection_refused"
    assert iaso_server.USERNAME in answer["message"]
    assert code_of(in_iaso("iaso_get(conn, 'nothing')")) == "request_refused"
    assert code_of(in_iaso("dhis2_get(conn, 'me')")) == "invalid_argument"


def test_a_test_of_iaso_counts(in_iaso):
    checks = value_of(in_iaso("test_connection('field')$checks"))
    assert [check["state"] for check in checks] == ["ok"] * 4
    assert "Sahélie" in checks[3]["found"] and "247 " in checks[3]["found"]


# Databases ---------------------------------------------------------------------------


@pytest.fixture
def in_database(r, database):
    r.secrets = {database.password}

    def run(code, **changes):
        env = {"STORE": "postgresql", "STORE_HOST": database.host}
        env |= {"STORE_PORT": str(database.port), "STORE_DB_NAME": database.name}
        env |= {
            "STORE_USERNAME": database.username,
            "STORE_PASSWORD": database.password,
        }
        return r(code, env | changes)

    return run


def test_a_database_opens_and_says_what_may_be_read(in_database):
    code = """
    con <- connect("store")
    DBI::dbWriteTable(con, "cases", data.frame(n = 1:2))
    DBI::dbDisconnect(con)
    test_connection("store")$checks
    """
    checks = value_of(in_database(code))
    assert [check["state"] for check in checks] == ["ok"] * 4
    assert "cases" in checks[3]["found"]


def test_a_database_that_does_not_open_says_why(in_database, r):
    r.secrets = {"wrong-7f3a"}
    wrong = {"STORE_PASSWORD": "wrong-7f3a"}
    assert (
        code_of(in_database("connect('store')", **wrong)) == "database_authentication"
    )
    states = "test_connection('store')$checks$state"
    assert value_of(in_database(states, **wrong)) == ["ok", "ok", "failed", "skipped"]
    nowhere = {"STORE_PORT": "1"}
    assert value_of(in_database(states, **nowhere)) == [
        *("ok", "failed", "skipped", "skipped")
    ]


# A type of a team ---------------------------------------------------------------------


class Kobo(Answerer):
    """What the example of the docs asks for."""

    def answer(self, handler):
        if handler.headers.get("authorization") != "Token s3cret-kobo":
            return as_json(401, {"detail": "Invalid token."})
        return as_json(200, {"count": 12, "results": []})


@pytest.mark.parametrize("language", ["en", "fr"])
def test_the_example_of_the_docs_runs(language, r):
    page = (ROOT / f"docs/{language}/connections-r.md").read_text("utf-8")
    (example,) = re.findall(r"```r\n(open_kobo .*?)```", page, re.DOTALL)
    r.secrets = {"s3cret-kobo"}
    with Kobo() as server:
        env = {"SURVEYS": "custom", "SURVEYS_TYPE": "kobo", "SURVEYS_URL": server.url}
        env |= {"SURVEYS_TOKEN": "s3cret-kobo"}
        checks = value_of(r(f"{example.rstrip()}$checks", env))
    assert [check["state"] for check in checks] == ["ok", "ok"]
    assert checks[1]["found"] == "forms: 12"


# The OpenHEXA server -----------------------------------------------------------------


def slugs(*names):
    """Make the answer to what was not recorded: which connections are there."""
    connections = [{"slug": name} for name in names]
    return {
        "caller": CALLER,
        "request": {
            "graphql": {
                "kind": "query",
                "variables": {"slug": "demo-workspace"},
                "selected": ["workspace.connections.slug"],
            }
        },
        "response": {
            "status": 200,
            "headers": {"content-type": "application/json"},
            "body": {"json": {"data": {"workspace": {"connections": connections}}}},
        },
    }


def variables_of(server):
    return {
        "HEXA_SERVER_URL": server.url,
        "HEXA_TOKEN": token(CALLER),
        "HEXA_WORKSPACE": "demo-workspace",
    }


def test_an_unknown_identifier_is_compared_with_those_of_the_server(r):
    unknown = derived("014", {"connectionSlug": "raw-buckt"})
    with Replay([], [unknown, slugs("raw-bucket", "polio")]) as server:
        answer = r("connect('raw-buckt')", variables_of(server))
    assert code_of(answer) == "connection_not_found"
    assert "Similar identifiers: raw-bucket." in answer["shown"]
    assert not server.problems


EXPORTED = {"HEXA_EXPORT_CONNECTIONS": "raw-bucket, polio", "HEXA_LANG": "en"}


def test_the_kernel_exports_at_the_first_mention(kernel, setenv):
    with Replay(["002"]) as server:
        setenv(variables_of(server) | EXPORTED)
        notebook = kernel("openhexa-r")
        notebook.run('raw_bucket <- 1 # "RAW_BUCKET_BUCKET_NAME"')
        assert server.requests == []
        found = notebook.result('cat(Sys.getenv("RAW_BUCKET_ACCESS_KEY_ID"))')
        assert found == "AKIAEXAMPLEKEY"
        found = notebook.result('cat(Sys.getenv("RAW_BUCKET_BUCKET_NAME"))')
        assert found == "raw-data-bucket"
        assert len(server.requests) == 1


def test_a_connection_that_cannot_be_exported_is_one_warning(kernel, setenv):
    setenv(EXPORTED | {"HEXA_SERVER_URL": "http://127.0.0.1:1", "HEXA_TOKEN": "t"})
    setenv({"HEXA_WORKSPACE": "demo-workspace"})
    reply, outputs = kernel("openhexa-r").run('cat(nchar(Sys.getenv("POLIO_URL")))')
    assert reply["status"] == "ok"
    said = "".join(text for kind, text in outputs if kind == "stderr")
    assert said.count("polio") >= 1 and "HEXA_EXPORT_CONNECTIONS" in said
    assert ("stdout", "0") in outputs
