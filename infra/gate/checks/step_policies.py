"""Wake starts one instance and sleep stops what may stop; each is set off by its own alarm, and nothing else replaces it.

A policy is known by its name: two of one name and target replace each other.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from infra.config import STAGES
from infra.gate.assembly import Assembly
from infra.gate.checks.machine_requests import requests
from infra.gate.finding import Finding
from infra.gate.kinds import is_real_time
from infra.gate.machines import Definition, machines
from infra.gate.sources import Sources

_NAME = "step policies"
_LONGEST_WAKE = 600
"""Seconds that requests may wait before anything starts."""

_QUEUE = "HasBacklogWithoutCapacity"


def check(assembly: Assembly, sources: Sources) -> Iterator[Finding]:
    """See the module."""
    wanted = _wanted(assembly)
    policies = assembly.of("AWS::ApplicationAutoScaling::ScalingPolicy")
    seen: dict[tuple[str, str], str] = {}
    for policy in policies:
        name, target = str(policy.properties.get("PolicyName")), str(policy.properties.get("ScalingTargetId"))
        if (name, target) in seen:
            wrong = f"it is called {name} as {seen[(name, target)]} is, and replaces it"
            yield policy.finding(_NAME, wrong, "Give each policy of a target its own PolicyName")
        seen[(name, target)] = policy.logical_id
        for wrong, remedy in _steps(policy.properties, wanted):
            yield policy.finding(_NAME, wrong, remedy)
    for alarm in assembly.of("AWS::CloudWatch::Alarm"):
        called = [each for each in assembly.referenced(alarm.properties.get("AlarmActions", [])) if each in policies]
        meant = _meant(alarm.properties)
        names = [str(each.properties.get("PolicyName")) for each in called]
        if meant and names != [meant]:
            wrong = f"it sets off {', '.join(names) or 'no policy'}"
            yield alarm.finding(_NAME, wrong, f"Let it set off the policy {meant} of the same endpoint")
        for wrong, remedy in _soon(alarm.properties):
            yield alarm.finding(_NAME, wrong, remedy)
    for machine in machines(assembly):
        yield from _sent(assembly, machine, wanted)


def _wanted(assembly: Assembly) -> Mapping[str, int]:
    """How many instances each step policy asks for."""
    stage = STAGES.get(assembly.stage)
    return {"wake": 1, "sleep": stage.serving.fewest_instances if stage else 0}


def _steps(policy: Mapping[str, Any], wanted: Mapping[str, int]) -> Iterator[tuple[str, str]]:
    steps = policy.get("StepScalingPolicyConfiguration")
    if not isinstance(steps, Mapping):
        return
    name, adjustments = str(policy.get("PolicyName")), steps.get("StepAdjustments", [])
    numbers = [each.get("ScalingAdjustment") for each in adjustments]
    if name not in wanted:
        yield (
            f"nobody knows what a policy {name} is for",
            f"Call it {' or '.join(wanted)}, or write what it is for here",
        )
    elif numbers != [wanted[name]]:
        yield (
            f"{name} asks for {numbers} instances",
            f"Let it ask for {wanted[name]}: the queue adds what more is needed",
        )
    for each in adjustments:
        if "MetricIntervalUpperBound" in each or each.get("MetricIntervalLowerBound") != 0:
            yield (
                f"{name} has a step of {dict(each)}, so it does nothing above the alarm's threshold",
                "Begin at 0, end nowhere",
            )


def _meant(alarm: Mapping[str, Any]) -> str:
    """The policy that an alarm is for, by what it watches; empty where it is for none."""
    if alarm.get("MetricName") == _QUEUE:
        return "wake"
    metrics = [each.get("MetricStat", {}).get("Metric", {}).get("MetricName") for each in alarm.get("Metrics", [])]
    return "sleep" if "CPUUtilization" in metrics else ""


def _soon(alarm: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    seconds = int(alarm.get("Period") or 0) * int(alarm.get("EvaluationPeriods") or 0)
    if alarm.get("MetricName") == _QUEUE and seconds > _LONGEST_WAKE:
        yield f"requests wait {seconds} s before anything starts", f"Let it go off within {_LONGEST_WAKE} s"


def _sent(assembly: Assembly, machine: Definition, wanted: Mapping[str, int]) -> Iterator[Finding]:
    """The same of a style's own endpoint: a variable holds the ARN of the policy that the state before has put."""
    put, names = dict[str, str](), list[str]()
    for name, operation, request in requests(assembly, machine):
        state = machine.tasks[name]
        if operation == "PutScalingPolicy":
            names.append(str(request.get("PolicyName")))
            put |= {f"{{% ${variable} %}}": names[-1] for variable in state.get("Assign", {})}
            for wrong, remedy in _steps(request, wanted):
                yield machine.finding(_NAME, name, wrong, remedy)
        elif operation == "PutMetricAlarm":
            actions = state.get("Arguments", {}).get("AlarmActions", [])
            called, meant = [put[each] for each in actions if each in put], _meant(request)
            if meant and called != [meant]:
                wrong = f"it sets off {', '.join(called) or 'no policy'}"
                yield machine.finding(
                    _NAME, name, wrong, f"Let it set off the policy {meant}, whose ARN a variable holds"
                )
            for wrong, remedy in _soon(request):
                yield machine.finding(_NAME, name, wrong, remedy)
    meant_names = ["requests"] if is_real_time(assembly) else ["backlog", "sleep", "wake"]
    if names and sorted(names) != meant_names:
        wrong = f"a version's endpoint gets the policies {', '.join(names)}"
        yield machine.resource.finding(_NAME, wrong, f"Put {', '.join(meant_names)}, each once")
