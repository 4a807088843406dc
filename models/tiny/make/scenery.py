"""Muted backgrounds, so that a figure stands out by its colours and not by its place."""

from collections.abc import Callable

import numpy as np
from numpy.random import Generator

from models.tiny.make.textures import Plane

_SATURATION = 0.55


def background(size: tuple[int, int], rng: Generator) -> Plane:
    """Draw a background of `size` (width, height) as (h, w, 3) levels of 0..255: one of five kinds."""
    width, height = size
    y, x = np.mgrid[0:height, 0:width].astype(np.float32) / max(width, height)
    first = rng.uniform(90, 245, 3)
    second = np.clip(first + rng.uniform(-60, 60, 3), 40, 255)
    kind = _KINDS[int(rng.integers(len(_KINDS)))]
    share = kind(x, y, rng)[..., None]
    return np.asarray(_muted(first) * (1 - share) + _muted(second) * share, np.float32)


def _muted(colour: Plane) -> Plane:
    grey = colour.mean()
    return np.asarray(grey + (colour - grey) * _SATURATION, np.float32)


def _slope(x: Plane, y: Plane, rng: Generator) -> Plane:
    angle = rng.uniform(0, 2 * np.pi)
    return np.asarray(np.clip((x - 0.5) * np.cos(angle) + (y - 0.5) * np.sin(angle) + 0.5, 0, 1))


def _floor(x: Plane, y: Plane, rng: Generator) -> Plane:
    ground = y - rng.uniform(0.72, 0.9)
    return np.asarray(np.where(ground > 0, 0.8 + 0.5 * ground, 0), np.float32)


def _spotlight(x: Plane, y: Plane, rng: Generator) -> Plane:
    return np.asarray(np.clip(1.4 * np.hypot(x - 0.5 - rng.uniform(-0.2, 0.2), y - 0.4), 0, 1))


def _panels(x: Plane, y: Plane, rng: Generator) -> Plane:
    panels = (np.floor(x * rng.integers(2, 5) + rng.uniform(0, 1)) % 2) * 0.7
    return np.asarray(np.where(y > rng.uniform(0.78, 0.9), 0.4, panels), np.float32)


def _clouds(x: Plane, y: Plane, rng: Generator) -> Plane:
    total = np.zeros_like(x)
    for _ in range(4):
        distance = (x - rng.random()) ** 2 + (y - rng.random()) ** 2
        total += 0.6 * np.exp(-distance / rng.uniform(0.01, 0.06))
    return np.clip(total, 0, 1)


_KINDS: tuple[Callable[[Plane, Plane, Generator], Plane], ...] = (_slope, _floor, _spotlight, _panels, _clouds)
