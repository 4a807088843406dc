"""Square views of a sample as the models see pictures: the whole scene, or a crop framed around one garment.

Serving and fine-tuning crop a square of 1.5 times the mask's larger side around a garment before they paint; training
views spread around that framing, so a model sees in use what it saw in training.
"""

from dataclasses import dataclass

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray
from PIL import Image, ImageDraw
from scipy import ndimage

from atelier_training.data.shards import Sample
from imaging.framing import square
from imaging.masks import Mask, boxed, larger_side
from imaging.strips import Box

_PADDING = (1.2, 2.2)
_SMALLEST_GARMENT = 0.004  # share of the picture below which a region is too small to frame
_DILATIONS = 4
_ROUGHNESS = 0.15


@dataclass(frozen=True, kw_only=True)
class CutOut:
    """A square cut-out at the model's resolution: `pixels` (r, r, 3) uint8, `labels` (r, r) uint8."""

    pixels: NDArray[np.uint8]
    labels: NDArray[np.uint8]


def cut(sample: Sample, box: Box, side: int) -> CutOut:
    """Resize the part of a sample inside `box` (left, top, right, bottom) to `side` x `side`."""
    labels = Image.fromarray(sample.labels)
    return CutOut(
        pixels=np.asarray(square(sample.image, box, side)),
        labels=np.asarray(labels.resize((side, side), Image.Resampling.NEAREST, box=box)),
    )


def whole(sample: Sample) -> Box:
    """Return the box of the largest centred square."""
    height, width = sample.labels.shape
    side = min(height, width)
    left, top = (width - side) // 2, (height - side) // 2
    return left, top, left + side, top + side


def garment_box(sample: Sample, label: int, side: int, rng: Generator) -> Box:
    """Frame one label: a square of 1.2 to 2.2 times its larger side, at least `side` pixels, inside the picture."""
    rows, columns = np.nonzero(sample.labels == label)
    top, bottom, left, right = rows.min(), rows.max() + 1, columns.min(), columns.max() + 1
    padded = round(max(bottom - top, right - left) * rng.uniform(*_PADDING))
    length = min(max(padded, side), *sample.labels.shape)
    slack = max(length - max(bottom - top, right - left), 0) / 4
    x, y = (left + right) / 2 + rng.uniform(-slack, slack), (top + bottom) / 2 + rng.uniform(-slack, slack)
    height, width = sample.labels.shape
    x0 = int(np.clip(round(x - length / 2), 0, width - length))
    y0 = int(np.clip(round(y - length / 2), 0, height - length))
    return x0, y0, x0 + length, y0 + length


def framed_regions(sample: Sample) -> list[int]:
    """Return the positions in `sample.regions` whose garment is large enough to frame."""
    smallest = _SMALLEST_GARMENT * sample.labels.size
    return [i for i, region in enumerate(sample.regions) if (sample.labels == region.label).sum() >= smallest]


def garment_mask(view: CutOut, label: int, rng: Generator) -> Mask:
    """Return the view's pixels of a label, grown by 0 to 3 pixels, because masks in use are not exact."""
    mask = np.asarray(view.labels == label)
    for _ in range(int(rng.integers(_DILATIONS))):
        mask = grown(mask)
    return mask


def around(mask: Mask, rng: Generator) -> Mask:
    """Return the mask's bounding box, each side moved outwards by up to 15 % of its larger side: a roughly drawn mask."""
    return boxed(mask, *np.rint(rng.uniform(0, _ROUGHNESS, 4) * larger_side(mask)).astype(int))


def grown(mask: Mask) -> Mask:
    """Grow a mask by one pixel in eight directions."""
    return np.asarray(ndimage.binary_dilation(mask, np.ones((3, 3))))


def random_mask(side: int, rng: Generator) -> Mask:
    """Return a random box or ellipse of a fifth to nine tenths of the view's side."""
    width, height = rng.integers(side // 5, side * 9 // 10, 2)
    left, top = rng.integers(0, side - width + 1), rng.integers(0, side - height + 1)
    mask = Image.new("1", (side, side))
    pen = ImageDraw.Draw(mask)
    outline = (int(left), int(top), int(left + width - 1), int(top + height - 1))
    (pen.rectangle if rng.random() < 0.5 else pen.ellipse)(outline, fill=1)
    return np.asarray(mask)
