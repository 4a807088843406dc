"""imaging.dyeing: a garment gets the wanted colour, keeps its folds, and what is beside it stays as it is."""

import colorsys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image

from imaging.cloth import cloth_colours
from imaging.dyeing import dyed
from imaging.lab import difference, parse_colour, to_lab
from imaging.masks import Mask, grow, to_image
from imaging.unrounded import rounded

SKIN, WALL = (205, 155, 115), (214, 208, 224)
SIDE = 64
GARMENT = np.zeros((SIDE, SIDE), dtype=np.bool_)
GARMENT[16:48, 18:46] = True
HUES = [
    "#{:02x}{:02x}{:02x}".format(*(round(255 * level) for level in colorsys.hsv_to_rgb(hue / 20, 0.75, 0.75)))
    for hue in range(20)
]


def figure(
    cloth: tuple[int, int, int], *, stripes: tuple[int, int, int] | None = None, rows: int = 4
) -> NDArray[np.uint8]:
    """A garment with folds before a wall, on a body that begins below it; of ten rows, ``rows`` have another colour."""
    levels = np.full((SIDE, SIDE, 3), WALL, dtype=np.float64)
    levels[48:, 26:38] = SKIN
    folds = 1 - 0.18 * (0.5 + 0.5 * np.sin(np.arange(SIDE) * 0.6))
    levels[GARMENT] = cloth
    if stripes:
        striped = np.arange(SIDE) % 10 < rows
        levels[GARMENT & striped[:, None]] = stripes
    levels[GARMENT] = (levels * folds[None, :, None])[GARMENT]
    return np.rint(levels + np.random.default_rng(0).normal(0, 1.5, levels.shape)).clip(0, 255).astype(np.uint8)


def dye(levels: NDArray[np.uint8], colour: str, mask: Mask = GARMENT) -> NDArray[np.uint8]:
    return np.asarray(dyed(Image.fromarray(levels), to_image(mask), colour))


def apart(levels: NDArray[np.uint8], colour: str) -> float:
    """CIEDE2000 from the mean of pixels (n, 3)."""
    return float(difference(to_lab(levels).mean(axis=0)[None], to_lab(parse_colour(colour)))[0])


@pytest.mark.parametrize("colour", [*HUES, "#f5f5dc", "#ff0000", "#ffff00", "#101010"])
@pytest.mark.parametrize("cloth", [(205, 35, 45), (135, 138, 142), (30, 30, 35), (242, 242, 240)])
def test_the_mean_of_the_garment_becomes_the_wanted_colour(cloth: tuple[int, int, int], colour: str) -> None:
    assert apart(dye(figure(cloth), colour)[GARMENT], colour) < 2.5


@pytest.mark.parametrize("colour", ["#ffffff", "#000000"])
def test_white_and_black_are_as_near_as_leaves_folds_to_be_seen(colour: str) -> None:
    painted = dye(figure((120, 55, 160)), colour)
    assert apart(painted[GARMENT], colour) < 5
    assert to_lab(painted[GARMENT])[:, 0].std() > 0.5


def test_folds_stay_where_they_are() -> None:
    before, after = (
        to_lab(each[GARMENT])[:, 0] for each in (figure((205, 35, 45)), dye(figure((205, 35, 45)), "#2850be"))
    )
    assert np.corrcoef(before, after)[0, 1] > 0.97
    assert 0.6 < after.std() / before.std() < 1.6


@pytest.mark.parametrize("cloth", [(205, 35, 45), (242, 242, 240), (150, 148, 160)])
def test_skin_and_wall_that_a_wide_mask_takes_in_are_left_alone(cloth: tuple[int, int, int]) -> None:
    before, wide = figure(cloth), grow(GARMENT, 3)
    after = dye(before, "#1e7a4c", wide)
    beside = ~grow(GARMENT, 1)
    moved = difference(to_lab(after[beside]), to_lab(before[beside]))
    assert moved.mean() < 0.5
    assert apart(after[grow(GARMENT, -2)], "#1e7a4c") < 2


def test_the_white_of_stripes_stays_white() -> None:
    before = figure((205, 35, 45), stripes=(242, 242, 240))
    after = dye(before, "#2850be")
    white = grow(GARMENT, -3) & (np.arange(SIDE) % 10 < 4)[:, None]
    coloured = grow(GARMENT, -3) & (np.arange(SIDE) % 10 >= 4)[:, None]
    assert difference(to_lab(after[white]), to_lab(before[white])).mean() < 1
    assert apart(after[coloured], "#2850be") < 2


def test_a_garments_own_colour_is_its_most_common_one_and_folds_are_no_others() -> None:
    (plain,) = cloth_colours(to_lab(figure((205, 35, 45))[GARMENT]))
    assert plain.share == pytest.approx(1)
    red, white = cloth_colours(to_lab(figure((205, 35, 45), stripes=(242, 242, 240))[GARMENT]))
    assert red.share > white.share
    assert red.lab[1] > 50
    assert abs(white.lab[1]) < 5


@settings(deadline=None, max_examples=60)
@given(
    st.integers(1, 40), st.integers(1, 40), st.integers(0, 2**32 - 1), st.from_regex(r"#[0-9A-Fa-f]{6}", fullmatch=True)
)
def test_whatever_is_painted_and_masked_only_the_mask_and_a_rim_of_it_changes(
    width: int, height: int, seed: int, colour: str
) -> None:
    random = np.random.default_rng(seed)
    levels = random.integers(0, 256, (height, width, 3), dtype=np.uint8)
    mask = random.random((height, width)) < random.random()
    after = dye(levels, colour, mask)
    assert after.shape == levels.shape
    far = ~grow(mask, 2)
    assert np.array_equal(after[far], levels[far])


def test_what_was_not_dyed_keeps_its_bytes() -> None:
    before = figure((205, 35, 45))
    after = dye(before, "#2850be")
    assert np.array_equal(after[~grow(GARMENT, 2)], before[~grow(GARMENT, 2)])


def test_a_print_without_a_ground_is_dyed_as_a_whole() -> None:
    levels = np.full((SIDE, SIDE, 3), WALL, dtype=np.uint8)
    colours = np.array([(205, 35, 45), (40, 80, 190), (40, 140, 70), (240, 205, 50)], dtype=np.uint8)
    levels[GARMENT] = colours[np.indices((SIDE, SIDE)).sum(axis=0) // 6 % 4][GARMENT]
    assert apart(dye(levels, "#8a4a20")[GARMENT], "#8a4a20") < 5


CLOTHS = [(205, 35, 45), (135, 138, 142), (30, 30, 35), (242, 242, 240), (40, 80, 190), (120, 55, 160), (214, 190, 60)]


@settings(deadline=None, max_examples=120)
@given(
    st.sampled_from(CLOTHS),
    st.sampled_from(CLOTHS),
    st.integers(0, 10),
    st.sampled_from(HUES),
    st.integers(1, 30),
    st.integers(0, 2**32 - 1),
)
def test_a_level_more_or_less_somewhere_is_a_few_levels_there_and_hardly_any_elsewhere(
    cloth: tuple[int, int, int], stripes: tuple[int, int, int], rows: int, colour: str, changed: int, seed: int
) -> None:
    before = figure(cloth, stripes=stripes, rows=rows)
    random = np.random.default_rng(seed)
    after = before.reshape(-1, 3).astype(np.int16)
    places = random.choice(len(after), changed, replace=False)
    after[places, random.integers(0, 3, changed)] += random.choice([-1, 1], changed).astype(np.int16)
    other = after.clip(0, 255).astype(np.uint8).reshape(before.shape)
    apart = np.abs(dye(other, colour).astype(int) - dye(before, colour)).max(axis=2)
    there = (other != before).any(axis=2)
    assert apart[~there].max() <= 4
    assert apart.max() <= 40


@settings(deadline=None, max_examples=60)
@given(
    st.sampled_from(CLOTHS),
    st.sampled_from(CLOTHS),
    st.integers(0, 10),
    st.sampled_from([*HUES, "#ffffff", "#000000"]),
    st.integers(0, 2**32 - 1),
)
def test_a_thousandth_of_a_level_everywhere_is_a_level_at_most(
    cloth: tuple[int, int, int], stripes: tuple[int, int, int], rows: int, colour: str, seed: int
) -> None:
    random = np.random.default_rng(seed)
    before = figure(cloth, stripes=stripes, rows=rows) + random.uniform(-0.5, 0.5, (SIDE, SIDE, 3))
    other = before + random.uniform(-1e-3, 1e-3, before.shape)
    one, two = (rounded((each.clip(0, 255) / 255).astype(np.float32)) for each in (before, other))
    mask = to_image(GARMENT)
    apart = np.abs(np.asarray(dyed(one, mask, colour)).astype(int) - np.asarray(dyed(two, mask, colour)))
    assert apart.max() <= 1


def test_of_two_colours_that_cover_as_much_the_one_that_is_not_neutral_is_the_garments() -> None:
    before = figure((40, 140, 70), stripes=(242, 242, 240), rows=5)
    after = dye(before, "#8a2a80")
    white = grow(GARMENT, -3) & (np.arange(SIDE) % 10 < 5)[:, None]
    green = grow(GARMENT, -3) & (np.arange(SIDE) % 10 >= 5)[:, None]
    assert difference(to_lab(after[white]), to_lab(before[white])).mean() < 1
    assert apart(after[green], "#8a2a80") < 2
