"""Buckets of S3 and Google Cloud Storage from R, on real servers.

What R lists and stores is compared with what other clients see. RSession fails any of
these tests when a secret shows in whatever R says.
"""

import hashlib
import json
import os

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from .server import faults
from .server.gcs import ACCOUNT
from .server.r_session import RSession, code_of
from .server.s3 import OWNER, READER, Key
from .server.stores import GCSStore, S3Store

MB = 1_000_000


def s3_variables(url, key=OWNER, bucket="data"):
    return {
        "AWS_ENDPOINT_URL_S3": url,
        "BUCKET": "s3",
        "BUCKET_ACCESS_KEY_ID": key.access,
        "BUCKET_ACCESS_KEY_SECRET": key.secret,
        "BUCKET_BUCKET_NAME": bucket,
    }


def gcs_variables(url, account, bucket="data"):
    return {
        "STORAGE_EMULATOR_HOST": url,
        "BUCKET": "gcs",
        "BUCKET_SERVICE_ACCOUNT_KEY": json.dumps(account),
        "BUCKET_BUCKET_NAME": bucket,
    }


@pytest.fixture
def s3_store(s3, s3_relay):
    return S3Store(
        s3, s3_relay, s3_variables(s3_relay.url), {OWNER.secret, OWNER.access}
    )


@pytest.fixture
def gcs_store(gcs):
    variables = gcs_variables(gcs.url, gcs.account)
    return GCSStore(gcs, gcs, variables, {secret_of(gcs.account)})


def secret_of(account):
    """Give a line of the private key, which no text may hold."""
    return account["private_key"].splitlines()[3]


@pytest.fixture(params=["s3", "gs"])
def store(request):
    name = {"s3": "s3_store", "gs": "gcs_store"}[request.param]
    return request.getfixturevalue(name)


@pytest.fixture
def run(r, files, store):
    """Give a function that runs R code with the connection open as ``bucket``."""
    r.secrets = store.secrets

    def run(code, **changes):
        variables = {**store.variables, **os.environ, **changes}
        names = ("WORKSPACE_", "AWS_", "STORAGE_", "BUCKET", "HEXA_")
        env = {k: v for k, v in variables.items() if k.startswith(names)}
        return r(f"bucket <- connect('bucket')\n{code}", env)

    return run


def value_of(answer):
    assert "value" in answer, answer
    return answer["value"]


UNICODE = [
    "été/ça va+50%.csv",
    "東京/données & cie.csv",
    "a b/c=d?e#f.csv",
    "100%41.csv",
]


def test_what_r_stores_others_read_and_the_other_way_round(run, store, files):
    for number, name in enumerate(UNICODE):
        content = f"x\n{number}\n".encode()
        (files / "one.csv").write_bytes(content)
        key = f"r/{name}"
        assert value_of(run(f"bucket$upload('one.csv', {json.dumps(key)})")) == key
        assert store.get(key) == content
        store.put(f"p/{name}", content)
        run(f"bucket$download({json.dumps('p/' + name)}, 'two.csv')")
        assert (files / "two.csv").read_bytes() == content
    listed = value_of(run("bucket$list('p/')"))
    assert [row["key"] for row in listed] == sorted(f"p/{name}" for name in UNICODE)
    assert {row["size"] for row in listed} == {4}
    everything = value_of(run("bucket$list()$key"))
    assert everything == store.listed()


def test_folders_go_and_come_as_a_whole(run, store, files):
    for name in ("a.csv", "sub/é b.csv", "sub/empty.txt"):
        path = files / "tree" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("" if "empty" in name else name)
    value_of(run("bucket$upload('tree', 'copy')"))
    keys = [f"copy/{name}" for name in ("a.csv", "sub/empty.txt", "sub/é b.csv")]
    assert value_of(run("bucket$list('copy/')$key")) == keys
    for code in (
        "bucket$download('copy/', 'back')",
        "bucket$download('copy', 'again', recursive = TRUE)",
    ):
        value_of(run(code))
    for name in ("back", "again"):
        found = {
            p.relative_to(files / name): p.read_text()
            for p in (files / name).rglob("*.*")
        }
        expected = {
            p.relative_to(files / "tree"): p.read_text()
            for p in (files / "tree").rglob("*.*")
        }
        assert found == expected


def test_frames_are_read_and_written_by_path_and_by_handle(run, store):
    frame = "data.frame(n = 1:2, t = c('é', NA))"
    path = f"{store.kind}://bucket/out/t.csv"
    assert value_of(run(f"file_write({frame}, '{path}')")) == path
    assert value_of(run(f"file_read('{path}')")) == [
        {"n": 1, "t": "é"},
        {"n": 2, "t": None},
    ]
    assert value_of(run(f"bucket$write({frame}, 'out/t.json')")) == "out/t.json"
    assert value_of(run("bucket$read('out/t.json')$n")) == [1, 2]
    code = f"""
    map <- sf::st_read(system.file("shape/nc.shp", package = "sf"), quiet = TRUE)
    file_write(map["NAME"], "{store.kind}://bucket/maps/nc.shp")
    back <- file_read("{store.kind}://bucket/maps/nc.shp")
    identical(back$NAME, map$NAME) && sf::st_equals(back, map, sparse = FALSE)[1, 1]
    """
    assert value_of(run(code)) is True
    ends = {key.rpartition(".")[2] for key in store.listed() if key.startswith("maps/")}
    assert ends == {"shp", "shx", "dbf", "prj"}


def test_an_object_is_deleted_once(run, store):
    store.put("gone.csv", b"x")
    value_of(run("bucket$delete('gone.csv')"))
    assert "gone.csv" not in store.listed()
    assert code_of(run("bucket$delete('gone.csv')")) == "object_missing"


def test_a_missing_object_is_named_with_those_like_it(run, store):
    store.put("near/cases-2024.csv", b"x")
    answer = run("bucket$read('near/case-2024.csv')")
    assert code_of(answer) == "object_missing"
    assert "near/cases-2024.csv" in answer["shown"]
    for code in ("bucket$download('nowhere/', 'x')", "bucket$download('nowhere.csv')"):
        assert code_of(run(code)) == "object_missing"


def test_a_missing_bucket_has_a_code_of_its_own(run, store, files):
    (files / "a.csv").write_text("a")
    for code in (
        "bucket$list()",
        "bucket$download('a.csv', 'b.csv')",
        "bucket$upload('a.csv', 'a.csv')",
        "bucket$delete('a.csv')",
    ):
        answer = run(code, BUCKET_BUCKET_NAME="no-such-bucket")
        assert code_of(answer) == "bucket_missing", code
        assert "no-such-bucket" in answer["message"]
    report = run(
        "test_connection('bucket')$checks", BUCKET_BUCKET_NAME="no-such-bucket"
    )
    assert [row["state"] for row in value_of(report)] == ["ok", "ok", "ok", "failed"]


def test_a_test_says_what_may_be_read(run, store):
    store.put("a-first.csv", b"x")
    checks = value_of(run("test_connection('bucket')$checks"))
    assert [row["state"] for row in checks] == ["ok"] * 4
    assert "a-first.csv" in checks[-1]["found"]


def test_nobody_answers(run, store):
    name = "AWS_ENDPOINT_URL_S3" if store.kind == "s3" else "STORAGE_EMULATOR_HOST"
    nowhere = {name: "http://127.0.0.1:1"}
    assert code_of(run("bucket$list()", **nowhere)) == "connection_unreachable"
    checks = value_of(run("test_connection('bucket')$checks", **nowhere))
    assert [row["state"] for row in checks] == ["ok", "failed", "skipped", "skipped"]
    silent = (
        "options(openhexaR.timeout_s = 1); on.exit(options(openhexaR.timeout_s = NULL))"
    )
    store.relay.fail(faults.silence(4), for_ever=True)
    answer = run(f"local({{ {silent}\n bucket$list() }})")
    assert code_of(answer) == "connection_unreachable"


# Credentials and clocks --------------------------------------------------------------


def test_a_wrong_key_is_refused_and_not_shown(r, files, s3_store, gcs):
    wrong = Key(OWNER.access, "wrong/Secret+key=")
    nobody = Key("AKIAHEXANOBODY", "wrong/Secret+key=")
    r.secrets = {wrong.secret, wrong.access, nobody.access}
    for key in (wrong, nobody):
        variables = s3_variables(s3_store.relay.url, key)
        answer = r("connect('bucket')$list()", variables)
        assert code_of(answer) == "connection_refused", answer
    other = gcs.account_with(rsa.generate_private_key(65537, 2048))
    r.secrets = {secret_of(other)}
    variables = gcs_variables(gcs.url, other)
    answer = r("connect('bucket')$list()", variables)
    assert code_of(answer) == "connection_refused"
    assert ACCOUNT in answer["message"]


def test_an_account_without_rights_is_told_apart(r, files, s3_store):
    r.secrets = {READER.secret, READER.access}
    variables = s3_variables(s3_store.relay.url, READER, "open")
    assert value_of(r("connect('bucket')$list()", variables)) == []
    (files / "x.csv").write_text("x")
    paths = {"WORKSPACE_FILES_PATH": str(files)}
    answer = r("connect('bucket')$upload('x.csv', 'x.csv')", variables | paths)
    assert code_of(answer) == "connection_refused"


def test_a_wrong_clock_is_named_with_its_seconds(run, store):
    store.relay.clock_offset_s = -7200
    if store.kind == "gs":
        store.relay.tokens.clear()
    answer = run("bucket$list()")
    assert code_of(answer) == "clock_skew"
    assert any(
        f"{seconds} seconds" in answer["message"] for seconds in range(7190, 7211)
    )


def test_a_token_of_google_is_kept_and_renewed(r, files, gcs):
    r.secrets = {secret_of(gcs.account)}
    variables = gcs_variables(gcs.url, gcs.account)
    gcs.requests.clear()
    value_of(r("b <- connect('bucket'); b$list(); b$list(); b$bucket_name", variables))
    assert gcs.requests.count("POST /token") == 1


def test_a_bucket_of_another_region_is_asked_there(r, files, s3_store):
    r.secrets = s3_store.secrets
    moved = faults.status(301, b"", x_amz_bucket_region="eu-west-3")
    s3_store.relay.fail(moved)
    s3_store.relay.requests.clear()
    value_of(r("connect('bucket')$list('none')", s3_store.variables))
    assert len(s3_store.relay.requests) == 2


# Large, many, and cut ---------------------------------------------------------------


def test_two_hundred_megabytes_take_little_memory(store, files):
    direct = {"s3": {"AWS_ENDPOINT_URL_S3": store.server.url}}.get(store.kind, {})
    variables = {**store.variables, **direct, "WORKSPACE_FILES_PATH": str(files)}
    block = os.urandom(MB)
    with (files / "large.bin").open("wb") as file:
        for _ in range(200):
            file.write(block)
    digest = hashlib.sha256(block * 200).hexdigest()
    with RSession() as r:
        r.secrets = store.secrets
        r("connect('bucket')$list('none')", variables)
        before = r.peak_memory_mb()
        up = "connect('bucket')$upload('large.bin', 'large.bin')"
        down = "basename(connect('bucket')$download('large.bin', 'back.bin'))"
        assert value_of(r(up, variables)) == "large.bin"
        assert value_of(r(down, variables)) == "back.bin"
        assert r.peak_memory_mb() - before < 150
    with (files / "back.bin").open("rb") as file:
        assert hashlib.file_digest(file, "sha256").hexdigest() == digest
    assert [p.name for p in files.iterdir() if p.name.startswith(".")] == []


def test_ten_thousand_keys_are_listed_by_pages(r, files, s3_store, many_of_s3):
    r.secrets = s3_store.secrets
    s3_store.relay.requests.clear()
    code = "connect('bucket')$list('many/')$key"
    assert value_of(r(code, s3_store.variables)) == many_of_s3
    assert len(s3_store.relay.requests) == 10


def test_ten_thousand_keys_of_google_are_listed_by_pages(
    r, files, gcs_store, many_of_gcs
):
    r.secrets = gcs_store.secrets
    gcs_store.relay.requests.clear()
    code = "connect('bucket')$list('many/')$key"
    assert value_of(r(code, gcs_store.variables)) == many_of_gcs
    pages = [q for q in gcs_store.relay.requests if q.startswith("GET")]
    assert len(pages) == 10


@pytest.fixture(scope="module")
def content():
    return os.urandom(40 * MB)


def test_a_cut_download_goes_on_where_it_was(run, store, files, content):
    store.put("cut.bin", content)
    store.relay.requests.clear()
    store.relay.fail(None, faults.cut_after(MB), where="cut.bin")
    value_of(run("bucket$download('cut.bin', 'cut.bin')"))
    assert (files / "cut.bin").read_bytes() == content
    asked = [q for q in store.relay.requests if "cut.bin" in q]
    assert len(asked) == 4  # three ranges, the second of them twice


def test_a_download_that_stays_cut_leaves_nothing(run, store, files, content):
    store.put("cut.bin", content)
    (files / "kept.bin").write_text("of yesterday")
    store.relay.fail(None, *[faults.cut_after(MB)] * 20, where="cut.bin")
    answer = run("bucket$download('cut.bin', 'kept.bin')")
    assert code_of(answer) == "transfer_cut"
    assert (files / "kept.bin").read_text() == "of yesterday"
    assert [p.name for p in files.iterdir()] == ["kept.bin"]


def test_an_object_that_changes_meanwhile_is_no_mixture(run, store, files, content):
    store.put("cut.bin", content)

    def replace(handler, answer):
        store.put("cut.bin", content[::-1])
        handler.send(*answer())

    store.relay.fail(None, replace, where="cut.bin")
    answer = run("bucket$download('cut.bin', 'cut.bin')")
    assert code_of(answer) == "transfer_cut"
    assert list(files.iterdir()) == []


def test_a_cut_upload_goes_on(run, store, files, content):
    (files / "up.bin").write_bytes(content)
    store.relay.fail(faults.cut_upload(MB), where="PUT")
    value_of(run("bucket$upload('up.bin', 'up.bin')"))
    assert store.get("up.bin") == content


def test_an_upload_that_stays_cut_stores_nothing(run, store, files, content):
    (files / "lost.bin").write_bytes(content)
    store.relay.fail(faults.cut_upload(MB), where="PUT", for_ever=True)
    answer = run("bucket$upload('lost.bin', 'lost.bin')")
    assert code_of(answer) == "transfer_cut"
    assert "lost.bin" not in store.listed()
    if store.kind == "s3":
        left = store.server.client().list_multipart_uploads(Bucket="data")
        assert left.get("Uploads", []) == []


def test_a_key_that_leaves_the_folder_is_refused(r, files, gcs_store):
    r.secrets = gcs_store.secrets
    gcs_store.put("up/../../evil.txt", b"x")
    env = gcs_store.variables | {"WORKSPACE_FILES_PATH": str(files)}
    assert (
        code_of(r("connect('bucket')$download('up/', 'here')", env)) == "path_outside"
    )
    assert not (files.parent / "evil.txt").exists()
