"""What the lawful bench says of its own certainty."""

import pytest

from bench.lawful.intervals import interval


@pytest.mark.parametrize(
    ("hits", "n", "expected"), [(0, 500, (0.0, 0.0076)), (500, 500, (0.9924, 1.0)), (5, 10, (0.2366, 0.7634)), (0, 0, (0.0, 1.0))]
)  # fmt: skip
def test_a_share_s_interval_is_wilson_s(hits: int, n: int, expected: tuple[float, float]) -> None:
    assert interval(hits, n) == expected
