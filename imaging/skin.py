"""Which pixels may be skin, by their colour: light skin and dark, since brightness does not count.

Chai and Ngan, Face Segmentation Using Skin-Color Map in Videophone Applications, IEEE Transactions on Circuits and Systems for Video
Technology 9(4), 1999: all skins lie in one box of chroma, Cb 77 to 127 and Cr 133 to 173. Of the Monk Skin Tone Scale
(https://skintone.google/get-started) the darkest of the ten tones is outside, at Cr 130.8, so our box begins at 130. Rules that ask for
brightness (R above 95: Kovac, Peer and Solina 2003; Kolkur et al. 2017, arXiv:1708.02694) miss the two darkest.

Tan, camel, brown and beige cloth is in the same box, and no texture of a small picture tells it from skin. So what is found here may be
skin, and is for others to look at.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from imaging.masks import Mask

Levels = NDArray[np.uint8]
"""Y, Cb and Cr (h, w, 3) as JPEG has them, 0 to 255."""

SIDE = 128
"""At most so many samples each way: 16,384, whose shares are right to 0.004."""
BLUE, RED = (77, 127), (130, 173)
"""Cb and Cr of skin."""
STEPS = np.array([24, 3, 3], np.uint8)
"""Sizes of the cells of Y, Cb and Cr that a person's own skin is remembered in; neighbouring cells count too."""
LEAST_OWN = 0.004
"""Share of a picture's samples from which what may be skin outside of a mask says something."""


def samples(picture: Image.Image) -> Levels:
    """Pixels of an RGB picture, evenly spread."""
    return np.asarray(sampled(picture).convert("YCbCr"))


def sampled(image: Image.Image) -> Image.Image:
    """Single pixels of an image, evenly spread: the same ones of each image of a size."""
    return image.resize(sampled_size(image.size), Image.Resampling.NEAREST)


def sampled_size(size: tuple[int, int]) -> tuple[int, int]:
    """How many there are of an image of a size, width and height."""
    return min(SIDE, size[0]), min(SIDE, size[1])


def may_be_skin(levels: Levels) -> Mask:
    """The samples (h, w) whose colour is one of skin."""
    blue, red = levels[..., 1], levels[..., 2]
    return np.asarray((blue >= BLUE[0]) & (blue <= BLUE[1]) & (red >= RED[0]) & (red <= RED[1]))


def is_of_skin(colour: str) -> bool:
    """Whether a colour (``#RRGGBB``) is one of skin."""
    return bool(may_be_skin(samples(Image.new("RGB", (1, 1), colour))).all())


def share(of: Mask, inside: Mask) -> float:
    """The share (0 to 1) of the pixels inside a mask that are in another; 0 where it is empty."""
    return float(of[inside].mean()) if inside.any() else 0.0


@dataclass(frozen=True)
class OwnSkin:
    """The colours of a person's own skin: cells of Y, Cb and Cr."""

    cells: NDArray[np.bool_]

    def of(self, levels: Levels) -> Mask:
        """The samples (h, w) that have one of these colours."""
        return np.asarray(self.cells[tuple(np.moveaxis(levels // STEPS + 1, -1, 0))])


def own_skin(levels: Levels, elsewhere: Mask) -> OwnSkin | None:
    """What may be a person's own skin ``elsewhere`` (h, w), such as the face and the hands; None where there is too little.

    A wall or a floor of such a colour is taken for it too.
    """
    found = may_be_skin(levels) & elsewhere
    if found.mean() < LEAST_OWN:
        return None
    cells = np.zeros(255 // STEPS + 3, dtype=np.bool_)
    cells[tuple((levels[found] // STEPS + 1).T)] = True
    for axis in range(cells.ndim):
        lines = np.moveaxis(cells, axis, 0)
        before, after = lines[:-2].copy(), lines[2:].copy()
        lines[1:-1] |= before | after
    return OwnSkin(cells)
