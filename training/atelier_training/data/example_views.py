"""Square views of a picture, framed by the same rule as in serving."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from atelier_training.data.crops import BOX_MARGIN, MOST_GROWTH, PictureCrop
from contracts.errors import InvalidInputError
from imaging.framing import box_around, square, square_mask
from imaging.masks import Mask, bounds, boxed, grow, larger_side

BOX_SHARE = 0.25
"""Share of the views whose mask is a box: people draw rough masks too."""


Frame = tuple[int, int, int, int, int, int]


@dataclass(frozen=True, kw_only=True)
class View:
    """One training picture: RGB levels (side, side, 3) and what to paint of it (side, side).

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


def whole_view(crop: PictureCrop, side: int, chance: np.random.Generator, number: int = 0, *, centre: bool) -> View:
    """A square crop as large as the picture allows, in the centre or where ``chance`` puts it after ``number`` others, painted whole."""
    shorter, cut = min(crop.photo), min(crop.size)
    drawn = [
        [(length - shorter) // 2 if centre else int(chance.integers(length - shorter + 1)) for length in crop.photo]
        for _ in range(number + 1)
    ]
    x, y = (min(round(place * cut / shorter), length - cut) for place, length in zip(drawn[-1], crop.size, strict=True))
    left, top = (round(place * side / shorter) for place in drawn[-1])
    return View(
        pixels=np.asarray(square(Image.fromarray(crop.pixels), (x, y, x + cut, y + cut), side)),
        mask=np.ones((side, side), dtype=np.bool_),
        frame=(crop.photo[1], crop.photo[0], top, left, side, side),
    )


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
