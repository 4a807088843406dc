"""Prefixes become folders and folders become prefixes, as SageMaker copies them."""

import io
from pathlib import Path
from typing import Any

import pytest

from local.errors import ServiceError
from local.sagemaker.transfer import FolderSync, download, split_uri


class FakeS3:
    """One bucket in memory."""

    def __init__(self, **objects: bytes) -> None:
        self.objects = {name.replace("__", "/"): body for name, body in objects.items()}
        self.uploads: list[dict[str, str]] = []

    def get_paginator(self, _: str) -> "FakeS3":
        """A paginator of list_objects_v2."""
        return self

    def paginate(self, **request: str) -> list[dict[str, Any]]:
        """Pages of one object each."""
        return [{"Contents": [{"Key": key}]} for key in self.objects if key.startswith(request["Prefix"])]

    def get_object(self, **request: str) -> dict[str, io.BytesIO]:
        """An object."""
        return {"Body": io.BytesIO(self.objects[request["Key"]])}

    def upload_file(self, name: str, bucket: str, key: str, *, ExtraArgs: dict[str, str]) -> None:  # noqa: N803  boto3's
        """Keep a file as an object."""
        self.uploads.append(ExtraArgs)
        self.objects[key] = Path(name).read_bytes()


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
        download(s3, "s3://bucket/d/", tmp_path / str(index), host=index, hosts=2)

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

    FolderSync(s3, tmp_path, "s3://bucket/out/", key_id="key").push()

    assert s3.objects == {"out/a/b.txt": b"text"}
    assert s3.uploads == [{"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": "key"}]


def test_a_synced_folder_uploads_only_what_changed(tmp_path: Path) -> None:
    (tmp_path / "restored").write_text("1")
    s3 = FakeS3()
    sync = FolderSync(s3, tmp_path, "s3://bucket/checkpoints/")
    sync.remember()
    (tmp_path / "new").write_text("2")

    sync.push()
    sync.push()
    assert len(s3.uploads) == 1
    (tmp_path / "new").write_text("longer")
    sync.push()
    assert len(s3.uploads) == 2
    assert s3.objects == {"checkpoints/new": b"longer"}


def test_an_address_must_be_of_s3() -> None:
    assert split_uri("s3://bucket/a/b") == ("bucket", "a/b")
    with pytest.raises(ServiceError, match="allowed: s3://bucket/key"):
        split_uri("https://bucket/a")
