"""What an evaluation measures, and in which direction a gate compares it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import Field

from contracts.declarations import about, bounds, listed
from contracts.errors import InvalidInputError, Problem
from contracts.model import Contract


@dataclass(frozen=True, kw_only=True)
class Metric:
    """One number of ``metrics.json``: what it means, its range, and whether more is better."""

    meaning: str
    low: float
    high: float
    higher_is_better: bool

    def meets(self, value: float, threshold: float) -> bool:
        """Whether ``value`` passes a gate set at ``threshold`` (equality passes)."""
        return value >= threshold if self.higher_is_better else value <= threshold


def higher(low: float, high: float, meaning: str) -> Any:
    """Declare a metric of which more is better."""
    return Field(ge=low, le=high, description=meaning, json_schema_extra={"x-better": "higher"})


def lower(low: float, high: float, meaning: str) -> Any:
    """Declare a metric of which less is better."""
    return Field(ge=low, le=high, description=meaning, json_schema_extra={"x-better": "lower"})


class Metrics(Contract):
    """A table of metrics, a field each: as measured, or as the thresholds of a gate, which must be met where they are given."""

    def to_json(self) -> dict[str, float]:
        """The numbers that are there."""
        return self.model_dump(exclude_none=True)


class FineTuningMetrics(Metrics):
    """``metrics.json`` of a fine-tuning evaluation, and the gate of an execution."""

    palette_before: Annotated[
        float | None, lower(0, 1, "share of pixels inside the mask in the garment's colours, base model")
    ] = None
    palette_after: Annotated[
        float | None, higher(0, 1, "share of pixels inside the mask in the garment's colours, fine-tuned")
    ] = None
    palette_real: Annotated[
        float | None, higher(0, 1, "the same share on the real pictures of the garment: the upper bound")
    ] = None
    garment_share: Annotated[float | None, higher(0, 10, "palette_after / palette_real")] = None
    texture_before: Annotated[
        float | None, lower(0, 1, "how much of the garment's patterns is in the base model's pictures")
    ] = None
    texture: Annotated[float | None, higher(0, 1, "the same of the fine-tuned model's pictures")] = None
    texture_real: Annotated[
        float | None, higher(0, 1, "the same of each real picture and the others: the upper bound")
    ] = None
    likeness_before: Annotated[
        float | None, lower(-1, 1, "CLIP's cosine of the base model's pictures and the real garment")
    ] = None
    likeness: Annotated[float | None, higher(-1, 1, "the same of the fine-tuned model's pictures")] = None
    likeness_real: Annotated[
        float | None, higher(-1, 1, "the same of each real picture and the others: the upper bound")
    ] = None
    prompt_likeness: Annotated[
        float | None, higher(-1, 1, "CLIP's cosine of the fine-tuned model's pictures and words for such a garment")
    ] = None
    leak: Annotated[
        float | None,
        lower(0, 10, "as garment_share, of pictures that the fine-tuned model painted from words for another colour"),
    ] = None
    mask_score: Annotated[float | None, higher(0, 1, "mean confidence of the garment masks")] = None
    pixels_changed_outside: Annotated[float | None, lower(0, 1e12, "bytes that differ beyond the feathered mask")] = (
        None
    )
    psnr_plain: Annotated[
        float | None, higher(0, 100, "dB, peak signal-to-noise ratio of small versions enlarged by interpolation")
    ] = None
    psnr_before: Annotated[float | None, higher(0, 100, "dB, the same enlarged by the base model")] = None
    psnr_after: Annotated[float | None, higher(0, 100, "dB, the same enlarged by the fine-tuned model")] = None
    psnr_gain: Annotated[float | None, higher(-100, 100, "dB, psnr_after - psnr_before")] = None
    train_avg_loss: Annotated[float | None, lower(0, 1e6, "mean loss of the last tenth of the steps")] = None


class MetricSpread(Contract):
    """How sure a metric is: of how many pictures it is, by which seeds they were painted, and how far apart they are."""

    deviation: Annotated[float, about("standard deviation of the single pictures' values")]
    n: Annotated[int, bounds(1, 1_000_000, "pictures")]
    seeds: Annotated[tuple[int, ...], listed("of the painted ones; none of what is not painted")] = ()


SPREAD = "spread.json"
"""Beside ``metrics.json``: a ``MetricSpread`` by metric."""

EMBEDDED = ("likeness_before", "likeness", "likeness_real", "prompt_likeness")
"""Metrics that are measured only where the stage's segmenter holds a CLIP whose encoders were trained on one another."""

ENLARGING = ("psnr_plain", "psnr_before", "psnr_after", "psnr_gain")
"""Metrics of an upscaler alone."""


def table(metrics: type[Metrics]) -> Mapping[str, Metric]:
    """What each field of a table of metrics declares."""
    return {name: _metric(field) for name, field in metrics.model_fields.items()}


COMPARED = "garment_share"
"""The metric by which a new version is compared with the one in service."""

NOT_WORSE = 0.95
"""Share of it that a new version must reach: two good runs on one dataset differ by some hundredths."""

DEFAULT_GATES: Mapping[str, Mapping[str, float]] = {
    "inpaint": {"garment_share": 0.5, "pixels_changed_outside": 0},
    # Without a mask the palette is that of whole pictures, of which the garment is a part.
    "text-to-image": {"garment_share": 0.25},
    # What an upscaler enlarges as well as it can hardly changes: twelve pictures of drawn cloth lost 0.1 dB.
    "upscale": {"psnr_gain": -0.5},
}
"""By task: what every result must meet, unless an execution's gate says otherwise of a metric."""


MASKED = ("mask_score", "pixels_changed_outside", "leak")
"""Metrics of what is repainted inside a mask."""


def require_measured(where: str, gate: Iterable[str], *, masks: bool, embeds: bool, enlarges: bool = False) -> None:
    """Raises InvalidInputError with every metric of a gate that an evaluation will not have: it would fail when all is paid.

    ``masks`` says whether something is repainted, ``embeds`` whether the segmenter's CLIP compares pictures,
    ``enlarges`` whether pictures are made larger instead.
    """
    reasons = {
        **dict.fromkeys(MASKED if not masks else (), _WHOLE),
        **dict.fromkeys(EMBEDDED if not embeds else (), _NO_CLIP),
        **dict.fromkeys(_PAINTED if enlarges else ENLARGING, _ENLARGED if enlarges else _NOT_ENLARGED),
    }
    problems = [Problem(f"{where}.{name}", name, reasons[name]) for name in gate if name in reasons]
    if problems:
        raise InvalidInputError.of(problems)


_WHOLE = "a metric of whole pictures: nothing is masked"
_ENLARGED = f"one of enlarging: {' | '.join(ENLARGING)}"
_NOT_ENLARGED = "a metric of what is painted: nothing is enlarged"
_NO_CLIP = "a metric without CLIP: that is measured inside masks, where the stage's segmenter is contrastive (models/catalogue.py)"


def read_gate(where: str, data: object) -> dict[str, float]:
    """Read ``{metric: threshold}``. Raises InvalidInputError for an unknown metric or a threshold out of its range."""
    return FineTuningMetrics.from_json(data, where=where).to_json()


def _metric(field: Any) -> Metric:
    bounds = {type(bound).__name__: bound for bound in field.metadata}
    return Metric(
        meaning=field.description,
        low=bounds["Ge"].ge,
        high=bounds["Le"].le,
        higher_is_better=field.json_schema_extra["x-better"] == "higher",
    )


METRICS = table(FineTuningMetrics)
_PAINTED = tuple(name for name in METRICS if name not in (*ENLARGING, "train_avg_loss"))
"""What is measured where pictures are painted."""
