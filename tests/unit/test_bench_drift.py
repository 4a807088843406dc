"""What ``make bench-drift`` counts as the drift that it planted."""

import random
from typing import Any

import pytest

from atelier_ops.logic.consistency import Drift, drifts
from bench.drift import GROUP, holds, off_by
from tests.unit.test_ops_consistency import batch, moved

FOUND: dict[str, Any] = {
    "pictures": 200,
    "caught": 10,
    "missed": 0,
    "false_alarms": 0,
    "drift_caught": True,
    "named_of_untouched": 4,
    "drifts_of_untouched": 0,
}


def told(since: int, measure: str = "colour", how: str = "lighter") -> Drift:
    reason = f"from {since} on, in 90 of 200 pictures, the garment is 3.0 ΔE {how} than before {since}"
    return Drift(group=GROUP, measure=measure, since=str(since), size=3.0, reason=reason)


@pytest.mark.parametrize(
    ("found", "beside"),
    [
        ([], None),
        ([told(101)], 1),
        ([told(150), told(98, how="redder and lighter")], 2),
        ([told(100, how="darker")], None),
        ([told(100, how="bluer and redder")], None),
        ([told(100, measure="frame_light")], None),
    ],
)
def test_only_a_colour_that_turns_lighter_is_the_planted_drift(found: list[Drift], beside: int | None) -> None:
    assert off_by(found, 100) == beside


@pytest.mark.parametrize(("by", "beside"), [((4, 0, 0), 0), ((-4, 0, 0), None), ((0, 0, -5), None)])
def test_so_it_is_of_what_the_statistics_really_tell(by: tuple[float, float, float], beside: int | None) -> None:
    start = random.Random(7).randrange(20, 80)
    still = [picture.__class__(**{**vars(picture), "item": str(place)}) for place, picture in enumerate(batch(100))]
    found = off_by(drifts([moved(each, by) if place >= start else each for place, each in enumerate(still)]), start)
    assert found == beside if beside is None else found is not None and found <= 5


@pytest.mark.parametrize(
    "change", [{"drift_caught": False}, {"missed": 1}, {"caught": 0}, {"false_alarms": 3}, {"drifts_of_untouched": 1}]
)
def test_anything_else_fails_the_run(change: dict[str, Any]) -> None:
    assert holds(FOUND)
    assert not holds(FOUND | change)
