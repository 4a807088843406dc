"""What the clock does to a fleet: schedules that Application Auto Scaling can read, at the hours and with the numbers of the stage."""

import re
from collections.abc import Iterator, Mapping
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from infra.config import STAGES
from infra.gate.assembly import Assembly
from infra.gate.finding import Finding
from infra.gate.sources import Sources

_NAME = "office hours"
_CRON = re.compile(r"cron\((\S+) (\S+) (\S+) (\S+) (\S+) (\S+)\)")
_RATE = re.compile(r"rate\((?:1 (?:minute|hour|day)|(?:[2-9]|\d{2,}) (?:minutes|hours|days))\)")
_FIELDS = (r"[\d*/,-]+", r"[\d*/,-]+", r"[\d*/,?LW-]+", r"[\w*/,-]+", r"[\w*/,?L#-]+", r"[\d*/,-]+")
_Problems = Iterator[tuple[str, str]]


def check(assembly: Assembly, sources: Sources) -> Iterator[Finding]:
    """See the module."""
    hours = STAGES[assembly.stage].serving.office_hours if assembly.stage in STAGES else None
    for target in assembly.of("AWS::ApplicationAutoScaling::ScalableTarget"):
        actions = target.properties.get("ScheduledActions", [])
        for wrong, remedy in (*_actions(actions, target.properties), *_meant(actions, assembly.stage, bool(hours))):
            yield target.finding(_NAME, wrong, remedy)
    for rule in assembly.of("AWS::Events::Rule"):
        schedule = rule.properties.get("ScheduleExpression")
        for wrong, remedy in readable(str(schedule)) if schedule else ():
            yield rule.finding(_NAME, wrong, remedy)


def readable(schedule: str) -> _Problems:
    """Whether EventBridge and Application Auto Scaling can read a schedule.

    https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-scheduled-rule-pattern.html
    """
    cron = _CRON.fullmatch(schedule)
    if cron is None:
        if not _RATE.fullmatch(schedule):
            yield f"{schedule} is no schedule", "Write rate(N minutes) or cron with six fields"
        return
    fields = cron.groups()
    if [fields[2], fields[4]].count("?") != 1:
        yield f"{schedule} says days of the month and of the week", "Write ? in exactly one of them"
    for field, pattern in zip(fields, _FIELDS, strict=True):
        if not re.fullmatch(pattern, field):
            yield (
                f"{schedule}: {field} is no field of it",
                "Write minutes, hours, days, months, days of the week, years",
            )


def _actions(actions: list[Mapping[str, Any]], target: Mapping[str, Any]) -> _Problems:
    names = [str(each.get("ScheduledActionName")) for each in actions]
    if len(set(names)) != len(names):
        yield f"its scheduled actions are called {', '.join(names)}", "Give each its own name: one replaces the other"
    for action in actions:
        yield from readable(str(action.get("Schedule")))
        try:
            ZoneInfo(str(action.get("Timezone", "UTC")))
        except (ZoneInfoNotFoundError, ValueError):
            yield f"there is no time zone {action.get('Timezone')}", "Name one of the tz database"
        for name, number in action.get("ScalableTargetAction", {}).items():
            if not 0 <= number <= target.get("MaxCapacity", 0):
                yield f"{names} set {name} to {number} of {target.get('MaxCapacity')}", "Stay within the fleet's limits"


def _meant(actions: list[Mapping[str, Any]], stage: str, has_hours: bool) -> _Problems:
    """The stage's hours open the fleet and close it again."""
    if stage not in STAGES:
        return
    serving, hours = STAGES[stage].serving, STAGES[stage].serving.office_hours
    wanted = set()
    if hours and has_hours:
        for hour, least in ((hours.from_hour, hours.instances), (hours.until_hour, serving.fewest_instances)):
            wanted.add((f"cron(0 {hour} ? * {hours.days} *)", hours.timezone, f"{{'MinCapacity': {least}}}"))
    got = {
        (str(each.get("Schedule")), str(each.get("Timezone")), str(dict(each.get("ScalableTargetAction", {}))))
        for each in actions
    }
    if got != wanted:
        yield (
            f"its scheduled actions are {sorted(got) or 'none'}, the stage's office hours {sorted(wanted) or 'none'}",
            "Make both actions from the stage's office_hours (components/office_hours.py)",
        )
