"""Ways in which a generated figure goes wrong, done to real drawings: what a judge of figures must reject."""

from collections.abc import Callable

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray
from PIL import Image, ImageFilter

Levels = NDArray[np.uint8]
"""RGB pictures of one size: (h, w, 3)."""

_BLUR = (1.5, 4.0)  # pixels at a side of 64
_SMEAR = (3, 7)  # bins of a side that are each painted in one colour
_BLOCKS = (2, 4)  # pieces of a side that change places


def blurred(picture: Levels, other: Levels, rng: Generator) -> Levels:
    """Return the picture out of focus: a figure that the model is not sure of."""
    radius = rng.uniform(*_BLUR) * len(picture) / 64
    return np.asarray(Image.fromarray(picture).filter(ImageFilter.GaussianBlur(radius)))


def averaged(picture: Levels, other: Levels, rng: Generator) -> Levels:
    """Return two figures in one: the mean of what might be there."""
    share = rng.uniform(0.3, 0.7)
    return np.asarray(picture * (1 - share) + other[:, ::-1] * share, np.uint8)


def scrambled(picture: Levels, other: Levels, rng: Generator) -> Levels:
    """Return the picture with its parts in wrong places."""
    pieces = int(rng.integers(_BLOCKS[0], _BLOCKS[1] + 1))
    side = len(picture) // pieces
    rows = picture[: side * pieces, : side * pieces].reshape(pieces, side, pieces, side, 3).swapaxes(1, 2)
    order = rng.permutation(pieces**2)
    mixed = rows.reshape(-1, side, side, 3)[order].reshape(pieces, pieces, side, side, 3).swapaxes(1, 2)
    return np.asarray(Image.fromarray(mixed.reshape(side * pieces, -1, 3)).resize(picture.shape[1::-1]))


def cut_short(picture: Levels, other: Levels, rng: Generator) -> Levels:
    """Return the picture with half of the figure gone: the side it stands on repeats its border."""
    side = len(picture)
    gone = picture.copy()
    edge = int(side * rng.uniform(0.4, 0.6))
    if rng.random() < 0.5:
        gone[edge:] = picture[edge:, :1]
    else:
        gone[:edge] = picture[:edge, :1]
    return gone


def smeared(picture: Levels, other: Levels, rng: Generator) -> Levels:
    """Return coarse flat blotches in place of the picture, softened."""
    bins = int(rng.integers(_SMEAR[0], _SMEAR[1] + 1)) * 2
    small = Image.fromarray(picture).resize((bins, bins), Image.Resampling.BOX)
    return np.asarray(small.resize(picture.shape[1::-1], Image.Resampling.BICUBIC))


def warped(picture: Levels, other: Levels, rng: Generator) -> Levels:
    """Return the picture bent: limbs and seams run where none can."""
    side = len(picture)
    y, x = np.mgrid[0:side, 0:side].astype(np.float64)
    for _ in range(3):
        length, phase = side / rng.uniform(2, 5, 2), rng.uniform(0, 2 * np.pi, 2)
        reach = side * rng.uniform(0.025, 0.06)
        moves = (
            reach * np.sin(2 * np.pi * each / size + at) for each, size, at in zip((y, x), length, phase, strict=True)
        )
        x, y = (place + move for place, move in zip((x, y), moves, strict=True))
    rows, columns = (np.clip(np.rint(each), 0, side - 1).astype(int) for each in (y, x))
    return np.asarray(picture[rows, columns])


def crumbled(picture: Levels, other: Levels, rng: Generator) -> Levels:
    """Return the picture with every few pixels moved a little way: the right colours in no order."""
    side, cell = len(picture), int(rng.integers(2, 7))
    reach = side * rng.uniform(0.04, 0.12)
    cells = -(-side // cell)
    moves = rng.uniform(-reach, reach, (2, cells, cells)).repeat(cell, 1).repeat(cell, 2)[:, :side, :side]
    rows, columns = (np.clip(np.rint(each), 0, side - 1).astype(int) for each in np.mgrid[0:side, 0:side] + moves)
    return np.asarray(picture[rows, columns])


DEGRADATIONS: tuple[Callable[[Levels, Levels, Generator], Levels], ...] = (
    blurred,
    averaged,
    scrambled,
    cut_short,
    smeared,
    warped,
    crumbled,
)
