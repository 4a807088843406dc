"""sRGB as CIELAB and back, and how far apart two colours look.

The plain distance in CIELAB is cheap: about 2.3 is just seen. CIEDE2000 mends where that is uneven, above all between strong colours.
"""

import numpy as np
from numpy.typing import NDArray

Lab = NDArray[np.floating]
"""L* (0 to 100), a* and b* of colours, (n, 3): single precision of levels in single precision, else double."""

_TO_XYZ = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])
"""Of linear sRGB (IEC 61966-2-1)."""
_WHITE = _TO_XYZ.sum(axis=1)
"""D65, as the matrix has it: white has neither a* nor b*."""
_RELATIVE = _TO_XYZ / _WHITE[:, None]
_TO_LINEAR = np.linalg.inv(_TO_XYZ)
_HUES = ((-0.17, 1, -30), (0.24, 2, 0), (0.32, 3, 6), (-0.20, 4, -63))
"""By how much differences of hue weigh more or less around the circle: share, times round, degrees (CIEDE2000's T less 1)."""
_DARK = 6 / 29
"""Below the cube of this CIELAB's cube root is a line (CIE 15)."""


def parse_colour(text: str) -> NDArray[np.uint8]:
    """The levels (1, 3) of a colour spelled ``#RRGGBB``."""
    return np.array([[int(text[place : place + 2], 16) for place in (1, 3, 5)]], dtype=np.uint8)


def to_lab(pixels: NDArray[np.generic]) -> Lab:
    """The colours of RGB levels (n, 3), which may be fractions of levels."""
    linear = _linear(pixels)
    x, y, z = _roots(linear @ _RELATIVE.T.astype(linear.dtype)).T
    return np.stack([116 * y - 16, 500 * (x - y), 200 * (y - z)], axis=1)


def to_lightness(pixels: NDArray[np.generic]) -> NDArray[np.floating]:
    """L* alone of RGB levels (n, 3), (n,): a third of the work."""
    return 116 * _roots(_linear(pixels) @ _TO_XYZ[1]) - 16


def _roots(relative: NDArray[np.floating]) -> NDArray[np.floating]:
    return np.where(relative > _DARK**3, np.cbrt(relative), relative / (3 * _DARK**2) + 4 / 29)


def _linear(pixels: NDArray[np.generic]) -> NDArray[np.floating]:
    return _LINEAR[pixels] if pixels.dtype == np.uint8 else _uncurved(pixels)


def _uncurved(levels: NDArray[np.generic]) -> NDArray[np.floating]:
    shares = np.divide(levels, 255)
    return np.asarray(np.where(shares <= 0.04045, shares / 12.92, ((shares + 0.055) / 1.055) ** 2.4))


_LINEAR = _uncurved(np.arange(256))


def to_levels(lab: Lab) -> NDArray[np.float64]:
    """The RGB levels (n, 3) of colours, not rounded: below 0 or above 255 where sRGB has no such colour."""
    y = (lab[:, 0] + 16) / 116
    roots = np.stack([y + lab[:, 1] / 500, y, y - lab[:, 2] / 200], axis=1)
    relative = np.where(roots > _DARK, roots**3, 3 * _DARK**2 * (roots - 4 / 29))
    linear = (relative * _WHITE) @ _TO_LINEAR.T
    curved = 1.055 * np.maximum(linear, 0.0031308) ** (1 / 2.4) - 0.055
    return np.asarray(255 * np.where(linear <= 0.0031308, 12.92 * linear, curved), dtype=np.float64)


def difference(one: Lab, other: Lab) -> NDArray[np.floating]:
    """CIEDE2000 between colours, row by row, (n,): Sharma, Wu and Dalal, The CIEDE2000 color-difference formula, 2005."""
    chroma = (np.hypot(one[:, 1], one[:, 2]) + np.hypot(other[:, 1], other[:, 2])) / 2
    stretch = 1.5 - 0.5 * _saturation(chroma)
    (chroma1, hue1), (chroma2, hue2) = (_polar(lab, stretch) for lab in (one, other))
    turn = np.where(chroma1 * chroma2 == 0, 0, (hue2 - hue1 + 180) % 360 - 180)
    hue = np.where(chroma1 * chroma2 == 0, hue1 + hue2, hue1 + turn / 2)
    light, chroma = (one[:, 0] + other[:, 0]) / 2, (chroma1 + chroma2) / 2
    light_scale = 1 + 0.015 * (light - 50) ** 2 / np.sqrt(20 + (light - 50) ** 2)
    uneven = sum(share * np.cos(np.radians(times * hue + shift)) for share, times, shift in _HUES)
    lighter = (other[:, 0] - one[:, 0]) / light_scale
    stronger = (chroma2 - chroma1) / (1 + 0.045 * chroma)
    turned = 2 * np.sqrt(chroma1 * chroma2) * np.sin(np.radians(turn / 2)) / (1 + 0.015 * chroma * (1 + uneven))
    slant = np.sin(np.radians(60 * np.exp(-((((hue % 360) - 275) / 25) ** 2)))) * 2 * _saturation(chroma)
    return np.asarray(np.sqrt(np.maximum(0, lighter**2 + stronger**2 + turned**2 - slant * stronger * turned)))


def _saturation(chroma: NDArray[np.floating]) -> NDArray[np.floating]:
    cubed = chroma * chroma * chroma
    seventh = cubed * cubed * chroma
    return np.asarray(np.sqrt(seventh / (seventh + 25.0**7)))


def _polar(lab: Lab, stretch: NDArray[np.floating]) -> tuple[NDArray[np.floating], NDArray[np.floating]]:
    """Chroma and hue (degrees, 0 to 360) with a* stretched, since greys are seen more finely along it."""
    red = lab[:, 1] * stretch
    return np.hypot(red, lab[:, 2]), np.degrees(np.arctan2(lab[:, 2], red)) % 360
