"""A bucket of a stage as whoever calls the command may write to it, and how much of a file has gone up."""

from collections.abc import Callable
from typing import Any

from botocore.exceptions import ClientError

from atelier_ops.errors import MissingObjectError
from atelier_ops.gateways.storage import PART, ObjectStore, Readable, Uploaded

_MISSING = ("404", "NoSuchKey", "NotFound")


class CallersBucket(ObjectStore):
    """What mirroring asks of a bucket, by the caller's credentials; ``sent`` hears a key and how many bytes more of it are sent.

    A file that is begun anew is heard as a negative number: what was sent of it before.
    """

    def __init__(self, bucket: str, s3: Any, sent: Callable[[str, int], None] = lambda key, more: None) -> None:
        super().__init__(bucket)
        self._s3 = s3
        self._sent = sent
        self._of: dict[str, int] = {}

    def read(self, key: str) -> bytes:
        """The whole object. Raises MissingObjectError."""
        try:
            return bytes(self._s3.get_object(Bucket=self.bucket, Key=key)["Body"].read())
        except ClientError as error:
            if error.response["Error"]["Code"] not in _MISSING:
                raise
            raise MissingObjectError(f"s3://{self.bucket}/{key}: no such object") from error

    def write(self, key: str, body: bytes, content_type: str) -> None:
        """Put a small object."""
        self._s3.put_object(Bucket=self.bucket, Key=key, Body=body, ContentType=content_type)

    def upload(self, key: str, stream: Readable, *, sha256: str) -> None:
        """Put a stream of any length in constant memory, noting the hash it should have (empty where unknown)."""
        from boto3.s3.transfer import TransferConfig

        self._sent(key, -self._of.pop(key, 0))
        one_at_a_time = TransferConfig(multipart_threshold=PART, multipart_chunksize=PART, use_threads=False)
        heard = _Heard(stream, lambda more: self._more(key, more))
        extra = {"Metadata": {"sha256": sha256}}
        self._s3.upload_fileobj(heard, self.bucket, key, ExtraArgs=extra, Config=one_at_a_time)

    def uploaded(self, key: str) -> Uploaded | None:
        """What an upload left at the key; None where there is no object."""
        try:
            head = self._s3.head_object(Bucket=self.bucket, Key=key)
        except ClientError as error:
            if error.response["Error"]["Code"] not in _MISSING:
                raise
            return None
        written = head["LastModified"].timestamp()
        return Uploaded(size=head["ContentLength"], sha256=head["Metadata"].get("sha256", ""), written=written)

    def delete(self, key: str) -> None:
        """Remove an object; a missing one is fine."""
        self._s3.delete_object(Bucket=self.bucket, Key=key)

    def _more(self, key: str, more: int) -> None:
        self._of[key] = self._of.get(key, 0) + more
        self._sent(key, more)


class _Heard:
    """A stream that says how many bytes were read of it."""

    def __init__(self, source: Readable, more: Callable[[int], None]) -> None:
        self._source = source
        self._more = more

    def read(self, size: int = -1, /) -> bytes:
        """The next bytes."""
        data = self._source.read(size)
        self._more(len(data))
        return data
