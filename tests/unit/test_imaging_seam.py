"""imaging.seam: an edge through cloth is made invisible, and an outline is left as it is."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image

from contracts.sampling import Sampling
from imaging.lab import difference, to_lab
from imaging.masks import Mask, grow, to_image
from imaging.repaint import Repainting, repaint_all
from imaging.seam import matched

Levels = NDArray[np.float64]

SIDE = 96
SETTINGS: dict[str, Any] = {"sampling": Sampling(steps=3, guidance=2.0), "resolution": 32}
SKIN, WALL = (205, 155, 115), (170, 200, 160)
GARMENT = np.zeros((SIDE, SIDE), dtype=np.bool_)
GARMENT[16:80, 24:72] = True
LOWER = GARMENT.copy()
LOWER[:48] = False
CLOTHS = [(205, 35, 45), (40, 80, 190), (242, 242, 240), (30, 30, 35), (135, 138, 142), (115, 70, 40)]


def photo(cloth: tuple[int, ...], garment: Mask = GARMENT) -> Levels:
    """A garment with folds, a body below it, and a wall behind."""
    levels = np.full((SIDE, SIDE, 3), WALL, dtype=np.float64)
    levels[80:, 36:60] = SKIN
    levels[garment] = cloth
    folds = 1 - 0.08 * (0.5 + 0.5 * np.sin(np.arange(SIDE) * 0.35))
    levels[garment] = (levels * folds[None, :, None])[garment]
    return levels


def painted(before: Levels, inside: Levels, mask: Mask) -> Levels:
    """What a model makes of a photo: noise, a little blur, and ``inside`` where it painted."""
    levels = before.copy()
    levels[mask] = inside[mask]
    return levels + np.random.default_rng(1).normal(0, 3, levels.shape)


def image(levels: Levels) -> Image.Image:
    return Image.fromarray(np.rint(levels).clip(0, 255).astype(np.uint8))


def match(new: Levels, old: Levels, mask: Mask) -> NDArray[np.uint8]:
    return np.asarray(matched(image(new), image(old), to_image(mask)))


def apart(one: NDArray[np.generic], other: NDArray[np.generic]) -> float:
    """CIEDE2000 of the mean colours of pixels (n, 3)."""
    means = (to_lab(each.reshape(-1, 3)).mean(axis=0)[None] for each in (one, other))
    return float(difference(*means)[0])


@pytest.mark.parametrize("cloth", CLOTHS)
@pytest.mark.parametrize("beside", [(12, 12, 12), (-14, -9, 6), (6, -10, 10), (0, 14, -8)])
def test_the_step_of_a_colour_at_an_edge_through_flat_cloth_is_not_seen(
    cloth: tuple[int, ...], beside: tuple[int, ...]
) -> None:
    before = photo(cloth)
    after = match(painted(before, np.clip(before + np.array(beside), 0, 255), LOWER), before, LOWER)
    columns = slice(30, 66)
    assert apart(after[48:52, columns], before[44:48, columns]) <= 1
    assert apart(after[46:48, columns], before[44:46, columns]) <= 1, "what is half painted outside of the edge"


def test_the_correction_fades_with_the_distance_from_the_edge() -> None:
    before = photo((205, 35, 45))
    new = painted(before, before + np.array((-20, 10, 10)), LOWER)
    after = match(new, before, LOWER)
    rows = np.abs(after.astype(float) - np.asarray(image(new)))[:, 30:66].mean(axis=(1, 2))
    assert rows[49] > 10
    assert rows[76] < 3
    assert (np.diff(rows[50:76:5]) <= 0).all()


@pytest.mark.parametrize("new", [*CLOTHS, (190, 140, 100), (160, 190, 150)])
@pytest.mark.parametrize("rim", [0, 2, 5])
def test_a_garment_in_another_colour_is_drawn_to_neither_skin_nor_wall_nor_shirt(
    new: tuple[int, ...], rim: int
) -> None:
    before = photo((90, 30, 120))
    before[16:40][GARMENT[16:40]] = (220, 220, 90)
    skirt = GARMENT.copy()
    skirt[:40] = False
    mask = grow(skirt, rim)
    inside = before.copy()
    inside[skirt] = new
    given = painted(before, inside, mask)
    after = match(given, before, mask)
    assert apart(after[skirt], np.asarray(image(given))[skirt]) < 0.3
    assert np.abs(after.astype(float) - np.asarray(image(given)))[skirt].mean() < 1


def test_a_garment_painted_over_all_of_a_wide_mask_keeps_its_own_colour_beside_a_wall_that_is_nearly_it() -> None:
    before = photo((90, 30, 120))
    mask = grow(GARMENT, 4)
    inside = np.full_like(before, (150, 175, 142))  # 9 from the wall
    given = painted(before, inside, mask)
    after = match(given, before, mask)
    assert apart(after[GARMENT], np.asarray(image(given))[GARMENT]) < 0.7


def test_half_of_a_garment_that_was_meant_to_be_another_colour_stays_it() -> None:
    before = photo((205, 35, 45))
    given = image(painted(before, np.full_like(before, (40, 80, 190)), LOWER))
    assert matched(given, image(before), to_image(LOWER)) is given


def test_a_mask_of_all_or_nothing_has_no_edge() -> None:
    given, before = image(photo(CLOTHS[0]) + 9), image(photo(CLOTHS[0]))
    for mask in (np.ones((SIDE, SIDE), dtype=np.bool_), np.zeros((SIDE, SIDE), dtype=np.bool_)):
        assert matched(given, before, to_image(mask)) is given


class PaintedLighter:
    """A model that paints what was there, all of it a little lighter."""

    def inpaint(self, *, pictures: Sequence[Image.Image], **_: Any) -> list[Image.Image]:
        return [picture.point(lambda level: min(255, level + 14)) for picture in pictures]


@settings(deadline=None, max_examples=25)
@given(st.integers(40, 300), st.integers(40, 300), st.integers(0, 2), st.booleans())
def test_at_any_size_of_photo_the_step_is_not_seen_and_outside_not_one_byte_changes(
    width: int, height: int, shape: int, soft: bool
) -> None:
    before = image(np.full((height, width, 3), (150, 90, 60), dtype=np.float64))
    y, x = np.mgrid[:height, :width]
    inside = [
        (x > width / 3) & (y > height / 3),
        (x - width / 2) ** 2 + (y - height / 2) ** 2 < (min(width, height) / 3) ** 2,
        y > height / 2,
    ][shape]
    work = Repainting(picture=before, mask=to_image(inside), prompt="", seeds=[1], blur=None if soft else 0)
    (done,) = repaint_all(PaintedLighter(), [work], **SETTINGS)
    after, alpha = np.asarray(done.images[0]), np.asarray(done.alpha)
    assert np.array_equal(after[alpha == 0], np.asarray(before)[alpha == 0])
    edge = inside & ~grow(inside, -2)
    assert apart(after[edge], np.asarray(before)[~inside]) <= 1


@settings(deadline=None, max_examples=60)
@given(st.integers(1, 60), st.integers(0, 2**32 - 1), st.booleans())
def test_whatever_is_painted_and_masked_a_picture_of_its_size_comes_of_it(side: int, seed: int, grey: bool) -> None:
    random = np.random.default_rng(seed)
    new, old = (random.integers(0, 256, (side, side, 3), dtype=np.uint8) for _ in range(2))
    mask = random.integers(0, 256, (side, side), dtype=np.uint8) if grey else (random.random((side, side)) < 0.5) * 255
    done = matched(Image.fromarray(new), Image.fromarray(old), Image.fromarray(mask.astype(np.uint8)))
    assert (done.size, done.mode) == ((side, side), "RGB")
