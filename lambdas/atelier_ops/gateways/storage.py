"""Objects in one S3 bucket."""

import json
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any, Protocol

from atelier_ops.errors import MissingObjectError, NotPurgedError
from atelier_ops.gateways.aws import Tolerance, client
from contracts.errors import InvalidInputError
from contracts.json_text import load
from contracts.layout import S3Uri

PART = 16 * 2**20
"""Bytes of a stream that are in memory while it is uploaded; 10,000 parts are 160 GB."""

DELETED_AT_ONCE = 1_000
"""Versions that one call of S3 deletes."""

READERS = 8
"""Small ranged reads in flight at once."""


@dataclass(frozen=True, kw_only=True)
class StoredObject:
    """One object: its key, size in bytes, ETag without quotes, and when it was written, in seconds since 1970."""

    key: str
    size: int
    etag: str
    written: float = field(default=0.0, compare=False)


@dataclass(frozen=True, kw_only=True)
class Uploaded:
    """An uploaded object: its size in bytes, the sha256 that was noted with it, and when it was written, in seconds since 1970."""

    size: int
    sha256: str
    written: float = field(default=0.0, compare=False)


@dataclass(frozen=True, kw_only=True)
class Upload:
    """What may be put at an address: so many bytes of this Content-Type, and only where nothing is yet if it is ``once``."""

    content_type: str
    size: int
    once: bool

    @property
    def headers(self) -> dict[str, str]:
        """What the PUT must say besides its length, which every client says by itself."""
        return {"Content-Type": self.content_type, **({"If-None-Match": "*"} if self.once else {})}


class Readable(Protocol):
    """A stream that is read from front to back."""

    def read(self, size: int = -1, /) -> bytes:
        """The next ``size`` bytes, fewer at the end."""


class ObjectStore:
    """One bucket in S3."""

    def __init__(self, bucket: str) -> None:
        self.bucket = bucket

    def listing(self, prefix: str) -> list[StoredObject]:
        """Every object below ``prefix``, by key."""
        pages = client("s3").get_paginator("list_objects_v2").paginate(Bucket=self.bucket, Prefix=prefix)
        entries = (entry for page in pages for entry in page.get("Contents", []))
        return [_stored(entry) for entry in entries]

    def has(self, prefix: str) -> bool:
        """Whether there is any object below ``prefix``."""
        found = client("s3").list_objects_v2(Bucket=self.bucket, Prefix=prefix, MaxKeys=1)
        return bool(found["KeyCount"])

    def folders(self, prefix: str) -> list[str]:
        """The names directly below ``prefix`` that have objects below them, without slashes."""
        pages = client("s3").get_paginator("list_objects_v2").paginate(Bucket=self.bucket, Prefix=prefix, Delimiter="/")
        entries = (entry["Prefix"] for page in pages for entry in page.get("CommonPrefixes", []))
        return [name.removeprefix(prefix).rstrip("/") for name in entries]

    def read(self, key: str) -> bytes:
        """The whole object. Raises MissingObjectError."""
        return self._get(key)

    def read_starts(self, keys: Sequence[str], length: int) -> list[bytes]:
        """The first ``length`` bytes of each object (none of them empty), in the order of ``keys``."""
        client("s3")  # made before the threads start: making one is not thread-safe
        with ThreadPoolExecutor(READERS) as pool:
            return list(pool.map(lambda key: self._get(key, Range=f"bytes=0-{length - 1}"), keys))

    def write(self, key: str, body: bytes, content_type: str) -> None:
        """Put a small object."""
        client("s3").put_object(Bucket=self.bucket, Key=key, Body=body, ContentType=content_type)

    def serve(self, key: str, body: bytes, *, content_type: str, cache_control: str) -> None:
        """Put a small object that browsers read; ``cache_control`` says how long they may keep it."""
        answered = {"ContentType": content_type, "CacheControl": cache_control}
        client("s3").put_object(Bucket=self.bucket, Key=key, Body=body, **answered)

    def read_tagged(self, key: str) -> tuple[bytes, str] | None:
        """The whole object and its ETag, which ``write_if`` takes; None where there is none."""
        with Tolerance("NoSuchKey"):
            answer = client("s3").get_object(Bucket=self.bucket, Key=key)
            return answer["Body"].read(), answer["ETag"]
        return None

    def write_if(self, key: str, body: bytes, content_type: str, *, etag: str | None) -> bool:
        """Put a small object only while the stored one has this ETag (None: only where there is none); says whether it wrote."""
        condition = {"IfNoneMatch": "*"} if etag is None else {"IfMatch": etag}
        # 409 is a write under way at the same time; 404 says that what should match is gone.
        with Tolerance("PreconditionFailed", "ConditionalRequestConflict", "NoSuchKey"):
            client("s3").put_object(Bucket=self.bucket, Key=key, Body=body, ContentType=content_type, **condition)
            return True
        return False

    def copy(self, source: S3Uri, key: str) -> None:
        """Copy on the server's side, in parts above 5 GB."""
        client("s3").copy({"Bucket": source.bucket, "Key": source.key}, self.bucket, key)

    def copy_each(self, keys: Mapping[str, str]) -> int:
        """Copy objects within the bucket, each to the key that it has here; how many there were: those that are gone are left out."""
        client("s3")  # made before the threads start: making one is not thread-safe

        def copied(key: str) -> bool:
            with Tolerance("404", "NoSuchKey"):
                self.copy(S3Uri(bucket=self.bucket, key=key), keys[key])
                return True
            return False

        with ThreadPoolExecutor(READERS) as pool:
            return sum(pool.map(copied, keys))

    def upload(self, key: str, stream: Readable, *, sha256: str) -> None:
        """Put a stream of any length in constant memory, noting the hash it should have (empty where unknown)."""
        from boto3.s3.transfer import TransferConfig  # as slow to import as boto3, and only mirrors upload streams

        one_at_a_time = TransferConfig(multipart_threshold=PART, multipart_chunksize=PART, use_threads=False)
        extra = {"Metadata": {"sha256": sha256}}
        client("s3").upload_fileobj(stream, self.bucket, key, ExtraArgs=extra, Config=one_at_a_time)

    def uploaded(self, key: str) -> Uploaded | None:
        """What an upload left at the key; None where there is no object."""
        with Tolerance("404", "NoSuchKey", "NotFound"):
            head = client("s3").head_object(Bucket=self.bucket, Key=key)
            return Uploaded(
                size=head["ContentLength"],
                sha256=head["Metadata"].get("sha256", ""),
                written=head["LastModified"].timestamp(),
            )
        return None

    def delete(self, key: str) -> None:
        """Remove an object; a missing one is fine."""
        client("s3").delete_object(Bucket=self.bucket, Key=key)

    def purge(self, prefix: str, *, current: bool = True) -> int:
        """Remove every version of every object below ``prefix``, and what says that one was deleted; how many objects there were.

        What is there now stays where ``current`` is false. Raises NotPurgedError where something could not be removed.
        """
        pages = client("s3").get_paginator("list_object_versions").paginate(Bucket=self.bucket, Prefix=prefix)
        versions, markers = list[Mapping[str, Any]](), list[Mapping[str, Any]]()
        for page in pages:
            versions += [each for each in page.get("Versions", []) if current or not each["IsLatest"]]
            markers += page.get("DeleteMarkers", [])
        # Versions first: without the marker above it, one would be what is there now.
        every = [{"Key": each["Key"], "VersionId": each["VersionId"]} for each in (*versions, *markers)]
        for start in range(0, len(every), DELETED_AT_ONCE):
            self._remove(prefix, every[start : start + DELETED_AT_ONCE])
        return len({each["Key"] for each in every})

    def _remove(self, prefix: str, versions: Sequence[Mapping[str, str]]) -> None:
        said = client("s3").delete_objects(Bucket=self.bucket, Delete={"Objects": versions, "Quiet": True})
        # S3 answers 200 whatever it refuses: https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteObjects.html
        if refused := said.get("Errors"):
            first = f"{refused[0].get('Key')}: {refused[0].get('Code')}, {refused[0].get('Message')}"
            raise NotPurgedError(f"s3://{self.bucket}/{prefix}: {len(refused)} versions stay; the first: {first}")

    def get_url(self, key: str, seconds: int, content_type: str = "") -> str:
        """A presigned address to read the object for ``seconds``; it answers with ``content_type`` where that is given."""
        named = {"ResponseContentType": content_type} if content_type else {}
        return self._presign("get_object", seconds, Key=key, **named)

    def put_url(self, key: str, upload: Upload, seconds: int) -> str:
        """A presigned address that takes PUTs of just this upload for ``seconds``."""
        once = {"IfNoneMatch": "*"} if upload.once else {}
        named: dict[str, Any] = {"ContentType": upload.content_type, "ContentLength": upload.size, **once}
        return self._presign("put_object", seconds, Key=key, **named)

    def _get(self, key: str, **options: str) -> bytes:
        with Tolerance("NoSuchKey"):
            body: bytes = client("s3").get_object(Bucket=self.bucket, Key=key, **options)["Body"].read()
            return body
        raise MissingObjectError(f"s3://{self.bucket}/{key}: no such object")

    def _presign(self, operation: str, seconds: int, **parameters: Any) -> str:
        parameters["Bucket"] = self.bucket
        return str(client("s3").generate_presigned_url(operation, Params=parameters, ExpiresIn=seconds))


def _stored(entry: dict[str, Any]) -> StoredObject:
    written = entry["LastModified"].timestamp()
    return StoredObject(key=entry["Key"], size=entry["Size"], etag=entry["ETag"].strip('"'), written=written)


def read_json(store: ObjectStore, key: str) -> Any:
    """A JSON object's value. Raises MissingObjectError, or InvalidInputError where it is not JSON in UTF-8."""
    return parse_json(store.read(key), f"s3://{store.bucket}/{key}")


def parse_json(body: bytes, where: str) -> Any:
    """The value of JSON in UTF-8. Raises InvalidInputError naming ``where``."""
    try:
        return load(body)
    except ValueError as error:
        raise InvalidInputError(where, got=body[:80], allowed="JSON in UTF-8") from error


def write_json(store: ObjectStore, key: str, value: object) -> None:
    """Put a value as indented JSON."""
    store.write(key, (json.dumps(value, indent=2, sort_keys=True) + "\n").encode(), "application/json")
