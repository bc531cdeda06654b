"""The servers that tests of connections use refuse what the real ones refuse."""

import datetime
import os
from email.utils import parsedate_to_datetime

import botocore.auth
import gcsfs
import pytest
import requests
import s3fs
from botocore.exceptions import ClientError
from cryptography.hazmat.primitives.asymmetric import rsa
from google.auth.exceptions import RefreshError
from google.auth.transport.requests import Request
from google.oauth2.service_account import Credentials
from openhexa.toolbox.dhis2 import DHIS2
from openhexa.toolbox.dhis2.api import DHIS2ApiError
from openhexa.toolbox.iaso import IASO
from openhexa.toolbox.iaso.api_client import IASOError

from .server import country, faults
from .server import dhis2 as dhis2_server
from .server import iaso as iaso_server
from .server.gcs import PROJECT, GCSServer
from .server.s3 import OWNER, READER, REGION, Key

CONTENT = os.urandom(20_000_000)
NAME = "data/été/Côte d’Ivoire 💉+%20&.csv"


def s3_files(url, key=OWNER):
    return s3fs.S3FileSystem(
        key=key.access,
        secret=key.secret,
        endpoint_url=url,
        client_kwargs={"region_name": REGION},
        use_listings_cache=False,
        skip_instance_cache=True,
    )


def gcs_files(gcs, token=None):
    return gcsfs.GCSFileSystem(
        project=PROJECT,
        token=token or gcs.account,
        endpoint_url=gcs.url,
        use_listings_cache=False,
        skip_instance_cache=True,
    )


@pytest.fixture(params=["s3", "gcs"])
def store(request):
    """A bucket store and the server that faults of it come from."""
    if request.param == "gcs":
        server = request.getfixturevalue("gcs")
        return gcs_files(server), server
    server = request.getfixturevalue("s3_relay")
    return s3_files(server.url), server


# Buckets ----------------------------------------------------------------------------


def test_an_object_of_20_mb_comes_back_as_it_was(store):
    files, _ = store
    with files.open(NAME, "wb", block_size=5 * 2**20) as file:  # in parts
        file.write(CONTENT)
    assert files.cat(NAME) == CONTENT
    assert files.cat_file(NAME, start=7, end=19) == CONTENT[7:19]
    assert files.find("data/été") == [NAME]


def test_a_folder_is_listed_and_fetched(store, tmp_path):
    files, _ = store
    names = [f"data/folder/é{number:03d}.csv" for number in range(100)]
    files.pipe({name: name.encode() for name in names})
    assert files.find("data/folder") == names
    files.get("data/folder/", str(tmp_path / "folder"), recursive=True)
    found = {path.name: path.read_text() for path in (tmp_path / "folder").iterdir()}
    assert found == {name.rpartition("/")[2]: name for name in names}


def test_a_cut_upload_is_sent_again(store):
    files, server = store
    before = len(server.requests)
    uploads = "POST /upload" if isinstance(server, GCSServer) else "PUT /data"
    server.fail(faults.cut_upload(100_000), where=uploads)
    files.pipe("data/up.bin", CONTENT[:3_000_000])
    assert sum(q.startswith(uploads) for q in server.requests[before:]) == 2
    assert files.cat("data/up.bin") == CONTENT[:3_000_000]


REFUSED_KEYS = {
    "SignatureDoesNotMatch": Key(OWNER.access, "wrong"),
    "InvalidAccessKeyId": Key("AKIANOBODY", OWNER.secret),
    "AccessDenied": READER,
}


@pytest.mark.parametrize("code", REFUSED_KEYS)
def test_s3_refuses_a_wrong_key(code, s3):
    with pytest.raises(ClientError, match=code) as caught:
        s3.client(REFUSED_KEYS[code]).list_objects_v2(Bucket="data")
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 403
    assert s3.client(READER).list_objects_v2(Bucket="open")["KeyCount"] == 0


def test_s3_knows_no_bucket_that_is_not_there(s3):
    with pytest.raises(ClientError, match="NoSuchBucket"):
        s3.client().list_objects_v2(Bucket="nowhere")


@pytest.mark.parametrize("hours", [-1, 1])
def test_s3_refuses_a_client_whose_clock_is_wrong(hours, s3, monkeypatch):
    right = botocore.auth.get_current_datetime
    offset = datetime.timedelta(hours=hours)
    monkeypatch.setattr(
        botocore.auth, "get_current_datetime", lambda *a, **o: right(*a, **o) + offset
    )
    with pytest.raises(ClientError, match="RequestTimeTooSkewed"):
        s3.client().list_objects_v2(Bucket="data")


def test_s3_seen_with_a_wrong_clock_refuses_and_shows_its_time(s3_relay):
    s3_relay.clock_offset_s = 3600
    answer = requests.get(s3_relay.url)
    shown = parsedate_to_datetime(answer.headers["date"])
    assert shown - datetime.datetime.now(datetime.UTC) > datetime.timedelta(minutes=30)
    with pytest.raises(PermissionError, match="too large"):
        s3_files(s3_relay.url).ls("data")


def test_s3_gives_pages_of_1000_keys(s3, many_of_s3):
    pages = s3.client().get_paginator("list_objects_v2")
    found = [
        [item["Key"] for item in page["Contents"]]
        for page in pages.paginate(Bucket="data", Prefix="many/")
    ]
    assert [len(page) for page in found] == [1000] * 10
    assert [name for page in found for name in page] == many_of_s3


def refresh(account):
    scopes = ["https://www.googleapis.com/auth/devstorage.read_write"]
    Credentials.from_service_account_info(account, scopes=scopes).refresh(Request())


def test_gcs_gives_no_token_for_a_wrong_key(gcs):
    refresh(gcs.account)
    other = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    with pytest.raises(RefreshError, match="invalid_grant: Invalid JWT Signature"):
        refresh(gcs.account_with(other))
    with pytest.raises(RefreshError, match="account not found"):
        refresh({**gcs.account, "client_email": "nobody@example.com"})


def test_gcs_gives_no_token_when_clocks_differ(gcs):
    gcs.clock_offset_s = 7200
    with pytest.raises(RefreshError, match="reasonable timeframe"):
        refresh(gcs.account)


@pytest.mark.parametrize("headers", [{}, {"authorization": "Bearer ya29.forged"}])
def test_gcs_lets_nobody_in_without_its_token(headers, gcs):
    answer = requests.get(f"{gcs.url}/storage/v1/b/data/o", headers=headers)
    assert answer.status_code == 401
    assert answer.json()["error"]["errors"][0]["reason"] == "authError"


# DHIS2 ------------------------------------------------------------------------------


@pytest.fixture
def toolbox(dhis2):
    return DHIS2(
        url=dhis2.url,
        username=dhis2_server.USERNAME,
        password=dhis2_server.PASSWORD,
    )


def api_get(dhis2, path, token=dhis2_server.TOKEN):
    headers = {"authorization": f"ApiToken {token}"}
    return requests.get(f"{dhis2.url}/api/{path}", headers=headers)


def test_dhis2_gives_the_toolbox_every_unit_of_its_pages(dhis2, toolbox):
    toolbox.api.PAGE_SIZE = 100
    units = toolbox.meta.organisation_units(fields="id,name,level,path")
    fields = ("id", "name", "level", "path")
    assert units == [{f: u[f] for f in fields} for u in country.org_units()]
    assert len([q for q in dhis2.requests if "organisationUnits" in q]) == 3
    assert toolbox.version == "2.40.3"
    assert toolbox.me()["username"] == dhis2_server.USERNAME


def test_dhis2_describes_a_page(dhis2):
    page = api_get(dhis2, "organisationUnits?fields=id&pageSize=100&page=2").json()
    link = f"{dhis2.url}/api/organisationUnits?pageSize=100&page="
    assert page["pager"] == {
        **{"page": 2, "pageCount": 3, "total": 247, "pageSize": 100},
        **{"nextPage": f"{link}3", "prevPage": f"{link}1"},
    }
    everything = api_get(dhis2, "organisationUnits?paging=false&filter=level:eq:2")
    assert len(everything.json()["organisationUnits"]) == len(country.REGIONS)


def test_dhis2_adds_up_what_it_exports(toolbox):
    element = country.data_elements()[0]["id"]
    top = country.org_units()[0]["id"]
    facilities = [unit["id"] for unit in country.facilities_of(top)]
    values = toolbox.data_value_sets.get(
        data_elements=[element], org_units=facilities, periods=["202401"]
    )
    (row,) = toolbox.analytics.get(
        data_elements=[element], org_units=[top], periods=["202401"]
    )
    assert 0 < len(values) < len(facilities)
    assert float(row["value"]) == sum(int(value["value"]) for value in values)


def test_dhis2_keeps_what_is_posted_and_tells_conflicts(dhis2, toolbox):
    place = {
        "dataElement": country.data_elements()[0]["id"],
        "orgUnit": country.org_units()[-1]["id"],
        "period": "202501",
    }
    combos = ("categoryOptionCombo", "attributeOptionCombo")
    sent = {**place, "value": 12, **dict.fromkeys(combos, dhis2_server.COMBO)}
    counts = toolbox.data_value_sets.post([sent], dry_run=False)
    assert counts["imported"] == 1
    assert list(dhis2.posted.values()) == ["12"]
    with pytest.raises(DHIS2ApiError, match="409"):
        wrong = {**sent, "orgUnit": "nowhere"}
        toolbox.data_value_sets.post([wrong], skip_validation=True)


def test_dhis2_refuses_in_its_own_words(dhis2):
    assert api_get(dhis2, "me").json()["username"] == dhis2_server.USERNAME
    answer = api_get(dhis2, "me", token="d2pat_wrong")
    assert (answer.status_code, answer.json()["httpStatus"]) == (401, "Unauthorized")
    answer = api_get(dhis2, "dataElements/nowhere")
    assert (answer.status_code, answer.json()["errorCode"]) == (404, "E1005")
    answer = api_get(dhis2, "analytics?dimension=dx:a&dimension=pe:2024")
    assert (answer.status_code, answer.json()["errorCode"]) == (409, "E7124")


def test_an_answerer_is_busy_for_some_calls_or_slow(dhis2):
    busy = faults.status(429, b"{}", retry_after="1")
    dhis2.fail(busy, busy, faults.delay(0.5))
    answers = [api_get(dhis2, "me") for _ in range(4)]
    assert [answer.status_code for answer in answers] == [429, 429, 200, 200]
    assert answers[0].headers["retry-after"] == "1"
    assert answers[2].elapsed.total_seconds() >= 0.5
    dhis2.fail(busy, for_ever=True)
    assert {api_get(dhis2, "me").status_code for _ in range(4)} == {429}


# IASO -------------------------------------------------------------------------------


def test_iaso_gives_the_toolbox_its_pages(iaso):
    client = IASO(iaso.url, iaso_server.USERNAME, iaso_server.PASSWORD)
    pages = [client.get_org_units(page=page, limit=100) for page in (1, 2, 3)]
    names = [unit["name"] for page in pages for unit in page]
    assert names == [unit["name"] for unit in country.org_units()]
    assert [form["id"] for form in client.get_forms(search="ménages")] == [2]
    assert len(client.get_form_instances(limit=500, form_ids="1")) == 210
    assert client.get_projects()[0]["app_id"] == "org.sahelie"


def test_iaso_describes_a_page(iaso):
    client = IASO(iaso.url, iaso_server.USERNAME, iaso_server.PASSWORD)
    asked = {"limit": 100, "page": 3}
    page = client.api_client.get("api/orgunits", params=asked).json()
    assert len(page.pop("orgUnits")) == 47
    assert page == {
        **{"count": 247, "has_next": False, "has_previous": True},
        **{"page": 3, "pages": 3, "limit": 100},
    }


def test_iaso_refuses_without_account_or_token(iaso):
    with pytest.raises(IASOError, match="No active account"):
        IASO(iaso.url, iaso_server.USERNAME, "wrong")
    assert requests.get(f"{iaso.url}/api/orgunits/").status_code == 401
    old = {"authorization": f"Bearer {iaso.token('access')}"}
    assert requests.get(f"{iaso.url}/api/forms/", headers=old).status_code == 200
    iaso.secret = b"second"
    answer = requests.get(f"{iaso.url}/api/forms/", headers=old)
    assert (answer.status_code, answer.json()["code"]) == (401, "token_not_valid")
