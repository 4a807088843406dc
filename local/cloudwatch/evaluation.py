"""The state of an alarm from the values of its last periods, missing ones included.

Source: CloudWatch User Guide, "Configuring how CloudWatch alarms treat missing data", with the two tables there as tests.
"""

import operator
from collections.abc import Callable, Sequence
from typing import Any

Record = dict[str, Any]
OK, ALARM, INSUFFICIENT = "OK", "ALARM", "INSUFFICIENT_DATA"
_MORE_PERIODS = 2
"""CloudWatch looks at somewhat more periods than it needs, in case the newest arrive late; the guide's example has two more."""
_COMPARISONS: dict[str, Callable[[float, float], bool]] = {
    "GreaterThanOrEqualToThreshold": operator.ge,
    "GreaterThanThreshold": operator.gt,
    "LessThanThreshold": operator.lt,
    "LessThanOrEqualToThreshold": operator.le,
}


def periods(alarm: Record) -> int:
    """How many of the last periods' values ``next_state`` wants."""
    return int(alarm["EvaluationPeriods"]) + _MORE_PERIODS


def breaches(alarm: Record, value: float) -> bool:
    """Whether a value is beyond the alarm's threshold."""
    return _COMPARISONS[alarm["ComparisonOperator"]](value, float(alarm["Threshold"]))


def next_state(alarm: Record, values: Sequence[float | None]) -> str:
    """The alarm's state after these values of ``periods(alarm)`` periods, the newest last; None where a period has no data."""
    wanted = int(alarm["EvaluationPeriods"])
    enough = int(alarm.get("DatapointsToAlarm") or wanted)
    known = [breaches(alarm, value) for value in values if value is not None]
    if len(known) < wanted:
        return _with_gaps(alarm, values, known, gaps=wanted - len(known), enough=enough)
    return ALARM if sum(known[-wanted:]) >= enough else OK


def _with_gaps(alarm: Record, values: Sequence[float | None], known: list[bool], *, gaps: int, enough: int) -> str:
    """Too few values: what is missing counts as the alarm says."""
    current, treatment = str(alarm["StateValue"]), alarm.get("TreatMissingData") or "missing"
    breaching = sum(known) + (gaps if treatment == "breaching" else 0)
    if treatment in ("breaching", "notBreaching") or breaching >= enough or not all(known):
        return ALARM if breaching >= enough else OK
    if treatment == "ignore":
        return current
    if not known:
        return INSUFFICIENT
    # Every value there is breaches, and they are too few. The alarm goes off only if the oldest is old enough: the first
    # values of a metric that has just begun must not set it off.
    oldest = next(index for index, value in enumerate(values) if value is not None)
    return ALARM if len(values) - oldest >= enough else current
