"""Moves files between S3 and a container's folders, as SageMaker does around a job."""

import tarfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from local.errors import ServiceError


@dataclass(frozen=True, kw_only=True)
class Shard:
    """Which part of the objects a host gets: object i of the sorted list goes to host i modulo `count`."""

    index: int
    count: int


def split_uri(uri: str) -> tuple[str, str]:
    """`s3://bucket/a/b` as ("bucket", "a/b"). Raises ValidationException for anything else."""
    if not uri.startswith("s3://"):
        raise ServiceError("ValidationException", f"S3 URI: got {uri!r}; allowed: s3://bucket/key")
    bucket, _, key = uri[5:].partition("/")
    return bucket, key


def list_keys(s3: Any, uri: str) -> Iterator[str]:
    """The keys of every object below an S3 prefix, without the empty objects that stand for folders."""
    bucket, prefix = split_uri(uri)
    for page in s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix):
        for item in page.get("Contents", []):
            if not item["Key"].endswith("/"):
                yield item["Key"]


def download(s3: Any, uri: str, folder: Path, *, shard: Shard | None = None) -> int:
    """Copy the objects below `uri` into `folder`; the number copied.

    Names are relative to the prefix's last slash or, where the prefix is a folder, to that folder.
    """
    bucket, prefix = split_uri(uri)
    keys = sorted(list_keys(s3, uri))
    if shard:
        keys = keys[shard.index :: shard.count]
    folder.mkdir(parents=True, exist_ok=True)
    for key in keys:
        target = folder / _relative(key, prefix)
        if not target.resolve().is_relative_to(folder.resolve()):
            raise ServiceError("ValidationException", f"Object key: got {key!r}; allowed: names without '..'")
        target.parent.mkdir(parents=True, exist_ok=True)
        fetch(s3, bucket, key, target)
    return len(keys)


def _relative(key: str, prefix: str) -> str:
    rest = key[len(prefix) :]
    if prefix.endswith("/") or not prefix:
        return rest
    return rest[1:] if rest.startswith("/") else key.rsplit("/", 1)[-1] if not rest else _beside(key, prefix)


def _beside(key: str, prefix: str) -> str:
    """The prefix ends inside a name (`data/tr` of `data/train/a`): keep that name."""
    return key[prefix.rfind("/") + 1 :]


def fetch(s3: Any, bucket: str, key: str, target: Path) -> None:
    """Write one object to a file."""
    with target.open("wb") as file:
        for chunk in s3.get_object(Bucket=bucket, Key=key)["Body"].iter_chunks(1 << 20):
            file.write(chunk)


def upload_file(s3: Any, path: Path, uri: str, *, key_id: str | None = None) -> None:
    """Put one file at an S3 address, encrypted with the KMS key where one is given."""
    bucket, key = split_uri(uri)
    encryption = {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": key_id} if key_id else {}
    with path.open("rb") as file:
        s3.put_object(Bucket=bucket, Key=key, Body=file, **encryption)


def upload_folder(s3: Any, folder: Path, uri: str, *, key_id: str | None = None) -> int:
    """Put every file below `folder` under the prefix `uri`; the number uploaded."""
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    for path in files:
        upload_file(s3, path, f"{uri.rstrip('/')}/{path.relative_to(folder).as_posix()}", key_id=key_id)
    return len(files)


def pack(folder: Path, archive: Path) -> Path:
    """Make `archive` (tar.gz) of what is in `folder`."""
    with tarfile.open(archive, "w:gz") as tar:
        tar.add(folder, arcname=".")
    return archive


def unpack(archive: Path, folder: Path) -> None:
    """Extract a tar.gz into `folder`; members that point outside are refused."""
    folder.mkdir(parents=True, exist_ok=True)
    with tarfile.open(archive) as tar:
        tar.extractall(folder, filter="data")


class FolderSync:
    """Uploads the files of a folder that changed since the last time: checkpoints, continuous outputs."""

    def __init__(self, s3: Any, folder: Path, uri: str, *, key_id: str | None = None) -> None:
        self._s3, self._folder, self._uri, self._key_id = s3, folder, uri.rstrip("/"), key_id
        self._seen: dict[Path, tuple[int, int]] = {}

    def remember(self) -> None:
        """Take what is in the folder now as already uploaded (it was just restored from there)."""
        self._seen = dict(self._marks())

    def push(self) -> int:
        """Upload new and changed files; the number uploaded. Files that vanish meanwhile are left for the next time."""
        pushed = 0
        for path, mark in self._marks():
            if self._seen.get(path) == mark:
                continue
            try:
                address = f"{self._uri}/{path.relative_to(self._folder).as_posix()}"
                upload_file(self._s3, path, address, key_id=self._key_id)
            except FileNotFoundError:
                continue
            self._seen[path] = mark
            pushed += 1
        return pushed

    def _marks(self) -> Iterator[tuple[Path, tuple[int, int]]]:
        for path in sorted(self._folder.rglob("*")):
            try:
                status = path.stat()
            except FileNotFoundError:
                continue
            if path.is_file():
                yield path, (status.st_mtime_ns, status.st_size)
