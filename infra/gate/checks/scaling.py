"""A fleet's scaling belongs together: target, policies and alarms name the same endpoint, and the target a variant that it has."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from infra.config import STAGES
from infra.gate.assembly import Assembly, Resource, references
from infra.gate.checks.machine_requests import requests
from infra.gate.finding import Finding
from infra.gate.machines import machines
from infra.gate.sources import Sources

_NAME = "scaling"
_TARGET = re.compile(r"endpoint/(.+)/variant/([^/]+)")
_DIMENSION = "sagemaker:variant:DesiredInstanceCount"
_FEWEST_SECONDS = 60


def check(assembly: Assembly, sources: Sources) -> Iterator[Finding]:
    """See the module."""
    targets = assembly.of("AWS::ApplicationAutoScaling::ScalableTarget")
    for target in targets:
        facts = (
            *_target(assembly, target),
            *_capacity(assembly.stage, target.properties),
            *_followed(assembly, target),
        )
        for wrong, remedy in facts:
            yield target.finding(_NAME, wrong, remedy)
    for policy in assembly.of("AWS::ApplicationAutoScaling::ScalingPolicy"):
        yield from _policy(assembly, policy)
    for endpoint in assembly.of("AWS::SageMaker::Endpoint"):
        if not any(
            references(each.properties.get("ResourceId")) and endpoint in _named(assembly, each) for each in targets
        ):
            yield endpoint.finding(
                _NAME, "no scalable target names it, so it never sleeps", "Add one, with policies for both directions"
            )
    yield from _woken(assembly)
    yield from _sent(assembly)


def _named(assembly: Assembly, target: Resource) -> list[Resource]:
    return assembly.referenced(target.properties.get("ResourceId", ""))


def _target(assembly: Assembly, target: Resource) -> Iterator[tuple[str, str]]:
    found = _TARGET.fullmatch(str(target.properties.get("ResourceId")))
    if found is None or target.properties.get("ServiceNamespace") != "sagemaker":
        yield (
            "its ResourceId or ServiceNamespace names no variant of an endpoint",
            "Write endpoint/NAME/variant/VARIANT of sagemaker",
        )
        return
    if target.properties.get("ScalableDimension") != _DIMENSION:
        yield f"its ScalableDimension is not {_DIMENSION}", "Scale the number of instances"
    (endpoint, *_) = [*assembly.referenced(found[1]), None]
    config = (
        next(iter(assembly.referenced(endpoint.properties.get("EndpointConfigName", ""))), None) if endpoint else None
    )
    if endpoint is None or endpoint.kind != "AWS::SageMaker::Endpoint":
        yield f"{found[1]} is no endpoint of the stage", "Name the endpoint"
    elif config is None or config.kind != "AWS::SageMaker::EndpointConfig":
        yield (
            f"the endpoint's configuration is {config.name if config else 'none'}",
            "Name the endpoint's configuration",
        )
    else:
        variants = {str(each.get("VariantName")) for each in config.properties.get("ProductionVariants", [])}
        if found[2] not in variants:
            yield (
                f"its variant is {found[2]}, the endpoint's is {', '.join(variants)}",
                "Name the same variant (contracts.hosting.VARIANT)",
            )


def _capacity(stage: str, request: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    low, high = request.get("MinCapacity"), request.get("MaxCapacity")
    wanted = STAGES[stage].serving if stage in STAGES else None
    if not isinstance(low, int) or not isinstance(high, int) or not 0 <= low <= high or high < 1:
        yield (
            f"MinCapacity {low} and MaxCapacity {high} bound nothing",
            "Set 0 <= MinCapacity <= MaxCapacity, at least 1",
        )
    elif wanted and (low, high) != (wanted.fewest_instances, wanted.most_instances):
        wrong = f"it has {low} to {high} instances, the stage says {wanted.fewest_instances} to {wanted.most_instances}"
        yield wrong, "Take both from the stage's Serving"


def _followed(assembly: Assembly, target: Resource) -> Iterator[tuple[str, str]]:
    own = [
        each
        for each in assembly.of("AWS::ApplicationAutoScaling::ScalingPolicy")
        if target in assembly.referenced(each.properties.get("ScalingTargetId", ""))
    ]
    if not any("TargetTrackingScalingPolicyConfiguration" in each.properties for each in own):
        yield "no policy of it tracks a target, so it never grows with its load", "Add one (components/scaling.py)"


def _policy(assembly: Assembly, policy: Resource) -> Iterator[Finding]:
    found = assembly.referenced(policy.properties.get("ScalingTargetId", ""))
    if not found or found[0].kind != "AWS::ApplicationAutoScaling::ScalableTarget":
        yield policy.finding(_NAME, "its ScalingTargetId is no scalable target", "Name the target that it scales")
        return
    metric = policy.properties.get("TargetTrackingScalingPolicyConfiguration", {}).get(
        "CustomizedMetricSpecification", {}
    )
    looked_at = {each.name for each in assembly.referenced(metric.get("Dimensions", []))}
    if metric and looked_at != {each.name for each in _named(assembly, found[0])}:
        wrong = f"it looks at {', '.join(sorted(looked_at)) or 'no endpoint'} and scales another"
        yield policy.finding(_NAME, wrong, "Name the same endpoint in metric and target")
    for wrong, remedy in _configuration(assembly.stage, policy.properties):
        yield policy.finding(_NAME, wrong, remedy)


def _configuration(stage: str, policy: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    tracking = policy.get("TargetTrackingScalingPolicyConfiguration")
    steps = policy.get("StepScalingPolicyConfiguration")
    kind = policy.get("PolicyType")
    if (kind == "TargetTrackingScaling") != (tracking is not None) or (kind == "StepScaling") != (steps is not None):
        yield f"its PolicyType is {kind}, its configuration another", "Let both say the same"
    if isinstance(tracking, Mapping):
        if tracking.get("DisableScaleIn"):
            yield "DisableScaleIn keeps the fleet at its largest", "Remove it"
        wanted = STAGES[stage].serving.backlog_per_instance if stage in STAGES else tracking.get("TargetValue")
        if tracking.get("TargetValue") != wanted:
            yield (
                f"its TargetValue is {tracking.get('TargetValue')}, the stage says {wanted}",
                "Take it from the stage's Serving",
            )
        for key in ("ScaleInCooldown", "ScaleOutCooldown"):
            if not _FEWEST_SECONDS <= tracking.get(key, 0) <= 3600:
                yield (
                    f"{key} is {tracking.get(key)}",
                    f"Use {_FEWEST_SECONDS} to 3600 seconds: an instance takes minutes to start",
                )
    if isinstance(steps, Mapping):
        yield from _steps(steps)


def _steps(steps: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    adjustments = steps.get("StepAdjustments", [])
    if not adjustments:
        yield "it has no StepAdjustments, so it does nothing", "Say how many instances it wants"
    if steps.get("AdjustmentType") != "ExactCapacity":
        wrong = f"its AdjustmentType is {steps.get('AdjustmentType')}: an alarm repeats its action every minute and would add again"
        yield wrong, "Use ExactCapacity"
    for step in adjustments:
        low, high = step.get("MetricIntervalLowerBound"), step.get("MetricIntervalUpperBound")
        if low is None and high is None:
            yield "a step has no interval", "Give it MetricIntervalLowerBound 0"
        if isinstance(low, int | float) and low > 0:
            yield (
                f"its first step begins {low} above the alarm's threshold, so the threshold itself starts nothing",
                "Begin at 0",
            )


def _woken(assembly: Assembly) -> Iterator[Finding]:
    """Each fleet that may be empty has an alarm that wakes it, by a step policy of the same target."""
    alarms = [
        each
        for each in assembly.of("AWS::CloudWatch::Alarm")
        if each.properties.get("MetricName") == "HasBacklogWithoutCapacity"
    ]
    for target in assembly.of("AWS::ApplicationAutoScaling::ScalableTarget"):
        if target.properties.get("MinCapacity") != 0:
            continue
        endpoints = {each.name for each in _named(assembly, target)}
        waking = [
            each
            for each in alarms
            if endpoints & {found.name for found in assembly.referenced(each.properties.get("Dimensions"))}
        ]
        policies = [
            policy for alarm in waking for policy in assembly.referenced(alarm.properties.get("AlarmActions", []))
        ]
        own = [
            policy for policy in policies if target in assembly.referenced(policy.properties.get("ScalingTargetId", ""))
        ]
        wakes = [policy for policy in own if _most(policy) >= 1]
        if not wakes:
            wrong = "it goes to zero, and no alarm on HasBacklogWithoutCapacity sets off a policy of its own that starts one"
            yield target.finding(_NAME, wrong, "Let such an alarm's AlarmActions name the wake policy")
        for alarm in waking:
            if alarm.properties.get("Threshold") != 1 or not str(alarm.properties.get("ComparisonOperator")).startswith(
                "GreaterThanOrEqual"
            ):
                wrong = "the metric is 0 or 1, and the alarm does not go off at 1"
                yield alarm.finding(_NAME, wrong, "Use Threshold 1 and GreaterThanOrEqualToThreshold")


def _most(policy: Resource) -> int:
    steps = policy.properties.get("StepScalingPolicyConfiguration", {}).get("StepAdjustments", [])
    return max((int(step.get("ScalingAdjustment", 0)) for step in steps), default=0)


def _sent(assembly: Assembly) -> Iterator[Finding]:
    """The same of what state machines send for a style's own endpoint."""
    for machine in machines(assembly):
        for name, operation, request in requests(assembly, machine):
            found: list[tuple[str, str]] = []
            if operation == "RegisterScalableTarget":
                found = [*_capacity(assembly.stage, request), *_resource_id(request)]
            elif operation == "PutScalingPolicy":
                found = [*_configuration(assembly.stage, request), *_resource_id(request)]
            for wrong, remedy in found:
                yield machine.finding(_NAME, name, wrong, remedy)


def _resource_id(request: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    named = request.get("ResourceId")
    if isinstance(named, str) and _TARGET.fullmatch(named) is None:
        yield f"its ResourceId is {named}", "Write endpoint/NAME/variant/VARIANT"
    if request.get("ScalableDimension") != _DIMENSION:
        yield f"its ScalableDimension is {request.get('ScalableDimension')}", f"Write {_DIMENSION}"
