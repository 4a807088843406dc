"""Square views of a picture, framed by the same rule as in serving."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from atelier_training.data.buckets import Size
from atelier_training.data.crops import BOX_MARGIN, MOST_GROWTH, PictureCrop
from contracts.errors import InvalidInputError
from imaging.framing import box_around, square, square_mask
from imaging.masks import Mask, bounds, boxed, grow, larger_side

BOX_SHARE = 0.25
"""Share of the views whose mask is a box: people draw rough masks too."""


Frame = tuple[int, int, int, int, int, int]


@dataclass(frozen=True, kw_only=True)
class View:
    """One training picture: RGB levels (h, w, 3) and what to paint of it (h, w).

    ``frame`` says what it was cut from, in pixels: height and width of the photo, top and left of the cut in the photo at
    the view's scale, height and width of the view.
    """

    pixels: NDArray[np.uint8]
    mask: Mask
    frame: Frame


def inpaint_view(crop: PictureCrop, side: int, chance: np.random.Generator, number: int = 0) -> View:
    """The view around the garment whose looseness of the mask, and so whose crop, ``chance`` draws after ``number`` others."""
    loose = _loosened(crop.mask, [_looseness(chance) for _ in range(number + 1)][-1])
    masked = bounds(loose)
    if masked is None:
        raise InvalidInputError("mask", got="no pixel to learn", allowed="a mask that says where the garment is")
    left, top = crop.place
    x0, y0, x1, y1 = masked
    in_whole = box_around((x0 + left, y0 + top, x1 + left, y1 + top), crop.size, resolution=side)
    box = (in_whole[0] - left, in_whole[1] - top, in_whole[2] - left, in_whole[3] - top)
    pixels = np.asarray(square(Image.fromarray(crop.pixels), box, side))
    return View(pixels=pixels, mask=square_mask(loose, box, side), frame=uncropped(side))


def whole_view(crop: PictureCrop, size: Size, chance: np.random.Generator, number: int = 0, *, centre: bool) -> View:
    """A crop of (width, height) ``size``'s shape, as large as the picture allows, painted whole.

    It is in the centre, or where ``chance`` puts it after ``number`` others.
    """
    shown, cut = _largest(crop.photo, size), _largest(crop.size, size)
    slack = [length - part for length, part in zip(crop.photo, shown, strict=True)]
    drawn = [[each // 2 if centre else int(chance.integers(each + 1)) for each in slack] for _ in range(number + 1)][-1]
    x, y = (
        min(round(place * part / whole), length - part)
        for place, part, whole, length in zip(drawn, cut, shown, crop.size, strict=True)
    )
    left, top = (round(place * side / whole) for place, side, whole in zip(drawn, size, shown, strict=True))
    part = Image.fromarray(crop.pixels).crop((x, y, x + cut[0], y + cut[1]))
    return View(
        pixels=np.asarray(part.resize(size, Image.Resampling.LANCZOS)),
        mask=np.ones((size[1], size[0]), dtype=np.bool_),
        frame=(crop.photo[1], crop.photo[0], top, left, size[1], size[0]),
    )


def mirrored(view: View) -> View:
    """The view of the photo's mirror image."""
    height, width, top, left, *shape = view.frame
    scale = max(shape[0] / height, shape[1] / width)  # of the view over the photo
    left = max(0, round(width * scale) - left - shape[1])
    return View(
        pixels=np.ascontiguousarray(view.pixels[:, ::-1]),
        mask=np.ascontiguousarray(view.mask[:, ::-1]),
        frame=(height, width, top, left, shape[0], shape[1]),
    )


def _largest(of: Size, shape: Size) -> Size:
    """The largest part of a picture of (width, height) ``of`` that has the shape."""
    scale = min(of[0] / shape[0], of[1] / shape[1])
    return min(of[0], max(1, round(shape[0] * scale))), min(of[1], max(1, round(shape[1] * scale)))


def uncropped(side: int) -> Frame:
    """The frame that serving names for every square it paints, a garment's included: whole, and of the model's size."""
    return (side, side, 0, 0, side, side)


def _looseness(chance: np.random.Generator) -> NDArray[np.float64]:
    """By which shares of its larger side a mask is looser: that of each side of a box around it, or one that it is grown by."""
    boxes = chance.random() < BOX_SHARE
    return np.asarray(chance.uniform(0, BOX_MARGIN, 4) if boxes else chance.uniform(0, MOST_GROWTH))


def _loosened(mask: Mask, shares: NDArray[np.float64]) -> Mask:
    pixels = shares * larger_side(mask)
    if not shares.ndim:
        return grow(mask, round(float(pixels)))
    top, bottom, left, right = np.rint(pixels).astype(int)
    return boxed(mask, top, left, bottom, right)
