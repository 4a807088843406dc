"""The numbers of an evaluation, under the names of ``contracts.metrics.METRICS``."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from atelier_training.data.examples import Example
from atelier_training.evaluate.restyle import Restyled
from imaging.masks import from_image
from imaging.palette import Pixels, dominant_colours, garment_pixels, palette_share

MOST_OF_ONE, MOST_OF_ALL = 100_000, 2_000_000
"""Pixels of one real garment, and of all, that colours are counted in: hundreds of photos have thousands of millions."""


@dataclass(frozen=True, kw_only=True)
class Measured:
    """``metrics`` by name, and the garment's ``colours`` (k, 3) that the palette metrics count."""

    metrics: dict[str, float]
    colours: NDArray[np.float64]


def measure(
    examples: Iterable[Example], restyled: Sequence[Restyled], *, train_avg_loss: float, mask_score: float | None
) -> Measured:
    """Compare what was painted with the real garment.

    A metric that does not apply is left out: a text-to-image style has no mask to score and nothing outside one.
    """
    real = _thinned(
        _stacked(_thinned(garment_pixels(each.picture, each.mask), MOST_OF_ONE) for each in examples), MOST_OF_ALL
    )
    colours = dominant_colours(real)
    before = palette_share(
        _stacked(garment_pixels(image, from_image(r.mask)) for r in restyled for image in r.before), colours
    )
    after = palette_share(
        _stacked(garment_pixels(image, from_image(r.mask)) for r in restyled for image in r.after), colours
    )
    upper = palette_share(real, colours)
    metrics = {
        "palette_before": before,
        "palette_after": after,
        "palette_real": upper,
        "garment_share": after / upper if upper else 0.0,
        "train_avg_loss": train_avg_loss,
    }
    if mask_score is not None:
        metrics["mask_score"] = mask_score
        metrics["pixels_changed_outside"] = float(sum(changed_outside(each) for each in restyled))
    return Measured(metrics={name: round(value, 6) for name, value in metrics.items()}, colours=colours)


def changed_outside(restyled: Restyled) -> int:
    """How many bytes of the painted pictures differ from the photo where its alpha is 0."""
    if restyled.original is None:
        return 0
    original, outside = np.asarray(restyled.original), np.asarray(restyled.alpha) == 0
    images: list[Image.Image] = [*restyled.before, *restyled.after]
    return sum(int((np.asarray(image)[outside] != original[outside]).sum()) for image in images)


def _thinned(pixels: Pixels, most: int) -> Pixels:
    """Every n-th pixel, so that at most ``most`` are left."""
    return pixels[:: max(1, -(-len(pixels) // most))]


def _stacked(pixels: Iterable[Pixels]) -> Pixels:
    return np.concatenate(list(pixels))
