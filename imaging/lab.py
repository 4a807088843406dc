"""sRGB as CIELAB, in which a distance of about 2.3 is just seen, whatever the colour."""

import numpy as np
from numpy.typing import NDArray

_TO_XYZ = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])
"""Of linear sRGB (IEC 61966-2-1)."""
_WHITE = _TO_XYZ.sum(axis=1)
"""D65, as the matrix has it: white has neither a* nor b*."""
_DARK = 6 / 29
"""Below the cube of this CIELAB's cube root is a line (CIE 15)."""


def to_lab(pixels: NDArray[np.uint8]) -> NDArray[np.float64]:
    """L* (0 to 100), a* and b* of RGB levels; both (n, 3)."""
    levels = pixels.astype(np.float64) / 255
    linear = np.where(levels <= 0.04045, levels / 12.92, ((levels + 0.055) / 1.055) ** 2.4)
    relative = linear @ _TO_XYZ.T / _WHITE
    x, y, z = np.where(relative > _DARK**3, np.cbrt(relative), relative / (3 * _DARK**2) + 4 / 29).T
    return np.stack([116 * y - 16, 500 * (x - y), 200 * (y - z)], axis=1)
