"""Snaps a blurry probability to the edges of the picture it was made from: the fast guided filter of He and Sun (arXiv:1505.00996).

In each small window the probability is explained as a linear function of the colour, so it changes where the colour changes.
"""

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from scipy import ndimage

from imaging.framing import scaled

Plane = NDArray[np.floating]

RADIUS = 0.08
"""Radius of a window over the picture's longer side: about the error of a CLIPSeg outline."""
SMOOTHNESS = 1e-3
"""Variance of colour (levels of 0 to 1) below which a difference is texture and no edge."""
_FITTED_SIDE = 192
"""The linear functions are smooth, so they are fitted on a small copy and stretched."""


def snap(probability: Plane, picture: Image.Image) -> NDArray[np.float32]:
    """``probability`` (h, w; 0 to 1) moved to the edges of the RGB ``picture`` of the same size."""
    size = picture.size
    small = scaled(size, min(1.0, _FITTED_SIDE / max(size)))
    slopes, offset = _fit(_stretch(probability, small), _levels(picture.resize(small, Image.Resampling.BOX)))
    snapped = _stretch(offset, size)
    for channel, slope in zip(np.moveaxis(_levels(picture), -1, 0), np.moveaxis(slopes, -1, 0), strict=True):
        snapped += channel * _stretch(slope, size)
    return np.clip(snapped, 0, 1).astype(np.float32)


def _fit(probability: Plane, levels: Plane) -> tuple[Plane, Plane]:
    """Slopes (h, w, 3) and offset (h, w) of the functions of colour, averaged over the windows that hold a pixel."""
    radius = max(1, round(RADIUS * max(probability.shape)))
    colour, mean = _windowed(levels, radius), _windowed(probability, radius)
    together = _windowed(levels * probability[..., None], radius) - colour * mean[..., None]
    spread = _windowed(_outer(levels), radius) - _outer(colour) + SMOOTHNESS * np.eye(3)
    slopes = np.linalg.solve(spread, together[..., None])[..., 0]
    return _windowed(slopes, radius), _windowed(mean - (slopes * colour).sum(axis=-1), radius)


def _windowed(values: Plane, radius: int) -> Plane:
    """The mean over the square window around each pixel, of every channel."""
    side = 2 * radius + 1
    return np.asarray(ndimage.uniform_filter(values, size=(side, side) + (1,) * (values.ndim - 2), mode="nearest"))


def _outer(levels: Plane) -> Plane:
    return np.asarray(levels[..., :, None] * levels[..., None, :])


def _levels(picture: Image.Image) -> Plane:
    return np.asarray(picture, dtype=np.float64) / 255


def _stretch(plane: Plane, size: tuple[int, int]) -> Plane:
    stretched = Image.fromarray(plane.astype(np.float32)).resize(size, Image.Resampling.BILINEAR)
    return np.asarray(stretched, dtype=np.float64)
