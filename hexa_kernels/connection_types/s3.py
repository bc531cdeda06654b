"""S3 connections open as ``s3fs.S3FileSystem``."""

from functools import partial

from .. import environment
from ..connection_record import ConnectionRecord
from ..contract import phrase
from . import ConnectionType, buckets, need_package

# Codes of S3, https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html,
# and the statuses that stand for them where an answer has no body.
_KINDS = {
    **dict.fromkeys(["NoSuchBucket", "NoSuchKey", "404"], "missing"),
    **dict.fromkeys(["InvalidAccessKeyId", "SignatureDoesNotMatch"], "credentials"),
    **dict.fromkeys(["ExpiredToken", "InvalidToken"], "credentials"),
    **dict.fromkeys(["AccessDenied", "AllAccessDisabled", "403"], "rights"),
    **dict.fromkeys(["SlowDown", "ServiceUnavailable", "503"], "busy"),
    "RequestTimeTooSkewed": "clock",
}


class S3Bucket(buckets.Bucket):
    """A bucket of S3, or of a store that speaks as S3 does.

    Endpoint and region come from the variables that AWS' own tools read
    (``AWS_ENDPOINT_URL_S3``, ``AWS_REGION``…): botocore reads them.
    """

    scheme = "s3"
    # One stream a download: it goes on where it was cut.
    transfer = {  # noqa: RUF012
        "get_file": {"max_concurrency": 1},
        "put_file": {"max_concurrency": 2, "chunksize": buckets.PART_BYTES},
    }

    def __init__(self, record: ConnectionRecord):
        super().__init__(record)
        need_package("s3fs", "s3fs", record)
        import s3fs

        # A bucket has other writers, and the variables may change: nothing is cached.
        self.filesystem = s3fs.S3FileSystem(
            key=record.fields["access_key_id"],
            secret=record.fields["secret_access_key"],
            max_concurrency=2,
            default_block_size=buckets.PART_BYTES,
            use_listings_cache=False,
            skip_instance_cache=True,
        )
        self.account = phrase("its_access_key", environment.language())

    @property
    def endpoint(self) -> str:
        self.filesystem.connect()
        return self.filesystem.s3.meta.endpoint_url

    clock = endpoint

    def authenticate(self) -> None:
        """Do nothing: each request is signed for itself."""

    def list_keys(self, prefix: str, limit: int) -> list[str]:
        answer = self.filesystem.call_s3(
            "list_objects_v2", Bucket=self.name, Prefix=prefix, MaxKeys=limit
        )
        return [one["Key"] for one in answer.get("Contents", [])]

    def diagnose(self, error: BaseException) -> tuple[str, str] | None:
        for cause in buckets.network.chain(error):
            answer = getattr(cause, "response", None)
            if isinstance(answer, dict) and "Error" in answer:
                code = str(answer["Error"].get("Code"))
                return (_KINDS[code], code) if code in _KINDS else None
        return None


TYPE = ConnectionType(
    lambda record: S3Bucket(record).filesystem, partial(buckets.steps, S3Bucket)
)
