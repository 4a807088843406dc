"""Which square of a photo the model sees: around the mask, with context, at a scale that it was trained at."""

import math
from collections.abc import Iterator

import numpy as np
from PIL import Image

from contracts.errors import InvalidInputError
from imaging.masks import Mask, bounds, from_image, grow, to_image
from imaging.strips import Box, columns, strips

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
    return box_around(box, (mask.shape[1], mask.shape[0]), resolution=resolution, context=context)


def box_around(masked: Box, size: tuple[int, int], *, resolution: int, context: float = CONTEXT) -> Box:
    """The same of a mask whose smallest box is ``masked``, in a picture of (width, height) ``size``."""
    left, top, right, bottom = masked
    width, height = size
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
    width, height = box[2] - box[0], box[3] - box[1]
    (top, left), longest = _padding(box), max(width, height)
    # Rows first, a few at a time, then columns, as Pillow does it: the square around a long and narrow picture is many times its size.
    narrow = Image.new(image.mode, (side, height))
    for _, y, _, bottom in strips((longest, height)):
        part = np.asarray(image.crop((box[0], box[1] + y, box[2], box[1] + bottom)))
        widened = Image.fromarray(np.pad(part, _at(1, left, longest - width - left, part.ndim), mode="edge"))
        narrow.paste(widened.resize((side, bottom - y), Image.Resampling.LANCZOS), (0, y))
    padded = np.pad(np.asarray(narrow), _at(0, top, longest - height - top, part.ndim), mode="edge")
    return Image.fromarray(padded).resize((side, side), Image.Resampling.LANCZOS)


def square_mask(mask: Mask, box: Box, side: int) -> Mask:
    """A mask (h, w) cut and resized as ``square`` does with its picture; where all of it is finer than a pixel of that, it is widened."""
    resized = from_image(square(to_image(mask), box, side))
    pixel = math.ceil(max(box[2] - box[0], box[3] - box[1]) / side)
    return resized if resized.any() else from_image(square(to_image(grow(mask, pixel)), box, side))


def unsquare(image: Image.Image, box: Box) -> Image.Image:
    """Undo ``square``: a square image back at the box's own size, its widened border cut off."""
    whole = Image.new(image.mode, (box[2] - box[0], box[3] - box[1]))
    for part, (left, _, _, _) in unsquared(image, box):
        whole.paste(part, (left - box[0], 0))
    return whole


def unsquared(image: Image.Image, box: Box) -> Iterator[tuple[Image.Image, Box]]:
    """``unsquare`` some columns at a time: parts as high as the box, and the place in the picture of each."""
    width, height = box[2] - box[0], box[3] - box[1]
    longest, (top, left) = max(width, height), _padding(box)
    wide = image.resize((longest, image.height), Image.Resampling.LANCZOS)
    for x, _, right, _ in columns((width, longest)):
        part = wide.crop((left + x, 0, left + right, image.height))
        high = part.resize((right - x, longest), Image.Resampling.LANCZOS).crop((0, top, right - x, top + height))
        yield high, (box[0] + x, box[1], box[0] + right, box[3])


def _at(axis: int, before: int, after: int, axes: int) -> list[tuple[int, int]]:
    """What to add to an array of so many axes, on one of them."""
    return [(before, after) if each == axis else (0, 0) for each in range(axes)]


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
