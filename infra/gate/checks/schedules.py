"""Handlers and their times: one on a schedule ends before it is called again, and one that stops early has the time that it leaves."""

import re
from collections.abc import Iterator

from infra.gate.assembly import Assembly, Resource
from infra.gate.constants import constant
from infra.gate.finding import Finding
from infra.gate.functions import handlers
from infra.gate.sources import HANDLERS, Sources

_NAME = "schedules"
_SECONDS = {"minute": 60, "hour": 3600, "day": 86_400}
_RATE = re.compile(r"rate\((\d+) (minute|hour|day)s?\)")
_SHORTEST, _LONGEST = 60, 86_400
"""More often than that is paid for and finds nothing new; more seldom, and people wait."""

_PROMISED = {"delete_people": 3_600}
"""Seconds between two calls at most: what a person has is gone within a day, in several sweeps, the first of which may fail."""


def check(assembly: Assembly, sources: Sources) -> Iterator[Finding]:
    """See the module."""
    for rule in assembly.of("AWS::Events::Rule"):
        said = rule.properties.get("ScheduleExpression")
        if said is None:
            continue
        found = _RATE.fullmatch(str(said))
        if found is None:
            yield rule.finding(
                _NAME, f"{said} does not say how often", "Write rate(15 minutes): sweeps follow no calendar"
            )
        else:
            yield from _scheduled(assembly, rule, int(found[1]) * _SECONDS[found[2]])
    for name, function in handlers(assembly).items():
        spare, seconds = (
            constant(sources, f"{HANDLERS}{name}", "SPARE_MILLISECONDS"),
            function.properties.get("Timeout", 3),
        )
        if isinstance(spare, int) and spare > seconds * 500:
            wrong = f"it stops with {spare} ms left, and may run {seconds} s"
            remedy = f"Raise its Timeout, or lower SPARE_MILLISECONDS of {HANDLERS}{name}: most of the time is for work"
            yield function.finding(_NAME, wrong, remedy)
    owners: dict[str, Resource] = {}
    for function in assembly.of("AWS::Lambda::Function"):
        log = str(function.properties.get("LoggingConfig", {}).get("LogGroup", ""))
        if log and log in owners:
            wrong = f"it writes to the log of {owners[log].logical_id}"
            yield function.finding(_NAME, wrong, "Give it a log of its own")
        owners[log] = function


def _scheduled(assembly: Assembly, rule: Resource, every: int) -> Iterator[Finding]:
    if not _SHORTEST <= every <= _LONGEST:
        yield rule.finding(_NAME, f"it is due every {every} s", f"Choose {_SHORTEST} s to a day")
    for name, function in handlers(assembly).items():
        most = _PROMISED.get(name, every)
        if every > most and function in assembly.referenced(rule.properties.get("Targets", [])):
            wrong = f"{name} is called every {every} s, too seldom for what it has promised"
            yield rule.finding(_NAME, wrong, f"Call it every {most} s at least")
    for function in assembly.referenced(rule.properties.get("Targets", [])):
        seconds = function.properties.get("Timeout", 3)
        if function.kind == "AWS::Lambda::Function" and seconds >= every:
            wrong = f"it may run {seconds} s, and {rule.logical_id} calls it every {every} s"
            yield function.finding(_NAME, wrong, "Let it end before it is called again")
