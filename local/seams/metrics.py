"""CloudWatch's metrics and alarms as ministack keeps them. Its own evaluation is switched off: it passes over dimensions and gaps."""

import json
import re
import threading
from collections.abc import Mapping, Sequence
from typing import Any

from ministack.services import cloudwatch
from ministack.services.cloudformation import provisioners

from local.points import Points

Record = dict[str, Any]
Key = tuple[str, str, Any]
_adding = threading.Lock()
_OK = 200
_OF_ONE_METRIC = ("MetricName", "Namespace", "Statistic", "ExtendedStatistic", "Period", "Dimensions", "Unit")
_UNNAMED = {"MetricName": "-", "Namespace": "-"}  # what ministack wants of an alarm on an expression


class MetricStore:
    """The account's metrics and alarms."""

    def put(
        self, namespace: str, name: str, dimensions: Mapping[str, str], value: float, moment: float, unit: str
    ) -> None:
        """Keep one value that was measured at ``moment`` (seconds since the epoch)."""
        point = {"Timestamp": moment, "Value": value, "Unit": unit, "Dimensions": dict(dimensions)}
        cloudwatch._metric_bucket((namespace, name, cloudwatch._dims_key(dict(dimensions)))).append(point)

    def values(self, query: Record, *, period: int, statistic: str, ends: Sequence[float]) -> list[float | None]:
        """A statistic of a metric (Namespace, MetricName, Dimensions, Unit) over the period before each of ``ends``; None without data."""
        dimensions = {d["Name"]: d["Value"] for d in query.get("Dimensions") or []}
        key = (query["Namespace"], query["MetricName"], cloudwatch._dims_key(dimensions))
        points = [p for p in cloudwatch._metrics.get(key, []) if query.get("Unit") in (None, p["Unit"])]
        return [_statistic([p for p in points if end - period <= p["Timestamp"] < end], statistic) for end in ends]

    def alarms(self) -> list[Record]:
        """Every metric alarm, as PutMetricAlarm was asked for it, with its StateValue."""
        return list(cloudwatch._alarms.values())

    def put_alarm(self, request: Record) -> None:
        """PutMetricAlarm, by a service itself."""
        cloudwatch._put_metric_alarm({}, request, False, True)

    def delete_alarms(self, names: Sequence[str]) -> None:
        """Remove alarms that a service has made."""
        for name in names:
            cloudwatch.cloudformation_delete_metric_alarm(name)

    def set_state(self, name: str, state: str, reason: str) -> None:
        """Change an alarm's state, which sends what it has to say to its topics."""
        request = {"AlarmName": name, "StateValue": state, "StateReason": reason, "StateReasonData": json.dumps({})}
        cloudwatch._set_alarm_state({}, request, False, True)


def _statistic(points: list[Record], statistic: str) -> float | None:
    value = cloudwatch._stat_value(cloudwatch._calc_stats(points), statistic, points) if points else None
    return None if value is None else float(value)


def install() -> None:
    """Leave the evaluation of alarms to ours, and what is dropped of a metric to `Points`; take alarms on metric math."""
    cloudwatch._evaluate_all_alarms = lambda: None
    cloudwatch._evaluate_alarm = lambda alarm: None
    # The clock may be turned far from this machine's, by which old points are dropped while others are being added.
    cloudwatch._evict_old_metrics = lambda: None
    cloudwatch._metric_bucket = _points
    put, record = cloudwatch._put_metric_alarm, provisioners._cw_metric_alarm_record

    def put_metric_alarm(params: Record, cbor_data: Record, is_cbor: bool, is_json: bool = False) -> Any:
        answer = put(params, cbor_data, is_cbor, is_json)
        request = cbor_data or {"AlarmName": cloudwatch._p(params, "AlarmName"), "Metrics": nested(params, "Metrics")}
        if answer[0] == _OK and request.get("Metrics"):
            _keep_expression(cloudwatch._alarms[request["AlarmName"]], request["Metrics"])
        return answer

    def metric_alarm_record(name: str, props: Record) -> Record:
        if not props.get("Metrics"):
            return dict(record(name, props))
        rest = {member: value for member, value in props.items() if member != "Metrics"}
        return _keep_expression(record(name, {**rest, **_UNNAMED}), props["Metrics"])

    cloudwatch._put_metric_alarm, provisioners._cw_metric_alarm_record = put_metric_alarm, metric_alarm_record


def _points(key: Key) -> Points:
    with _adding:
        points: Points | None = cloudwatch._metrics.get(key)
        if points is None:
            cloudwatch._metrics[key] = points = Points()
        return points


def _keep_expression(alarm: Record, queries: list[Record]) -> Record:
    for member in _OF_ONE_METRIC:
        alarm.pop(member, None)
    alarm["Metrics"] = queries
    return alarm


def nested(params: Record, name: str) -> Any:
    """A member of a form-encoded request as JSON has it: ``Metrics.member.1.Id=m`` gives ``[{"Id": "m"}]``."""
    text = cloudwatch._p(params, name)
    if text:
        return text
    found = [match for key in params if (match := re.match(rf"{re.escape(name)}(\.member)?\.([^.]+)", key))]
    parts = dict.fromkeys(match[2] for match in found)
    if any(match[1] for match in found):
        return [nested(params, f"{name}.member.{part}") for part in sorted(parts, key=int)]
    return {part: nested(params, f"{name}.{part}") for part in parts}
