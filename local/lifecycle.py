"""What S3 does by itself: objects that their bucket's lifecycle rules let expire are removed.

Once at each start, so that a folder does not grow with requests and answers that AWS would have dropped.
https://docs.aws.amazon.com/AmazonS3/latest/userguide/lifecycle-configuration-examples.html
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from botocore.exceptions import ClientError

Rule = dict[str, Any]


def expire(s3: Any, moment: datetime) -> int:
    """Remove the objects whose days are over at ``moment``; their number. ``s3`` is a client of the account's root."""
    removed = 0
    for bucket in s3.list_buckets()["Buckets"]:
        for rule in _rules(s3, bucket["Name"]):
            for key in list(_expired(s3, bucket["Name"], rule, moment)):
                s3.delete_object(Bucket=bucket["Name"], Key=key)
                removed += 1
    return removed


def _rules(s3: Any, bucket: str) -> list[Rule]:
    """The rules that let objects expire after some days."""
    try:
        rules: list[Rule] = s3.get_bucket_lifecycle_configuration(Bucket=bucket)["Rules"]
    except ClientError:  # NoSuchLifecycleConfiguration
        return []
    return [rule for rule in rules if rule["Status"] == "Enabled" and "Days" in rule.get("Expiration", {})]


def _expired(s3: Any, bucket: str, rule: Rule, moment: datetime) -> Iterator[str]:
    wanted = rule.get("Filter", {})
    both = wanted.get("And", {})
    tags = [*([wanted["Tag"]] if "Tag" in wanted else []), *both.get("Tags", [])]
    prefix = wanted.get("Prefix") or both.get("Prefix") or rule.get("Prefix") or ""
    latest = moment - timedelta(days=rule["Expiration"]["Days"])
    for page in s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix):
        for item in page.get("Contents", []):
            if item["LastModified"] < latest and _has(s3, bucket, item["Key"], tags):
                yield item["Key"]


def _has(s3: Any, bucket: str, key: str, tags: list[dict[str, str]]) -> bool:
    if not tags:
        return True
    there = s3.get_object_tagging(Bucket=bucket, Key=key)["TagSet"]
    return all(tag in there for tag in tags)
