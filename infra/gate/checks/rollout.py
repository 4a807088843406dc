"""How an update reaches a shared endpoint's callers: beside the old fleet, first to a part of it, watched, and back where predictions fail.

https://docs.aws.amazon.com/sagemaker/latest/dg/deployment-guardrails-blue-green.html
"""

from collections.abc import Iterator, Mapping
from typing import Any

from infra.gate.assembly import Assembly, Resource
from infra.gate.finding import Finding
from infra.gate.sources import Sources

_NAME = "rollout"
_SIZES = {"CANARY": "CanarySize", "LINEAR": "LinearStepSize"}
_Problems = Iterator[tuple[str, str]]


def check(assembly: Assembly, sources: Sources) -> Iterator[Finding]:
    """See the module."""
    for endpoint in assembly.of("AWS::SageMaker::Endpoint"):
        config = next(iter(assembly.referenced(endpoint.properties.get("EndpointConfigName", ""))), None)
        variants = config.properties.get("ProductionVariants", []) if config else []
        instances = sum(int(each.get("InitialInstanceCount", 0)) for each in variants)
        starts = max((int(each.get("ContainerStartupHealthCheckTimeoutInSeconds", 0)) for each in variants), default=0)
        for wrong, remedy in _deployment(assembly, endpoint, instances, starts):
            yield endpoint.finding(_NAME, wrong, remedy)


def _deployment(assembly: Assembly, endpoint: Resource, instances: int, starts: int) -> _Problems:
    deployment = endpoint.properties.get("DeploymentConfig", {})
    policy = deployment.get("BlueGreenUpdatePolicy")
    if not isinstance(policy, Mapping):
        yield "an update replaces what serves at once, unwatched", "Set DeploymentConfig.BlueGreenUpdatePolicy"
        return
    routing = policy.get("TrafficRoutingConfiguration", {})
    yield from _routing(routing, instances)
    alarms = assembly.referenced(deployment.get("AutoRollbackConfiguration", {}).get("Alarms", []))
    yield from _alarms(assembly, alarms)
    waits, ends = int(routing.get("WaitIntervalInSeconds", 0)), int(policy.get("TerminationWaitInSeconds", 0))
    for alarm in alarms:
        seconds = int(alarm.properties.get("Period", 0)) * int(alarm.properties.get("EvaluationPeriods", 1))
        if min(waits, ends) < seconds:
            wrong = f"it watches {waits} and {ends} s, and {alarm.logical_id} needs {seconds} s to go off"
            yield wrong, "Wait as long as the alarm needs, before and after all traffic has moved"
    longest = int(policy.get("MaximumExecutionTimeoutInSeconds", 0))
    if longest < 2 * starts + waits + ends:
        wrong = (
            f"it gives up after {longest} s: two starts of {starts} s, {waits} s and {ends} s of watching take longer"
        )
        yield wrong, "Raise MaximumExecutionTimeoutInSeconds"


def _routing(routing: Mapping[str, Any], instances: int) -> _Problems:
    kind = str(routing.get("Type"))
    wanted = {_SIZES[kind]} if kind in _SIZES else set()
    given = set(_SIZES.values()) & set(routing)
    if given != wanted:
        yield (
            f"traffic moves {kind} with {', '.join(sorted(given)) or 'no size'}",
            "Give a size to CANARY and LINEAR only",
        )
    if kind == "ALL_AT_ONCE" and instances > 1:
        yield f"all traffic moves at once, though {instances} instances could share it", "Let one of them take it first"
    for name in given & wanted:
        size, value = routing[name], int(routing[name].get("Value", 0))
        share = value / 100 if size.get("Type") == "CAPACITY_PERCENT" else value / max(instances, 1)
        if not 0 < share <= 0.5:
            yield f"{name} is {share:.0%} of the new fleet", "SageMaker takes more than nothing and at most half"


def _alarms(assembly: Assembly, alarms: list[Resource]) -> _Problems:
    if not alarms:
        yield "nothing rolls back an update whose predictions fail", "Name an alarm in AutoRollbackConfiguration"
    for alarm in alarms:
        metric = (str(alarm.properties.get("Namespace")), str(alarm.properties.get("MetricName")))
        if metric != ("Atelier", "PredictionsFailed"):
            yield (
                f"{alarm.logical_id} on {' '.join(metric)} rolls it back, which says nothing of an update",
                "Name an alarm on Atelier PredictionsFailed",
            )
