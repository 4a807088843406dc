"""How much of each of a mark's waves is in each cell of a picture, whatever else is in it.

Looked at are differences of neighbouring pixels: those of a mark are small, and those of a picture's edges large, so a difference counts
less the larger it is among those around it (Student's weights: a scatter with long tails is what differences in pictures are).
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from imaging.mark_carrier import FASTEST, Carrier, Waves

REACH = int(FASTEST)
TAIL = 1.5
"""A difference that is so many times what is usual around it counts half."""
AROUND = 15
"""Side, in pixels, of what is around."""
LEAST, MOST = 0.5, 10.0
"""Levels a pixel: what is usual is no less, and no more than this counts for it."""

Plane = NDArray[np.float32]


@dataclass(frozen=True, kw_only=True)
class Slopes:
    """A picture's differences across and down, (2, h, w), over a ``distance`` in pixels, each brought to -1 to 1."""

    planes: Plane
    distance: int


def slopes(luma: Plane, distance: int) -> Slopes:
    """The differences of a plane of levels."""
    planes = np.zeros((2, *luma.shape), dtype=np.float32)
    np.subtract(luma[:, distance:], luma[:, :-distance], out=planes[0, :, :-distance])
    np.subtract(luma[distance:], luma[:-distance], out=planes[1, :-distance])
    usual = ndimage.uniform_filter(np.minimum(np.abs(planes), MOST), (0, AROUND, AROUND), mode="nearest")
    planes /= TAIL * np.maximum(usual, LEAST * distance)
    planes /= 1 + np.square(planes)
    return Slopes(planes=planes, distance=distance)


def waves_of_cells(own: Carrier, of: Slopes, period: float) -> tuple[Waves, Plane]:
    """The carrier's waves in cells of ``period`` pixels, (down, across, n), and how large (n,) each is in a mark.

    All are as from one origin, the picture's upper left corner, so cells of one mark add up; the noise of each is about the same.
    """
    across = _passed(np.arange(REACH + 1), of.distance, period)
    down = _passed(np.arange(-REACH, REACH + 1), of.distance, period)
    found = _cells(of.planes[0], period, across.conj(), np.ones_like(down))
    found += _cells(of.planes[1], period, np.ones_like(across), down.conj())
    size = np.sqrt(np.abs(across[own.across]) ** 2 + np.abs(down[own.down + REACH]) ** 2)
    return found[..., own.down + REACH, own.across] / size, size


def _passed(waves: NDArray[np.intp], distance: int, period: float) -> Waves:
    """What the difference over a distance makes of waves, so many a period."""
    return np.asarray(np.exp(2j * np.pi * waves * distance / period) - 1, dtype=np.complex64)


def _cells(plane: Plane, period: float, across: Waves, down: Waves) -> Waves:
    """Fourier's sums over each cell, (cells down, cells across, waves down, waves across), times what is given for each wave.

    A picture's fold of one period and its sums at whole waves of that period are the same; the sums need no resampling.
    """
    rows, columns = _places(plane.shape[0], period), _places(plane.shape[1], period)
    turns = _turns(columns, np.arange(REACH + 1), period) * across
    parts = np.concatenate([turns.real, turns.imag], axis=2).astype(np.float32)
    sums = np.matmul(plane[:, np.maximum(columns, 0)].transpose(1, 0, 2), parts)
    half = REACH + 1
    complex_sums = (sums[..., :half] + 1j * sums[..., half:])[:, np.maximum(rows, 0)].transpose(1, 0, 3, 2)
    turned = _turns(rows, np.arange(-REACH, REACH + 1), period) * down
    return np.asarray(np.matmul(complex_sums, turned[:, None].astype(np.complex64)).swapaxes(2, 3))


def _turns(places: NDArray[np.intp], waves: NDArray[np.intp], period: float) -> NDArray[np.complex128]:
    turns = np.exp((-2j * np.pi / period) * (np.maximum(places, 0)[:, :, None] * waves))
    return np.asarray(turns * (places >= 0)[:, :, None])


def _places(count: int, period: float) -> NDArray[np.intp]:
    """The pixels (cells, most) of each whole cell along a side of ``count``; -1 where a cell has one less."""
    starts = np.floor(np.arange(max(1, int(count / period)) + 1) * period).astype(np.intp)
    places = starts[:-1, None] + np.arange(int(np.ceil(period)))
    return np.where((places < starts[1:, None]) & (places < count), places, -1)
