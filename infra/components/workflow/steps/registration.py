"""From metrics to a registered, approved model package."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from infra.components.access import allow, answering, arn, keeping, publishing, reading
from infra.components.attributes import bucket_name, table_name, topic_arn
from infra.components.handler import Spec
from infra.components.workflow.flow import Branch, Flow, Requirement
from infra.components.workflow.resources import Resources
from infra.components.workflow.step import Step, retry, sdk_transient, variables

APPROVAL_SECONDS = 7 * 24 * 3600
"""How long a person may take to approve."""

LONGEST_REASON = 1_024
"""Characters that SageMaker keeps of an approval's description."""

_FAILURES = "$join($gate.failures, '; ')"
_JSON = ["application/json"]
_RETRY = retry(sdk_transient("SageMaker"))


@dataclass(frozen=True, kw_only=True)
class Package:
    """What a kind of run registers: descriptions of its group and package and the package's metadata (JSONata).

    ``leaves`` is assigned along with ``$package`` and ``$version``.
    """

    group: str
    description: str
    metadata: Mapping[str, str]
    leaves: Mapping[str, str]


def registered(use: Resources, package: Package, judged: Flow = ()) -> Flow:
    """Check the metrics against the thresholds, go through ``judged``, register the package, and approve it or say why it is rejected.

    What misses the gate is registered too: who looks into the registry sees what was tried, what it measured, and its report.
    """
    return (
        gate(use),
        *judged,
        ensure_group(use, package),
        register(use, package),
        Branch(name="MissesGate", when="$not($gate.passed)", then=(reject(use),)),
        Requirement(
            name="GatePassed",
            when="$gate.passed",
            step="Gate",
            error="GateNotMet",
            cause=f"{_FAILURES} & '; version ' & $string($version) & ' is registered as rejected'",
        ),
        Branch(
            name="Approval",
            when="$plan.approval = 'auto'",
            then=(auto_approve(use),),
            otherwise=(request_approval(use),),
        ),
    )


def gate(use: Resources) -> Step:
    """The thresholds of the execution's input."""
    spec = Spec(
        name="gate",
        environment={"DATA_BUCKET": bucket_name(use.data_bucket)},
        grants=[reading(use.data_bucket, "runs/*")],
    )
    return use.handlers.call(
        spec,
        name="Gate",
        does="Compare the metrics with the thresholds of the input, and write the model card",
        payload=variables("plan", "artifact"),
        assign={"gate": "{% $states.result.Payload %}"},
    )


def ensure_group(use: Resources, package: Package) -> Step:
    """Create the model package group. SageMaker says only in the text of its error that the group exists already."""
    groups = arn("sagemaker", f"model-package-group/{use.stage.prefix}-*")
    return Step(
        name="EnsureModelPackageGroup",
        does="Make the model package group, unless it is there",
        resource="aws-sdk:sagemaker:createModelPackageGroup",
        arguments={
            "ModelPackageGroupName": "{% $plan.model_package_group %}",
            "ModelPackageGroupDescription": f"{{% {package.group} %}}",
            "Tags": use.tags,
        },
        # That the group exists is an error of the same name as throttling: one more try, soon, or each later run would wait for three.
        retries=[retry(sdk_transient("SageMaker"), seconds=1, attempts=1)],
        allows=[allow(["sagemaker:CreateModelPackageGroup", "sagemaker:AddTags"], [groups])],
        tolerates=("GroupExists", "$contains($failure.cause, 'already exist')"),
    )


def register(use: Resources, package: Package) -> Step:
    """The package: ``$package`` is its ARN, ``$version`` the number at its end."""
    # A version is created in its group: SageMaker checks both names.
    names = [arn("sagemaker", f"{kind}/{use.stage.prefix}-*") for kind in ("model-package-group", "model-package")]
    return Step(
        name="Register",
        does="Register the artifact as the next version of its group",
        resource="aws-sdk:sagemaker:createModelPackage",
        arguments=_package(use, package),
        assign={
            "package": "{% $states.result.ModelPackageArn %}",
            "version": "{% $number($split($states.result.ModelPackageArn, '/')[-1]) %}",
            **package.leaves,
        },
        retries=[_RETRY],
        seconds=120,
        allows=[allow(["sagemaker:CreateModelPackage"], names)],
    )


def _package(use: Resources, package: Package) -> dict[str, Any]:
    artifact = {"S3Uri": "{% $artifact %}", "S3DataType": "S3Prefix", "CompressionType": "None"}
    metrics = {"ContentType": "application/json", "S3Uri": "{% $plan.runs.evaluate & 'metrics.json' %}"}
    container = {"Image": use.hosting.image_uri, "ModelDataSource": {"S3DataSource": artifact}}
    return {
        "ModelPackageGroupName": "{% $plan.model_package_group %}",
        "ModelPackageDescription": f"{{% {package.description} %}}",
        "ModelApprovalStatus": "{% $gate.passed ? 'PendingManualApproval' : 'Rejected' %}",
        "ModelCard": {
            "ModelCardContent": "{% $gate.card %}",
            "ModelCardStatus": "{% $gate.passed ? 'PendingReview' : 'Draft' %}",
        },
        "InferenceSpecification": {
            "Containers": [container],
            "SupportedContentTypes": _JSON,
            "SupportedResponseMIMETypes": _JSON,
        },
        "ModelMetrics": {"ModelQuality": {"Statistics": metrics}},
        "CustomerMetadataProperties": {name: f"{{% {value} %}}" for name, value in package.metadata.items()},
    }


def auto_approve(use: Resources) -> Step:
    """Approval by the execution's own input."""
    does = "Approve the package at once, because the input says so"
    return _decide(use, "AutoApprove", does, "Approved", "'approval: auto in the input of ' & $plan.execution")


def reject(use: Resources) -> Step:
    """Say with the package why it was registered as rejected: which thresholds it misses, and by how much."""
    does = "Write down with the package which thresholds it misses"
    return _decide(use, "Reject", does, "Rejected", f"$substring('gate not met: ' & {_FAILURES}, 0, {LONGEST_REASON})")


def _decide(use: Resources, name: str, does: str, status: str, reason: str) -> Step:
    """Give the package a status; ``reason`` is an expression."""
    packages = arn("sagemaker", f"model-package/{use.stage.prefix}-*")
    return Step(
        name=name,
        does=does,
        resource="aws-sdk:sagemaker:updateModelPackage",
        arguments={
            "ModelPackageArn": "{% $package %}",
            "ModelApprovalStatus": status,
            "ApprovalDescription": f"{{% {reason} %}}",
        },
        retries=[_RETRY],
        allows=[allow(["sagemaker:UpdateModelPackage"], [packages])],
    )


def request_approval(use: Resources) -> Step:
    """Approval by a person."""
    packages = arn("sagemaker", f"model-package/{use.stage.prefix}-*")
    spec = Spec(
        name="request_approval",
        environment={"TABLE_NAME": table_name(use.table), "TOPIC_ARN": topic_arn(use.topic)},
        grants=[
            keeping(use.table),
            publishing(use.topic),
            answering(*use.machine_arns),
            [allow(["sagemaker:DescribeModelPackage"], [packages])],
        ],
    )
    return use.handlers.wait(
        spec,
        name="RequestApproval",
        does="Ask a person, and wait until the package is approved or rejected",
        payload=variables("plan", "package"),
        seconds=APPROVAL_SECONDS,
    )
