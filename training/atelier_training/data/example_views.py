"""Square views of a picture, framed by the same rule as in serving."""

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from atelier_training.data.examples import Example
from imaging.framing import CONTEXT, crop_box, scaled, square, square_mask
from imaging.masks import Mask, boxed, from_image, grow, larger_side, to_image

MOST_GROWTH = 0.08
"""Masks in use are looser than the garment by up to about this share of their larger side."""
BOX_SHARE = 0.25
"""Share of the views whose mask is a box: people draw rough masks too."""
BOX_MARGIN = 0.15
"""A box reaches beyond the garment by up to this share of the mask's larger side."""


Frame = tuple[int, int, int, int, int, int]


@dataclass(frozen=True, kw_only=True)
class View:
    """One training picture: RGB levels (side, side, 3), what to paint of it (side, side), and its words.

    ``frame`` says what it was cut from, in pixels: height and width of the photo, top and left of the cut in the photo at
    the view's scale, height and width of the view.
    """

    name: str
    pixels: NDArray[np.uint8]
    mask: Mask
    caption: str
    frame: Frame


def inpaint_views(example: Example, side: int, count: int, chance: np.random.Generator) -> Iterator[View]:
    """``count`` views around the garment, each with another looseness of the mask and so another crop."""
    picture, mask = _shrunk(example.picture, example.mask, side)
    for _ in range(count):
        loose = _box(mask, chance) if chance.random() < BOX_SHARE else _grown(mask, chance)
        box = crop_box(loose, resolution=side)
        yield View(
            name=example.name,
            pixels=np.asarray(square(picture, box, side)),
            mask=square_mask(loose, box, side),
            caption=example.caption,
            frame=uncropped(side),
        )


def whole_views(
    example: Example, side: int, count: int, chance: np.random.Generator, *, centre: bool
) -> Iterator[View]:
    """``count`` square crops as large as the picture allows, at random places or all in the centre, to be painted whole."""
    picture = example.picture
    shorter = min(picture.size)
    for _ in range(count):
        places = [
            (length - shorter) // 2 if centre else int(chance.integers(length - shorter + 1)) for length in picture.size
        ]
        box = (places[0], places[1], places[0] + shorter, places[1] + shorter)
        left, top = (round(place * side / shorter) for place in places)
        yield View(
            name=example.name,
            pixels=np.asarray(square(picture, box, side)),
            mask=np.ones((side, side), dtype=np.bool_),
            caption=example.caption,
            frame=(picture.height, picture.width, top, left, side, side),
        )


def uncropped(side: int) -> Frame:
    """The frame that serving names for every square it paints, a garment's included: whole, and of the model's size."""
    return (side, side, 0, 0, side, side)


def _shrunk(picture: Image.Image, mask: Mask, side: int) -> tuple[Image.Image, Mask]:
    """Shrink a photo whose crop would have more than twice the model's side: growing a mask of 12 megapixels is slow."""
    scale = 2 * side / (CONTEXT * larger_side(mask))
    if scale >= 1:
        return picture, mask
    size = scaled(picture.size, scale)
    smaller = _resized(mask, size)
    if not smaller.any():  # all of it is finer than a pixel
        smaller = _resized(grow(mask, math.ceil(1 / scale)), size)
    return picture.resize(size, Image.Resampling.LANCZOS), smaller


def _resized(mask: Mask, size: tuple[int, int]) -> Mask:
    return from_image(to_image(mask).resize(size, Image.Resampling.BOX))


def _grown(mask: Mask, chance: np.random.Generator) -> Mask:
    return grow(mask, round(chance.uniform(0, MOST_GROWTH) * larger_side(mask)))


def _box(mask: Mask, chance: np.random.Generator) -> Mask:
    """The mask's bounding box with a margin drawn for each side."""
    top, bottom, left, right = np.rint(chance.uniform(0, BOX_MARGIN, 4) * larger_side(mask)).astype(int)
    return boxed(mask, top, left, bottom, right)
