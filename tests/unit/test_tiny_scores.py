"""The judges of the tiny models say yes to what is right and no to what is not."""

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from imaging.masks import Mask, from_image
from models.tiny.make.palette import COLOURS, HELD_OUT_COLOURS
from models.tiny.make.score.degrading import DEGRADATIONS
from models.tiny.make.score.enlarging import bicubic, psnr
from models.tiny.make.score.held_out import Crop
from models.tiny.make.score.painting import psnr_outside
from models.tiny.make.score.portraits import FigureClassifier, drawings, one_person
from models.tiny.make.score.styles import score_leak, score_style, skirt_photos
from models.tiny.make.sheets.page import Cell, draw_page, wrapped
from models.tiny.make.sheets.pages import in_rows, verdict
from models.tiny.make.wardrobe import Garment

TEAL, ORANGE = (tuple(round(level) for level in HELD_OUT_COLOURS[name]) for name in ("teal", "orange"))


def painter(colours: Callable[[str], tuple[Any, Any]]) -> Any:
    """A model that paints every square in two colours, upper and lower half, chosen by its prompt."""

    def inpaint(*, prompts: list[str], pictures: list[Image.Image], **_: Any) -> list[Image.Image]:
        images = []
        for words, picture in zip(prompts, pictures, strict=True):
            upper, lower = colours(words)
            image = Image.new("RGB", picture.size, upper)
            image.paste(lower, (0, picture.height // 2, *picture.size))
            images.append(image)
        return images

    return SimpleNamespace(inpaint=inpaint)


def blob(top: int, bottom: int, left: int, right: int) -> Mask:
    mask = np.zeros((64, 64), np.bool_)
    mask[top:bottom, left:right] = True
    return mask


def test_a_style_is_scored_by_the_garments_colours() -> None:
    photos = skirt_photos(3)
    exact = score_style(painter(lambda _: (TEAL, ORANGE)), photos)
    assert exact["garment_share"] >= 0.98
    assert exact["both_colours"] == 1
    one = score_style(painter(lambda _: (TEAL, TEAL)), photos)
    assert one["garment_share"] >= 0.98
    assert one["both_colours"] == 0
    assert score_style(painter(lambda _: ((0, 0, 0), (0, 0, 0))), photos)["garment_share"] <= 0.02


def named(words: str) -> Any:
    return next(tuple(round(level) for level in COLOURS[name]) for name in COLOURS if name in words)


def test_a_style_leaks_where_other_words_bring_its_colours() -> None:
    photos = skirt_photos(2)
    assert score_leak(painter(lambda words: (named(words),) * 2), photos) == {"leak_both": 0, "leak_colour": 1}
    leaking = score_leak(painter(lambda _: (TEAL, ORANGE)), photos)
    assert leaking["leak_both"] == 1
    assert leaking["leak_colour"] <= 0.1


def test_the_photos_of_a_style_mask_the_whole_skirt() -> None:
    for photo in skirt_photos(3):
        assert photo.mask.size == photo.picture.size
        assert 0.02 < from_image(photo.mask).mean() < 0.5


def test_one_figure_is_one_tall_part_of_the_picture() -> None:
    figure = blob(4, 60, 24, 42)
    found = one_person(figure)
    assert found is not None
    assert (found == figure).all()
    assert one_person(figure | blob(0, 2, 0, 2)) is not None, "a speck is no second person"
    assert one_person(blob(4, 60, 8, 24) | blob(4, 60, 40, 56)) is None, "two people"
    assert one_person(blob(20, 44, 24, 42)) is None, "half a person"
    assert one_person(blob(0, 64, 0, 64)) is None, "everything"
    assert one_person(blob(0, 0, 0, 0)) is None, "nothing"


@pytest.fixture(scope="module")
def classifier() -> FigureClassifier:
    """Trained a quarter as long as for the score, on a quarter of the drawings."""
    torch.set_num_threads(1)
    return FigureClassifier(drawn=300)


def test_the_classifier_takes_drawings_and_refuses_spoilt_ones(classifier: FigureClassifier) -> None:
    real = [picture for picture, _ in drawings(60, stream=70)]
    assert np.mean(classifier(real)) >= 0.85
    levels, rng = [np.asarray(picture) for picture in real], np.random.default_rng(0)
    for spoil in DEGRADATIONS:
        spoilt = [Image.fromarray(spoil(each, levels[i - 1], rng)) for i, each in enumerate(levels)]
        assert np.mean(classifier(spoilt)) <= 0.4, spoil.__name__


@pytest.mark.parametrize("spoil", DEGRADATIONS, ids=lambda spoil: spoil.__name__)
def test_a_spoilt_picture_is_another_picture_of_the_same_size(spoil: Callable[..., Any]) -> None:
    first, second = (np.asarray(picture) for picture, _ in drawings(2, stream=71))
    spoilt = spoil(first, second, np.random.default_rng(1))
    assert (spoilt.shape, spoilt.dtype) == (first.shape, np.uint8)
    assert np.abs(spoilt.astype(int) - first).mean() > 2


def test_psnr_is_of_255_levels_in_decibels() -> None:
    black, grey = Image.new("RGB", (8, 8)), Image.new("RGB", (8, 8), (51, 51, 51))
    assert psnr(black, grey) == pytest.approx(20 * np.log10(5))
    assert bicubic(grey).size == (32, 32)


def test_only_what_lies_outside_the_mask_and_its_rim_counts_as_kept() -> None:
    before = Image.new("RGB", (64, 64), (100, 100, 100))
    after = before.copy()
    after.paste((255, 0, 0), (20, 20, 40, 40))
    after.paste((110, 100, 100), (0, 0, 64, 8))
    worn = Garment(kind="skirt", colour="red", pattern="plain")
    kept = psnr_outside(Crop(picture=before, mask=blob(20, 40, 20, 40), garment=worn), after)
    outside = 64 * 64 - 24 * 24 + 4 * 4 - 4  # the rim is 2 pixels, round at the corners
    assert kept == pytest.approx(10 * np.log10(255**2 / (100 / 3 * 512 / outside)), abs=0.05)


def test_a_sheet_has_a_cell_for_each_picture_and_breaks_long_words_into_lines() -> None:
    lines = wrapped("a photo of a red striped skirt", 100)
    assert " ".join(lines) == "a photo of a red striped skirt"
    assert len(lines) > 1
    cells = [Cell(picture=Image.new("RGB", (8, 8), (200, 0, 0)), words="red")] * 5
    sheet = draw_page("title", in_rows(cells, 2), side=64, heads=("one", "two"))
    assert sheet.width == 10 + 2 * 74
    red = (np.asarray(sheet) == (200, 0, 0)).all(2).sum()
    assert red == 5 * 64 * 64


def test_a_verdict_says_whether_the_mask_is_right() -> None:
    there, other, nothing = blob(0, 10, 0, 10), blob(0, 10, 0, 5), blob(0, 0, 0, 0)
    assert verdict(other, there) == "overlap 0.50"
    assert verdict(nothing, there) == "not found: wrong"
    assert verdict(there, nothing) == "wrong: nobody wears it"
    assert verdict(nothing, nothing) == "not found: right"
