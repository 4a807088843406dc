"""imaging.tiling: through tiles a picture is enlarged as in one piece, whatever its size."""

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from PIL import Image

from imaging.tiling import FACTOR, blend, cut, weights

SIDE = 32
BEYOND = 4
SIZES = st.integers(1, 3 * SIDE)

Enlarge = Callable[[Image.Image], Image.Image]


def photo(width: int, height: int) -> Image.Image:
    return Image.fromarray(np.random.default_rng(width).integers(0, 256, (height, width, 3), dtype=np.uint8))


def resized(method: Image.Resampling) -> Enlarge:
    """A plain resize that takes the picture's border to go on outside, as tiling does with pictures smaller than a tile."""

    def enlarge(picture: Image.Image) -> Image.Image:
        padded = Image.fromarray(np.pad(np.asarray(picture), [(BEYOND, BEYOND), (BEYOND, BEYOND), (0, 0)], mode="edge"))
        large = padded.resize((padded.width * FACTOR, padded.height * FACTOR), method)
        return large.crop((edge := BEYOND * FACTOR, edge, large.width - edge, large.height - edge))

    return enlarge


def through_tiles(picture: Image.Image, enlarge: Enlarge) -> Image.Image:
    return blend([enlarge(tile) for tile in cut(picture, SIDE)], picture.size, SIDE)


@settings(deadline=None, max_examples=60)
@given(SIZES, SIZES, st.sampled_from([Image.Resampling.NEAREST, Image.Resampling.BILINEAR, Image.Resampling.BICUBIC]))
@example(1, 1, Image.Resampling.BICUBIC)
@example(SIDE, SIDE + 1, Image.Resampling.BICUBIC)
@example(SIDE - 1, SIDE, Image.Resampling.BICUBIC)
@example(SIDE * 7 // 4, SIDE * 7 // 4 + 1, Image.Resampling.BICUBIC)
def test_a_plain_resize_gives_the_same_picture_through_tiles(width: int, height: int, method: Image.Resampling) -> None:
    picture = photo(width, height)
    tiled, whole = through_tiles(picture, resized(method)), resized(method)(picture)
    assert tiled.size == whole.size
    assert np.abs(np.asarray(tiled, dtype=int) - np.asarray(whole, dtype=int)).max() <= 1


@settings(deadline=None)
@given(st.integers(1, 600), st.sampled_from([8, 32, 64, 128]))
def test_every_pixels_weights_add_up_to_one(length: int, side: int) -> None:
    shares = weights(length, side)
    assert shares.shape[1] == max(length, side) * FACTOR
    assert shares.min() >= 0
    assert np.abs(shares.sum(axis=0) - 1).max() < 1e-6


@settings(deadline=None)
@given(st.integers(1, 600), st.sampled_from([32, 64, 128]))
def test_tiles_cover_the_picture_and_none_counts_near_its_inner_border(length: int, side: int) -> None:
    picture = Image.new("RGB", (length, 1))
    shares = weights(length, side)
    assert len(cut(picture, side)) == len(shares)
    within = side * FACTOR // 16
    first, last = shares[0], shares[-1]
    assert first[0] == last[-1] == 1
    for share in shares:
        counted = np.flatnonzero(share)
        assert counted[-1] - counted[0] < side * FACTOR
    if len(shares) > 1:
        assert not first[side * FACTOR - within :].any()
        assert not last[: -side * FACTOR + within].any()


@pytest.mark.parametrize(("length", "tiles"), [(1, 1), (32, 1), (33, 2), (56, 2), (57, 3), (80, 3), (81, 4)])
def test_no_more_tiles_than_a_quarters_overlap_needs(length: int, tiles: int) -> None:
    assert len(cut(Image.new("RGB", (length, 5)), SIDE)) == tiles
