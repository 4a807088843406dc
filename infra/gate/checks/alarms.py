"""Alarms: dimensions name things of the stage, periods are CloudWatch's, and whoever is told is told what to do too (docs/runbook.md)."""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from infra.gate.assembly import Assembly, Resource
from infra.gate.checks.machine_requests import requests
from infra.gate.finding import Finding
from infra.gate.machines import machines
from infra.gate.published import OURS
from infra.gate.sources import Sources

_NAME = "alarms"
_VALUES: Mapping[str, tuple[str, str]] = {
    "EndpointName": ("AWS::SageMaker::Endpoint", "EndpointName"),
    "FunctionName": ("AWS::Lambda::Function", ""),
    "QueueName": ("AWS::SQS::Queue", "QueueName"),
    "StateMachineArn": ("AWS::StepFunctions::StateMachine", ""),
    "TopicName": ("AWS::SNS::Topic", "TopicName"),
    "RuleName": ("AWS::Events::Rule", ""),
}
"""By dimension, the resource that it names, and by which attribute: empty is what ``Ref`` gives."""

_RUNBOOK = "docs/runbook.md"
_SECTION = re.compile(rf"{re.escape(_RUNBOOK)}, (.+)$")
_DAY = 86_400


def check(assembly: Assembly, sources: Sources) -> Iterator[Finding]:
    """See the module."""
    sections = _sections(sources.root)
    for alarm in assembly.of("AWS::CloudWatch::Alarm"):
        topics = [
            each
            for each in assembly.referenced(alarm.properties.get("AlarmActions", []))
            if each.kind.endswith("Topic")
        ]
        for wrong, remedy in (
            *_dimensions(assembly, alarm),
            *_times(alarm.properties),
            *_described(alarm.properties, sections, telling=bool(topics)),
        ):
            yield alarm.finding(_NAME, wrong, remedy)
    for machine in machines(assembly):
        for name, operation, request in requests(assembly, machine):
            if operation == "PutMetricAlarm":
                for wrong, remedy in (*_times(request), *_described(request, sections, telling=False)):
                    yield machine.finding(_NAME, name, wrong, remedy)


def _dimensions(assembly: Assembly, alarm: Resource) -> Iterator[tuple[str, str]]:
    metrics = [each.get("MetricStat", {}).get("Metric", {}) for each in alarm.properties.get("Metrics", [])]
    for metric in (alarm.properties, *metrics):
        for dimension in metric.get("Dimensions", []):
            name, value = str(dimension.get("Name")), str(dimension.get("Value"))
            yield from _named(assembly, name, value)
            if metric.get("Namespace") == OURS and name == "service" and value != f"atelier-{assembly.stage}":
                yield f"it watches {name} {value}", f"Our metrics of this stage have atelier-{assembly.stage}"


def _named(assembly: Assembly, name: str, value: str) -> Iterator[tuple[str, str]]:
    kind, attribute = _VALUES.get(name, ("", ""))
    wanted = {f"<{each.name}.{attribute}>" if attribute else f"<{each.name}>" for each in assembly.of(kind)}
    if kind and value not in wanted:
        yield f"its {name} is {value}, which names no {kind} of the stage", f"Refer to one by {attribute or 'Ref'}"
    names = {str(each.properties.get("Name")) for each in assembly.of("AWS::ApiGateway::RestApi")}
    if name == "ApiName" and value not in names:
        yield f"its ApiName is {value}, which no API of the stage is called", f"Write {', '.join(sorted(names))}"


def _times(alarm: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    queries = [each.get("MetricStat", {}).get("Period") for each in alarm.get("Metrics", []) if "MetricStat" in each]
    for period in (alarm.get("Period"), *queries):
        if isinstance(period, int) and period not in (10, 20, 30) and (period < 60 or period % 60):
            yield f"CloudWatch has no period of {period} s", "Use 10, 20, 30 or a multiple of 60"
        periods = alarm.get("EvaluationPeriods")
        if isinstance(period, int) and isinstance(periods, int) and period * periods > _DAY:
            yield f"{periods} periods of {period} s are more than a day", "CloudWatch looks back a day, here at most"
    if "Unit" in alarm:
        yield f"its Unit is {alarm['Unit']}: values of another unit are not looked at", "Leave it out"


def _described(alarm: Mapping[str, Any], sections: set[str], *, telling: bool) -> Iterator[tuple[str, str]]:
    text = str(alarm.get("AlarmDescription", ""))
    found = _SECTION.search(text)
    if telling and not found:
        yield f"whoever gets it is told {text!r} and not what to do", f"Let it end in {_RUNBOOK}, and a heading there"
    elif found and sections and found[1] not in sections:
        yield f"{_RUNBOOK} has no heading {found[1]!r}", "Name a heading, or write the section"


def _sections(root: Path) -> set[str]:
    file = root / _RUNBOOK
    lines = file.read_text(encoding="utf-8").splitlines() if file.exists() else []
    return {re.sub(r"^#+\s*(\d+\.\s*)?", "", line) for line in lines if line.startswith("#")}
