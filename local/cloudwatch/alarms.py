"""Evaluates every alarm once a minute of the clock, and sets off the scaling policies of those that are in ALARM.

Source: CloudWatch User Guide, "Alarm evaluation" and "Alarm actions": topics hear of a change, a scaling policy is called again every
minute while the state lasts.
"""

import logging
from collections.abc import Callable
from typing import Any, Protocol

from local.clock import TurnedClock
from local.cloudwatch.evaluation import ALARM, next_state, periods
from local.cloudwatch.expressions import ExpressionError, evaluate

_LOG = logging.getLogger("local.alarms")
Record = dict[str, Any]


class AlarmStore(Protocol):
    """Where metrics and alarms are kept."""

    def values(self, query: Record, *, period: int, statistic: str, ends: list[float]) -> list[float | None]: ...
    def alarms(self) -> list[Record]: ...
    def set_state(self, name: str, state: str, reason: str) -> None: ...


class Alarms:
    """``act`` gets the ARN of a scaling policy, the alarm, and the newest value; None where that period has none."""

    def __init__(self, store: AlarmStore, clock: TurnedClock, act: Callable[[str, Record, float | None], None]) -> None:
        self._store, self._clock, self._act = store, clock, act

    def evaluate(self) -> None:
        """Bring every alarm to the state that its metric gives it now."""
        for alarm in self._store.alarms():
            try:
                values = self._values(alarm, periods(alarm))
            except (KeyError, ExpressionError) as error:
                _LOG.error("alarm %s cannot be evaluated: %s", alarm["AlarmName"], error)
                continue
            self._settle(alarm, values)

    def _settle(self, alarm: Record, values: list[float | None]) -> None:
        before, state = alarm["StateValue"], next_state(alarm, values)
        if state != before:
            shown = [value for value in values if value is not None][-int(alarm["EvaluationPeriods"]) :]
            sign = alarm["ComparisonOperator"]
            reason = f"Threshold Crossed: {len(shown)} datapoints {shown} against {sign} {alarm['Threshold']}"
            self._store.set_state(alarm["AlarmName"], state, reason)
        if state != ALARM or not alarm.get("ActionsEnabled", True):
            return
        for action in alarm.get("AlarmActions") or []:
            if ":scalingPolicy:" in action:
                self._act(action, alarm, values[-1])

    def _values(self, alarm: Record, count: int) -> list[float | None]:
        if "Metrics" not in alarm:
            statistic = alarm.get("ExtendedStatistic") or alarm["Statistic"]
            return self._series(alarm, int(alarm["Period"]), statistic, count)
        queries = alarm["Metrics"]
        known = {
            query["Id"]: self._series(stat["Metric"], int(stat["Period"]), stat["Stat"], count)
            for query in queries
            if (stat := query.get("MetricStat"))
        }
        (watched,) = [query for query in queries if str(query.get("ReturnData", True)).lower() == "true"]
        return evaluate(watched["Expression"], known) if "Expression" in watched else known[watched["Id"]]

    def _series(self, metric: Record, period: int, statistic: str, count: int) -> list[float | None]:
        now = self._clock.now()
        ends = [now - period * back for back in reversed(range(count))]
        return self._store.values(metric, period=period, statistic=statistic, ends=ends)
