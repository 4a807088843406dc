"""Where shards lie: a folder, or an S3 prefix of which only a few shards are on this machine at any time."""

import fcntl
import os
import shutil
import tempfile
import time
import weakref
from collections.abc import Callable
from pathlib import Path
from typing import Any, BinaryIO, Protocol
from urllib.parse import quote

import boto3

from contracts.layout import S3Uri


class Store(Protocol):
    """The files of a data set, named relative to it."""

    def names(self) -> list[str]:
        """The names of all files, sorted."""

    def read(self, name: str) -> bytes:
        """The content of a small file."""

    def open(self, name: str) -> BinaryIO:
        """A shard, for reading at any place."""

    def reserve(self, shards: int) -> None:
        """Make room for so many shards at a time where copies are kept."""


class Folder:
    """Shards in a folder of this machine, read where they are."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def __str__(self) -> str:
        return str(self._path)

    def names(self) -> list[str]:
        """See Store."""
        return sorted(path.name for path in self._path.glob("*") if path.is_file())

    def read(self, name: str) -> bytes:
        """See Store."""
        return (self._path / name).read_bytes()

    def open(self, name: str) -> BinaryIO:
        """See Store."""
        return (self._path / name).open("rb")

    def reserve(self, shards: int) -> None:
        """See Store: nothing is copied."""


class Cache:
    """A folder of copies that holds at most `capacity` files; shared by the processes forked from the one that made it."""

    def __init__(self, capacity: int) -> None:
        self.capacity = capacity
        self._folder = Path(tempfile.mkdtemp(prefix="atelier-shards-"))
        self._owner = os.getpid()
        self._end = weakref.finalize(self, _remove, self._folder, self._owner)

    def open(self, name: str, bring: Callable[[Path], None]) -> BinaryIO:
        """The copy of a file, which `bring` writes to a path if there is none; the longest unused ones make room."""
        with (self._folder / "lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            copy = self._folder / f"{quote(name, safe='')}.copy"
            if not copy.exists():
                self._make_room()
                partial = copy.with_suffix(".partial")
                bring(partial)
                partial.replace(copy)
            now = time.time_ns()  # finer than the clock that the file system uses by itself
            os.utime(copy, ns=(now, now))
            return copy.open("rb")

    def _make_room(self) -> None:
        copies = sorted(self._folder.glob("*.copy"), key=lambda path: path.stat().st_mtime_ns)
        for path in copies[: max(0, len(copies) - self.capacity + 1)]:
            path.unlink()  # a process that reads it keeps it until it closes it


class Bucket:
    """Shards below an S3 prefix; each is copied into the cache when a stream comes to it."""

    def __init__(self, prefix: S3Uri, cache: Cache) -> None:
        self._prefix, self._cache = prefix, cache
        self._clients: dict[int, Any] = {}

    def __str__(self) -> str:
        return str(self._prefix)

    def names(self) -> list[str]:
        """See Store."""
        pages = self._s3.get_paginator("list_objects_v2").paginate(Bucket=self._prefix.bucket, Prefix=self._prefix.key)
        keys = [item["Key"] for page in pages for item in page.get("Contents", [])]
        return sorted(key.removeprefix(self._prefix.key) for key in keys)

    def read(self, name: str) -> bytes:
        """See Store."""
        with self._s3.get_object(Bucket=self._prefix.bucket, Key=self._prefix.key + name)["Body"] as body:
            return bytes(body.read())

    def open(self, name: str) -> BinaryIO:
        """See Store."""
        return self._cache.open(name, lambda path: self._download(name, path))

    def reserve(self, shards: int) -> None:
        """See Store."""
        self._cache.capacity = shards

    def _download(self, name: str, path: Path) -> None:
        self._s3.download_file(self._prefix.bucket, self._prefix.key + name, str(path))

    @property
    def _s3(self) -> Any:
        """This process's client: connections must not be shared with the workers forked from it."""
        if os.getpid() not in self._clients:
            self._clients = {os.getpid(): boto3.client("s3")}
        return self._clients[os.getpid()]


class Mount:
    """Shards in a folder that a network file system shows: copied whole, because it is slow at reading here and there."""

    def __init__(self, path: Path, cache: Cache) -> None:
        self._folder, self._path, self._cache = Folder(path), path, cache

    def __str__(self) -> str:
        return str(self._path)

    def names(self) -> list[str]:
        """See Store."""
        return self._folder.names()

    def read(self, name: str) -> bytes:
        """See Store."""
        return self._folder.read(name)

    def open(self, name: str) -> BinaryIO:
        """See Store."""
        return self._cache.open(name, lambda path: _copy(self._path / name, path))

    def reserve(self, shards: int) -> None:
        """See Store."""
        self._cache.capacity = shards


def _copy(source: Path, target: Path) -> None:
    shutil.copyfile(source, target)


def _remove(folder: Path, owner: int) -> None:
    if os.getpid() == owner:
        shutil.rmtree(folder, ignore_errors=True)
