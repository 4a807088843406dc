"""How a cloth is patterned, apart from its colours: local patterns of its lightness, and how much two cloths share.

Local ternary patterns (Tan and Triggs, Enhanced local texture feature sets, 2010): around each pixel, which of eight neighbours are
lighter, and which darker, by more than is just seen. They count by their shape alone, whatever their direction (the rotation-invariant
uniform patterns of Ojala, Pietikäinen and Mäenpää, 2002), because cloth hangs as it likes.
"""

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from imaging.framing import square, square_mask
from imaging.lab import to_lightness
from imaging.masks import Mask, bounds, grow
from imaging.palette import EDGE

SIDE = 96
"""Pixels of the square that a garment is looked at in, so that near and far ones compare."""
RADII = (1, 2, 4)
"""Distances of the neighbours, in such pixels: a weave, a stripe, a check."""
SEEN = 3.0
"""Difference in L* that is just seen in a picture; below it are noise and JPEG."""
KINDS = 10
"""A ring of eight with at most two changes is known by how many of it are set (0 to 8); all others are one kind."""

Patterns = NDArray[np.float64]
"""How often each kind occurs, (radii, lighter and darker, KINDS): each row sums to 1."""


def patterns(picture: Image.Image, mask: Mask) -> Patterns:
    """The local patterns of what a mask (h, w) covers of an RGB picture. Raises ValueError for an empty mask."""
    box = bounds(mask)
    if box is None:
        raise ValueError("mask: got an empty one; allowed: one that covers something")
    inside = square_mask(mask, box, SIDE)
    levels = np.asarray(square(picture.convert("RGB"), box, SIDE))
    light = to_lightness(levels.reshape(-1, 3)).reshape(SIDE, SIDE)
    return np.stack([_at(light, inside, radius) for radius in RADII])


def shared(one: Patterns, other: Patterns) -> float:
    """How much two cloths share of their patterns, 0 to 1: the histograms' intersection, of every radius alike."""
    return float(np.minimum(one, other).sum(axis=-1).mean())


def _at(light: NDArray[np.floating], inside: Mask, radius: int) -> NDArray[np.float64]:
    """(2, KINDS) of one radius. The edge is left out, where a neighbour is not the garment's."""
    core = grow(inside, -(radius + round(EDGE * SIDE)))
    counted = core if core.any() else inside
    padded = np.pad(light, radius, mode="edge")
    ring = np.stack([_moved(padded, radius, turn) for turn in range(8)]) - light
    return np.stack([_frequencies(ring[:, counted] > SEEN), _frequencies(ring[:, counted] < -SEEN)])


def _moved(padded: NDArray[np.floating], radius: int, turn: int) -> NDArray[np.floating]:
    """The neighbour of every pixel at an eighth of a circle."""
    angle = turn * np.pi / 4
    down, right = radius + round(radius * np.sin(angle)), radius + round(radius * np.cos(angle))
    return padded[down : down + SIDE, right : right + SIDE]


def _frequencies(set_: NDArray[np.bool_]) -> NDArray[np.float64]:
    """How often each kind is among rings (8, n)."""
    changes = (set_ != np.roll(set_, 1, axis=0)).sum(axis=0)
    kinds = np.where(changes <= 2, set_.sum(axis=0), KINDS - 1)
    return np.bincount(kinds, minlength=KINDS) / max(1, len(kinds))
