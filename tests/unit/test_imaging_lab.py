"""imaging.lab: sRGB as CIELAB and back, and CIEDE2000 against its authors' own pairs."""

import numpy as np
import pytest

from imaging.lab import difference, to_lab, to_levels, to_lightness

# Sharma, Wu and Dalal, table 1: L*, a*, b* of two colours, and how far apart they are.
PAIRS = [
    ((50, 2.6772, -79.7751), (50, 0, -82.7485), 2.0425),
    ((50, 3.1571, -77.2803), (50, 0, -82.7485), 2.8615),
    ((50, 2.8361, -74.0200), (50, 0, -82.7485), 3.4412),
    ((50, -1.3802, -84.2814), (50, 0, -82.7485), 1.0000),
    ((50, 0, 0), (50, -1, 2), 2.3669),
    ((50, 2.4900, -0.0010), (50, -2.4900, 0.0009), 7.1792),
    ((50, 2.4900, -0.0010), (50, -2.4900, 0.0011), 7.2195),
    ((50, -0.0010, 2.4900), (50, 0.0009, -2.4900), 4.8045),
    ((50, 2.5, 0), (50, 0, -2.5), 4.3065),
    ((50, 2.5, 0), (73, 25, -18), 27.1492),
    ((50, 2.5, 0), (61, -5, 29), 22.8977),
    ((50, 2.5, 0), (56, -27, -3), 31.9030),
    ((50, 2.5, 0), (58, 24, 15), 19.4535),
    ((60.2574, -34.0099, 36.2677), (60.4626, -34.1751, 39.4387), 1.2644),
    ((63.0109, -31.0961, -5.8663), (62.8187, -29.7946, -4.0864), 1.2630),
    ((35.0831, -44.1164, 3.7933), (35.0232, -40.0716, 1.5901), 1.8645),
    ((22.7233, 20.0904, -46.6940), (23.0331, 14.9730, -42.5619), 2.0373),
    ((90.8027, -2.0831, 1.4410), (91.1528, -1.6435, 0.0447), 1.4441),
    ((6.7747, -0.2908, -2.4247), (5.8714, -0.0985, -2.2286), 0.6377),
    ((2.0776, 0.0795, -1.1350), (0.9033, -0.0636, -0.5514), 0.9082),
]


@pytest.mark.parametrize(("one", "other", "apart"), PAIRS)
def test_colours_are_as_far_apart_as_the_formulas_authors_say(
    one: tuple[float, ...], other: tuple[float, ...], apart: float
) -> None:
    both = [np.array([each], dtype=np.float64) for each in (one, other)]
    assert difference(*both)[0] == pytest.approx(apart, abs=1e-4)
    assert difference(*reversed(both))[0] == pytest.approx(apart, abs=1e-4)


def test_every_level_survives_the_way_there_and_back() -> None:
    levels = np.random.default_rng(0).integers(0, 256, (5_000, 3), dtype=np.uint8)
    assert np.abs(to_levels(to_lab(levels)) - levels).max() < 1e-6


def test_a_colour_that_srgb_has_not_is_beyond_its_levels() -> None:
    assert to_levels(np.array([[50.0, 120.0, -120.0]])).max() > 255


def test_levels_in_bytes_and_fractions_are_the_same_colours_and_lightness_is_theirs() -> None:
    levels = np.random.default_rng(5).integers(0, 256, (500, 3), dtype=np.uint8)
    assert to_lab(levels) == pytest.approx(to_lab(levels.astype(np.float64)), abs=1e-12)
    for pixels in (levels, levels.astype(np.float64)):
        assert to_lightness(pixels) == pytest.approx(to_lab(pixels)[:, 0], abs=1e-9)
