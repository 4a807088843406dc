"""The colours of a garment, the one that covers most of it first, in light and in shade: for what is measured, not for what is painted.

Two colours of a pattern stay two, a white stripe beside a grey one too.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from imaging.lab import Lab
from imaging.shades import in_one_light

CELL = 8.0
"""Side, in one light, of the cells whose colours are one before those that look the same are joined."""
RARE = 0.005
"""Share of the pixels below which a cell is counted to the nearest that has more."""
SAME = 16.0
"""Distance, in one light, under which two colours are one."""
LEAST = 0.06
"""A colour with a smaller share is counted to the one that it is nearest to."""
GROUND = 1 / 3
"""Share from which a colour is the ground of a pattern."""
MOST_SAMPLES = 16_384


@dataclass(frozen=True, kw_only=True)
class ClothColour:
    """One colour of a garment: the mean (L*, a*, b*) of its pixels, and its share of them (0 to 1)."""

    lab: NDArray[np.float64]
    share: float


def cloth_colours(lab: Lab, *, same: float = SAME) -> list[ClothColour]:
    """The colours of some pixels, (n, 3), n at least 1: the most common first. ``same`` is the distance under which two are one."""
    counts, sums = _cells(lab[:: -(-len(lab) // MOST_SAMPLES)])
    while len(counts) > 1:
        apart = _apart(sums / counts[:, None])
        rarest = int(counts.argmin())
        if counts[rarest] < LEAST * counts.sum():
            small, large = rarest, int(apart[rarest].argmin())
        else:
            one, other = (int(place) for place in np.unravel_index(apart.argmin(), apart.shape))
            if apart[one, other] >= same:
                break
            small, large = (one, other) if counts[one] <= counts[other] else (other, one)
        counts[large] += counts[small]
        sums[large] += sums[small]
        counts, sums = np.delete(counts, small), np.delete(sums, small, axis=0)
    order = np.argsort(-counts, kind="stable")
    return [ClothColour(lab=sums[each] / counts[each], share=float(counts[each] / counts.sum())) for each in order]


def _cells(lab: Lab) -> tuple[NDArray[np.float64], Lab]:
    """Counts and sums of colours that are nearly equal, in cells that are the same for every picture.

    Cells that others of the picture decided upon, as a median cut's are, would be others for a level's difference in a few pixels.
    """
    _, labels = np.unique(np.floor(in_one_light(lab) / CELL), axis=0, return_inverse=True)
    counts, sums = _summed(lab, labels.ravel())
    rare = counts < min(RARE * len(lab), counts.max())
    if rare.any():
        colours = in_one_light(sums / counts[:, None])
        apart = np.linalg.norm(colours[:, None] - colours[None, ~rare], axis=2)
        nearest = np.where(rare, apart.argmin(axis=1), np.cumsum(~rare) - 1)
        counts, sums = _summed(lab, nearest[labels.ravel()])
    return counts, sums


def _summed(lab: Lab, labels: NDArray[np.intp]) -> tuple[NDArray[np.float64], Lab]:
    counts = np.bincount(labels).astype(np.float64)
    return counts, np.stack([np.bincount(labels, weights=lab[:, axis]) for axis in range(3)], axis=1)


def _apart(colours: Lab) -> NDArray[np.float64]:
    placed = in_one_light(colours)
    apart = np.linalg.norm(placed[:, None] - placed[None], axis=2)
    np.fill_diagonal(apart, np.inf)
    return np.asarray(apart)
