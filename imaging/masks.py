"""Shapes of masks: boolean arrays (height, width), True where the picture is repainted. Distances are pixels, Euclidean."""

import math

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from scipy import ndimage

Mask = NDArray[np.bool_]
Alpha = NDArray[np.float32]
Box = tuple[int, int, int, int]
"""left, top, right, bottom in pixels; right and bottom are exclusive, as in Pillow."""


def from_image(image: Image.Image) -> Mask:
    """The white half of a mask image: levels of 128 and above."""
    return np.asarray(image.convert("L")) >= 128


def to_image(mask: Mask) -> Image.Image:
    """A mask as an image of mode ``L``, white (255) where it is True."""
    return Image.fromarray(mask.astype(np.uint8) * 255)


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
    grown = mask.copy()
    area = _around(mask, abs(pixels) + 1)
    if area is None or pixels == 0:
        return grown
    part = mask[area]
    if pixels > 0:
        grown[area] = ndimage.distance_transform_edt(~part) <= pixels
    elif not part.all():
        grown[area] = ndimage.distance_transform_edt(part) > -pixels
    return grown


def grow_image(image: Image.Image, pixels: int) -> Image.Image:
    """A mask image (``L``) wider by ``pixels`` on every side, or narrower where negative; a soft one keeps its slopes."""
    values = np.asarray(image)
    if not is_soft(values):
        return to_image(grow(from_image(image), pixels))
    wanted = ndimage.maximum_filter if pixels > 0 else ndimage.minimum_filter
    return Image.fromarray(wanted(values, size=2 * abs(pixels) + 1, mode="nearest"))


def is_soft(levels: NDArray[np.uint8]) -> bool:
    """Whether a mask of levels 0 to 255 has others than these two."""
    return bool(((levels > 0) & (levels < 255)).any())


def feather(mask: Mask, blur: float) -> Alpha:
    """Opacity (0 to 1) that is 1 on the mask and falls smoothly to exactly 0 at ``blur`` pixels outside it; up to 1 it is a hard edge."""
    alpha = mask.astype(np.float32)
    area = _around(mask, math.ceil(blur))
    if area is None or blur <= 1:
        return alpha
    nearness = np.clip(1 - ndimage.distance_transform_edt(~mask[area]) / blur, 0, 1)
    alpha[area] = nearness * nearness * (3 - 2 * nearness)
    return alpha


def _around(mask: Mask, margin: int) -> tuple[slice, slice] | None:
    """The part of the picture within ``margin`` pixels of the mask: distances are slow on a whole photo."""
    box = bounds(mask)
    if box is None:
        return None
    left, top, right, bottom = box
    return slice(max(0, top - margin), bottom + margin), slice(max(0, left - margin), right + margin)
