"""Where shards are: a folder, or an S3 prefix or network mount of which only a few shards are on this machine at a time."""

import fcntl
import os
import shutil
import tempfile
import time
import weakref
from pathlib import Path
from typing import Any, BinaryIO
from urllib.parse import quote

import boto3

from contracts.layout import S3Uri


class Folder:
    """The files of a data set, named relative to it: here in a folder of this machine, read where they are."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def __str__(self) -> str:
        return str(self._path)

    def names(self) -> list[str]:
        """The names of all files, sorted."""
        return sorted(path.name for path in self._path.glob("*") if path.is_file())

    def read(self, name: str) -> bytes:
        """The content of a small file."""
        return (self._path / name).read_bytes()

    def open(self, name: str) -> BinaryIO:
        """A shard, opened for reading at any position."""
        return (self._path / name).open("rb")

    def copy(self, name: str, target: Path) -> None:
        """Copy a file."""
        shutil.copyfile(self._path / name, target)


class Bucket:
    """The same for files below an S3 prefix."""

    def __init__(self, prefix: S3Uri) -> None:
        self._prefix = prefix
        self._clients: dict[int, Any] = {}

    def __str__(self) -> str:
        return str(self._prefix)

    def names(self) -> list[str]:
        pages = self._s3.get_paginator("list_objects_v2").paginate(Bucket=self._prefix.bucket, Prefix=self._prefix.key)
        keys = [item["Key"] for page in pages for item in page.get("Contents", [])]
        return sorted(key.removeprefix(self._prefix.key) for key in keys)

    def read(self, name: str) -> bytes:
        with self.open(name) as body:
            return bytes(body.read())

    def open(self, name: str) -> BinaryIO:
        body: BinaryIO = self._s3.get_object(Bucket=self._prefix.bucket, Key=self._prefix.key + name)["Body"]
        return body

    def copy(self, name: str, target: Path) -> None:
        self._s3.download_file(self._prefix.bucket, self._prefix.key + name, str(target))

    @property
    def _s3(self) -> Any:
        """This process's client: connections must not be shared with the workers forked from it."""
        if os.getpid() not in self._clients:
            self._clients = {os.getpid(): boto3.client("s3")}
        return self._clients[os.getpid()]


class Cached:
    """A store whose shards are copied whole when a stream reaches them: S3, or a mount that is slow at random access.

    The temporary folder holds at most `capacity` shards; the processes forked from
    the one that made it share it.
    """

    def __init__(self, source: Folder | Bucket, capacity: int) -> None:
        self._source, self.capacity = source, capacity
        self.names, self.read = source.names, source.read
        self._folder = Path(tempfile.mkdtemp(prefix="atelier-shards-"))
        self._end = weakref.finalize(self, _remove, self._folder, os.getpid())

    def __str__(self) -> str:
        return str(self._source)

    def open(self, name: str) -> BinaryIO:
        with (self._folder / "lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            copy = self._folder / f"{quote(name, safe='')}.copy"
            if not copy.exists():
                self._make_room()
                partial = copy.with_suffix(".partial")
                self._source.copy(name, partial)
                partial.replace(copy)
            now = time.time_ns()  # finer than the clock that the file system uses by itself
            os.utime(copy, ns=(now, now))
            return copy.open("rb")

    def _make_room(self) -> None:
        """Remove the longest unused copies."""
        copies = sorted(self._folder.glob("*.copy"), key=lambda path: path.stat().st_mtime_ns)
        for path in copies[: max(0, len(copies) - self.capacity + 1)]:
            path.unlink()  # A process that is reading the file can read on until it closes it.


Store = Folder | Bucket | Cached


def _remove(folder: Path, owner: int) -> None:
    if os.getpid() == owner:
        shutil.rmtree(folder, ignore_errors=True)
