"""What may be skin by its colour: every tone of the published scales, in any light; and not what no skin looks like."""

import numpy as np
import pytest
from PIL import Image

from imaging.skin import SIDE, is_of_skin, may_be_skin, own_skin, sampled, samples, share
from models.tiny.make.palette import SKINS

MONK = ("f6ede4", "f3e7db", "f7ead0", "eadaba", "d7bd96", "a07e56", "825c43", "604134", "3a312a", "292420")
"""The Monk Skin Tone Scale, https://skintone.google/get-started."""
FITZPATRICK = ("f4d0b0", "e8b48f", "d39e7c", "bb7750", "a55d2b", "3c201d")
"""Colours by which the six types of Fitzpatrick's scale are commonly drawn."""


@pytest.mark.parametrize("tone", [*MONK, *FITZPATRICK, *("%02x%02x%02x" % tuple(map(int, skin)) for skin in SKINS)])  # noqa: UP031
def test_every_tone_of_the_scales_may_be_skin(tone: str) -> None:
    assert is_of_skin(f"#{tone}")


@pytest.mark.parametrize("tone", MONK[4:9])
@pytest.mark.parametrize("light", [0.7, 0.85, 1.1])
def test_a_tone_may_be_skin_in_shade_and_in_light(tone: str, light: float) -> None:
    levels = np.array([int(tone[place : place + 2], 16) for place in (0, 2, 4)]) * light
    assert may_be_skin(samples(Image.new("RGB", (4, 4), tuple(np.clip(levels, 0, 255).astype(int))))).all()


@pytest.mark.parametrize(
    "colour", ["#ffffff", "#878a8e", "#1e1e23", "#2850be", "#288c46", "#cd232d", "#f0cd32", "#78379f", "#f08cb4"]
)
def test_what_no_skin_looks_like_is_none(colour: str) -> None:
    assert not is_of_skin(colour)


@pytest.mark.parametrize("colour", ["#c19a6b", "#d2b48c", "#73462c", "#8b7765", "#e3bc9a"])
def test_tan_cloth_may_be_skin_too_which_others_have_to_decide(colour: str) -> None:
    assert is_of_skin(colour)


def test_a_picture_of_any_size_is_looked_at_in_at_most_so_many_samples() -> None:
    assert samples(Image.new("RGB", (3_000, 40))).shape == (40, SIDE, 3)
    both = Image.fromarray(np.random.default_rng(1).integers(0, 255, (500, 400), dtype=np.uint8))
    assert sampled(both).tobytes() == sampled(both.copy()).tobytes()


def test_own_skin_is_what_may_be_skin_elsewhere_and_its_neighbours() -> None:
    photo = np.full((64, 64, 3), (40, 80, 190), np.uint8)
    photo[:16] = (165, 115, 80)
    elsewhere = np.zeros((64, 64), np.bool_)
    elsewhere[:32] = True
    own = own_skin(samples(Image.fromarray(photo)), elsewhere)
    assert own is not None

    def is_own(colour: tuple[int, int, int]) -> bool:
        return bool(own.of(samples(Image.new("RGB", (2, 2), colour))).all())

    assert is_own((165, 115, 80))
    assert is_own((172, 119, 82))  # the same skin in a little more light
    assert not is_own((250, 215, 185))
    assert not is_own((193, 154, 107))  # camel
    assert not is_own((40, 80, 190))


def test_where_too_little_is_seen_there_is_no_own_skin() -> None:
    photo = np.full((100, 100, 3), (40, 80, 190), np.uint8)
    photo[0, :30] = (165, 115, 80)
    assert own_skin(samples(Image.fromarray(photo)), np.ones((100, 100), np.bool_)) is None
    assert own_skin(samples(Image.new("RGB", (9, 9), (165, 115, 80))), np.zeros((9, 9), np.bool_)) is None


def test_a_share_of_nothing_is_none() -> None:
    some = np.array([[True, False], [True, True]])
    assert share(some, some) == 1
    assert share(some, ~some) == 0
    assert share(some, np.zeros_like(some)) == 0
