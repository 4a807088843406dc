"""The few kinds of access that our roles get, each as narrow as its service allows."""

from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from itertools import chain
from typing import Any

from aws_cdk import Aws
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_sns as sns

from infra.components.attributes import bucket_arn, key_arn, table_arn, topic_arn
from infra.components.records import BY_CLIENT, BY_STATUS

# Each reading of ``Aws`` asks the process of CDK.
PARTITION, REGION, ACCOUNT, URL_SUFFIX = Aws.PARTITION, Aws.REGION, Aws.ACCOUNT_ID, Aws.URL_SUFFIX


def api_key_arn(key_id: str) -> str:
    """Of a key of API Gateway's, whose ARNs have no account: https://docs.aws.amazon.com/apigateway/latest/developerguide/arn-format-reference.html"""
    return f"arn:{PARTITION}:apigateway:{REGION}::/apikeys/{key_id}"


Statement = Mapping[str, Any]
"""A statement of a policy as IAM writes it: plain data, so that many roles and steps can allow the same at no cost."""


def allow(actions: Sequence[str], resources: Sequence[str], conditions: Mapping[str, Any] | None = None) -> Statement:
    """Exactly these calls on exactly these ARNs, under these conditions."""
    limited = {"Condition": dict(conditions)} if conditions else {}
    return {"Effect": "Allow", "Action": list(actions), "Resource": list(resources), **limited}


@cache
def service_principal(name: str) -> iam.ServicePrincipal:
    """The service (``sagemaker``) as it acts for this account: it cannot be made to use a role of ours on another account's behalf.

    https://docs.aws.amazon.com/sagemaker/latest/dg/security-confused-deputy-prevention.html and
    https://docs.aws.amazon.com/step-functions/latest/dg/procedure-create-iam-role.html
    """
    own = {"StringEquals": {"aws:SourceAccount": ACCOUNT}}
    return iam.ServicePrincipal(f"{name}.amazonaws.com", conditions=own)


def grant(role: iam.Role, *groups: Iterable[Statement]) -> iam.IRole:
    """Give the role its one policy, which allows what these groups of statements do.

    The role that this returns is for the resource that uses it: CDK adds no statement of its own to it.
    """
    every: list[Statement] = []
    for statement in chain.from_iterable(groups):
        if statement not in every:
            every.append(statement)
    document = iam.PolicyDocument.from_json({"Version": "2012-10-17", "Statement": every})
    iam.Policy(role, "DefaultPolicy", document=document, roles=[role])
    return role.without_policy_updates()


def _objects(bucket: s3.IBucket, keys: Iterable[str]) -> list[str]:
    return [f"{bucket_arn(bucket)}/{key}" for key in keys]


def reading(bucket: s3.IBucket, *keys: str) -> list[Statement]:
    """Get objects whose keys match (``base/*``), and list the bucket: without that S3 answers a missing key with AccessDenied."""
    return [
        allow(["s3:GetObject"], _objects(bucket, keys)),
        allow(["s3:ListBucket"], [bucket_arn(bucket)]),
    ]


def writing(bucket: s3.IBucket, *keys: str) -> list[Statement]:
    """Put objects whose keys match, large ones in parts."""
    return [allow(["s3:PutObject", "s3:AbortMultipartUpload"], _objects(bucket, keys))]


def deleting(bucket: s3.IBucket, *keys: str) -> list[Statement]:
    """Delete objects whose keys match."""
    return [allow(["s3:DeleteObject"], _objects(bucket, keys))]


def purging(bucket: s3.IBucket, *keys: str) -> list[Statement]:
    """Find and remove every version of objects whose keys match, and what says that they were deleted.

    Who deletes many at once needs both rights: https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteObjects.html
    """
    return [
        allow(["s3:DeleteObject", "s3:DeleteObjectVersion"], _objects(bucket, keys)),
        allow(["s3:ListBucketVersions"], [bucket_arn(bucket)]),
    ]


def using(key: kms.IKey) -> list[Statement]:
    """Read and write what the key encrypts: objects, items and messages."""
    return [allow(["kms:Decrypt", "kms:GenerateDataKey"], [key_arn(key)])]


def keeping(table: dynamodb.ITable) -> list[Statement]:
    """Get, put and delete records by their key, several at once on condition that others are not there; never scan."""
    calls = [f"dynamodb:{call}" for call in ("GetItem", "PutItem", "DeleteItem", "ConditionCheckItem")]
    return [allow(calls, [table_arn(table)])]


def finding_open(table: dynamodb.ITable) -> list[Statement]:
    """List the keys of records by status."""
    return [allow(["dynamodb:Query"], [f"{table_arn(table)}/index/{BY_STATUS}"])]


def finding_own(table: dynamodb.ITable) -> list[Statement]:
    """List the keys of what a client made, and get such records together."""
    return [
        allow(["dynamodb:Query"], [f"{table_arn(table)}/index/{BY_CLIENT}"]),
        allow(["dynamodb:BatchGetItem"], [table_arn(table)]),
    ]


def publishing(topic: sns.ITopic) -> list[Statement]:
    """Send messages to the topic."""
    return [allow(["sns:Publish"], [topic_arn(topic)])]


def answering(*machine_arns: str) -> list[Statement]:
    """Answer the task tokens of the state machines."""
    return [allow(["states:SendTaskSuccess", "states:SendTaskFailure"], list(machine_arns))]


def passing(role_arn: str) -> list[Statement]:
    """Hand the role to SageMaker, and to no other service."""
    condition = {"StringEquals": {"iam:PassedToService": "sagemaker.amazonaws.com"}}
    return [allow(["iam:PassRole"], [role_arn], condition)]


def queueing(endpoint_arn: str, prefix: str) -> list[Statement]:
    """Queue requests on the shared endpoint and on every style's own."""
    return [allow(["sagemaker:InvokeEndpointAsync"], [endpoint_arn, arn("sagemaker", f"endpoint/{prefix}-style-*")])]


def encrypting_volumes(key: kms.IKey) -> list[Statement]:
    """Let SageMaker encrypt the volumes of the instances that a role starts or runs on."""
    # Only services such as EBS, and only to attach the encrypted volume of an instance.
    attach = {"Bool": {"kms:GrantIsForAWSResource": "true"}}
    return [allow(["kms:DescribeKey"], [key_arn(key)]), allow(["kms:CreateGrant"], [key_arn(key)], attach)]


def arn(service: str, resource: str) -> str:
    """An ARN in the stack's own partition, region and account; ``resource`` is what follows them."""
    return f"arn:{PARTITION}:{service}:{REGION}:{ACCOUNT}:{resource}"
