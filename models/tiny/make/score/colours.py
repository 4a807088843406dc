"""Which named colour dominates a garment."""

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from imaging.masks import Mask, grow
from models.tiny.make.palette import COLOURS

_NAMES = tuple(COLOURS)
_LEVELS = np.array([COLOURS[name] for name in _NAMES], np.float32)


def dominant_colour(picture: Image.Image, mask: Mask) -> str:
    """Return the named colour nearest to the most pixels inside the mask (h, w), its one-pixel rim left out."""
    inside: NDArray[np.float32] = np.asarray(picture, np.float32)[grow(mask, -1)]
    nearest = np.linalg.norm(inside[:, None] - _LEVELS, axis=2).argmin(1)
    return _NAMES[int(np.bincount(nearest, minlength=len(_NAMES)).argmax())]
