"""The data points of one metric, bounded as CloudWatch bounds them: by the minute, and for 15 days.

CloudWatch keeps the points of a standard metric as one-minute statistics, and these for 15 days
(https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/cloudwatch_concepts.html#metrics-retention).
"""

import threading
from typing import Any

Point = dict[str, Any]

MOST_VALUES = 20
"""Different values of a minute, each with how often it came. Where there are more the minute is one statistic set: its sum, average,
extremes and number are exact, and it has no percentiles, as statistic sets have none on AWS."""

_MINUTE_SECONDS, _DAYS = 60, 15
_MINUTES_KEPT = _DAYS * 24 * 60
_SET = None
"""Stands for a value where a minute is a statistic set."""

_Minute = tuple[int, str]


class Points(list[Point]):
    """Points as ministack has them: Timestamp, Value, Unit, Dimensions, perhaps Count or ``_stat``. Safe to append from many threads."""

    def __init__(self) -> None:
        super().__init__()
        self._minutes: dict[_Minute, dict[float | None, Point]] = {}
        self._lock = threading.Lock()

    def append(self, point: Point) -> None:
        """Add a point, or count it with those of its minute."""
        minute = (int(point["Timestamp"] // _MINUTE_SECONDS), str(point["Unit"]))
        with self._lock:
            if minute not in self._minutes:
                self._forget(minute[0] - _MINUTES_KEPT)
            values = self._minutes.setdefault(minute, {})
            value = _SET if "_stat" in point or _SET in values else point["Value"]
            if value in values:
                _add(values[value], point)
            elif value is _SET or len(values) == MOST_VALUES:
                self._fold(values, point)
            else:
                values[value] = point if not self else {**point, "Dimensions": self[0]["Dimensions"]}
                super().append(values[value])

    def _fold(self, values: dict[float | None, Point], point: Point) -> None:
        """Make one statistic set of a minute."""
        folded = {**point, "_stat": _statistics(point)}
        for each in values.values():
            _add(folded, each)
        self._drop({*map(id, values.values())})
        values.clear()
        values[_SET] = folded
        super().append(folded)

    def _forget(self, oldest: int) -> None:
        gone = [minute for minute in self._minutes if minute[0] < oldest]
        self._drop({id(point) for minute in gone for point in self._minutes.pop(minute).values()})

    def _drop(self, gone: set[int]) -> None:
        if gone:
            self[:] = [each for each in self if id(each) not in gone]


def _add(known: Point, point: Point) -> None:
    """Count ``point`` with ``known``, which is a statistic set or has the same value."""
    if "_stat" not in known:
        known["Count"] = known.get("Count", 1.0) + point.get("Count", 1.0)
        return
    one, other = known["_stat"], _statistics(point)
    known["_stat"] = {
        "SampleCount": one["SampleCount"] + other["SampleCount"],
        "Sum": one["Sum"] + other["Sum"],
        "Minimum": min(one["Minimum"], other["Minimum"]),
        "Maximum": max(one["Maximum"], other["Maximum"]),
    }
    known["Value"] = known["_stat"]["Sum"] / known["_stat"]["SampleCount"]


def _statistics(point: Point) -> dict[str, float]:
    """A point as a statistic set."""
    if given := point.get("_stat"):
        return {name: float(given[name]) for name in ("SampleCount", "Sum", "Minimum", "Maximum")}
    count, value = float(point.get("Count", 1.0)), float(point["Value"])
    return {"SampleCount": count, "Sum": value * count, "Minimum": value, "Maximum": value}
