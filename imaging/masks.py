"""Shapes of masks: boolean arrays (height, width), True where the picture is repainted. Distances are pixels, Euclidean."""

import math
from collections.abc import Callable
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from scipy import ndimage

from imaging.strips import Box, squares

V = TypeVar("V", bound=np.generic)
Mask = NDArray[np.bool_]
Alpha = NDArray[np.float32]


LEAST_PART, MOST_PART = 128, 1_024
"""Sides of the parts of a mask that distances are found in, in pixels."""


def from_image(image: Image.Image) -> Mask:
    """The white half of a mask image: levels of 128 and above."""
    return np.asarray(image if image.mode == "L" else image.convert("L")) >= 128


def to_image(mask: Mask) -> Image.Image:
    """A mask as an image of mode ``L``, white (255) where it is True."""
    return Image.fromarray(np.multiply(mask, 255, dtype=np.uint8))


def bounds(mask: Mask) -> Box | None:
    """The smallest box around the mask; None where it is empty."""
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    if rows.size == 0:
        return None
    return int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1


def larger_side(mask: Mask) -> int:
    """The larger side, in pixels, of the mask's box; 0 where it is empty."""
    box = bounds(mask)
    return max(box[2] - box[0], box[3] - box[1]) if box else 0


def boxed(mask: Mask, top: int, left: int, bottom: int, right: int) -> Mask:
    """The box around a mask that is not empty, each side moved outwards by so many pixels, as a mask."""
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    filled = np.zeros_like(mask)
    filled[max(0, rows[0] - top) : rows[-1] + 1 + bottom, max(0, columns[0] - left) : columns[-1] + 1 + right] = True
    return filled


def largest_components(mask: Mask, *, share: float) -> Mask:
    """The connected parts that have at least ``share`` (0 to 1) of the largest part's area: both trouser legs stay, specks go."""
    labels, count = ndimage.label(mask, structure=np.ones((3, 3)))
    if count == 0:
        return mask
    areas = np.bincount(labels.ravel())
    areas[0] = 0
    keep = areas >= share * areas.max()
    keep[0] = False
    return np.asarray(keep[labels])


def fill_holes(mask: Mask, *, share: float) -> Mask:
    """Fill the holes whose area is at most ``share`` of the mask's: a belt buckle, not the gap between an arm and the waist."""
    labels, count = ndimage.label(ndimage.binary_fill_holes(mask) & ~mask)
    if count == 0:
        return mask
    areas = np.bincount(labels.ravel())
    small = areas <= share * mask.sum()
    small[0] = False
    return np.asarray(mask | small[labels])


def grow(mask: Mask, pixels: int) -> Mask:
    """The mask wider by ``pixels`` on every side, or narrower where negative; the picture's border never erodes it."""
    if pixels < 0:
        return _edged(mask, 1 - pixels, lambda part: ndimage.distance_transform_edt(part) > -pixels, mask.copy())
    return _edged(mask, 1 + pixels, lambda part: ndimage.distance_transform_edt(~part) <= pixels, mask.copy())


def grow_image(image: Image.Image, pixels: int) -> Image.Image:
    """A mask image (``L``) wider by ``pixels`` on every side, or narrower where negative; a soft one keeps its slopes."""
    values = np.asarray(image)
    if not is_soft(values):
        return to_image(grow(from_image(image), pixels))
    wanted = ndimage.maximum_filter if pixels > 0 else ndimage.minimum_filter
    return Image.fromarray(wanted(values, size=2 * abs(pixels) + 1, mode="nearest"))


def is_soft(levels: NDArray[np.uint8]) -> bool:
    """Whether a mask of levels 0 to 255 has others than these two."""
    return any(Image.fromarray(levels).histogram()[1:255])


def feather(mask: Mask, blur: float) -> Alpha:
    """Opacity (0 to 1) that is 1 on the mask and falls smoothly to exactly 0 at ``blur`` pixels outside it; up to 1 it is a hard edge."""
    alpha = mask.astype(np.float32)
    return alpha if blur <= 1 else _edged(mask, math.ceil(blur), lambda part: _opacity(part, blur), alpha)


def feathered(mask: Mask, blur: float) -> NDArray[np.uint8]:
    """``feather`` in levels of 0 to 255, rounded up, so that 0 is exactly where the opacity is 0."""
    levels = np.multiply(mask, 255, dtype=np.uint8)
    return (
        levels if blur <= 1 else _edged(mask, math.ceil(blur), lambda part: np.ceil(_opacity(part, blur) * 255), levels)
    )


def _opacity(mask: Mask, blur: float) -> Alpha:
    nearness = np.clip(1 - ndimage.distance_transform_edt(~mask) / blur, 0, 1)
    return np.asarray(nearness * nearness * (3 - 2 * nearness), dtype=np.float32)


def _edged(mask: Mask, reach: int, find: Callable[[Mask], NDArray[Any]], values: NDArray[V]) -> NDArray[V]:
    """``values`` (h, w) with what ``find`` makes of the mask near its edge, where it depends on pixels less than ``reach`` away.

    A distance takes forty bytes a pixel while it is computed, so the picture is gone through in parts, each seen with what is around it;
    where nothing around is otherwise than a pixel itself, its value stays. Parts are small, so that few pixels are computed far from the
    edge, but not so small that what is around them is most of the work.
    """
    side = min(max(LEAST_PART, 4 * reach), MOST_PART)
    for left, top, right, bottom in squares((mask.shape[1], mask.shape[0]), side):
        above, before = max(0, top - reach), max(0, left - reach)
        part = mask[above : bottom + reach, before : right + reach]
        if part.any() and not part.all():
            inside = slice(top - above, bottom - above), slice(left - before, right - before)
            values[top:bottom, left:right] = find(part)[inside]
    return values
