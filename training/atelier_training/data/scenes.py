"""Varied pictures for the segmenter: other framings, aspect ratios, colours and light than the data shows.

Some are close views of something small: serving looks a second time at the part of a photo around what it found first, whether that
is the right thing or not.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray
from PIL import Image

from atelier_training.data.shards import Sample
from imaging.framing import crop_box
from imaging.masks import larger_side
from imaging.strips import Box

Cut = tuple[NDArray[np.uint8], NDArray[np.uint8], tuple[float, float, float, float]]

_CLOSE_SHARE = 0.35
_CLOSE_CONTEXT = (1.6, 2.4)  # side of a close view over what it frames; serving takes 2.0
_CLOSE_SHIFT = 0.06
_SMALLEST = 0.002  # share of the picture: less is noise to serving
_LARGEST = 0.8  # larger side over the picture's: a view of something larger is not close
_TRIM = 0.3  # at most this share of the width or height is cut away before the border is repeated
_TRIMMED_SHARE = 0.5
_ZOOM = (0.85, 1.3)  # side of the view over the picture's
_MARGIN = 0.25
_SHIFT = 0.06
_RECOLOURED_SHARE = 0.3
_NOISE = 0.02


@dataclass(frozen=True, kw_only=True)
class Scene:
    """`pixels` (r, r, 3) float32 of 0..1 and `labels` (2r, 2r) uint8: twice as fine, to know how edges cut pixels."""

    pixels: NDArray[np.float32]
    labels: NDArray[np.uint8]


def scene(sample: Sample, side: int, rng: Generator) -> Scene:
    """Draw a varied view of a whole sample at `side` pixels."""
    picture, labels, box = _closer(sample, side, rng) if rng.random() < _CLOSE_SHARE else _framed(sample, rng)
    pixels = np.asarray(Image.fromarray(picture).resize((side, side), Image.Resampling.BICUBIC, box=box), np.float32)
    fine = np.asarray(Image.fromarray(labels).resize((2 * side, 2 * side), Image.Resampling.NEAREST, box=box))
    if rng.random() < 0.5:
        pixels, fine = pixels[:, ::-1], fine[:, ::-1]
    return Scene(pixels=_relit(pixels / 255, rng), labels=np.ascontiguousarray(fine))


def _closer(sample: Sample, side: int, rng: Generator) -> Cut:
    """Frame one of the labels as serving's second look does; the whole picture where none is small enough."""
    labels = sample.labels
    masks = [labels == label for label in np.unique(labels)]
    close = [mask for mask in masks if mask.mean() >= _SMALLEST and larger_side(mask) <= _LARGEST * min(mask.shape)]
    if not close:
        return _framed(sample, rng)
    mask = close[int(rng.integers(len(close)))]
    box = crop_box(mask, resolution=side // 2, context=rng.uniform(*_CLOSE_CONTEXT))
    return np.asarray(sample.image), labels, _shifted(box, labels.shape, rng)


def _shifted(box: Box, shape: tuple[int, ...], rng: Generator) -> tuple[float, float, float, float]:
    """Move a box a little inside the picture: the first look does not find exactly what is there."""
    left, top, right, bottom = box
    x, y = rng.uniform(-_CLOSE_SHIFT, _CLOSE_SHIFT, 2) * (right - left, bottom - top)
    x, y = np.clip(x, -left, shape[1] - right), np.clip(y, -top, shape[0] - bottom)
    return left + x, top + y, right + x, bottom + y


def _framed(sample: Sample, rng: Generator) -> Cut:
    """Frame the whole picture loosely, half of the time after cutting it to another aspect ratio."""
    picture, labels = np.asarray(sample.image), sample.labels
    if rng.random() < _TRIMMED_SHARE:
        picture, labels = _trimmed(picture, labels, rng)
    picture, labels = _widened(picture, labels)
    return picture, labels, _box(labels.shape[0], rng)


def _trimmed(
    picture: NDArray[np.uint8], labels: NDArray[np.uint8], rng: Generator
) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Cut the sides or the top and bottom, and repeat the new border to a square, as a letterboxed photo looks."""
    axis = int(rng.random() < 0.7)
    length = labels.shape[axis]
    before, after = (int(length * rng.uniform(0, _TRIM / 2)) for _ in range(2))
    crop = np.take(picture, range(before, length - after), axis), np.take(labels, range(before, length - after), axis)
    padding = [(0, 0), (0, 0), (0, 0)]
    padding[axis] = ((before + after) // 2, before + after - (before + after) // 2)
    return np.pad(crop[0], padding, mode="edge"), np.pad(crop[1], padding[:2])


def _widened(picture: NDArray[np.uint8], labels: NDArray[np.uint8]) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Repeat the border outwards, so that a view may reach over it."""
    margin = round(_MARGIN * labels.shape[0])
    widths = ((margin, margin), (margin, margin))
    return np.pad(picture, (*widths, (0, 0)), mode="edge"), np.pad(labels, widths)


def _box(widened: int, rng: Generator) -> tuple[float, float, float, float]:
    original = widened / (1 + 2 * _MARGIN)
    half = original * rng.uniform(*_ZOOM) / 2
    x, y = widened / 2 + original * rng.uniform(-_SHIFT, _SHIFT, 2)
    half = min(half, x, y, widened - x, widened - y)
    return x - half, y - half, x + half, y + half


def _relit(pixels: NDArray[np.floating[Any]], rng: Generator) -> NDArray[np.float32]:
    """Vary contrast, tint and noise, and sometimes exchange the colour channels."""
    noise = _NOISE * rng.standard_normal(pixels.shape, np.float32)
    varied = pixels * np.float32(rng.uniform(0.8, 1.2)) + rng.uniform(-0.05, 0.05, 3).astype(np.float32) + noise
    if rng.random() < _RECOLOURED_SHARE:
        varied = varied[..., rng.permutation(3)]
    return np.clip(varied, 0, 1).astype(np.float32)
