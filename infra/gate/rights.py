"""Which rights a call needs: of its own name, and those that its service asks of the caller besides."""

from collections.abc import Mapping

from contracts.job_kinds import JOB_WORDS

_PREFIXES = {"sagemaker-runtime": "sagemaker", "stepfunctions": "states"}
"""What IAM calls a service, where boto3 calls it otherwise."""

_NAMES: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "s3": {
        "ListObjectsV2": ("s3:ListBucket",),
        "HeadObject": ("s3:GetObject",),
        "ListObjectVersions": ("s3:ListBucketVersions",),
        # Each with its version, and the first right always: https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteObjects.html
        "DeleteObjects": ("s3:DeleteObject", "s3:DeleteObjectVersion"),
        "CreateMultipartUpload": ("s3:PutObject",),
    },
    "lambda": {"Invoke": ("lambda:InvokeFunction",)},
    # API Gateway's actions are the methods of HTTP.
    "apigateway": {"GetApiKey": ("apigateway:GET",)},
    # https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/transaction-apis-iam.html
    "dynamodb": {
        "TransactWriteItems": ("dynamodb:ConditionCheckItem", "dynamodb:DeleteItem", "dynamodb:PutItem"),
    },
}
"""Operations whose right has another name. https://docs.aws.amazon.com/service-authorization/latest/reference/"""

_BESIDES: Mapping[tuple[str, str], tuple[str, ...]] = {
    ("sagemaker", "CreateModel"): ("iam:PassRole",),
    # Of the caller, where the configuration has a KmsKeyId: "Actions, Permissions, and Resources Reference" of SageMaker's API.
    ("sagemaker", "CreateEndpointConfig"): ("kms:CreateGrant", "kms:DescribeKey"),
    ("sagemaker", "UpdateEndpoint"): ("cloudwatch:DescribeAlarms",),
    ("sagemaker", "CreateTrainingJob"): ("iam:PassRole",),
    ("sagemaker", "CreateProcessingJob"): ("iam:PassRole",),
    ("sagemaker", "CreateHyperParameterTuningJob"): ("iam:PassRole",),
    # Its alarms, and the scalable target's own endpoint:
    # https://docs.aws.amazon.com/autoscaling/application/userguide/security_iam_id-based-policy-examples.html
    ("application-autoscaling", "RegisterScalableTarget"): (
        "iam:CreateServiceLinkedRole",
        "sagemaker:DescribeEndpoint",
        "sagemaker:DescribeEndpointConfig",
        "sagemaker:UpdateEndpointWeightsAndCapacities",
    ),
    ("application-autoscaling", "PutScalingPolicy"): (
        "cloudwatch:PutMetricAlarm",
        "cloudwatch:DescribeAlarms",
        "cloudwatch:DeleteAlarms",
    ),
    ("sns", "Publish"): ("kms:GenerateDataKey", "kms:Decrypt"),
    ("s3", "PutObject"): ("kms:GenerateDataKey",),
    ("s3", "GetObject"): ("kms:Decrypt",),
    ("s3", "CreateMultipartUpload"): ("kms:Decrypt",),
}
"""What a service asks of the caller besides the call's own right."""

_TAGGING = {"sagemaker": "sagemaker:AddTags", "cloudwatch": "cloudwatch:TagResource"}
"""https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricAlarm.html, Tags, says so for alarms."""

_SYNC: Mapping[str, tuple[str, ...]] = {
    kind: (
        f"sagemaker:Describe{kind}",
        f"sagemaker:Stop{kind}",
        "events:PutTargets",
        "events:PutRule",
        "events:DescribeRule",
        "kms:GenerateDataKey",
        "kms:Decrypt",
    )
    for kind in JOB_WORDS.values()
}
"""What ``.sync`` needs: https://docs.aws.amazon.com/step-functions/latest/dg/connect-sagemaker.html; keys for what the job writes."""


EACH_LINE = frozenset(("states:StartExecution", "states:DescribeExecution", "states:StopExecution"))
"""What a Distributed Map needs for its executions: https://docs.aws.amazon.com/step-functions/latest/dg/iam-policies-eg-dist-map.html"""


JOINING_HOSTS = (
    "ec2:CreateNetworkInterface",
    "ec2:CreateNetworkInterfacePermission",
    "ec2:DeleteNetworkInterface",
    "ec2:DeleteNetworkInterfacePermission",
    "ec2:DescribeDhcpOptions",
    "ec2:DescribeNetworkInterfaces",
    "ec2:DescribeSecurityGroups",
    "ec2:DescribeSubnets",
    "ec2:DescribeVpcs",
)
"""What SageMaker does as the role of a job or model in a VPC. https://docs.aws.amazon.com/sagemaker/latest/dg/sagemaker-roles.html"""

JOINING_FUNCTION = (
    "ec2:AssignPrivateIpAddresses",
    "ec2:CreateNetworkInterface",
    "ec2:DeleteNetworkInterface",
    "ec2:DescribeNetworkInterfaces",
    "ec2:DescribeSubnets",
    "ec2:UnassignPrivateIpAddresses",
)
"""What Lambda does as the role of a function in a VPC. https://docs.aws.amazon.com/lambda/latest/dg/configuration-vpc.html"""


def needed(service: str, operation: str) -> set[str]:
    """The actions that one call needs."""
    own = _NAMES.get(service, {}).get(operation, (f"{_PREFIXES.get(service, service)}:{operation}",))
    return {*own, *_BESIDES.get((service, operation), ())}


def needed_to_wait(operation: str) -> set[str]:
    """The actions that waiting for a job's end needs besides: ``CreateTrainingJob`` with ``.sync``."""
    return set(_SYNC.get(operation.removeprefix("Create"), ()))


def tagging(service: str) -> set[str]:
    """The right to tag what a call creates."""
    return {_TAGGING[service]} if service in _TAGGING else set()
