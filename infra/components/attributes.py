"""Names and ARNs of resources, each read once: every reading asks the process of CDK, and what it answers never changes."""

from functools import cache

from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_kms as kms
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_sns as sns


def bucket_arn(bucket: s3.IBucket) -> str:
    """The ARN of a bucket."""
    return _attribute(bucket, "bucket_arn")


def bucket_name(bucket: s3.IBucket) -> str:
    """The name of a bucket."""
    return _attribute(bucket, "bucket_name")


def key_arn(key: kms.IKey) -> str:
    """The ARN of a key."""
    return _attribute(key, "key_arn")


def table_arn(table: dynamodb.ITable) -> str:
    """The ARN of a table."""
    return _attribute(table, "table_arn")


def table_name(table: dynamodb.ITable) -> str:
    """The name of a table."""
    return _attribute(table, "table_name")


def topic_arn(topic: sns.ITopic) -> str:
    """The ARN of a topic."""
    return _attribute(topic, "topic_arn")


def _attribute(resource: object, name: str) -> str:
    # jsii's interfaces say nothing of a hash, so a type checker lets no cache take them as they are.
    return _asked(resource, name)


@cache
def _asked(resource: object, name: str) -> str:
    return str(getattr(resource, name))
