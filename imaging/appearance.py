"""Measures how a picture looks where it was painted: its palette, its light, and the light around it.

At most SIDE x SIDE pixels of the painted part and of the whole picture are looked at, evenly spread, so that the largest picture takes
milliseconds: the error of a mean of 65,000 samples is a 250th of their spread.
"""

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from contracts.appearance import MOST_COLOURS, Appearance, PaletteColour
from imaging.cloth import GROUND, cloth_colours
from imaging.lab import Lab, difference, parse_colour, to_lab, to_lightness
from imaging.masks import Mask, bounds, from_image, grow, larger_side
from imaging.palette import EDGE, Pixels
from imaging.strips import Box

SIDE = 256
LEVELS = 32
"""Colours that are told apart before those that look the same are joined."""
SAME = 12.0
"""CIELAB distance under which two colours of a garment are one, in its folds."""
LEAST = 0.05
"""A colour with a smaller share, such as a button's, is counted to the one that it is nearest to."""
OWN = 0.15
"""Share from which a colour may be the one that was asked for; with two of about the same share, either is the most common."""


def measure_appearance(picture: Image.Image, alpha: Image.Image, colour: str = "") -> Appearance | None:
    """How an RGB picture looks where it was painted; ``alpha`` (``L``, same size) is how much of each pixel is new, of 255.

    ``colour`` (``#RRGGBB``) is the one that was asked for. What is half new counts as new, but for the edge, where old and new mix; the
    frame is where nothing is. None where the painted part is too thin for the samples to meet it.
    """
    whole = (0, 0, *picture.size)
    rough = _sampled(alpha, whole)
    box = _box(from_image(rough), picture.size)
    pixels = _painted(picture, alpha, box) if box else None
    if pixels is None:
        return None
    painted = to_lab(pixels)
    frame = to_lightness(np.asarray(_sampled(picture, whole))[np.asarray(rough) == 0])
    return Appearance(
        palette=_palette(pixels, painted),
        colour_difference=_rounded(_difference(painted, colour)) if colour else None,
        light=_rounded(painted[:, 0].mean()),
        light_spread=_rounded(painted[:, 0].std()),
        frame_light=_rounded(frame.mean()) if len(frame) else None,
        frame_light_spread=_rounded(frame.std()) if len(frame) else None,
    )


def _difference(painted: Lab, colour: str) -> float:
    """CIEDE2000 from a wanted colour to the nearest of those that may be the garment's own."""
    colours = cloth_colours(painted)
    own = [each.lab for each in colours if each is colours[0] or each.share >= OWN]
    if colours[0].share < GROUND:  # what has no ground was dyed as a whole
        own.append(painted.mean(axis=0))
    return float(difference(np.stack(own), np.repeat(to_lab(parse_colour(colour)), len(own), axis=0)).min())


def _box(rough: Mask, size: tuple[int, int]) -> Box | None:
    """The part of a picture of ``size`` (width, height) in which something is painted, from a mask of its samples."""
    box = bounds(rough)
    if box is None:
        return None
    across, down = size[0] / rough.shape[1], size[1] / rough.shape[0]
    left, top, right, bottom = box[0] * across, box[1] * down, box[2] * across, box[3] * down
    return int(left), int(top), min(size[0], int(np.ceil(right))), min(size[1], int(np.ceil(bottom)))


def _painted(picture: Image.Image, alpha: Image.Image, box: Box) -> Pixels | None:
    mask = from_image(_sampled(alpha, box))
    inner = grow(mask, -max(1, round(EDGE * larger_side(mask))))
    chosen = inner if inner.any() else mask
    return np.asarray(_sampled(picture, box))[chosen] if chosen.any() else None


def _sampled(image: Image.Image, box: Box) -> Image.Image:
    """Single pixels of a box, the same ones of every image of a size."""
    width, height = box[2] - box[0], box[3] - box[1]
    return image.resize((min(SIDE, width), min(SIDE, height)), Image.Resampling.NEAREST, box)


def _palette(pixels: Pixels, lab: Lab) -> list[PaletteColour]:
    """The garment's colours, most common first. Each is the mean of its pixels, so that shares times colours give the mean of all."""
    # Of 32 levels a channel, which takes half of the time; the colours are means of the pixels themselves.
    quantized = Image.fromarray((pixels & 0xF8)[None]).quantize(LEVELS, method=Image.Quantize.MEDIANCUT)
    labels = np.unique(np.asarray(quantized).ravel(), return_inverse=True)[1]
    counts = np.bincount(labels).astype(np.float64)
    sums = np.stack([np.bincount(labels, weights=lab[:, axis]) for axis in range(3)], axis=1)
    colours, left = sums / counts[:, None], len(counts)
    apart = np.linalg.norm(colours[:, None] - colours[None], axis=2)
    np.fill_diagonal(apart, np.inf)
    while left > 1 and (joined := _to_join(counts, apart, left)):
        small, large = joined
        counts[large], counts[small], left = counts[large] + counts[small], 0, left - 1
        sums[large] += sums[small]
        colours[large] = sums[large] / counts[large]
        apart[small] = apart[:, small] = np.inf
        apart[large] = apart[:, large] = np.where(
            np.isinf(apart[large]), np.inf, np.linalg.norm(colours - colours[large], axis=1)
        )
    order = [place for place in np.argsort(-counts, kind="stable") if counts[place]]
    return [_colour(colours[place], counts[place] / counts.sum()) for place in order]


def _to_join(counts: NDArray[np.float64], apart: NDArray[np.float64], left: int) -> tuple[int, int] | None:
    """The next two of the ``left`` colours to count as one, the rarer in front; None where all stay apart."""
    rarest = int(np.where(counts > 0, counts, np.inf).argmin())
    one, other = divmod(int(apart.argmin()), len(counts))
    nearest = apart[one, other]
    if counts[rarest] < LEAST * counts.sum() or (left > MOST_COLOURS and nearest >= SAME):
        return rarest, int(apart[rarest].argmin())
    if nearest >= SAME:
        return None
    return (one, other) if counts[one] <= counts[other] else (other, one)


def _colour(lab: NDArray[np.float64], share: float) -> PaletteColour:
    lightness, red, yellow = (_rounded(value) for value in lab)
    return PaletteColour(lightness=lightness, red=red, yellow=yellow, share=round(float(share), 4))


def _rounded(value: float) -> float:
    """To a hundredth, far below what is seen; within what a contract allows where the arithmetic is not."""
    return round(min(100.0, float(value)), 2) + 0.0
