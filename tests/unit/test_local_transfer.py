"""Prefixes become folders and folders become prefixes, as SageMaker copies them."""

import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from local.errors import ServiceError
from local.sagemaker.transfer import FolderSync, Shard, download, pack, split_uri, unpack, upload_folder


class Body(io.BytesIO):
    """An object's body."""

    def iter_chunks(self, size: int) -> Iterator[bytes]:
        """The bytes, in pieces."""
        while chunk := self.read(size):
            yield chunk


class FakeS3:
    """One bucket in memory."""

    def __init__(self, **objects: bytes) -> None:
        self.objects = {name.replace("__", "/"): body for name, body in objects.items()}
        self.puts: list[dict[str, Any]] = []

    def get_paginator(self, _: str) -> "FakeS3":
        """A paginator of list_objects_v2."""
        return self

    def paginate(self, **request: str) -> list[dict[str, Any]]:
        """Pages of one object each."""
        return [{"Contents": [{"Key": key}]} for key in self.objects if key.startswith(request["Prefix"])]

    def get_object(self, **request: str) -> dict[str, Body]:
        """An object."""
        return {"Body": Body(self.objects[request["Key"]])}

    def put_object(self, **request: Any) -> None:
        """Keep an object."""
        self.puts.append(request)
        self.objects[request["Key"]] = request["Body"].read()


def names(folder: Path) -> list[str]:
    """The files below a folder."""
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


@pytest.mark.parametrize(
    ("prefix", "expected"),
    [
        ("data/", ["sub/b", "train/a", "training"]),
        ("data", ["sub/b", "train/a", "training"]),
        ("data/tr", ["train/a", "training"]),
        ("data/train/", ["a"]),
        ("data/train/a", ["a"]),
    ],
)
def test_names_are_relative_to_the_prefix(tmp_path: Path, prefix: str, expected: list[str]) -> None:
    s3 = FakeS3(data__train__a=b"1", data__training=b"2", data__sub__b=b"3", other=b"4")

    count = download(s3, f"s3://bucket/{prefix}", tmp_path / "in")

    assert names(tmp_path / "in") == expected
    assert count == len(expected)


def test_hosts_get_disjoint_shards(tmp_path: Path) -> None:
    s3 = FakeS3(d__1=b"", d__2=b"", d__3=b"")

    for index in (0, 1):
        download(s3, "s3://bucket/d/", tmp_path / str(index), shard=Shard(index=index, count=2))

    assert (names(tmp_path / "0"), names(tmp_path / "1")) == (["1", "3"], ["2"])


def test_a_key_cannot_leave_its_folder(tmp_path: Path) -> None:
    s3 = FakeS3()
    s3.objects["d/../../evil"] = b""

    with pytest.raises(ServiceError, match=r"allowed: names without '\.\.'"):
        download(s3, "s3://bucket/d/", tmp_path / "in")


def test_a_folder_is_uploaded_with_the_key_it_is_encrypted_with(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "b.txt").write_text("text")
    s3 = FakeS3()

    assert upload_folder(s3, tmp_path, "s3://bucket/out/", key_id="key") == 1

    assert s3.objects == {"out/a/b.txt": b"text"}
    assert (s3.puts[0]["ServerSideEncryption"], s3.puts[0]["SSEKMSKeyId"]) == ("aws:kms", "key")


def test_a_synced_folder_uploads_only_what_changed(tmp_path: Path) -> None:
    (tmp_path / "restored").write_text("1")
    s3 = FakeS3()
    sync = FolderSync(s3, tmp_path, "s3://bucket/checkpoints/")
    sync.remember()
    (tmp_path / "new").write_text("2")

    assert (sync.push(), sync.push()) == (1, 0)
    (tmp_path / "new").write_text("longer")
    assert sync.push() == 1
    assert s3.objects == {"checkpoints/new": b"longer"}


def test_an_archive_is_what_it_was_made_of(tmp_path: Path) -> None:
    (tmp_path / "model").mkdir()
    (tmp_path / "model" / "weights").write_bytes(b"w")

    unpack(pack(tmp_path / "model", tmp_path / "model.tar.gz"), tmp_path / "copy")

    assert (tmp_path / "copy" / "weights").read_bytes() == b"w"


def test_an_address_must_be_of_s3() -> None:
    assert split_uri("s3://bucket/a/b") == ("bucket", "a/b")
    with pytest.raises(ServiceError, match="allowed: s3://bucket/key"):
        split_uri("https://bucket/a")
