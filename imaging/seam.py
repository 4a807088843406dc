"""Makes the edge of a repainted part invisible where it runs through cloth that goes on outside.

A model paints a cloth that the mask cuts in two a little lighter, or of another hue, than the half that stays. Along such an edge what was
painted is moved to the colour outside, most at the edge and less with the distance from it, as if dye had run. Whether an edge is such a
one is asked of each place of it: was the photo the same on both sides, near the edge and deeper, and is what was painted still nearly
that? A garment's outline is not (skin, a wall or a shirt is beside it), nor cloth that was meant to have another colour.

All is done on the squares that the model works on, whatever the photo's size.
"""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from scipy import ndimage

from imaging.lab import difference, to_lab
from imaging.masks import larger_side

NEAR = 0.035
"""Width over the mask's larger side of what is compared along the edge."""
DEEP = 0.1
"""How deep inside the mask the photo must be the same for the mask to cut through something, rather than to go beyond an outline."""
REACH = 0.25
"""How far inside the mask the correction reaches, over the mask's larger side."""
SAME = (4.0, 8.0)
"""CIEDE2000 up to which two sides are one cloth, and from which they are not; smooth between."""
SAME_CLOTH = (15.0, 25.0)
"""The same for what was painted, where the mask cuts through one cloth: the models' own error of colour is up to about 20."""
OF_CLOTH = (8.0, 14.0)
"""The same for what of the photo inside the mask was that cloth, folds and all, and is moved."""
SHARE = (0.15, 0.4)
"""Share of what is outside at a place of the edge that must be that cloth."""
SIDE = 128
"""Corrections are smooth, so they are found on small copies and stretched."""
LEAST = 0.05
"""Sameness below which a place of the edge is left alone."""
MOST_PLACES = 256
"""Places of the edge that a correction is spread from."""
AT_ONCE = 512
"""Pixels that it is spread to at a time, to stay in the processor's cache."""

Field = NDArray[np.float32]
"""(h, w), or (h, w, 3)."""


def matched(painted: Image.Image, picture: Image.Image, mask: Image.Image) -> Image.Image:
    """What was painted, with its colours drawn to the ``picture``'s along edges of the ``mask`` (``L``, white inside) that cut one cloth.

    All are squares of one size. Where no edge does, the same object comes back.
    """
    small = min(SIDE, painted.width), min(SIDE, painted.height)
    new, old = (_levels(image.resize(small, Image.Resampling.BOX)) for image in (painted, picture))
    share = np.asarray(mask.resize(small, Image.Resampling.BOX), dtype=np.float32) / np.float32(255)
    found = _correction(new, old, share)
    if found is None:
        return painted
    inside, outside = (_stretched(field, painted.size) for field in found)
    part = np.asarray(mask, dtype=np.float32)[..., None] / 255
    levels = np.asarray(painted, dtype=np.float32) + part * inside + (1 - part) * outside
    return Image.fromarray(np.clip(np.rint(levels), 0, 255).astype(np.uint8))


@dataclass(frozen=True, kw_only=True)
class _Edge:
    """What is along the mask's edge: ``same`` (h, w) is 1 where it cuts one cloth, 0 elsewhere; ``outside`` is that cloth's colour there.

    ``cloth`` is what of the mask was of that cloth in the photo, 0 to 1.
    """

    same: Field
    outside: Field
    cloth: Field


def _correction(new: Field, old: Field, share: Field) -> tuple[Field, Field] | None:
    """What to add inside the mask and outside it, in levels; None where no edge cuts cloth."""
    inner, outer = share >= 0.99, share <= 0.01
    if not inner.any() or not outer.any():
        return None
    side = larger_side(share >= 0.5)
    near = max(1.0, NEAR * side)
    rim = (ndimage.distance_transform_edt(share >= 0.5) <= 1.5) & (share >= 0.5)
    edge = _looked_at(new, old, inner, outer, rim, near, max(2 * near, DEEP * side))
    along = rim & (edge.same > LEAST) if edge else rim
    if edge is None or not along.any():
        return None
    shift = edge.outside - _mean(new, edge.cloth, near)
    inside, left = _spread(along, edge, shift, max(2.0, REACH * side))
    away, (rows, columns) = ndimage.distance_transform_edt(~along, return_indices=True)
    same = edge.same[rows, columns]
    # What that leaves close to the edge, ever closer: what a model paints is not of one colour there.
    for width in (near, near / 2, near / 4):
        remaining = edge.outside - _mean(new + inside, edge.cloth, width)
        inside = inside + (same * np.exp(-((away / (2 * width)) ** 2)))[..., None] * remaining
    return edge.cloth[..., None] * inside, left[..., None] * _mean(old - new, outer, near)


def _looked_at(
    new: Field,
    old: Field,
    inner: NDArray[np.bool_],
    outer: NDArray[np.bool_],
    rim: NDArray[np.bool_],
    near: float,
    deep: float,
) -> _Edge | None:
    """None where the photo has another colour on the other side of all of the ``rim``, as along a garment's outline."""
    inside = _mean(old, inner, near)
    beyond = _at(outer, _still(_apart(old[outer], inside[outer]), SAME))
    outside = _mean(old, beyond, near)
    share = _blurred(beyond, near)[rim] / np.maximum(_blurred(outer.astype(np.float32), near)[rim], 1e-6)
    same = _rising(share, SHARE) * _still(_apart(inside[rim], outside[rim]), SAME)
    if not (same > LEAST).any():
        return None
    cloth = _at(
        ~outer, _still(_apart(_blurred(old.transpose(2, 0, 1), near / 2)[:, ~outer].T, outside[~outer]), OF_CLOTH)
    )
    through = _still(_apart(outside[rim], _mean(old, inner, deep)[rim]), SAME)
    beside = _apart(_mean(new, cloth * inner, near)[rim], outside[rim])
    close = through * _still(beside, SAME_CLOTH) + (1 - through) * _still(beside, SAME)
    return _Edge(same=_at(rim, same * close), outside=outside, cloth=cloth)


def _spread(along: NDArray[np.bool_], edge: _Edge, shift: Field, reach: float) -> tuple[Field, Field]:
    """The shift from places of the edge, the nearest counting most, less with the distance; and how much of it is left, 0 to 1.

    The shift is that of the cloth inside the mask, and 0 elsewhere.
    """
    places = np.argwhere(along)
    places = places[:: -(-len(places) // MOST_PLACES)]
    same, shifts = edge.same[tuple(places.T)], shift[tuple(places.T)]
    down, across = (
        np.subtract.outer(np.arange(length), place).astype(np.float32) ** 2
        for length, place in zip(along.shape, places.T, strict=True)
    )
    # The greatest of same * exp(-2 away / reach ** 2), with one exponential a pixel.
    farther, rows = 2 * across / reach**2, np.log(same) - 2 * down / reach**2
    left = np.exp([(row - farther).max(axis=1) for row in rows])
    inside = np.zeros((*along.shape, 3), np.float32)
    cloth = np.argwhere(edge.cloth > 0)
    for at in (tuple(cloth[start : start + AT_ONCE].T) for start in range(0, len(cloth), AT_ONCE)):
        near = 1 / (1 + down[at[0]] + across[at[1]])
        counted = same * near * np.sqrt(near)
        inside[at] = left[at][:, None] * (counted @ shifts) / counted.sum(axis=1)[:, None]
    return inside, left


def _mean(values: Field, where: NDArray[np.generic], sigma: float) -> Field:
    """The mean (h, w, 3) near each place of what is ``where`` (h, w; 0 to 1); far from all of it, of what is nearest to it by and by."""
    planes = np.empty((4, *where.shape), np.float32)
    planes[3] = where
    np.multiply(values.transpose(2, 0, 1), planes[3], out=planes[:3])
    total = _blurred(planes, sigma) + _FARTHER[1] * _blurred(planes, _FARTHER[0] * sigma)
    return np.asarray((total[:3] / (total[3] + 1e-12)).transpose(1, 2, 0))


_FARTHER = 4, np.float32(1e-4)
"""Times as far as asked, and how much that counts."""


def _blurred(planes: NDArray[np.float32], sigma: float) -> NDArray[np.float32]:
    """As a Gaussian filter does to each plane (…, h, w); what is beyond a border is as the border."""
    down, across = (_blur(length, sigma) for length in planes.shape[-2:])
    return np.asarray(down @ planes @ across.T)


@lru_cache(maxsize=64)
def _blur(length: int, sigma: float) -> Field:
    """The filter along one axis as a matrix: of these small pictures, its products take a tenth of the filter's own time."""
    return np.asarray(ndimage.gaussian_filter1d(np.eye(length), sigma, axis=0, mode="nearest"), dtype=np.float32)


def _at(where: NDArray[np.bool_], values: NDArray[np.floating]) -> Field:
    """The values at those places (h, w), and 0 elsewhere."""
    field = np.zeros(where.shape, np.float32)
    field[where] = values
    return field


def _apart(one: NDArray[np.floating], other: NDArray[np.floating]) -> NDArray[np.floating]:
    """CIEDE2000 between levels (n, 3), row by row."""
    return difference(*(to_lab(np.clip(each, 0, 255)) for each in (one, other)))


def _still(values: NDArray[np.floating], limits: tuple[float, float]) -> NDArray[np.floating]:
    return 1 - _rising(values, limits)


def _rising(values: NDArray[np.floating], limits: tuple[float, float]) -> NDArray[np.floating]:
    share = np.clip((values - limits[0]) / (limits[1] - limits[0]), 0, 1)
    return np.asarray(share * share * (3 - 2 * share))


def _levels(image: Image.Image) -> Field:
    return np.asarray(image, dtype=np.float32)


def _stretched(field: Field, size: tuple[int, int]) -> NDArray[np.float32]:
    planes = (Image.fromarray(field[..., channel].astype(np.float32)) for channel in range(3))
    return np.stack([np.asarray(plane.resize(size, Image.Resampling.BICUBIC)) for plane in planes], axis=-1)
