"""The local cloud's buckets let objects expire, as their lifecycle rules say."""

import io
from datetime import UTC, datetime, timedelta

import boto3
from moto import mock_aws

from local import lifecycle


@mock_aws
def test_objects_expire_by_prefix_tag_and_days() -> None:
    s3 = boto3.client("s3", region_name="us-east-1")
    for bucket in ("media", "plain"):
        s3.create_bucket(Bucket=bucket)
    for key in ("requests/old", "kept/old", "tagged/yes", "tagged/no"):
        tags = "temporary=yes" if key == "tagged/yes" else ""
        s3.put_object(Bucket="media", Key=key, Body=io.BytesIO(b"x"), Tagging=tags)
    days = {"Status": "Enabled", "Expiration": {"Days": 1}}
    tag = {"Prefix": "tagged/", "Tags": [{"Key": "temporary", "Value": "yes"}]}
    rules = [
        {"ID": "a", "Filter": {"Prefix": "requests/"}, **days},
        {"ID": "b", "Filter": {"And": tag}, **days},
        {"ID": "c", "Filter": {"Prefix": "kept/"}, **days, "Status": "Disabled"},
    ]
    s3.put_bucket_lifecycle_configuration(Bucket="media", LifecycleConfiguration={"Rules": rules})
    assert lifecycle.expire(s3, datetime.now(UTC)) == 0
    assert lifecycle.expire(s3, datetime.now(UTC) + timedelta(days=2)) == 2
    assert [item["Key"] for item in s3.list_objects_v2(Bucket="media")["Contents"]] == ["kept/old", "tagged/no"]
