"""The gate between evaluation and registration."""

import math

import pytest

from atelier_ops.errors import MetricMissingError
from atelier_ops.logic.gate import judge
from contracts.metrics import METRICS

MEASURED = {"palette_after": 0.4, "palette_before": 0.02, "garment_share": 0.6}


def test_no_gate_passes_and_reports_the_metrics() -> None:
    assert judge({}, MEASURED, METRICS) == {"passed": True, "failures": [], "metrics": MEASURED}


def test_equality_passes_in_both_directions() -> None:
    assert judge({"palette_after": 0.4, "palette_before": 0.02}, MEASURED, METRICS)["passed"]


def test_a_failure_says_metric_value_and_threshold() -> None:
    verdict = judge({"garment_share": 9.5, "palette_before": 0.01}, MEASURED, METRICS)
    assert not verdict["passed"]
    share, before = verdict["failures"]
    assert share.startswith("garment_share: got 0.6; allowed: at least 9.5")
    assert before.startswith("palette_before: got 0.02; allowed: at most 0.01")


def test_a_metric_that_was_not_measured_is_an_error_not_a_pass() -> None:
    with pytest.raises(MetricMissingError, match="mask_score"):
        judge({"mask_score": 0.1}, MEASURED, METRICS)


@pytest.mark.parametrize("value", [math.nan, math.inf, None, "0.5", True])
def test_a_metric_must_be_a_finite_number(value: object) -> None:
    with pytest.raises(MetricMissingError, match="palette_after"):
        judge({}, {"palette_after": value}, METRICS)
