"""The numbers of an evaluation, under the names of ``contracts.metrics.METRICS``, and how far apart single pictures are."""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import mean, pstdev

import numpy as np
from PIL import Image

from atelier_training.evaluate.real import RealGarment
from atelier_training.evaluate.restyle import Restyled
from contracts.metrics import MetricSpread
from imaging.embedding import Embedder
from imaging.masks import from_image
from imaging.palette import Pixels, garment_pixels, palette_share
from imaging.texture import patterns


@dataclass(frozen=True, kw_only=True)
class Measured:
    """``metrics`` by name; of those that are about several pictures also their ``spread``; the ``garment`` that they compare with."""

    metrics: dict[str, float]
    spread: dict[str, MetricSpread]
    garment: RealGarment


class Tally:
    """Collects the numbers of an evaluation and their spreads."""

    def __init__(self) -> None:
        self.metrics: dict[str, float] = {}
        self.spread: dict[str, MetricSpread] = {}

    def add(self, name: str, values: Sequence[float], *, value: float | None = None, seeds: Sequence[int] = ()) -> None:
        """One metric of several pictures: their mean, unless ``value`` is another. Nothing where there are none."""
        if values:
            self.metrics[name] = round(mean(values) if value is None else value, 6)
            deviation = round(pstdev(values), 6)
            self.spread[name] = MetricSpread(deviation=deviation, n=len(values), seeds=tuple(sorted(set(seeds))))


def measure(
    garment: RealGarment,
    restyled: Sequence[Restyled],
    *,
    train_avg_loss: float | None = None,
    mask_scores: Sequence[float] | None = None,
    embedder: Embedder | None = None,
    prompt: str = "",
) -> Measured:
    """Compare what was painted with the real garment.

    A metric that does not apply is left out: a text-to-image style has no mask to score and nothing outside one, an adapter that was
    trained elsewhere has no loss. ``embedder`` compares pictures, and pictures with ``prompt``.
    """
    found = Tally()
    _palette(garment, restyled, found)
    _texture(garment, restyled, found)
    if embedder:
        _likeness(garment, restyled, embedder, prompt, found)
    if train_avg_loss is not None:
        found.metrics["train_avg_loss"] = round(train_avg_loss, 6)
    if mask_scores is not None:
        found.add("mask_score", mask_scores)
        changed = [changed_outside(each) for each in restyled]
        found.add("pixels_changed_outside", changed, value=float(sum(changed)), seeds=_seeds(restyled, "after"))
    return Measured(metrics=found.metrics, spread=found.spread, garment=garment)


def garment_share(garment: RealGarment, painted: Sequence[tuple[Image.Image, Image.Image]]) -> float:
    """The metric of that name alone, of painted pictures and the masks of what was to be the garment in them."""
    shown = palette_share(
        _stacked([garment_pixels(image, from_image(mask)) for image, mask in painted]), garment.colours
    )
    return shown / garment.palette if garment.palette else 0.0


def changed_outside(restyled: Restyled) -> int:
    """How many bytes of the painted pictures differ from the photo where its alpha is 0."""
    if restyled.original is None:
        return 0
    original, outside = np.asarray(restyled.original), np.asarray(restyled.alpha) == 0
    images: list[Image.Image] = [*restyled.before, *restyled.after, *restyled.other]
    return sum(int((np.asarray(image)[outside] != original[outside]).sum()) for image in images)


def _palette(garment: RealGarment, restyled: Sequence[Restyled], found: Tally) -> None:
    upper = garment.palette
    for column in ("before", "after", "other"):
        pixels = [garment_pixels(image, from_image(r.mask)) for r in restyled for image in getattr(r, column)]
        if not pixels:
            continue
        together = palette_share(_stacked(pixels), garment.colours)
        shares, seeds = [palette_share(each, garment.colours) for each in pixels], _seeds(restyled, column)
        if column != "other":
            found.add(f"palette_{column}", shares, value=together, seeds=seeds)
        if column != "before":
            name = {"after": "garment_share", "other": "leak"}[column]
            of_real = [share / upper if upper else 0.0 for share in (together, *shares)]
            found.add(name, of_real[1:], value=of_real[0], seeds=seeds)
    found.add("palette_real", garment.shares, value=upper)


def _texture(garment: RealGarment, restyled: Sequence[Restyled], found: Tally) -> None:
    for column, name in (("before", "texture_before"), ("after", "texture")):
        own = [patterns(image, from_image(r.mask)) for r in restyled for image in getattr(r, column)]
        found.add(name, [garment.texture_shared(each) for each in own], seeds=_seeds(restyled, column))
    found.add("texture_real", garment.textures_shared)


def _likeness(
    garment: RealGarment, restyled: Sequence[Restyled], embedder: Embedder, prompt: str, found: Tally
) -> None:
    """Cosines of CLIP's embeddings: with the real garments, picture by picture, and with the words for such a thing."""
    assert garment.embeddings is not None
    real = garment.embeddings.mean(axis=0)
    for column, name in (("before", "likeness_before"), ("after", "likeness")):
        squares = [embedder.garment(image, from_image(r.mask)) for r in restyled for image in getattr(r, column)]
        own, seeds = embedder.pictures(squares), _seeds(restyled, column)
        found.add(name, (own @ real).tolist(), seeds=seeds)
        if column == "after" and prompt:
            found.add("prompt_likeness", (own @ embedder.words([prompt])[0]).tolist(), seeds=seeds)
    found.add("likeness_real", garment.likenesses)


def _seeds(restyled: Sequence[Restyled], column: str) -> list[int]:
    return [seed for each in restyled for seed in each.seeds[: len(getattr(each, column))]]


def _stacked(pixels: Sequence[Pixels]) -> Pixels:
    return np.concatenate(pixels)
