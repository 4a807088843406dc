"""Removing objects with all that S3 keeps of them: old versions, and what says that one was deleted."""

from collections.abc import Iterator

import pytest
from botocore.stub import ANY, Stubber
from moto import mock_aws

from atelier_ops.errors import NotPurgedError
from atelier_ops.gateways import aws
from atelier_ops.gateways.storage import ObjectStore


@pytest.fixture
def store() -> Iterator[ObjectStore]:
    """A versioned bucket with an object of two versions, one that was deleted, and one elsewhere."""
    aws.client.cache_clear()
    with mock_aws():
        s3 = aws.client("s3")
        s3.create_bucket(Bucket="one")
        s3.put_bucket_versioning(Bucket="one", VersioningConfiguration={"Status": "Enabled"})
        for key in ("a/kept", "a/kept", "a/deleted", "b/other"):
            s3.put_object(Bucket="one", Key=key, Body=b"a person")
        s3.delete_object(Bucket="one", Key="a/deleted")
        yield ObjectStore("one")
    aws.client.cache_clear()


def versions() -> list[str]:
    listed = aws.client("s3").list_object_versions(Bucket="one")
    return sorted(each["Key"] for each in [*listed.get("Versions", ()), *listed.get("DeleteMarkers", ())])


def test_every_version_goes_and_nothing_beside_the_prefix(store: ObjectStore) -> None:
    assert store.purge("a/") == 2
    assert versions() == ["b/other"]


def test_what_is_there_now_can_stay(store: ObjectStore) -> None:
    assert store.purge("a/", current=False) == 2
    assert versions() == ["a/kept", "b/other"]
    assert store.read("a/kept") == b"a person"


def test_more_than_one_call_takes_go_in_several(store: ObjectStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("atelier_ops.gateways.storage.DELETED_AT_ONCE", 1)
    assert store.purge("a/") == 2
    assert versions() == ["b/other"]


def test_what_s3_refuses_within_an_answer_of_200_is_no_success() -> None:
    aws.client.cache_clear()
    with mock_aws(), Stubber(aws.client("s3")) as stub:
        stub.add_response(
            "list_object_versions",
            {"Versions": [{"Key": "a/kept", "VersionId": "v", "IsLatest": True}]},
            {"Bucket": "one", "Prefix": "a/"},
        )
        refused = {"Key": "a/kept", "VersionId": "v", "Code": "AccessDenied", "Message": "Access Denied"}
        stub.add_response("delete_objects", {"Errors": [refused]}, {"Bucket": "one", "Delete": ANY})
        with pytest.raises(NotPurgedError, match="1 versions stay; the first: a/kept: AccessDenied, Access Denied"):
            ObjectStore("one").purge("a/")
    aws.client.cache_clear()
