"""What the state machine's role may do: exactly the calls of its states, on names that start with the stage's prefix."""

from aws_cdk import ArnFormat, Aws, Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_sns as sns
from aws_cdk import aws_stepfunctions as sfn
from constructs import Construct

from infra.components.access import allow, passing, publishing
from infra.components.workflow.jobs import JobSettings
from infra.nag import accept, accept_prefixes


def statements(
    scope: Construct, prefix: str, settings: JobSettings, topic: sns.ITopic, functions: list[str]
) -> list[iam.PolicyStatement]:
    """What a machine that runs jobs and registers their result may do, besides logging and tracing, which CDK adds."""
    return [
        allow(["lambda:InvokeFunction"], functions),
        *_jobs(scope, prefix, settings.role_arn),
        *_registry(scope, prefix),
        *publishing(topic),
        # Messages and what machines write to buckets are encrypted with the stage's key.
        allow(["kms:GenerateDataKey", "kms:Decrypt"], [settings.key_arn]),
    ]


def publication(scope: Construct, prefix: str, model_bucket: s3.IBucket) -> list[iam.PolicyStatement]:
    """Name a style's newest version, and scale an endpoint of its own."""
    return [
        *_scaling(scope, prefix),
        allow(["s3:PutObject"], [model_bucket.arn_for_objects("styles/*/latest.json")]),
    ]


def accept_names(machine: sfn.StateMachine) -> None:
    """Say why the role's wildcards are as narrow as they can be."""
    accept_prefixes(
        machine.role,
        because="Jobs, packages and endpoints are made while the service runs, named with the stage's prefix.",
    )
    because = "CDK's log delivery and X-Ray statements: those calls know no resources."
    accept(machine.role, "AwsSolutions-IAM5[Resource::*]", because=because)


def accept_scaling(machine: sfn.StateMachine) -> None:
    """The same for what scales an endpoint."""
    account = "<AWS::Region>:<AWS::AccountId>"
    linked = "sagemaker.application-autoscaling.amazonaws.com"
    reasons = {
        f"arn:<AWS::Partition>:application-autoscaling:{account}:scalable-target/*": "A target's ARN holds an identifier "
        "of AWS's choice; a condition limits the service to SageMaker.",
        f"arn:<AWS::Partition>:iam::<AWS::AccountId>:role/aws-service-role/{linked}/*": "The service names its own role; a "
        "condition limits it to that service.",
    }
    for resource, because in reasons.items():
        accept(machine.role, f"AwsSolutions-IAM5[Resource::{resource}]", because=because)


def _jobs(scope: Construct, prefix: str, role_arn: str) -> list[iam.PolicyStatement]:
    """``.sync`` starts a job, tags it, watches it through a managed EventBridge rule, and stops it with the execution."""
    processing = _sagemaker(scope, "processing-job", prefix)
    training = _sagemaker(scope, "training-job", prefix)
    rules = (
        "StepFunctionsGetEventsForSageMakerTrainingJobsRule",
        "StepFunctionsGetEventsForSageMakerProcessingJobsRule",
    )
    return [
        allow(
            ["sagemaker:CreateProcessingJob", "sagemaker:DescribeProcessingJob", "sagemaker:StopProcessingJob"],
            [processing],
        ),
        allow(
            ["sagemaker:CreateTrainingJob", "sagemaker:DescribeTrainingJob", "sagemaker:StopTrainingJob"], [training]
        ),
        allow(["sagemaker:AddTags"], [processing, training, _sagemaker(scope, "model-package-group", prefix)]),
        allow(
            ["events:PutTargets", "events:PutRule", "events:DescribeRule"],
            [_arn(scope, "events", "rule", name) for name in rules],
        ),
        *passing(role_arn),
    ]


def _registry(scope: Construct, prefix: str) -> list[iam.PolicyStatement]:
    groups = _sagemaker(scope, "model-package-group", prefix)
    packages = _sagemaker(scope, "model-package", prefix)
    return [
        allow(["sagemaker:CreateModelPackageGroup"], [groups]),
        # A version is created in its group: SageMaker checks both names.
        allow(["sagemaker:CreateModelPackage"], [groups, packages]),
        allow(["sagemaker:UpdateModelPackage"], [packages]),
    ]


def _scaling(scope: Construct, prefix: str) -> list[iam.PolicyStatement]:
    """The scaling of a style's own endpoint; Application Auto Scaling checks the caller's rights on what it will touch."""
    endpoints = _sagemaker(scope, "endpoint", f"{prefix}-style")
    configs = _sagemaker(scope, "endpoint-config", f"{prefix}-style")
    linked = "sagemaker.application-autoscaling.amazonaws.com"
    role = f"arn:{Aws.PARTITION}:iam::{Aws.ACCOUNT_ID}:role/aws-service-role/{linked}/*"
    return [
        iam.PolicyStatement(
            actions=["application-autoscaling:RegisterScalableTarget", "application-autoscaling:PutScalingPolicy"],
            # A scalable target's ARN holds an identifier of AWS's choice, so the service is the narrowest name there is.
            resources=[_arn(scope, "application-autoscaling", "scalable-target", "*")],
            conditions={"StringEquals": {"application-autoscaling:service-namespace": "sagemaker"}},
        ),
        allow(["sagemaker:DescribeEndpoint", "sagemaker:UpdateEndpointWeightsAndCapacities"], [endpoints]),
        allow(["sagemaker:DescribeEndpointConfig"], [configs]),
        # Target tracking makes its own alarms, called TargetTracking-endpoint/{name}/….
        allow(
            ["cloudwatch:PutMetricAlarm", "cloudwatch:DescribeAlarms", "cloudwatch:DeleteAlarms"],
            [
                _alarm(scope, f"TargetTracking-endpoint/{prefix}-style-*"),
                _alarm(scope, f"{prefix}-style-*"),
            ],
        ),
        iam.PolicyStatement(
            # The first scalable target of an account makes the service's own role.
            actions=["iam:CreateServiceLinkedRole"],
            resources=[role],
            conditions={"StringEquals": {"iam:AWSServiceName": linked}},
        ),
    ]


def _sagemaker(scope: Construct, kind: str, prefix: str) -> str:
    return _arn(scope, "sagemaker", kind, f"{prefix}-*")


def _alarm(scope: Construct, name: str) -> str:
    stack = Stack.of(scope)
    return stack.format_arn(
        service="cloudwatch", resource="alarm", resource_name=name, arn_format=ArnFormat.COLON_RESOURCE_NAME
    )


def _arn(scope: Construct, service: str, resource: str, name: str) -> str:
    return Stack.of(scope).format_arn(service=service, resource=resource, resource_name=name)
