"""Fixtures: the servers that connections lead to. ``conftest.py`` takes them in."""

import os

import pytest

# Else gcsfs asks Google's control service about each bucket; it reads this at import.
os.environ["GCSFS_EXPERIMENTAL_ZB_HNS_SUPPORT"] = "false"


@pytest.fixture(scope="session")
def s3(tmp_path_factory):
    """A running S3 server that verifies signatures; buckets ``data`` and ``open``."""
    from .s3 import S3Server

    with S3Server(tmp_path_factory.mktemp("s3")) as server:
        yield server


@pytest.fixture(scope="session")
def many_of_s3(s3):
    """10,000 keys, ten pages of them, under ``many/`` of that server's ``data``."""
    keys = [f"many/é{number:05}.csv" for number in range(10_000)]
    s3.fill("data", dict.fromkeys(keys, b"x"))
    return keys


@pytest.fixture
def s3_relay(s3):
    """A relay before that server: its ``url`` is the endpoint, faults come from it."""
    from .s3 import S3Relay

    with S3Relay(s3.url) as relay:
        yield relay


@pytest.fixture(scope="session")
def running_gcs(tmp_path_factory):
    """A running GCS server that verifies tokens; bucket ``data``."""
    from .gcs import GCSServer

    with GCSServer(tmp_path_factory.mktemp("gcs")) as server:
        yield server


@pytest.fixture(scope="session")
def many_of_gcs(running_gcs):
    """The same at Google's, whose server takes ever longer for each key."""
    keys = [f"many/é{number:05}.csv" for number in range(10_000)]
    running_gcs.fill("data", dict.fromkeys(keys, b"x"))
    return keys


@pytest.fixture
def gcs(running_gcs):
    """That server, mended after the test: it is its own relay, faults come from it."""
    yield running_gcs
    running_gcs.mend()
    running_gcs.clock_offset_s = 0.0


@pytest.fixture
def dhis2():
    """An answerer of DHIS2's API; its country is that of ``country.py``."""
    from .dhis2 import DHIS2Server

    with DHIS2Server() as server:
        yield server


@pytest.fixture
def iaso():
    """An answerer of IASO's API, about the same country."""
    from .iaso import IASOServer

    with IASOServer() as server:
        yield server
