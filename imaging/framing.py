"""Which square of a photo the model sees: around the mask, with context, at a scale that it was trained at."""

import math

import numpy as np
from PIL import Image

from contracts.errors import InvalidInputError
from imaging.masks import Box, Mask, bounds, from_image, grow, to_image

CONTEXT = 1.5
"""Side of the crop over the mask's larger side: the model must see the body that wears the garment."""
LEAST_CONTEXT = 1.2
"""Below this, a narrow picture is cut to a box that is not square rather than to a tighter square."""

LONGEST_ASPECT = 4
"""Longer side over the shorter one beyond which a whole picture is not painted at its own aspect."""


def crop_box(mask: Mask, *, resolution: int, context: float = CONTEXT) -> Box:
    """The square around ``mask`` (h, w), ``context`` times its larger side and at least ``resolution`` pixels where the picture has them.

    It lies inside the picture and covers the whole mask. Where the picture is too narrow for a square with some context around the
    mask, the box is as narrow as the picture, and ``square`` widens it. Raises InvalidInputError for an empty mask.
    """
    box = bounds(mask)
    if box is None:
        raise InvalidInputError(
            "mask", got="no pixel to repaint", allowed="a mask that says where the picture is repainted"
        )
    left, top, right, bottom = box
    height, width = mask.shape
    longest = max(right - left, bottom - top)
    side = max(math.ceil(context * longest), resolution)
    fits = min(width, height) >= LEAST_CONTEXT * longest
    side = min(side, min(width, height) if fits else max(width, height))
    x0, x1 = _interval(left, right, side, width)
    y0, y1 = _interval(top, bottom, side, height)
    return x0, y0, x1, y1


def painting_size(size: tuple[int, int], resolution: int) -> tuple[int, int]:
    """Width and height at which a whole picture of ``size`` is painted: its aspect, about ``resolution`` squared pixels, multiples of 8.

    A picture that is more than 4 times as wide as high, or as high as wide, is painted at 4 to 1: no model was trained on longer ones.
    """
    longest = math.sqrt(LONGEST_ASPECT)
    stretch = min(max(math.sqrt(size[0] / size[1]), 1 / longest), longest)
    return _multiple_of_8(resolution * stretch), _multiple_of_8(resolution / stretch)


def scaled(size: tuple[int, int], scale: float) -> tuple[int, int]:
    """Width and height times ``scale``, at least 1 pixel each."""
    return max(1, round(size[0] * scale)), max(1, round(size[1] * scale))


def square(image: Image.Image, box: Box, side: int) -> Image.Image:
    """The box cut out of an image, widened to a square by repeating its border, and resized to ``side`` pixels."""
    part = np.asarray(image.crop(box))
    (top, left), longest = _padding(box), max(part.shape[:2])
    widths = [(top, longest - part.shape[0] - top), (left, longest - part.shape[1] - left), (0, 0)]
    padded = Image.fromarray(np.pad(part, widths[: part.ndim], mode="edge"))
    return padded.resize((side, side), Image.Resampling.LANCZOS)


def square_mask(mask: Mask, box: Box, side: int) -> Mask:
    """A mask (h, w) cut and resized as ``square`` does with its picture; where all of it is finer than a pixel of that, it is widened."""
    resized = from_image(square(to_image(mask), box, side))
    pixel = math.ceil(max(box[2] - box[0], box[3] - box[1]) / side)
    return resized if resized.any() else from_image(square(to_image(grow(mask, pixel)), box, side))


def unsquare(image: Image.Image, box: Box) -> Image.Image:
    """Undo ``square``: a square image back at the box's own size, its widened border cut off."""
    width, height = box[2] - box[0], box[3] - box[1]
    longest = max(width, height)
    top, left = _padding(box)
    resized = image.resize((longest, longest), Image.Resampling.LANCZOS)
    return resized.crop((left, top, left + width, top + height))


def _multiple_of_8(length: float) -> int:
    return max(8, 8 * round(length / 8))


def _interval(low: int, high: int, side: int, limit: int) -> tuple[int, int]:
    """``side`` pixels centred on [low, high), moved inside [0, limit); all of it where it is shorter than ``side``."""
    if side >= limit:
        return 0, limit
    start = min(max(0, (low + high - side) // 2), limit - side)
    return start, start + side


def _padding(box: Box) -> tuple[int, int]:
    """Rows above and columns left of the box that widen it to a square."""
    width, height = box[2] - box[0], box[3] - box[1]
    longest = max(width, height)
    return (longest - height) // 2, (longest - width) // 2
