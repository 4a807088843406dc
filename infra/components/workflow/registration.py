"""From metrics to a registered, approved model package."""

from typing import Any

from aws_cdk import aws_stepfunctions as sfn
from constructs import Construct

from infra.components.workflow.task import LAMBDA_TRANSIENT, Task, invoke, retry, sdk_transient

APPROVAL_SECONDS = 7 * 24 * 3600
"""How long a person may take to approve."""

_JSON = ["application/json"]


def gate(scope: Construct, function_arn: str, on_error: sfn.IChainable) -> Task:
    """Compare the metrics with the execution's thresholds."""
    return Task(
        scope,
        "Gate",
        resource="lambda:invoke",
        arguments=invoke(function_arn, {"plan": "{% $plan %}", "artifact": "{% $artifact %}"}),
        assign={"gate": "{% $states.result.Payload %}"},
        retries=[retry(LAMBDA_TRANSIENT)],
        on_error=on_error,
        seconds=120,
    )


def ensure_group(scope: Construct, tags: list[dict[str, str]], on_error: sfn.IChainable) -> Task:
    """Make the style's model package group; that it exists is decided by what follows the error."""
    return Task(
        scope,
        "EnsureModelPackageGroup",
        resource="aws-sdk:sagemaker:createModelPackageGroup",
        arguments={
            "ModelPackageGroupName": "{% $plan.model_package_group %}",
            "ModelPackageGroupDescription": "{% 'Versions of the style ' & $plan.style %}",
            "Tags": tags,
        },
        retries=[retry(sdk_transient("SageMaker"))],
        on_error=on_error,
        seconds=60,
    )


def register(scope: Construct, inference_image_uri: str, on_error: sfn.IChainable) -> Task:
    """Register what was trained: ``$package`` is its ARN, ``$version`` the number at its end."""
    return Task(
        scope,
        "Register",
        resource="aws-sdk:sagemaker:createModelPackage",
        arguments=_package(inference_image_uri),
        assign={
            "package": "{% $states.result.ModelPackageArn %}",
            "version": "{% $number($split($states.result.ModelPackageArn, '/')[-1]) %}",
            # What a run without deployment reports.
            "adapter": "",
            "endpoint": "",
        },
        retries=[retry(sdk_transient("SageMaker"))],
        on_error=on_error,
        seconds=120,
    )


def _package(inference_image_uri: str) -> dict[str, Any]:
    artifact = {"S3Uri": "{% $artifact %}", "S3DataType": "S3Prefix", "CompressionType": "None"}
    metrics = {"ContentType": "application/json", "S3Uri": "{% $plan.runs.evaluate & 'metrics.json' %}"}
    container = {"Image": inference_image_uri, "ModelDataSource": {"S3DataSource": artifact}}
    return {
        "ModelPackageGroupName": "{% $plan.model_package_group %}",
        "ModelPackageDescription": "{% $plan.method & ' on ' & $plan.base.reference & ': ' & $plan.execution %}",
        "ModelApprovalStatus": "PendingManualApproval",
        "InferenceSpecification": {
            "Containers": [container],
            "SupportedContentTypes": _JSON,
            "SupportedResponseMIMETypes": _JSON,
        },
        "ModelMetrics": {"ModelQuality": {"Statistics": metrics}},
        "CustomerMetadataProperties": {
            "style": "{% $plan.style %}",
            "execution": "{% $plan.execution %}",
            "task": "{% $plan.task %}",
            "method": "{% $plan.method %}",
            "base_model": "{% $plan.base.reference %}",
            "dataset_sha256": "{% $plan.dataset.sha256 %}",
            "trained_seconds": "{% $string($trained) %}",
        },
    }


def auto_approve(scope: Construct, on_error: sfn.IChainable) -> Task:
    """Approve at once, because the execution's input says so."""
    return Task(
        scope,
        "AutoApprove",
        resource="aws-sdk:sagemaker:updateModelPackage",
        arguments={
            "ModelPackageArn": "{% $package %}",
            "ModelApprovalStatus": "Approved",
            "ApprovalDescription": "{% 'approval: auto in the input of ' & $plan.execution %}",
        },
        retries=[retry(sdk_transient("SageMaker"))],
        on_error=on_error,
        seconds=60,
    )


def request_approval(scope: Construct, function_arn: str, on_error: sfn.IChainable) -> Task:
    """Ask a person and wait until the package is approved or rejected."""
    payload = {"plan": "{% $plan %}", "package": "{% $package %}", "token": "{% $states.context.Task.Token %}"}
    return Task(
        scope,
        "RequestApproval",
        resource="lambda:invoke.waitForTaskToken",
        arguments=invoke(function_arn, payload),
        retries=[retry(LAMBDA_TRANSIENT)],
        on_error=on_error,
        seconds=APPROVAL_SECONDS,
    )
