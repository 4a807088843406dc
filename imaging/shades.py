"""About which colours a cloth's pixels gather, as if all were in one light.

A fold in shade has the cloth's hue with less of everything, so colours are compared as if all were in one light, and their lightness
counts for less.

Nothing is decided upon: where pixels change a little, all of this changes a little. A model sums in another order in other company, which
moves a pixel by a level here and there; a colour that fell from one group into another for that would show all over a garment. So a pixel
is shared between the places of a grid around its colour, places move towards what is near them a few times (not until they come to rest,
as in Comaniciu and Meer, Mean Shift: A Robust Approach Toward Feature Space Analysis, 2002, where they would part suddenly), and
each counts by what lies there.
"""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import product

import numpy as np
from numpy.typing import NDArray

from imaging.lab import Lab

Placed = NDArray[np.float64]
"""Colours in one light, (n, 3)."""
Values = NDArray[np.float64]
"""A number for each of some colours, (n,)."""

Squares = NDArray[np.floating]

MOST_SAMPLES = 16_384
FEW = 0.0015
"""Share of the pixels that is taken from each place of the grid, so that single pixels of odd colours cost no time."""
MOST_PLACES = 256
"""Where more places have more than that, what the next one has is taken from all."""
AT_ONCE = 2048
"""Pixels that are looked at together, to stay in the processor's cache."""
STEPS = 4
HARD = 16
"""Exponent of the mean that stands for the greatest: 1 would be the plain mean, and infinity be decided by single places."""
_LIGHTNESS = 0.4
_BLACK, _UNLIT = 16.0, 14.0
"""L* at which CIELAB's light is none, below 0; and L* under which a shade's hue is noise."""
_MIDDLE = 60.0


@dataclass(frozen=True, kw_only=True)
class Gathered:
    """Places about which colours gather (k, 3), what share of the pixels lies there (k,; sums to 1), and what share is about them (k,)."""

    places: Placed
    masses: Values
    shares: Values

    def most(self, values: Values) -> float:
        """About the greatest of places' values."""
        return float((self.masses @ values**HARD) ** (1 / HARD))

    def near(self, counted: Values, placed: Placed, side: float) -> Values:
        """How much of the places, each ``counted`` 0 to 1, is near colours (n, 3): ever less from a distance of ``side`` on."""

        def nearness(squares: Squares) -> NDArray[np.floating]:
            near = 1 / (1 + squares / np.float32(side**2))
            return np.asarray(near * np.sqrt(near))

        return self._summed(counted * self.masses, placed, nearness)

    def within(self, counted: Values, placed: Placed, limits: tuple[float, float]) -> Values:
        """Share of the places, each ``counted`` 0 to 1, that is up to the first distance from colours (n, 3); none from the second on."""
        masses = counted * self.masses
        return self._summed(masses / masses.sum(), placed, lambda squares: 1 - rising(np.sqrt(squares), limits))

    def _summed(self, masses: Values, placed: Placed, of: Callable[[Squares], NDArray[np.floating]]) -> Values:
        if not masses.any():
            return np.zeros(len(placed))
        some = np.flatnonzero(masses)
        places, counted = self.places[some], masses[some]
        parts = (placed[start : start + AT_ONCE] for start in range(0, len(placed), AT_ONCE))
        return np.concatenate([np.zeros(0), *(of(_squares(part, places)) @ counted for part in parts)])


def in_one_light(lab: Lab) -> Placed:
    """CIELAB's a* and b* go with the cube root of light, as L* + 16 does."""
    light = (_MIDDLE + _BLACK) / (np.maximum(lab[:, :1], _UNLIT) + _BLACK)
    return np.concatenate([_LIGHTNESS * lab[:, :1], lab[:, 1:] * light], axis=1)


def gathered(placed: Placed, *, same: float) -> Gathered:
    """About which colours the pixels (n, 3; n at least 1) gather. Those that are less than about ``same`` apart do about one."""
    grid, masses = _on_a_grid(placed[:: -(-len(placed) // MOST_SAMPLES)], same / 2)
    limits = same / 4, same * 5 / 4
    places = grid
    for _ in range(STEPS):
        counted = masses * (1 - rising(np.sqrt(_squares(places, grid)), limits))
        places = counted @ grid / counted.sum(axis=1, keepdims=True)
    shares = (1 - rising(np.sqrt(_squares(places, places)), limits)) @ masses
    return Gathered(places=places, masses=masses, shares=shares)


def rising(values: NDArray[np.floating] | float, limits: tuple[float, float]) -> Values:
    """0 up to the first limit, 1 from the second on, smooth between."""
    share = np.clip((values - limits[0]) / (limits[1] - limits[0]), 0, 1)
    return np.asarray(share * share * (3 - 2 * share))


def _on_a_grid(placed: Placed, side: float) -> tuple[Placed, Values]:
    """Places of a grid that is the same for every picture, and the share of the colours at each: one is shared between the eight around."""
    at = placed / side
    low = np.floor(at).astype(np.intp)
    part, origin = at - low, low.min(axis=0)
    shape = tuple(int(length) for length in low.max(axis=0) - origin + 2)
    masses = np.zeros(int(np.prod(shape)))
    for corner in product((0, 1), repeat=3):
        shares = np.where(corner, part, 1 - part).prod(axis=1)
        index = np.ravel_multi_index(tuple((low - origin + corner).T), shape)
        masses += np.bincount(index, weights=shares, minlength=len(masses))
    masses = _without_few(masses / masses.sum())
    found = np.flatnonzero(masses)
    places = (np.stack(np.unravel_index(found, shape), axis=1) + origin) * side
    return places.astype(np.float64), masses[found] / masses.sum()


def _without_few(masses: Values) -> Values:
    few = min(FEW, masses.max() / 2)
    if np.count_nonzero(masses > few) > MOST_PLACES:
        few = np.partition(masses, -MOST_PLACES - 1)[-MOST_PLACES - 1] * (1 - 1e-6)
    return np.asarray(np.maximum(0, masses - few))


def _squares(one: Placed, other: Placed) -> Squares:
    """Squares of distances (n, k)."""
    middle = other.mean(axis=0)  # or what single precision leaves of colours far from grey would be noise
    each, centres = ((colours - middle).astype(np.float32) for colours in (one, other))
    squares = np.square(each).sum(axis=1)[:, None] + np.square(centres).sum(axis=1) - 2 * each @ centres.T
    return np.asarray(np.maximum(0, squares))
