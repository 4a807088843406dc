"""How much memory a large picture takes: of 64 megapixels at most 1 GB, with all that is done to it."""

import pytest

from bench.memory import measured
from contracts.pictures import MOST_PIXELS

SIDE = 2_000
PIXEL = 10**9 / MOST_PIXELS
"""Bytes of a GB for each of the pixels that a picture may have."""
SMALL = 64
"""MiB for parts that are worked on, which do not grow with the picture."""


@pytest.mark.parametrize("name", ["repaint 1 png_rgba as png", "repaint 1 webp as jpeg", "segment webp"])
def test_a_picture_takes_its_part_of_a_gigabyte(name: str) -> None:
    assert measured(name, SIDE) < SMALL + PIXEL * SIDE**2 / 2**20
