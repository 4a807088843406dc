"""Large pictures a part at a time: what is computed for a pixel takes many times its three bytes, so never for all pixels at once."""

from collections.abc import Iterator

Box = tuple[int, int, int, int]
"""left, top, right, bottom in pixels; right and bottom are exclusive, as in Pillow."""

PIXELS = 2**20
"""Pixels of a part, about."""


def strips(size: tuple[int, int]) -> Iterator[Box]:
    """Boxes as wide as a picture of ``size`` (width, height) that cover it from top to bottom."""
    width, height = size
    rows = max(1, PIXELS // width)
    for top in range(0, height, rows):
        yield 0, top, width, min(top + rows, height)


def columns(size: tuple[int, int]) -> Iterator[Box]:
    """Boxes as high as the picture that cover it from left to right."""
    for top, left, bottom, right in strips((size[1], size[0])):
        yield left, top, right, bottom


def squares(size: tuple[int, int], side: int) -> Iterator[Box]:
    """Boxes of at most ``side`` pixels a side that cover the picture."""
    width, height = size
    for top in range(0, height, side):
        for left in range(0, width, side):
            yield left, top, min(left + side, width), min(top + side, height)
