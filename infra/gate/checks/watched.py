"""Alarms and policies on an endpoint's metrics name an endpoint of the stage."""

from collections.abc import Iterator, Mapping
from typing import Any

from infra.gate.assembly import Assembly, Resource
from infra.gate.finding import Finding
from infra.gate.sources import Sources

_NAME = "watched"


def check(assembly: Assembly, sources: Sources) -> Iterator[Finding]:
    """See the module."""
    for resource in assembly.of("AWS::CloudWatch::Alarm", "AWS::ApplicationAutoScaling::ScalingPolicy"):
        for value in _endpoints(resource):
            if not any(each.kind == "AWS::SageMaker::Endpoint" for each in assembly.referenced(value)):
                wrong = f"it watches the endpoint {value}, which is none of the stage"
                yield resource.finding(_NAME, wrong, "Refer to the endpoint, so that its name follows")


def _endpoints(resource: Resource) -> Iterator[str]:
    for part in _parts(resource.properties):
        for dimension in part.get("Dimensions") or []:
            if isinstance(dimension, Mapping) and dimension.get("Name") == "EndpointName":
                yield str(dimension.get("Value"))


def _parts(node: Any) -> Iterator[Mapping[str, Any]]:
    if isinstance(node, Mapping):
        yield node
        for value in node.values():
            yield from _parts(value)
    elif isinstance(node, list):
        for value in node:
            yield from _parts(value)
