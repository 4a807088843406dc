"""Event rules: patterns that documented events can match, limited to names of the stage, with a target that is tried again."""

from collections.abc import Iterator, Mapping
from typing import Any

from infra.gate.assembly import Assembly, Resource
from infra.gate.finding import Finding
from infra.gate.sources import Sources

_NAME = "events"
_SHAPES: Mapping[tuple[str, str], tuple[set[str], set[str]]] = {
    # https://docs.aws.amazon.com/sagemaker/latest/dg/automating-sagemaker-with-eventbridge.html
    ("aws.sagemaker", "SageMaker Model Package State Change"): (
        {"ModelPackageGroupName", "ModelPackageName"},
        {
            "ModelPackageName",
            "ModelPackageGroupName",
            "ModelPackageVersion",
            "ModelPackageArn",
            "ModelPackageDescription",
            "CreationTime",
            "InferenceSpecification",
            "ModelPackageStatus",
            "ModelApprovalStatus",
            "ApprovalDescription",
            "CustomerMetadataProperties",
        },
    ),
    ("aws.sagemaker", "SageMaker Endpoint State Change"): (
        {"EndpointName"},
        {
            "EndpointName",
            "EndpointArn",
            "EndpointConfigName",
            "ProductionVariants",
            "DesiredWeightAndCapacities",
            "EndpointStatus",
            "CreationTime",
            "LastModifiedTime",
            "DeploymentStatus",
        },
    ),
    ("aws.sagemaker", "SageMaker Training Job State Change"): (
        {"TrainingJobName"},
        {"TrainingJobName", "TrainingJobArn", "TrainingJobStatus", "SecondaryStatus", "FailureReason"},
    ),
    ("aws.sagemaker", "SageMaker Processing Job State Change"): (
        {"ProcessingJobName"},
        {"ProcessingJobName", "ProcessingJobArn", "ProcessingJobStatus", "FailureReason", "ExitMessage"},
    ),
    # https://docs.aws.amazon.com/AmazonS3/latest/userguide/ev-events.html
    ("aws.s3", "Object Created"): (
        {"bucket"},
        {"version", "bucket", "object", "request-id", "requester", "source-ip-address", "reason"},
    ),
    # https://docs.aws.amazon.com/step-functions/latest/dg/eventbridge-integration.html
    ("aws.states", "Step Functions Execution Status Change"): (
        {"stateMachineArn", "executionArn"},
        {
            "executionArn",
            "stateMachineArn",
            "name",
            "status",
            "startDate",
            "stopDate",
            "input",
            "output",
            "error",
            "cause",
        },
    ),
}
"""By source and kind: the keys that name what it is about, and all keys of its detail."""

_TOP = {"account", "detail", "detail-type", "id", "region", "resources", "source", "time", "version"}


def check(assembly: Assembly, sources: Sources) -> Iterator[Finding]:
    """See the module."""
    for rule in assembly.of("AWS::Events::Rule"):
        pattern, schedule = rule.properties.get("EventPattern"), rule.properties.get("ScheduleExpression")
        if rule.properties.get("State", "ENABLED") != "ENABLED":
            yield rule.finding(_NAME, "it is not enabled", "Enable it, or remove it")
        if pattern is not None:
            for wrong, remedy in _pattern(assembly.stage, pattern):
                yield rule.finding(_NAME, wrong, remedy)
        elif not schedule:
            yield rule.finding(_NAME, "it has neither a pattern nor a schedule", "Give it one")
        yield from _targets(rule)


def _pattern(stage: str, pattern: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for key in sorted(set(pattern) - _TOP):
        yield f"no event has the key {key}", f"Use {', '.join(sorted(_TOP))}"
    kinds = [(source, kind) for source in pattern.get("source", []) for kind in pattern.get("detail-type", [])]
    if not kinds:
        yield "its pattern names no source and detail-type, so it matches what nobody meant", "Name both"
    for source, kind in kinds:
        if (source, kind) not in _SHAPES:
            some = "; ".join(f"{a}: {b}" for a, b in _SHAPES)
            yield (
                f"{source} sends no event {kind!r}",
                f"Spell it as documented ({some}), or add its shape to this check",
            )
            continue
        naming, keys = _SHAPES[(source, kind)]
        detail = pattern.get("detail", {})
        for key in sorted(set(detail) - keys):
            yield f"{kind!r} has no detail.{key}, so nothing ever matches", f"Use {', '.join(sorted(keys))}"
        if not any(_ours(stage, detail.get(key)) for key in naming):
            wrong = f"it takes {kind!r} of everybody's in the account"
            yield wrong, f"Limit {' or '.join(sorted(naming))} to names of the stage, atelier-{stage}-"


def _ours(stage: str, wanted: Any) -> bool:
    if isinstance(wanted, Mapping):
        return any(_ours(stage, each) for each in wanted.values())
    texts = [
        each.get("prefix", each.get("wildcard", "")) if isinstance(each, Mapping) else str(each)
        for each in wanted or []
    ]
    return bool(texts) and all(f"atelier-{stage}-" in text or text.startswith("<") for text in texts)


def _targets(rule: Resource) -> Iterator[Finding]:
    targets = rule.properties.get("Targets", [])
    if not targets:
        yield rule.finding(_NAME, "it has no targets", "Name what it calls")
    for target in targets:
        policy = target.get("RetryPolicy", {})
        if policy.get("MaximumRetryAttempts") == 0 or policy.get("MaximumEventAgeInSeconds", 86_400) < 60:
            yield rule.finding(
                _NAME, "an event that is not delivered at once is lost", "Let it be tried again for an hour or more"
            )
