"""However often a metric is measured, its minutes have a bounded number of points, which say what all of them would have said."""

import random
from typing import Any

import pytest

from local.points import MOST_VALUES, Points

MINUTE = 28_000_000 * 60


def point(value: float, second: float = 0.0, **more: Any) -> dict[str, Any]:
    """A point as ministack makes them."""
    return {"Timestamp": MINUTE + second, "Value": value, "Unit": "Count", "Dimensions": {"Name": "f"}, **more}


def of(points: list[dict[str, Any]], minute: int) -> list[dict[str, Any]]:
    """Those of a minute."""
    return [each for each in points if each["Timestamp"] // 60 == MINUTE // 60 + minute]


def summary(points: list[dict[str, Any]]) -> list[float]:
    """The number, the sum and the extremes of what was measured."""
    counts = [each["_stat"]["SampleCount"] if "_stat" in each else each.get("Count", 1.0) for each in points]
    total = sum(each["Value"] * count for each, count in zip(points, counts, strict=True))
    sets = [each.get("_stat", {"Minimum": each["Value"], "Maximum": each["Value"]}) for each in points]
    return [sum(counts), total, min(each["Minimum"] for each in sets), max(each["Maximum"] for each in sets)]


@pytest.mark.parametrize("different", [1, MOST_VALUES, MOST_VALUES + 1, 500])
def test_a_minute_says_the_same_in_fewer_points(different: int) -> None:
    measured = [
        point(float(n % different), 60 * (n // 500) + n % 50, **({"Count": 3.0} if n % 7 == 0 else {}))
        for n in range(1_500)
    ]
    random.Random(1).shuffle(measured)
    kept = Points()
    for each in measured:
        kept.append(dict(each))

    assert len(kept) <= 3 * MOST_VALUES
    for minute in range(3):
        assert summary(of(kept, minute)) == pytest.approx(summary(of(measured, minute)))
    assert any("_stat" in each for each in kept) == (different > MOST_VALUES)


def test_statistic_sets_are_counted_with_what_was_there() -> None:
    kept = Points()
    for each in (
        point(1.0),
        point(5.0),
        point(2.0, _stat={"SampleCount": 2.0, "Sum": 4.0, "Minimum": 0.5, "Maximum": 3.5}),
        point(9.0),
    ):
        kept.append(each)
    (only,) = kept
    assert only["_stat"] == {"SampleCount": 5.0, "Sum": 19.0, "Minimum": 0.5, "Maximum": 9.0}


def test_units_are_kept_apart_and_minutes_for_15_days() -> None:
    kept = Points()
    for each in (point(1.0), point(1.0, Unit="None"), point(1.0, 86_400 * 15), point(1.0, 86_400 * 15 + 60)):
        kept.append(each)
    assert [each["Timestamp"] - MINUTE for each in kept] == [86_400 * 15, 86_400 * 15 + 60]
