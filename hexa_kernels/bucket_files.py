"""Files in the bucket of a connection: ``s3://identifier/key``, ``gs://identifier/key``.

They are copied to scratch to be read, and from there when they are written.
"""

import re
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

from . import environment
from ._workspace import tmp_path
from .connections import record_of_type
from .contract import phrase
from .errors import InvalidArgumentError

if TYPE_CHECKING:
    from .connection_types.buckets import Bucket

_TYPES = {"s3": "S3", "gs": "GCS"}
_PATH = re.compile(r"(s3|gs)://([^/]+)/(.*[^/])", re.DOTALL)


def is_bucket_path(path: object) -> bool:
    return isinstance(path, str) and path.startswith(("s3://", "gs://"))


def split(path: str) -> tuple[str, str, str]:
    """Give the scheme, the connection's identifier and the key."""
    found = _PATH.fullmatch(path)
    if found is None:
        raise InvalidArgumentError(
            argument="path",
            expected=phrase("a_bucket_path", environment.language()),
            actual=path,
        )
    return found.groups()


@contextmanager
def downloaded(path: str) -> Iterator[Path]:
    """Give a copy of a file in scratch, with the other files of a shapefile."""
    bucket, key = _bucket_of(path)
    keys = [key]
    if key.lower().endswith(".shp"):
        stem = key[: -len("shp")]
        beside = bucket.keys(stem)
        keys += [one for one in beside if one != key and "/" not in one[len(stem) :]]
    with tempfile.TemporaryDirectory(dir=tmp_path()) as folder:
        for one in keys:
            bucket.download(one, str(Path(folder, Path(one).name)))
        yield Path(folder, Path(key).name)


def uploader(path: str) -> Callable[[Path], None]:
    """Give what copies a file beside the path, under its own name."""
    bucket, key = _bucket_of(path)
    folder = key[: len(key) - len(Path(key).name)]
    return lambda part: bucket.upload(str(part), folder + part.name)


def _bucket_of(path: str) -> tuple["Bucket", str]:
    scheme, identifier, key = split(path)
    record = record_of_type(identifier, _TYPES[scheme])
    types = f"{__package__}.connection_types"
    if scheme == "s3":
        return import_module(f"{types}.s3").S3Bucket(record), key
    return import_module(f"{types}.gcs").GcsBucket(record), key
