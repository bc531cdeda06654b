"""A bucket ``data`` of a connection, seen by clients that are not ours."""

import http.client
import json
from dataclasses import dataclass
from urllib.parse import quote, urlencode, urlsplit

from .gcs import GCSServer
from .relay import Relay
from .s3 import S3Server


@dataclass
class S3Store:
    """A bucket of an S3 server.

    Attributes
    ----------
    relay : Relay
        Where the connection leads to: faults come from it.
    variables : dict
        The connection ``bucket``, as environment variables.
    secrets : set of str
        What must show nowhere.
    """

    server: S3Server
    relay: Relay
    variables: dict[str, str]
    secrets: set[str]
    kind = "s3"

    def listed(self) -> list[str]:
        pages = self.server.client().get_paginator("list_objects_v2")
        pages = pages.paginate(Bucket="data")
        return [one["Key"] for page in pages for one in page.get("Contents", [])]

    def get(self, key: str) -> bytes:
        return self.server.client().get_object(Bucket="data", Key=key)["Body"].read()

    def put(self, key: str, content: bytes) -> None:
        self.server.client().put_object(Bucket="data", Key=key, Body=content)


@dataclass
class GCSStore:
    """A bucket of a server of Google Cloud Storage; attributes as of ``S3Store``."""

    server: GCSServer
    relay: Relay
    variables: dict[str, str]
    secrets: set[str]
    kind = "gs"

    def listed(self) -> list[str]:
        keys, token = [], ""
        while True:
            page = json.loads(self._ask("GET", f"o?{urlencode({'pageToken': token})}"))
            keys += [one["name"] for one in page.get("items", [])]
            token = page.get("nextPageToken")
            if not token:
                return keys

    def get(self, key: str) -> bytes:
        return self._ask("GET", f"o/{quote(key, safe='')}?alt=media")

    def put(self, key: str, content: bytes) -> None:
        self.server.fill("data", {key: content})

    def _ask(self, method: str, path: str) -> bytes:
        connection = http.client.HTTPConnection(urlsplit(self.server.upstream).netloc)
        connection.request(method, f"/storage/v1/b/data/{path}")
        answer = connection.getresponse()
        content = answer.read()
        if answer.status >= 300:
            raise RuntimeError(f"{answer.status} {content!r}")
        return content
