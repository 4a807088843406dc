"""Comparing what an evaluation measured with what the input demands."""

import math
from collections.abc import Mapping
from typing import Any

from atelier_ops.errors import MetricMissingError
from contracts.metrics import Metric


def judge(gate: Mapping[str, float], measured: Mapping[str, Any], table: Mapping[str, Metric]) -> dict[str, Any]:
    """``{"passed", "failures", "metrics"}``; a failure says metric, value and threshold. Raises MetricMissingError.

    ``table`` has the metrics that count; others are left out.
    """
    metrics = {name: _finite(name, value) for name, value in measured.items() if name in table}
    missing = sorted(set(gate) - set(metrics))
    if missing:
        raise MetricMissingError(
            f"gate: got no {', '.join(missing)}; measured: {', '.join(sorted(metrics)) or 'nothing'}"
        )
    failures = [
        _failure(name, table[name], metrics[name], threshold)
        for name, threshold in gate.items()
        if not table[name].meets(metrics[name], threshold)
    ]
    return {"passed": not failures, "failures": failures, "metrics": metrics}


def _failure(name: str, metric: Metric, value: float, threshold: float) -> str:
    bound = "at least" if metric.higher_is_better else "at most"
    return f"{name}: got {value:.4g}; allowed: {bound} {threshold:.4g} ({metric.meaning})"


def _finite(name: str, value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value):
        raise MetricMissingError(f"metric {name}: got {value!r}; allowed: a finite number")
    return float(value)
