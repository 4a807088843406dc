"""imaging.edges: a blurry outline moves to where the colour changes."""

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image
from scipy import ndimage

from imaging.edges import snap


def two_colours(size: int, edge: int) -> Image.Image:
    image = Image.new("RGB", (size, size), (40, 60, 160))
    image.paste((200, 180, 60), (edge, 0, size, size))
    return image


def blurred_step(size: int, edge: float, width: float) -> NDArray[np.float32]:
    step = np.tile(np.arange(size) >= edge, (size, 1)).astype(np.float32)
    return np.asarray(ndimage.gaussian_filter1d(step, width, axis=1))


@pytest.mark.parametrize("size", [96, 400])
@pytest.mark.parametrize("off", [-0.04, 0.0, 0.04])
def test_an_outline_off_by_four_hundredths_comes_within_one_of_the_edge(size: int, off: float) -> None:
    snapped = snap(blurred_step(size, size * (0.5 + off), size * 0.03), two_colours(size, size // 2))
    outline = (snapped >= 0.5).argmax(axis=1)
    assert np.abs(outline - size // 2).max() <= max(1, size / 100)


def test_what_has_no_edges_is_only_smoothed() -> None:
    before = blurred_step(96, 48, 8)
    after = snap(before, Image.new("RGB", (96, 96), "gray"))
    assert np.abs(after - before).max() < 0.1


@pytest.mark.parametrize("size", [(1, 1), (3, 200), (500, 2)])
def test_any_shape_stays_a_probability_of_its_shape(size: tuple[int, int]) -> None:
    rng = np.random.default_rng(0)
    picture = Image.fromarray(rng.integers(0, 255, (size[1], size[0], 3), dtype=np.uint8))
    after = snap(rng.random((size[1], size[0])).astype(np.float32), picture)
    assert after.shape == (size[1], size[0])
    assert 0 <= after.min() <= after.max() <= 1
