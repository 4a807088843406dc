"""Woven patterns as coverage maps: how much of the second colour shows at each pixel."""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from models.tiny.make.palette import RGB

Plane = NDArray[np.floating[Any]]

PATTERNS = ("plain", "striped", "dotted", "checked")
# Never drawn in training data; a style in one of these is new to every base model.
HELD_OUT_PATTERNS = ("diagonal", "zigzag", "argyle")

# Named patterns give the second colour about a third of the cloth, so the named colour stays the dominant one.
_STRIPE, _CHECK, _DOT_RADIUS = 0.36, 0.21, 0.32


def weave(pattern: str, x: Plane, y: Plane, *, colours: tuple[RGB, RGB], period: float) -> Plane:
    """Return cloth at pixel coordinates `x`, `y`, both (h, w), as (h, w, 3) levels of 0..255.

    `period` is the repeat in pixels. Raises KeyError for a pattern outside PATTERNS and HELD_OUT_PATTERNS.
    """
    share = coverage(pattern, x, y, period)[..., None]
    first, second = (np.asarray(colour, np.float32) for colour in colours)
    return np.asarray(first * (1 - share) + second * share, np.float32)


def coverage(pattern: str, x: Plane, y: Plane, period: float) -> Plane:
    """Return the share of the second colour, 0..1, at each pixel; edges are one pixel soft."""
    return _COVERAGE[pattern](x, y, period)


def _soft(signed_distance: Plane) -> Plane:
    return np.asarray(np.clip(signed_distance + 0.5, 0, 1))


def _band(position: Plane, period: float, width: float) -> Plane:
    """Bands that take `width` (0..1) of each period of a coordinate in pixels."""
    return _soft(period * width / 2 - np.abs((position / period) % 1 - 0.5) * period)


def _dotted(x: Plane, y: Plane, period: float) -> Plane:
    shifted = x + (np.floor(y / period) % 2) * period / 2  # every second row is offset by half a dot
    across, down = (shifted / period) % 1 - 0.5, (y / period) % 1 - 0.5
    return _soft(period * (_DOT_RADIUS - np.hypot(across, down)))


def _argyle(x: Plane, y: Plane, period: float) -> Plane:
    rising = _band((x + y) / np.float32(np.sqrt(2)), period, 0.5)
    falling = _band((x - y) / np.float32(np.sqrt(2)), period, 0.5)
    return rising * (1 - falling) + falling * (1 - rising)


_COVERAGE: dict[str, Callable[[Plane, Plane, float], Plane]] = {
    "plain": lambda x, y, _period: np.zeros(np.broadcast_shapes(x.shape, y.shape), np.float32),
    "striped": lambda x, y, period: _band(y + 0 * x, period, _STRIPE),
    "dotted": _dotted,
    "checked": lambda x, y, period: np.maximum(_band(x, period, _CHECK), _band(y, period, _CHECK)),
    "diagonal": lambda x, y, period: _band((x + y) / np.float32(np.sqrt(2)), period, 0.5),
    "zigzag": lambda x, y, period: _band(y + np.abs((x / (1.2 * period)) % 1 - 0.5) * 1.1 * period, period, 0.5),
    "argyle": _argyle,
}
