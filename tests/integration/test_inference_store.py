"""The S3 store against a simulated S3: what it reads, what it refuses, and what it says of what is not there."""

from collections.abc import Iterator
from pathlib import Path
from unittest.mock import Mock

import boto3
import pytest
from botocore.exceptions import ClientError, EndpointConnectionError
from moto import mock_aws

from atelier_inference.arriving import fetch_model
from atelier_inference.store import Store
from contracts.artifact import hash_files
from contracts.errors import InvalidInputError
from contracts.layout import S3Uri
from tests.unit.miniatures import save_segmenter

UPLOADS = S3Uri(bucket="media", key="uploads/")
BASE = S3Uri(bucket="model", key="base/tiny-segmenter@1/")


@pytest.fixture
def store() -> Iterator[Store]:
    with mock_aws():
        s3 = boto3.client("s3")
        for bucket in ("media", "model"):
            s3.create_bucket(Bucket=bucket)
        s3.put_object(Bucket="media", Key="uploads/a/photo.png", Body=b"12345")
        s3.put_object(Bucket="media", Key="outputs/a/0.png", Body=b"private")
        yield Store([UPLOADS, BASE])


def test_an_object_below_an_allowed_prefix_is_read(store: Store) -> None:
    assert store.read(UPLOADS.child("a/photo.png"), where="input.image", limit=5) == b"12345"


@pytest.mark.parametrize(
    "uri", ["s3://media/outputs/a/0.png", "s3://media/uploads/../outputs/a/0.png", "s3://else/uploads/a"]
)
def test_anything_else_is_refused_before_s3_is_asked(store: Store, uri: str) -> None:
    with pytest.raises(InvalidInputError, match=r"input\.image: got .*below s3://media/uploads/"):
        store.read(S3Uri.parse(uri), where="input.image", limit=100)


def test_an_object_past_the_limit_is_not_read(store: Store) -> None:
    with pytest.raises(InvalidInputError, match="got '5 bytes'; allowed: at most 4 bytes"):
        store.read(UPLOADS.child("a/photo.png"), where="input.image", limit=4)


def test_what_is_not_there_is_bad_input(store: Store, tmp_path: Path) -> None:
    with pytest.raises(InvalidInputError, match="which is not there"):
        store.read(UPLOADS.child("a/none.png"), where="input.image", limit=4)
    with pytest.raises(InvalidInputError, match="which is not there"):
        store.download(UPLOADS.child("a/none.png"), tmp_path / "x", where="input.image")


def test_any_other_failure_of_s3_is_not_the_clients_fault(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    broken = ClientError({"Error": {"Code": "SlowDown", "Message": "later"}}, "GetObject")

    def refuse(**_: str) -> None:
        raise broken

    monkeypatch.setattr(store._s3, "get_object", refuse)
    with pytest.raises(ClientError):
        store.read(UPLOADS.child("a/photo.png"), where="input.image", limit=5)


def test_only_an_answer_that_says_so_proves_that_an_object_is_gone(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert not store.is_gone(UPLOADS.child("a/photo.png"))
    assert store.is_gone(UPLOADS.child("a/none.png"))
    for error in (
        ClientError({"Error": {"Code": "403"}}, "HeadObject"),
        ClientError({"Error": {"Code": "SlowDown"}}, "HeadObject"),
        EndpointConnectionError(endpoint_url="https://s3"),
    ):
        monkeypatch.setattr(store._s3, "head_object", Mock(side_effect=error))
        assert not store.is_gone(UPLOADS.child("a/none.png"))


def upload(folder: Path) -> None:
    s3 = boto3.client("s3")
    for path in folder.rglob("*"):
        if path.is_file():
            s3.upload_file(str(path), BASE.bucket, BASE.key + path.relative_to(folder).as_posix())


def test_a_base_prefix_is_copied_whole_and_checked(store: Store, tmp_path: Path) -> None:
    manifest = save_segmenter(tmp_path / "made")
    upload(tmp_path / "made")
    assert fetch_model(store, BASE, tmp_path / "copy").base == manifest
    assert hash_files(tmp_path / "copy") == manifest.files


def test_a_base_prefix_with_a_changed_file_is_refused(store: Store, tmp_path: Path) -> None:
    save_segmenter(tmp_path / "made")
    (tmp_path / "made/config.json").write_text("{}")
    upload(tmp_path / "made")
    with pytest.raises(InvalidInputError, match=r"config\.json"):
        fetch_model(store, BASE, tmp_path / "copy")
