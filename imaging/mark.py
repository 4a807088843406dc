"""Writes an invisible mark into what was painted: 48 bits that only the key's owner reads (``imaging.mark_reading``).

The pattern of ``imaging.mark_carrier`` is added to red, green and blue alike, which moves lightness and leaves hue: faintly on flat cloth,
where it would be seen, more where the cloth is busy. It is the finer the smaller the painted part is, and goes with the soft edge.
"""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from scipy import fft, ndimage

from imaging.mark_carrier import PERIOD, Carrier, Waves, carrier
from imaging.masks import bounds
from imaging.strips import PIXELS, Box

FLAT, BUSY = 0.9, 3.1
"""Root mean square of the mark in levels of 255: on cloth without any texture, and at most."""
SLOPE, SMOOTH = 1.0, 0.5
"""Levels of the mark for each level that a cell's pixels spread, beyond so many."""
CELL = 8
"""Side, in pixels, of the cells whose texture is measured."""
COARSER = 512
"""Side, in pixels, of a square as large as the painted part, from which the pattern is twice as coarse; at twice that, four times."""

Plane = NDArray[np.float32]


def write_mark(
    picture: Image.Image, alpha: Image.Image, payload: int, key: bytes, *, in_place: bool = False
) -> Image.Image:
    """An RGB picture with a payload of 48 bits under a key of 32 bytes: a copy, or the picture itself ``in_place``.

    ``alpha`` (``L``, same size) is how much of each pixel was painted, of 255: where it is 0, no byte changes. A painted part smaller
    than 128 by 128 pixels may be too little to be read again.
    """
    result = picture if in_place else picture.copy()
    levels = np.asarray(alpha)
    box = bounds(levels > 0)
    if box is None:
        return result
    own = carrier(key)
    tile = _tile(own, own.written(payload), _coarseness(levels))
    for part in _parts(box):
        left, top, right, bottom = part
        before = result.crop(part)
        added = _strength(np.asarray(before.convert("L"), dtype=np.float32))
        added *= levels[top:bottom, left:right] * np.float32(1 / 255)
        added *= tile[:, np.arange(left, right) % len(tile)][np.arange(top, bottom) % len(tile)]
        result.paste(_lightened(before, added), (left, top))
    return result


def _parts(box: Box) -> Iterator[Box]:
    """The box from top to bottom, in parts that begin where cells do."""
    left, top, right, bottom = box
    rows = max(1, PIXELS // (right - left) // CELL) * CELL
    for start in range(top, bottom, rows):
        yield left, start, right, min(start + rows, bottom)


def _coarseness(levels: NDArray[np.uint8]) -> int:
    """How many times coarser than its finest the pattern is: a power of two."""
    side = np.sqrt(np.count_nonzero(levels > 127))
    return 1 << max(0, int(np.log2(max(side, 1) / COARSER)) + 1 if side >= COARSER else 0)


def _tile(own: Carrier, waves: Waves, coarseness: int) -> Plane:
    """One period of the pattern in both directions; its root mean square is 1."""
    side = PERIOD * coarseness
    spectrum = np.zeros((side, side // 2 + 1), dtype=np.complex64)
    spectrum[own.down, own.across] = waves
    upright = own.across == 0
    spectrum[-own.down[upright], 0] = waves[upright].conj()
    tile = fft.irfft2(spectrum, s=(side, side))
    return np.asarray(tile / tile.std(), dtype=np.float32)


def _lightened(picture: Image.Image, added: Plane) -> Image.Image:
    """An RGB picture with as many levels more in each colour, rounded."""
    pixels = np.asarray(picture).reshape(len(added), -1).astype(np.int16)
    pixels += np.repeat(np.rint(added).astype(np.int16), 3, axis=1)
    np.clip(pixels, 0, 255, out=pixels)
    return Image.fromarray(pixels.astype(np.uint8).reshape(*added.shape, 3))


def _strength(luma: Plane) -> Plane:
    """How strong the mark may be at each pixel, in levels: by the texture of the calmest cell around, for an edge is no texture."""
    height, width = luma.shape
    down, across = -(-height // CELL), -(-width // CELL)
    padded = np.pad(luma, ((0, down * CELL - height), (0, across * CELL - width)), mode="edge")
    mean = _of_cells(padded, down, across)
    spread = np.sqrt(np.maximum(_of_cells(np.square(padded), down, across) - mean**2, 0))
    calmest = ndimage.minimum_filter(spread, 3, mode="nearest")
    strength = np.clip(FLAT + SLOPE * np.maximum(calmest - SMOOTH, 0), FLAT, BUSY).astype(np.float32)
    # Of black and white half of the mark is cut off.
    strength *= 1 + np.clip(1 - np.minimum(mean, 255 - mean) / 2, 0, 1)
    smooth = Image.fromarray(strength).resize((across * CELL, down * CELL), Image.Resampling.BILINEAR)
    return np.array(smooth)[:height, :width]


def _of_cells(plane: Plane, down: int, across: int) -> Plane:
    """The mean of each cell; row by row first, which is several times faster."""
    rows = plane.reshape(down, CELL, -1).sum(axis=1)
    return np.asarray(rows.reshape(down, across, CELL).sum(axis=2) / CELL**2)
