"""Alarms are evaluated as CloudWatch's guide says, gaps in their metric included, and metric math as far as ours goes."""

from typing import Any

import pytest

from local.clock import TurnedClock
from local.cloudwatch.alarms import Alarms
from local.cloudwatch.evaluation import next_state
from local.cloudwatch.expressions import ExpressionError, evaluate

Record = dict[str, Any]
STATES = {"o": "OK", "a": "ALARM", "i": "INSUFFICIENT_DATA", "r": "retained"}
TREATMENTS = ("missing", "ignore", "breaching", "notBreaching")
SHOWN = {"0": 0.0, "X": 1.0, "-": None}


def alarm(enough: int, treatment: str) -> Record:
    """An alarm on 3 periods of a metric that breaches at 1."""
    return {
        "EvaluationPeriods": 3,
        "DatapointsToAlarm": enough,
        "Threshold": 1,
        "ComparisonOperator": "GreaterThanOrEqualToThreshold",
        "TreatMissingData": treatment,
        "StateValue": "retained",
    }


# The guide's two tables: five data points of which three are evaluated; the states with missing, ignore, breaching, notBreaching.
@pytest.mark.parametrize(
    ("enough", "points", "states"),
    [
        (3, "0-X-X", "oooo"),
        (3, "----0", "oooo"),
        (3, "-----", "irao"),
        (3, "0XX-X", "aaaa"),
        (3, "--X--", "arao"),
        (2, "0-X-X", "aaaa"),
        (2, "00X0X", "aaaa"),
        (2, "0-X--", "ooao"),
        (2, "----0", "ooao"),
        (2, "---X-", "arao"),
        # The first value of a metric that has just begun does not set an alarm of three off.
        (3, "----X", "rrao"),
    ],
)
def test_missing_values_count_as_the_alarm_says(enough: int, points: str, states: str) -> None:
    values = [SHOWN[point] for point in points]
    got = [next_state(alarm(enough, treatment), values) for treatment in TREATMENTS]
    assert got == [STATES[state] for state in states]


@pytest.mark.parametrize(
    ("expression", "values"),
    [
        ("IF(instances > 0 AND FILL(backlog, 0) == 0, 1, 0)", [None, 1.0, 1.0, 0.0]),
        ("instances + 2 * instances", [None, 3.0, 3.0, 6.0]),
        ("backlog / instances", [None, None, 0.0, 1.5]),
        ("instances / backlog", [None, None, None, 2 / 3]),
        ("IF(backlog >= 3 || instances == 1, 7, instances)", [None, None, 7.0, 7.0]),
    ],
)
def test_metric_math_has_no_result_where_a_value_is_missing(expression: str, values: list[float | None]) -> None:
    known = {"instances": [None, 1.0, 1.0, 2.0], "backlog": [None, None, 0.0, 3.0]}
    assert evaluate(expression, known) == values


@pytest.mark.parametrize("expression", ["IF(instances", "RATE(instances)", "instances > other", "instances ** 2"])
def test_metric_math_that_is_not_known_is_refused(expression: str) -> None:
    with pytest.raises(ExpressionError, match="metric math"):
        evaluate(expression, {"instances": [1.0]})


class Store:
    """One alarm and its values."""

    def __init__(self, alarm: Record, values: list[float | None]) -> None:
        self.alarm, self.known = alarm, values
        self.asked: list[tuple[int, str, list[float]]] = []

    def values(self, query: Record, *, period: int, statistic: str, ends: list[float]) -> list[float | None]:
        self.asked.append((period, statistic, ends))
        return self.known

    def alarms(self) -> list[Record]:
        return [self.alarm]

    def set_state(self, name: str, state: str, reason: str) -> None:
        self.alarm["StateValue"] = state


def test_a_scaling_policy_is_called_every_minute_while_its_alarm_lasts() -> None:
    policy = "arn:aws:autoscaling:us-east-1:123456789012:scalingPolicy:1:resource/x:policyName/wake"
    own = {
        "AlarmName": "wake",
        "AlarmActions": [policy, "arn:aws:sns:us-east-1:123456789012:News"],
        "Statistic": "Maximum",
    }
    store = Store({**alarm(3, "missing"), **own, "Period": 60, "StateValue": "OK"}, [None, None, 1.0, 1.0, 1.0])
    called: list[tuple[str, float | None]] = []
    clock = TurnedClock()
    clock.every_minute(Alarms(store, clock, lambda arn, _, value: called.append((arn, value))).evaluate)

    clock.turn(2)
    store.known = [1.0, 1.0, 1.0, 0.0, 0.0]
    clock.turn(1)

    assert called == [(policy, 1.0), (policy, 1.0)]
    assert store.alarm["StateValue"] == "OK"
    assert store.asked[-1] == (60, "Maximum", [clock.now() - 60 * back for back in (4, 3, 2, 1, 0)])


def test_what_is_put_off_happens_before_that_minute_is_measured() -> None:
    clock, seen = TurnedClock(), list[str]()
    clock.every_minute(lambda: seen.append("measured"))
    clock.later(120, lambda: seen.append("came"))

    clock.turn(3)

    assert seen == ["measured", "came", "measured", "measured"]
