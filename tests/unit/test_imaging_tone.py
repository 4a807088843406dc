"""One person's skin: all shades of its colour, and not cloth that is nearly of it."""

import numpy as np
import pytest
from PIL import Image

from imaging.skin import Levels, samples
from imaging.tone import tone_of
from models.tiny.make.palette import SKINS

SKIN = (165, 115, 80)


def levels(*colours: tuple[float, float, float]) -> Levels:
    pixels = np.clip(np.array([colours]) + 0.5, 0, 255).astype(np.uint8)
    return np.asarray(samples(Image.fromarray(pixels))[0])


@pytest.mark.parametrize("skin", SKINS[:6])
@pytest.mark.parametrize("light", [0.9, 1.0, 1.02])
def test_a_tone_is_near_in_light_and_in_shade(skin: tuple[float, float, float], light: float) -> None:
    red, green, blue = skin
    shade = levels((red * light, green * light, blue * light))
    assert tone_of(levels(skin)).distances(shade)[0] < 2.5


@pytest.mark.parametrize("cloth", [(193, 154, 107), (210, 180, 140), (150, 75, 0), (40, 80, 190), (165, 85, 80)])
def test_cloth_of_another_hue_is_far(cloth: tuple[int, int, int]) -> None:
    assert tone_of(levels(SKIN)).distances(levels(cloth))[0] > 5


def test_much_darker_or_brighter_is_another_tone() -> None:
    tone = tone_of(levels(SKIN))
    assert tone.distances(levels((83, 58, 40)))[0] > 5
    assert tone.distances(levels((255, 178, 124)))[0] > 5


def test_what_is_most_common_is_the_tone_whatever_else_is_taken_for_skin() -> None:
    rng = np.random.default_rng(1)
    skin = [tuple(np.array(SKIN) + rng.uniform(-4, 4, 3)) for _ in range(60)]
    walls = [tuple(np.array((225, 190, 160)) + rng.uniform(-25, 25, 3)) for _ in range(50)]
    tone = tone_of(levels(*skin, *walls))
    assert tone.distances(levels(SKIN))[0] < 2
    assert tone.spread > tone_of(levels(*skin)).spread


def test_one_colour_is_a_tone_without_spread() -> None:
    assert tone_of(levels(SKIN)).spread == pytest.approx(0, abs=1e-6)
