"""Moves files between S3 and a container's folders, as SageMaker does around a job."""

import contextlib
import shutil
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from local.errors import ServiceError


def split_uri(uri: str) -> tuple[str, str]:
    """`s3://bucket/a/b` as ("bucket", "a/b"). Raises ValidationException for anything else."""
    if not uri.startswith("s3://"):
        raise ServiceError("ValidationException", f"S3 URI: got {uri!r}; allowed: s3://bucket/key")
    bucket, _, key = uri[5:].partition("/")
    return bucket, key


def encryption(key_id: str | None) -> dict[str, str]:
    """The arguments of an upload that encrypt the object with a KMS key, where one is given."""
    return {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": key_id} if key_id else {}


def list_keys(s3: Any, uri: str) -> Iterator[str]:
    """The keys of every object below an S3 prefix, without the empty objects that stand for folders."""
    bucket, prefix = split_uri(uri)
    for page in s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix):
        for item in page.get("Contents", []):
            if not item["Key"].endswith("/"):
                yield item["Key"]


def download(s3: Any, uri: str, folder: Path, *, host: int = 0, hosts: int = 1) -> int:
    """Copy the objects below `uri` into `folder`; the number copied. Host i of n gets every n-th object, from the i-th.

    Names are relative to the prefix's last slash or, where the prefix is a folder, to that folder.
    """
    bucket, prefix = split_uri(uri)
    keys = sorted(list_keys(s3, uri))[host::hosts]
    folder.mkdir(parents=True, exist_ok=True)
    for key in keys:
        target = folder / _relative(key, prefix)
        if not target.resolve().is_relative_to(folder.resolve()):
            raise ServiceError("ValidationException", f"Object key: got {key!r}; allowed: names without '..'")
        target.parent.mkdir(parents=True, exist_ok=True)
        fetch(s3, bucket, key, target)
    return len(keys)


def _relative(key: str, prefix: str) -> str:
    folder = prefix if prefix.endswith("/") else f"{prefix}/"
    return key.removeprefix(folder) if key.startswith(folder) else key[prefix.rfind("/") + 1 :]


def fetch(s3: Any, bucket: str, key: str, target: Path) -> None:
    """Write one object to a file. GetObject's refusal names the permission; `download_file` asks HEAD, whose 403 does not."""
    with target.open("wb") as file:
        shutil.copyfileobj(s3.get_object(Bucket=bucket, Key=key)["Body"], file)


def upload_file(s3: Any, path: Path, uri: str, *, key_id: str | None = None) -> None:
    """Put one file at an S3 address, encrypted with the KMS key where one is given."""
    s3.upload_file(str(path), *split_uri(uri), ExtraArgs=encryption(key_id))


class FolderSync:
    """Uploads the files of a folder that are new or changed since the last time: outputs, checkpoints."""

    def __init__(self, s3: Any, folder: Path, uri: str, *, key_id: str | None = None) -> None:
        self._s3, self._folder, self._uri, self._key_id = s3, folder, uri.rstrip("/"), key_id
        self._uploaded: dict[Path, tuple[int, int]] = {}

    def remember(self) -> None:
        """Take what is in the folder now as already uploaded (it was just restored from there)."""
        self._uploaded = dict(self._versions())

    def push(self) -> None:
        """Upload new and changed files. Files that vanish meanwhile are left for the next time."""
        for path, version in self._versions():
            if self._uploaded.get(path) == version:
                continue
            with contextlib.suppress(FileNotFoundError):
                address = f"{self._uri}/{path.relative_to(self._folder).as_posix()}"
                upload_file(self._s3, path, address, key_id=self._key_id)
                self._uploaded[path] = version

    def _versions(self) -> Iterator[tuple[Path, tuple[int, int]]]:
        for path in sorted(self._folder.rglob("*")):
            with contextlib.suppress(FileNotFoundError):
                status = path.stat()
                if stat.S_ISREG(status.st_mode):
                    yield path, (status.st_mtime_ns, status.st_size)
