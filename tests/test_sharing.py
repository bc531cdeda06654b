"""Frames handed from notebook to notebook, in either direction."""

import json
import os
import resource
import shutil
import subprocess
import threading
import time
from pathlib import Path

import geopandas
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
import shapely
from pandas.testing import assert_frame_equal

from hexa_kernels import errors, receive_frame, share_frame, shared_frames, tmp_path

from .conftest import require

FRAME = pd.DataFrame({"year": [2023, 2024], "name": ["Abéché", None]})


@pytest.fixture(autouse=True)
def scratch(files):
    """Each test has a scratch folder of its own."""


def folder():
    return Path(tmp_path("shared_frames"))


def r(code, **options):
    """Run a line of R with openhexaR; give what it prints."""
    require("rscript", shutil.which("Rscript") is not None)
    command = ["Rscript", "--no-init-file", "-e", f"library(openhexaR); {code}"]
    return subprocess.run(command, capture_output=True, text=True, **options)


def test_a_frame_is_received_as_it_was_shared():
    assert share_frame(FRAME, "cases") == folder() / "cases.arrows"
    assert_frame_equal(receive_frame("cases"), FRAME)
    assert isinstance(receive_frame("cases", as_="polars"), pl.DataFrame)
    assert receive_frame("cases", as_="arrow")["year"].type == pa.int64()


def test_python_shares_and_r_receives_and_back():
    geometry = [shapely.Point(15.05, 12.11)]
    share_frame(geopandas.GeoDataFrame({"n": [1]}, geometry=geometry, crs=4326), "map")
    done = r(
        "map <- receive_frame('map');"
        "stopifnot(inherits(map, 'sf'), is.integer(map$n));"
        "map$n <- map$n + 1L; share_frame(map, 'back'); cat(shared_frames()$language)"
    )
    assert done.stdout == "R Python", done.stderr
    back = receive_frame("back")
    assert back.crs == "EPSG:4326"
    assert back["n"].dtype == "int64"
    assert back["n"].tolist() == [2]


def test_shares_are_listed_with_size_age_and_origin(setenv):
    assert shared_frames().empty
    setenv({"JPY_SESSION_NAME": "/home/hexa/workspace/été.ipynb"})
    path = share_frame(FRAME, "cases")
    r("share_frame(data.frame(a = 1), 'from_r')")
    os.utime(path, (time.time() - 3600,) * 2)
    (folder() / "foreign.arrows").write_text("no Arrow")
    listed = shared_frames()
    assert listed["name"].tolist() == ["from_r", "cases"]
    assert listed["language"].tolist() == ["R", "Python"]
    assert listed["notebook"].tolist() == ["/home/hexa/workspace/été.ipynb"] * 2
    assert listed["pid"][1] == os.getpid()
    assert listed["size_bytes"][1] == path.stat().st_size
    assert listed["age_s"][1] == pytest.approx(3600, abs=60)


def test_a_share_of_the_same_name_replaces():
    share_frame(FRAME, "cases")
    share_frame(FRAME[:1], "cases")
    assert len(receive_frame("cases")) == 1
    assert [path.name for path in folder().iterdir()] == ["cases.arrows"]


def test_a_reader_never_sees_half_a_frame():
    frames = [pd.DataFrame({"x": np.full(200_000, value)}) for value in (1, 2)]
    share_frame(frames[0], "cases")
    stop = threading.Event()

    def write():
        while not stop.is_set():
            for frame in frames:
                share_frame(frame, "cases")

    writer = threading.Thread(target=write)
    writer.start()
    try:
        for _ in range(100):
            values = receive_frame("cases")["x"]
            assert len(values) == 200_000
            assert values.nunique() == 1
    finally:
        stop.set()
        writer.join()


@pytest.mark.parametrize("name", ["", "../x", "a/b", "é", "a b", "x" * 65, "a\n", 3])
def test_a_name_cannot_leave_the_folder(name):
    for call in (lambda: share_frame(FRAME, name), lambda: receive_frame(name)):
        with pytest.raises(errors.ShareNameInvalidError):
            call()


def test_a_share_that_is_not_there_is_said_with_those_that_are():
    share_frame(FRAME, "cases")
    with pytest.raises(errors.ShareNotFoundError) as raised:
        receive_frame("case")
    assert raised.value.values == {"name": "case", "known": "cases"}


def test_a_share_expires_after_a_day():
    path = share_frame(FRAME, "cases")
    left = folder() / "tmpabc.part"
    left.touch()
    for one in (path, left):
        os.utime(one, (time.time() - 86500,) * 2)
    with pytest.raises(errors.ShareNotFoundError):
        receive_frame("cases")
    assert list(folder().iterdir()) == []


def test_all_shares_together_have_a_limit(setenv):
    setenv({"HEXA_SHARED_FRAMES_MAX_GB": "0.002"})
    frame = pd.DataFrame({"x": np.zeros(125_000)})
    share_frame(frame, "one")
    share_frame(frame, "one")  # takes its own place
    with pytest.raises(errors.SharesFullError) as raised:
        share_frame(frame, "two")
    assert raised.value.values["variable"] == "HEXA_SHARED_FRAMES_MAX_GB"
    assert raised.value.values["size"] == raised.value.values["used"] == "0.001"
    assert shared_frames()["name"].tolist() == ["one"]
    assert len(list(folder().iterdir())) == 1
    done = r("share_frame(data.frame(x = numeric(125000)), 'two')")
    assert 'Frame "two" (0.001 GB) does not fit' in done.stderr
    setenv({"HEXA_SHARED_FRAMES_MAX_GB": "much"})
    with pytest.raises(errors.InvalidNumberError):
        share_frame(frame, "one")


def test_a_full_disk_is_said_and_leaves_nothing(tmp_path):
    share_frame(FRAME, "kept")
    big = pd.DataFrame({"x": np.zeros(500_000)})
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1_000_000, before[1]))
    try:
        with pytest.raises(errors.ShareNotWrittenError) as raised:
            share_frame(big, "big")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert "big.arrows" in raised.value.values["path"]
    code = "library(openhexaR); share_frame(data.frame(x = numeric(500000)), 'big')"
    command = f"trap '' XFSZ; ulimit -f 1000; exec Rscript --no-init-file -e \"{code}\""
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True)
    assert "The shared frame cannot be written to" in done.stderr
    assert [path.name for path in folder().iterdir()] == ["kept.arrows"]


@pytest.mark.parametrize("keep", [0, 10, 500])
def test_a_damaged_share_is_said(keep):
    path = share_frame(pd.DataFrame({"x": np.zeros(1000)}), "cases")
    path.write_bytes(path.read_bytes()[:keep])
    with pytest.raises(errors.ShareUnreadableError):
        receive_frame("cases")
    code = "e <- tryCatch(receive_frame('cases'), error = class); cat(e[[1]])"
    assert r(code).stdout == "openhexa_error_share_unreadable"


def test_a_share_that_vanishes_while_it_is_read_is_read_to_its_end():
    path = share_frame(pd.DataFrame({"x": np.zeros(1000)}), "cases")
    code = f"""
    stream <- nanoarrow::read_nanoarrow('{path}')
    unlink('{path}')
    cat(nrow(from_wire(stream)))
    """
    assert r(code).stdout == "1000"


def test_the_origin_is_no_part_of_the_frame():
    share_frame(pa.table({"x": [1]}), "cases")
    again = receive_frame("cases", as_="arrow")
    share_frame(again, "again")
    with pa.OSFile(str(folder() / "again.arrows")) as file:
        metadata = pa.ipc.open_stream(file).schema.metadata
    assert json.loads(metadata[b"openhexa:origin"])["pid"] == os.getpid()
