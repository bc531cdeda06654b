"""Buckets by ``connect`` and by path, on servers that verify what they are sent."""

import os
import re
import subprocess
import sys
from pathlib import Path

import geopandas
import pandas
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from hexa_kernels import connect, file_read, file_write
from hexa_kernels.bucket_files import downloaded
from hexa_kernels.errors import (
    BucketMissingError,
    ClockSkewError,
    ConnectionNotFoundError,
    ConnectionRejectedError,
    ConnectionTypeError,
    ConnectionUnreachableError,
    FormatUnknownError,
    InvalidArgumentError,
    ObjectMissingError,
    TransferCutError,
)

from .connection_variables import gcs_variables, s3_variables
from .secret_scan import no_secret_shown  # noqa: F401
from .server import faults
from .server import s3 as s3_server

pytestmark = pytest.mark.usefixtures("no_secret_shown")
FRAME = pandas.DataFrame({"district": ["Pô", "Dori"], "cas": [12, 7]})
VARIABLES = {"s3": s3_variables, "gs": gcs_variables}
KEY = "été 2024/Côte d’Ivoire + 100% #1 💉.csv"


@pytest.fixture(params=["s3", "gs"])
def store(request, setenv, files):
    """A bucket of each kind under identifier lake; gives the scheme of its paths."""
    server = request.getfixturevalue({"s3": "s3_relay", "gs": "gcs"}[request.param])
    setenv(VARIABLES[request.param]("LAKE", server))
    server.scheme = request.param
    return server


# The clients ------------------------------------------------------------------------


def test_a_client_lists_uploads_and_downloads(store, tmp_path):
    fs = connect("lake")
    folder = tmp_path / "out"
    (folder / "deep").mkdir(parents=True)
    (folder / "a.txt").write_text("a")
    (folder / "deep/ñandé.txt").write_text("ñ")
    fs.put(str(folder), "data/client", recursive=True)
    assert sorted(fs.ls("data/client", detail=False)) == [
        "data/client/a.txt",
        "data/client/deep",
    ]
    fs.get("data/client", str(tmp_path / "in"), recursive=True)
    assert (tmp_path / "in/deep/ñandé.txt").read_text() == "ñ"
    # Another writer's object is seen: listings are not kept.
    connect("lake").pipe("data/client/b.txt", b"b")
    assert "data/client/b.txt" in fs.ls("data/client", detail=False)
    fs.rm("data/client", recursive=True)
    assert not connect("lake").exists("data/client/b.txt")


def test_many_keys_are_listed_by_pages(store, request):
    """A page has 1,000."""
    name = {"s3": "many_of_s3", "gs": "many_of_gcs"}[store.scheme]
    keys = request.getfixturevalue(name)
    assert connect("lake").find("data/many") == [f"data/{key}" for key in keys]
    with pytest.raises(ObjectMissingError) as caught:
        file_read(f"{store.scheme}://lake/many/é0000.csv")
    assert caught.value.values["similar"].startswith("many/é")


# Files by path ----------------------------------------------------------------------


@pytest.mark.parametrize("key", [KEY, "cas.csv.gz", "a/b/cas.parquet", "cas.xlsx"])
def test_a_frame_goes_to_a_bucket_and_comes_back(store, key):
    path = f"{store.scheme}://lake/{key}"
    assert file_write(FRAME, path) == path
    assert connect("lake").exists(f"data/{key}")
    pandas.testing.assert_frame_equal(file_read(path), FRAME, check_dtype=False)


def test_a_shapefile_is_all_its_files(store):
    map = geopandas.GeoDataFrame(
        {"nom": ["Pô"]}, geometry=geopandas.points_from_xy([1.0], [2.0]), crs=4326
    )
    path = f"{store.scheme}://lake/cartes/pays.shp"
    file_write(map, path)
    connect("lake").pipe("data/cartes/pays.old/readme.txt", b"no part of it")
    names = {Path(name).suffix for name in connect("lake").find("data/cartes")}
    assert {".shp", ".shx", ".dbf", ".prj"} <= names
    found = file_read(path)
    assert found.crs == 4326 and found["nom"].tolist() == ["Pô"]


def test_nothing_stays_in_scratch(store, tmp_path):
    path = f"{store.scheme}://lake/cas.csv"
    file_write(FRAME, path)
    file_read(path)
    assert list((tmp_path / "tmp").iterdir()) == []


# What goes wrong --------------------------------------------------------------------


def test_a_missing_object_names_the_nearest(store):
    file_write(FRAME, f"{store.scheme}://lake/nearby/cas.csv")
    with pytest.raises(ObjectMissingError) as caught:
        file_read(f"{store.scheme}://lake/nearby/caz.csv")
    assert caught.value.values["similar"] == "nearby/cas.csv"
    assert isinstance(caught.value, FileNotFoundError)


def test_a_missing_bucket_is_said(store, setenv):
    setenv({"LAKE_BUCKET_NAME": "nowhere"})
    path = f"{store.scheme}://lake/cas.csv"
    with pytest.raises(BucketMissingError):
        file_read(path)
    with pytest.raises(BucketMissingError):
        file_write(FRAME, path)


@pytest.mark.parametrize(
    "key",
    [
        s3_server.Key(s3_server.OWNER.access, "s3cret-wrong"),
        s3_server.Key("AKIANOBODY", "s3cret-wrong"),
        s3_server.READER,  # which has no right to this bucket
    ],
)
def test_a_wrong_key_of_s3_is_said(s3, files, setenv, key):
    setenv(s3_variables("LAKE", s3, key))
    for act in (lambda p: file_read(p), lambda p: file_write(FRAME, p)):
        with pytest.raises(ConnectionRejectedError) as caught:
            act("s3://lake/cas.csv")
        assert key.secret not in str(caught.value)
        assert key.access not in str(caught.value)


def test_a_wrong_key_of_gcs_is_said(gcs, files, setenv):
    account = gcs.account_with(rsa.generate_private_key(65537, 2048))
    setenv(gcs_variables("LAKE", gcs, account=account))
    with pytest.raises(ConnectionRejectedError, match="Invalid JWT Signature"):
        file_read("gs://lake/cas.csv")


def test_a_wrong_clock_is_said(store):
    store.clock_offset_s = 7200
    with pytest.raises(ClockSkewError) as caught:
        file_read(f"{store.scheme}://lake/cas.csv")
    if store.scheme == "s3":
        assert 7100 < caught.value.values["seconds"] < 7300


def test_nobody_there_is_said(store, setenv):
    setenv({"AWS_ENDPOINT_URL_S3": "http://127.0.0.1:9"})
    setenv({"STORAGE_EMULATOR_HOST": "http://127.0.0.1:9"})
    with pytest.raises(ConnectionUnreachableError, match="port 9"):
        file_read(f"{store.scheme}://lake/cas.csv")


def test_a_download_that_is_cut_goes_on(store):
    content = os.urandom(2**20)
    connect("lake").pipe("data/cut.csv", content)
    store.fail(faults.cut_after(400_000), where="/cut.csv")
    with downloaded(f"{store.scheme}://lake/cut.csv") as path:
        assert path.read_bytes() == content


def test_a_download_that_is_cut_for_ever_leaves_nothing(store, tmp_path):
    connect("lake").pipe("data/cut.csv", os.urandom(2**20))
    store.fail(faults.cut_after(0), where="/cut.csv", for_ever=True)
    with pytest.raises(TransferCutError):
        file_read(f"{store.scheme}://lake/cut.csv")
    assert list((tmp_path / "tmp").iterdir()) == []


def test_an_upload_that_is_cut_leaves_what_was_there(s3_relay, files, setenv):
    setenv(s3_variables("LAKE", s3_relay))
    path = "s3://lake/kept.csv"
    file_write(FRAME, path)
    s3_relay.fail(faults.cut_upload(10), where="PUT", for_ever=True)
    with pytest.raises(TransferCutError):
        file_write(FRAME.head(1), path)
    s3_relay.mend()
    assert len(file_read(path)) == 2


@pytest.mark.parametrize("path", ["s3://lake", "s3://lake/", "s3:///a.csv", "gs://"])
def test_a_path_that_is_none_is_said(files, path):
    with pytest.raises(InvalidArgumentError, match="s3://identifier"):
        file_read(path)


def test_what_cannot_be_is_said_before_any_transfer(store, setenv):
    with pytest.raises(FormatUnknownError):
        file_read(f"{store.scheme}://lake/cas.unknown")
    with pytest.raises(ConnectionNotFoundError):
        file_read(f"{store.scheme}://lac/cas.csv")
    other = {"s3": "gs", "gs": "s3"}[store.scheme]
    with pytest.raises(ConnectionTypeError):
        file_read(f"{other}://lake/cas.csv")


# Size -------------------------------------------------------------------------------

TRANSFER = """
import resource, sys
from pathlib import Path
from hexa_kernels import bucket_files, connect, progress
progress.DELAY_S, progress._LOOK["delay"] = 0, 0
progress._is_watched = lambda: True  # as where somebody looks
scheme, source, size_mb = sys.argv[1], Path(sys.argv[2]), int(sys.argv[3])
upload = bucket_files.uploader(f"{scheme}://lake/big/small.arrow")
upload(source.with_name("small.arrow"))
with bucket_files.downloaded(f"{scheme}://lake/big/small.arrow"):
    pass
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
upload(source)
with bucket_files.downloaded(f"{scheme}://lake/big/{source.name}") as path:
    after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    assert path.stat().st_size == size_mb * 2**20
    with path.open("rb") as one, source.open("rb") as other:
        while piece := one.read(2**20):
            assert piece == other.read(2**20)
print((after - before) // 1024)
"""


def test_a_large_object_passes_at_bounded_memory_with_a_bar(
    request, files, setenv, tmp_path
):
    """Both ways, in a process of its own; the real servers, not the relay."""
    size_mb = 200
    source = tmp_path / "large.arrow"
    with source.open("wb") as file:
        for _ in range(size_mb):
            file.write(os.urandom(2**20))
    (tmp_path / "small.arrow").write_bytes(b"x" * 2**20)
    for scheme, name in (("s3", "s3"), ("gs", "gcs")):
        setenv(VARIABLES[scheme]("LAKE", request.getfixturevalue(name)))
        done = subprocess.run(
            [sys.executable, "-c", TRANSFER, scheme, source, str(size_mb)],
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stderr
        assert int(done.stdout) < size_mb / 2, (scheme, done.stdout)
        assert re.search(r"large\.arrow: +\d+%.*\d+M/\d+M", done.stderr), done.stderr
