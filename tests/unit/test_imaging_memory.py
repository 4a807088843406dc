"""How much memory a large picture takes: of 64 megapixels at most 1 GiB, with all that is done to it."""

import pytest

from bench.memory import measured

SIDE = 2_000
PIXEL = 2**30 / 64_000_000
"""Bytes of a GiB for each of the pixels that a picture may have."""
SMALL = 64
"""MiB for parts that are worked on, which do not grow with the picture."""


@pytest.mark.parametrize("name", ["repaint png_rgba as png", "repaint png_16 as jpeg", "segment webp"])
def test_a_picture_takes_its_part_of_a_gibibyte(name: str) -> None:
    assert measured(name, SIDE) < SMALL + PIXEL * SIDE**2 / 2**20
