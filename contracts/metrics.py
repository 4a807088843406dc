"""What an evaluation measures, and in which direction a gate compares it."""

from collections.abc import Mapping
from dataclasses import dataclass

from contracts.fields import number, read


@dataclass(frozen=True, kw_only=True)
class Metric:
    """One number of ``evaluate/metrics.json``: what it means, its range, and whether more is better."""

    meaning: str
    low: float
    high: float
    higher_is_better: bool

    def meets(self, value: float, threshold: float) -> bool:
        """Whether ``value`` passes a gate set at ``threshold`` (equality passes)."""
        return value >= threshold if self.higher_is_better else value <= threshold


METRICS: Mapping[str, Metric] = {
    "palette_before": Metric(
        meaning="share of pixels inside the mask in the garment's colours, base model",
        low=0,
        high=1,
        higher_is_better=False,
    ),
    "palette_after": Metric(
        meaning="share of pixels inside the mask in the garment's colours, fine-tuned",
        low=0,
        high=1,
        higher_is_better=True,
    ),
    "palette_real": Metric(
        meaning="the same share on the real pictures of the garment: the upper bound",
        low=0,
        high=1,
        higher_is_better=True,
    ),
    "garment_share": Metric(meaning="palette_after / palette_real", low=0, high=10, higher_is_better=True),
    "mask_score": Metric(meaning="mean confidence of the garment masks", low=0, high=1, higher_is_better=True),
    "pixels_changed_outside": Metric(
        meaning="bytes that differ beyond the feathered mask", low=0, high=1e12, higher_is_better=False
    ),
    "train_avg_loss": Metric(
        meaning="mean loss of the last tenth of the steps", low=0, high=1e6, higher_is_better=False
    ),
}


def read_gate(where: str, data: object) -> dict[str, float]:
    """Read ``{metric: threshold}``. Raises InvalidInputError for an unknown metric or a threshold out of its range."""
    return read(where, data, {name: number(m.low, m.high) for name, m in METRICS.items()})
