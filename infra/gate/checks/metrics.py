"""Alarms, scaling policies and dashboards look at metrics that are published, under dimensions that have values; an alarm can go off."""

import ast
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from infra.gate.assembly import Assembly, Resource
from infra.gate.checks.machine_requests import requests
from infra.gate.finding import Finding
from infra.gate.kinds import is_real_time
from infra.gate.machines import machines
from infra.gate.published import ASYNCHRONOUS_ONLY, METRICS, OURS, REAL_TIME_ONLY, STATISTICS
from infra.gate.sources import Sources

_NAME = "metrics"
_ORDINARY = {
    "HasBacklogWithoutCapacity": ("Average", "Maximum"),
    "Errors": ("Sum",),
    "ExecutionsFailed": ("Sum",),
    "ExecutionsTimedOut": ("Sum",),
    "InvocationFailures": ("Sum",),
}
"""The statistics that say something about a metric of which a threshold is a count or a yes."""

_WRITING = ("atelier_ops.observability", "atelier_inference.measures")
"""The modules that write metrics of our own."""


@dataclass(frozen=True, kw_only=True)
class Series:
    """One metric that something looks at."""

    namespace: str
    name: str
    dimensions: frozenset[str]
    statistic: str


def check(assembly: Assembly, sources: Sources) -> Iterator[Finding]:
    """See the module."""
    counted, real_time = _counted(sources), is_real_time(assembly)
    for resource in assembly.of("AWS::CloudWatch::Alarm"):
        acts = _rolls_back(assembly, resource)
        for metric in watched(resource.properties):
            for wrong, remedy in _of_kind(metric, real_time=real_time):
                yield resource.finding(_NAME, wrong, remedy)
        for wrong, remedy in (*_problems(resource.properties, counted), *_alarm(resource.properties, acts=acts)):
            yield resource.finding(_NAME, wrong, remedy)
        for action in assembly.referenced(resource.properties.get("AlarmActions", [])):
            yield from _action(resource, action)
    for resource in assembly.of("AWS::ApplicationAutoScaling::ScalingPolicy"):
        configuration = resource.properties.get("TargetTrackingScalingPolicyConfiguration", {})
        metric = configuration.get("CustomizedMetricSpecification")
        for wrong, remedy in _problems(metric, counted) if metric else ():
            yield resource.finding(_NAME, wrong, remedy)
    for resource in assembly.of("AWS::CloudWatch::Dashboard"):
        for wrong, remedy in _dashboard(resource, counted):
            yield resource.finding(_NAME, wrong, remedy)
    yield from _sent(assembly, counted)


def _sent(assembly: Assembly, counted: set[str]) -> Iterator[Finding]:
    """The alarms and policies that state machines put."""
    for machine in machines(assembly):
        for name, operation, request in requests(assembly, machine):
            if operation == "PutMetricAlarm":
                found = [*_problems(request, counted), *_alarm(request)]
            else:
                tracking = request.get("TargetTrackingScalingPolicyConfiguration", {})
                metric = tracking.get("CustomizedMetricSpecification") if isinstance(tracking, Mapping) else None
                found = list(_problems(metric, counted)) if metric else []
            for wrong, remedy in found:
                yield machine.finding(_NAME, name, wrong, remedy)


def watched(node: Mapping[str, Any]) -> Iterator[Series]:
    """The metrics of an alarm or a policy: its own, or those of its expression."""
    queries = [each["MetricStat"] for each in node.get("Metrics", []) if "MetricStat" in each]
    queries += (
        [{"Metric": node, "Stat": node.get("Statistic") or node.get("ExtendedStatistic")}]
        if "MetricName" in node
        else []
    )
    for query in queries:
        metric = query.get("Metric", {})
        yield Series(
            namespace=str(metric.get("Namespace")),
            name=str(metric.get("MetricName")),
            dimensions=frozenset(str(each.get("Name")) for each in metric.get("Dimensions", [])),
            statistic=str(query.get("Stat")),
        )


def _of_kind(metric: Series, *, real_time: bool) -> Iterator[tuple[str, str]]:
    if metric.name in (ASYNCHRONOUS_ONLY if real_time else REAL_TIME_ONLY) and metric.namespace == "AWS/SageMaker":
        kind = "real-time" if real_time else "asynchronous"
        yield f"{metric.name} is not published of {kind} endpoints", "Look at what is (infra/gate/published.py)"


def _problems(node: Mapping[str, Any], counted: set[str]) -> Iterator[tuple[str, str]]:
    for metric in watched(node):
        yield from _metric(metric, counted)


def _metric(metric: Series, counted: set[str]) -> Iterator[tuple[str, str]]:
    ours = dict.fromkeys(counted, (frozenset({"service"}),))
    published = ours if metric.namespace == OURS else METRICS.get(metric.namespace)
    if published is None:
        yield f"nothing is published in {metric.namespace}", f"Use one of {', '.join(sorted([*METRICS, OURS]))}"
    elif metric.name not in published:
        wrong = f"{metric.namespace} has no metric {metric.name}"
        yield wrong, f"Use one of {', '.join(sorted(published))} (infra/gate/published.py)"
    elif metric.dimensions not in published[metric.name]:
        wrong = f"{metric.name} has no values under {' and '.join(sorted(metric.dimensions)) or 'no dimension'}"
        allowed = " or ".join(" and ".join(sorted(each)) or "no dimension" for each in published[metric.name])
        yield wrong, f"Name the dimensions under which it is published: {allowed}"
    usual = _ORDINARY.get(metric.name, STATISTICS)
    if metric.statistic not in usual and not (metric.statistic.startswith("p") and metric.name not in _ORDINARY):
        yield f"{metric.statistic} of {metric.name} says nothing", f"Use {' or '.join(usual)}"


def _rolls_back(assembly: Assembly, alarm: Resource) -> bool:
    """Whether an endpoint's update goes back when the alarm goes off, which needs no action of the alarm's own."""
    deployments = [each.properties.get("DeploymentConfig", {}) for each in assembly.of("AWS::SageMaker::Endpoint")]
    watching = [each.get("AutoRollbackConfiguration", {}) for each in deployments]
    return alarm.name in {each.name for each in assembly.referenced(watching)}


def _alarm(alarm: Mapping[str, Any], *, acts: bool = False) -> Iterator[tuple[str, str]]:
    """``acts`` says that something else does what the alarm is for."""
    if not alarm.get("AlarmActions"):
        rolls_back = acts or "InvocationFailures" in json.dumps(alarm, default=str)
        if not rolls_back:
            yield "the alarm has no AlarmActions, so nobody hears of it", "Name the policy or the topic that it is for"
    if alarm.get("ActionsEnabled") is False:
        yield "ActionsEnabled is false, so the alarm does nothing", "Remove it"
    periods, points = alarm.get("EvaluationPeriods"), alarm.get("DatapointsToAlarm")
    if isinstance(periods, int) and isinstance(points, int) and points > periods:
        yield (
            f"{points} points of {periods} periods can never be reached",
            "Make DatapointsToAlarm at most EvaluationPeriods",
        )
    if str(alarm.get("ComparisonOperator", "")).startswith("Less") and alarm.get("Threshold") == 0:
        yield "no count is below 0, so the alarm never goes off", "Mend threshold or comparison"
    if "TreatMissingData" not in alarm:
        yield (
            "TreatMissingData is not set: whether silence is good is left open",
            "Say what a metric without values means",
        )


def _action(alarm: Resource, action: Resource) -> Iterator[Finding]:
    if (
        action.kind == "AWS::ApplicationAutoScaling::ScalingPolicy"
        and action.properties.get("PolicyType") != "StepScaling"
    ):
        wrong = f"it sets off {action.logical_id}, a policy with alarms of its own"
        yield alarm.finding(_NAME, wrong, "Name a step scaling policy")
    elif action.kind not in ("AWS::ApplicationAutoScaling::ScalingPolicy", "AWS::SNS::Topic"):
        wrong = f"its action {action.name} is a {action.kind}, which no alarm can set off"
        yield alarm.finding(_NAME, wrong, "Name a scaling policy or a topic")


def _dashboard(resource: Resource, counted: set[str]) -> Iterator[tuple[str, str]]:
    name = str(resource.properties.get("DashboardName"))
    if not re.fullmatch(r"[A-Za-z0-9_-]{1,255}", name):
        yield f"no dashboard can be called {name}", "Use letters, digits, - and _"
    try:
        body = json.loads(str(resource.properties.get("DashboardBody")))
    except ValueError as error:
        yield f"its body is no JSON: {error}", "Write it with CDK's widgets, or as JSON"
        return
    for widget in body.get("widgets", []):
        for row in widget.get("properties", {}).get("metrics", []):
            texts = [each for each in row if isinstance(each, str)]
            options = next((each for each in row if isinstance(each, dict)), {})
            if len(texts) >= 2 and "expression" not in options:
                statistic = options.get("stat", widget["properties"].get("stat", "Average"))
                names = frozenset(texts[2::2])
                yield from _metric(
                    Series(namespace=texts[0], name=texts[1], dimensions=names, statistic=statistic), counted
                )


def _counted(sources: Sources) -> set[str]:
    """The metrics that the handlers write, and those of the model server."""
    known = {**sources.modules, **sources.server}
    modules = [known[name] for name in _WRITING if name in known]
    texts = (node.value for module in modules for node in module.nodes if isinstance(node, ast.Constant))
    return {text for text in texts if isinstance(text, str) and text.isalnum() and text[:1].isupper()}
