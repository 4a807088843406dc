"""How blurred a picture is, at the size at which it is looked at.

Crete, Dolmiere, Ladret and Nicolas, The Blur Effect, Human Vision and Electronic Imaging XII, 2007 (doi 10.1117/12.702790): what is blurred
already hardly changes when it is blurred again. Brightness and contrast do not count, and there need be no second picture to compare with.
"""

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from scipy import ndimage

WINDOW = 11
"""Pixels over which it is blurred again: the paper's."""
_FAINT = 0.05
"""Levels (0 to 255) of mean difference between neighbours below which there is nothing that could be sharp."""


def blur(picture: Image.Image) -> float:
    """0 (every edge is sharp) to 1 (none is) of a picture of any mode, as it is: scale it first to the size that matters.

    A picture without any edge, a plain surface, is not blurred: 0.
    """
    levels = np.asarray(picture.convert("L"), dtype=np.float32)
    return max(_along(levels, axis) for axis in (0, 1))


def _along(levels: NDArray[np.float32], axis: int) -> float:
    """The share of the differences between neighbours along an axis that a second blur leaves."""
    sharp = np.abs(np.diff(levels, axis=axis))
    if sharp.size == 0 or sharp.mean() < _FAINT:
        return 0.0
    blurred = np.abs(np.diff(ndimage.uniform_filter1d(levels, WINDOW, axis=axis), axis=axis))
    lost = np.maximum(0, sharp - blurred).sum()
    return float((sharp.sum() - lost) / sharp.sum())
