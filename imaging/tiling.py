"""Enlarges pictures of any size with a model that knows one size of tile: overlapping tiles, blended where they meet.

picture -> padded to at least one tile -> tiles -> (a model enlarges each) -> blended -> cut to FACTOR times the picture's size.

Two neighbours overlap by at least a quarter of a tile. A tile's outermost pixels saw the least context, so they count for nothing: the
weight changes linearly from one tile to the next in the middle half of that quarter. Every pixel's weights add up to 1.
"""

from collections.abc import Iterator, Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from contracts.work import tiles_along
from imaging.strips import Box, strips

Weights = NDArray[np.float32]

FACTOR = 4
"""Pixels of the result a side for each pixel of the picture."""
RAMP = 1 / 8
"""Width over which one tile's weight passes to the next, over a tile's side."""


def cut(picture: Image.Image, side: int) -> list[Image.Image]:
    """The tiles of an RGB picture, row by row, each ``side`` pixels square; a smaller picture is widened by repeating its border."""
    padded = _padded(picture, side)
    return [padded.crop(box) for box in _boxes(picture.size, side)]


def blend(tiles: Sequence[Image.Image], size: tuple[int, int], side: int) -> Image.Image:
    """The enlarged tiles of a picture of ``size`` (width, height) as one picture, FACTOR times as wide and high.

    ``tiles`` are those of ``cut`` in its order, each FACTOR * ``side`` pixels square.
    """
    width, height = (max(length, side) * FACTOR for length in size)
    across, down = weights(size[0], side), weights(size[1], side)
    grid = [(row, column) for row in range(len(down)) for column in range(len(across))]
    placed = list(zip(tiles, grid, _boxes(size, side), strict=True))
    left, top = _margin(size[0], side) * FACTOR, _margin(size[1], side) * FACTOR
    whole = Image.new("RGB", (size[0] * FACTOR, size[1] * FACTOR))
    for _, first, _, last in strips((width, height)):
        levels = np.zeros((last - first, width, 3), dtype=np.float32)
        for tile, (row, column), (x0, y0, x1, y1) in placed:
            x, y = slice(x0 * FACTOR, x1 * FACTOR), slice(max(y0 * FACTOR, first), min(y1 * FACTOR, last))
            if y.start < y.stop:
                part = tile.crop((0, y.start - y0 * FACTOR, tile.width, y.stop - y0 * FACTOR))
                weight = (down[row, y, None] * across[column, x])[..., None]
                levels[y.start - first : y.stop - first, x] += np.asarray(part, dtype=np.float32) * weight
        whole.paste(Image.fromarray(np.rint(levels).astype(np.uint8)), (-left, first - top))
    return whole


def weights(length: int, side: int) -> Weights:
    """How much each tile counts along one axis: (tiles, FACTOR * max(length, side)), from 0 to 1; each column adds up to 1."""
    starts = _starts(length, side)
    pixels = (np.arange(max(length, side) * FACTOR) + 0.5) / FACTOR
    # The middle of each overlap, where two neighbours count the same.
    middles = [(before + side + after) / 2 for before, after in pairwise(starts)]
    passed = [np.clip((pixels - middle) / (RAMP * side) + 0.5, 0, 1) for middle in middles]
    steps = np.stack([np.ones_like(pixels), *passed, np.zeros_like(pixels)])
    return np.asarray(steps[:-1] - steps[1:], dtype=np.float32)


def _boxes(size: tuple[int, int], side: int) -> Iterator[Box]:
    for top in _starts(size[1], side):
        for left in _starts(size[0], side):
            yield left, top, left + side, top + side


def _starts(length: int, side: int) -> list[int]:
    """Where the tiles begin: evenly spread, the first at the picture's border and the last ending at the other one."""
    if length <= side:
        return [0]
    count = tiles_along(length, side)
    return [round(index * (length - side) / (count - 1)) for index in range(count)]


def _padded(picture: Image.Image, side: int) -> Image.Image:
    left, top = (_margin(length, side) for length in picture.size)
    right, bottom = (max(0, side - length) - before for length, before in zip(picture.size, (left, top), strict=True))
    return Image.fromarray(np.pad(np.asarray(picture), [(top, bottom), (left, right), (0, 0)], mode="edge"))


def _margin(length: int, side: int) -> int:
    """Pixels before a side that is shorter than a tile."""
    return max(0, side - length) // 2
