"""Reads uploads, base models and published styles from S3, looks for requests, and writes how far the work on them is."""

from collections.abc import Collection
from pathlib import Path

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from contracts.errors import InvalidInputError
from contracts.layout import S3Uri

_ABSENT = ("NoSuchKey", "NoSuchBucket", "404", "AccessDenied", "403")
"""S3 says "access denied" of a missing object where the role may not list."""


class Store:
    """Objects below the allowed prefixes."""

    def __init__(self, allowed: Collection[S3Uri]) -> None:
        self._allowed = [str(prefix) for prefix in allowed]
        self._s3 = boto3.client("s3")

    def read(self, uri: S3Uri, *, where: str, limit: int) -> bytes:
        """An object's bytes, at most ``limit``. Raises InvalidInputError, naming ``where``, if absent, too large or not allowed."""
        self._check(uri, where)
        try:
            answer = self._s3.get_object(Bucket=uri.bucket, Key=uri.key)
        except ClientError as error:
            raise _absent(error, uri, where) from error
        with answer["Body"] as body:
            if answer["ContentLength"] > limit:
                raise InvalidInputError(where, got=f"{answer['ContentLength']} bytes", allowed=f"at most {limit} bytes")
            return bytes(body.read())

    def download(self, uri: S3Uri, path: Path, *, where: str) -> None:
        """Write an object to a local file whose folder is made. Raises InvalidInputError as ``read`` does."""
        self._check(uri, where)
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            self._s3.download_file(uri.bucket, uri.key, str(path))
        except ClientError as error:
            raise _absent(error, uri, where) from error

    def write(self, uri: S3Uri, body: bytes) -> None:
        """Put a small JSON object. Raises InvalidInputError where it is not allowed, and what S3 says."""
        self._check(uri, "object")
        self._s3.put_object(Bucket=uri.bucket, Key=uri.key, Body=body, ContentType="application/json")

    def find(self, uri: S3Uri, *, limit: int) -> bytes | None:
        """An object's bytes, at most ``limit``; None where there is none. Raises InvalidInputError, and what S3 says."""
        return None if self.is_gone(uri) else self.read(uri, where="object", limit=limit)

    def write_new(self, uri: S3Uri, body: bytes, *, kind: str) -> None:
        """Put an object of a media type, unless there is one: then that stays. Raises InvalidInputError where it is not allowed."""
        self._check(uri, "object")
        try:
            self._s3.put_object(Bucket=uri.bucket, Key=uri.key, Body=body, ContentType=kind, IfNoneMatch="*")
        except ClientError as error:
            if error.response["Error"]["Code"] not in ("PreconditionFailed", "ConditionalRequestConflict"):
                raise

    def is_gone(self, uri: S3Uri) -> bool:
        """Whether an object is certainly not there: no answer of S3, or one that leaves it open, is no proof."""
        self._check(uri, "object")
        try:
            self._s3.head_object(Bucket=uri.bucket, Key=uri.key)
        except ClientError as error:
            return error.response["Error"]["Code"] in ("404", "NoSuchKey")
        except BotoCoreError:
            return False
        return False

    def _check(self, uri: S3Uri, where: str) -> None:
        below = any(str(uri).startswith(prefix) for prefix in self._allowed)
        if not below or ".." in uri.key.split("/"):
            raise InvalidInputError(where, got=str(uri), allowed=f"an object below {' or '.join(self._allowed)}")


def _absent(error: ClientError, uri: S3Uri, where: str) -> Exception:
    if error.response["Error"]["Code"] not in _ABSENT:
        return error
    return InvalidInputError(where, got=f"{uri}, which is not there", allowed="an object that exists and may be read")
