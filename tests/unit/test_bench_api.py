"""What ``make bench-api`` makes of its turns."""

from bench.api import overhead


def test_the_overhead_is_that_of_the_median_turn() -> None:
    through, straight = [0.4, 0.5, 9.0], [0.3, 0.2, 0.2]
    assert overhead(through, straight) == {"overhead_p50_ms": 300.0, "overhead_ratio": 2.5}
