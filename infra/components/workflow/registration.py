"""From metrics to a registered, approved model package."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from aws_cdk import aws_stepfunctions as sfn
from constructs import Construct

from infra.components.workflow.task import LAMBDA_TRANSIENT, Task, failure, invoke, retry, sdk_transient, when

APPROVAL_SECONDS = 7 * 24 * 3600
"""How long a person may take to approve."""

_JSON = ["application/json"]


@dataclass(frozen=True, kw_only=True)
class Package:
    """What a kind of run registers: what its group and package are described as (JSONata), and the package's metadata.

    ``image_uri`` is what serves it; ``left`` is assigned along with ``$package`` and ``$version``.
    """

    image_uri: str
    group: str
    description: str
    metadata: Mapping[str, str]
    tags: list[dict[str, str]]
    left: Mapping[str, str]


def gated(scope: Construct, gate_arn: str, passed: sfn.IChainable, broken: sfn.IChainable) -> sfn.CustomState:
    """Gate → GatePassed: on to ``passed``, or a failure that names the metrics."""
    not_met = failure("Gate", "GateNotMet", "{% $join($gate.failures, '; ') %}")
    # A choice's own Assign counts where its default is taken.
    gate_passed = sfn.Choice(scope, "GatePassed", assign={"failure": not_met})
    gate_passed.when(when("$gate.passed"), passed).otherwise(broken)
    compared = gate(scope, gate_arn, broken)
    compared.next(gate_passed)
    return compared


def registered(
    scope: Construct, package: Package, ask_arn: str, approved: sfn.IChainable, broken: sfn.IChainable
) -> sfn.CustomState:
    """EnsureModelPackageGroup → Register → Approval → AutoApprove or RequestApproval → ``approved``."""
    automatic = auto_approve(scope, broken)
    automatic.next(approved)
    asked = request_approval(scope, ask_arn, broken)
    asked.next(approved)
    approval = sfn.Choice(scope, "Approval")
    approval.when(when("$plan.approval = 'auto'"), automatic).otherwise(asked)
    made = register(scope, package, broken)
    made.next(approval)
    exists = sfn.Choice(scope, "GroupExists")
    exists.when(when("$contains($failure.cause, 'already exist')"), made).otherwise(broken)
    ensure = ensure_group(scope, package, exists)
    ensure.next(made)
    return ensure


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


def ensure_group(scope: Construct, package: Package, on_error: sfn.IChainable) -> Task:
    """Make the model package group; that it exists is decided by what follows the error."""
    return Task(
        scope,
        "EnsureModelPackageGroup",
        resource="aws-sdk:sagemaker:createModelPackageGroup",
        arguments={
            "ModelPackageGroupName": "{% $plan.model_package_group %}",
            "ModelPackageGroupDescription": f"{{% {package.group} %}}",
            "Tags": package.tags,
        },
        retries=[retry(sdk_transient("SageMaker"))],
        on_error=on_error,
        seconds=60,
    )


def register(scope: Construct, package: Package, on_error: sfn.IChainable) -> Task:
    """Register what was trained: ``$package`` is its ARN, ``$version`` the number at its end."""
    return Task(
        scope,
        "Register",
        resource="aws-sdk:sagemaker:createModelPackage",
        arguments=_package(package),
        assign={
            "package": "{% $states.result.ModelPackageArn %}",
            "version": "{% $number($split($states.result.ModelPackageArn, '/')[-1]) %}",
            **package.left,
        },
        retries=[retry(sdk_transient("SageMaker"))],
        on_error=on_error,
        seconds=120,
    )


def _package(package: Package) -> dict[str, Any]:
    artifact = {"S3Uri": "{% $artifact %}", "S3DataType": "S3Prefix", "CompressionType": "None"}
    metrics = {"ContentType": "application/json", "S3Uri": "{% $plan.runs.evaluate & 'metrics.json' %}"}
    container = {"Image": package.image_uri, "ModelDataSource": {"S3DataSource": artifact}}
    return {
        "ModelPackageGroupName": "{% $plan.model_package_group %}",
        "ModelPackageDescription": f"{{% {package.description} %}}",
        "ModelApprovalStatus": "PendingManualApproval",
        "InferenceSpecification": {
            "Containers": [container],
            "SupportedContentTypes": _JSON,
            "SupportedResponseMIMETypes": _JSON,
        },
        "ModelMetrics": {"ModelQuality": {"Statistics": metrics}},
        "CustomerMetadataProperties": {name: f"{{% {value} %}}" for name, value in package.metadata.items()},
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
