"""The few kinds of access that our roles get, each as narrow as its service allows."""

from collections.abc import Iterable
from functools import cache
from itertools import chain

from aws_cdk import Aws
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_sns as sns

# Each reading of ``Aws`` asks the process of CDK.
PARTITION, _REGION, _ACCOUNT = Aws.PARTITION, Aws.REGION, Aws.ACCOUNT_ID


def allow(actions: list[str], resources: list[str]) -> iam.PolicyStatement:
    """Exactly these calls on exactly these ARNs."""
    return _statement(tuple(actions), tuple(resources))


@cache
def _statement(actions: tuple[str, ...], resources: tuple[str, ...]) -> iam.PolicyStatement:
    """One object for the many roles and steps that may do the same: making one, or granting it, asks the process of CDK."""
    return iam.PolicyStatement(actions=list(actions), resources=list(resources))


def service_principal(name: str) -> iam.ServicePrincipal:
    """The service (``sagemaker``) as it acts for this account: it cannot be made to use a role of ours on another account's behalf.

    https://docs.aws.amazon.com/sagemaker/latest/dg/security-confused-deputy-prevention.html and
    https://docs.aws.amazon.com/step-functions/latest/dg/procedure-create-iam-role.html
    """
    own = {"StringEquals": {"aws:SourceAccount": _ACCOUNT}}
    return iam.ServicePrincipal(f"{name}.amazonaws.com", conditions=own)


def grant(role: iam.IRole, *groups: Iterable[iam.PolicyStatement]) -> None:
    """Let the role do what these groups of statements allow."""
    assert isinstance(role, iam.Role)
    for statement in dict.fromkeys(chain.from_iterable(groups)):
        role.add_to_policy(statement)


def reading(bucket: s3.IBucket, *keys: str) -> list[iam.PolicyStatement]:
    """Get objects whose keys match (``base/*``), and list the bucket: without that S3 answers a missing key with AccessDenied."""
    return [
        allow(["s3:GetObject"], [bucket.arn_for_objects(key) for key in keys]),
        allow(["s3:ListBucket"], [bucket.bucket_arn]),
    ]


def writing(bucket: s3.IBucket, *keys: str) -> list[iam.PolicyStatement]:
    """Put objects whose keys match, large ones in parts."""
    return [allow(["s3:PutObject", "s3:AbortMultipartUpload"], [bucket.arn_for_objects(key) for key in keys])]


def deleting(bucket: s3.IBucket, *keys: str) -> list[iam.PolicyStatement]:
    """Delete objects whose keys match."""
    return [allow(["s3:DeleteObject"], [bucket.arn_for_objects(key) for key in keys])]


def using(key: kms.IKey) -> list[iam.PolicyStatement]:
    """Read and write what the key encrypts: objects, items and messages."""
    return [allow(["kms:Decrypt", "kms:GenerateDataKey"], [key.key_arn])]


def keeping(table: dynamodb.ITable) -> list[iam.PolicyStatement]:
    """Get, put and delete records by their key; never scan."""
    return [allow(["dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:DeleteItem"], [table.table_arn])]


def publishing(topic: sns.ITopic) -> list[iam.PolicyStatement]:
    """Send messages to the topic."""
    return [allow(["sns:Publish"], [topic.topic_arn])]


def answering(*machine_arns: str) -> list[iam.PolicyStatement]:
    """Answer the task tokens of the state machines."""
    return [allow(["states:SendTaskSuccess", "states:SendTaskFailure"], list(machine_arns))]


def passing(role_arn: str) -> list[iam.PolicyStatement]:
    """Hand the role to SageMaker, and to no other service."""
    condition = {"StringEquals": {"iam:PassedToService": "sagemaker.amazonaws.com"}}
    return [iam.PolicyStatement(actions=["iam:PassRole"], resources=[role_arn], conditions=condition)]


def queueing(endpoint_arn: str, prefix: str) -> list[iam.PolicyStatement]:
    """Queue requests on the shared endpoint and on every style's own."""
    return [allow(["sagemaker:InvokeEndpointAsync"], [endpoint_arn, arn("sagemaker", f"endpoint/{prefix}-style-*")])]


def encrypting_volumes(key: kms.IKey) -> list[iam.PolicyStatement]:
    """Let SageMaker encrypt the volumes of the instances that a role starts or runs on."""
    attach = iam.PolicyStatement(
        actions=["kms:CreateGrant"],
        resources=[key.key_arn],
        # Only services such as EBS, and only to attach the encrypted volume of an instance.
        conditions={"Bool": {"kms:GrantIsForAWSResource": "true"}},
    )
    return [allow(["kms:DescribeKey"], [key.key_arn]), attach]


def arn(service: str, resource: str) -> str:
    """An ARN in the stack's own partition, region and account; ``resource`` is what follows them."""
    return f"arn:{PARTITION}:{service}:{_REGION}:{_ACCOUNT}:{resource}"
