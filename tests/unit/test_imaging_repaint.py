"""imaging.repaint: what the pipeline is handed, and that nothing outside the feathered mask changes."""

import tracemalloc
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageFilter

from contracts.batching import ROWS
from contracts.errors import InvalidInputError
from contracts.sampling import Sampling
from imaging.framing import square, unsquared
from imaging.masks import feather, to_image
from imaging.repaint import Repainting, default_blur, repaint_all
from imaging.strips import PIXELS

SETTINGS: dict[str, Any] = {"sampling": Sampling(steps=3, guidance=2.0), "resolution": 32}


class Dye:
    """A model that paints everything in one colour a row: red comes of the row's seed."""

    def __init__(self) -> None:
        self.calls: list[dict[str, Any]] = []

    def inpaint(self, **arguments: Any) -> list[Image.Image]:
        self.calls.append(arguments)
        rows = zip(arguments["pictures"], arguments["seeds"], strict=True)
        return [Image.new("RGB", picture.size, (1 + 37 * seed % 254, 0, 255)) for picture, seed in rows]


def repaint(
    painter: Dye, picture: Image.Image, mask: Image.Image, *, prompt: str, seeds: list[int], blur: float | None = None
) -> list[Image.Image]:
    """One photo alone."""
    work = Repainting(picture=picture, mask=mask, prompt=prompt, seeds=seeds, blur=blur)
    return repaint_all(painter, [work], **SETTINGS)[0].images


def same(a: Image.Image, b: Image.Image) -> bool:
    return np.array_equal(np.asarray(a), np.asarray(b))


def photo(width: int, height: int) -> Image.Image:
    """Noise that is green and not blue, so that no edge through it looks like one through the dye's own cloth."""
    levels = np.random.default_rng(width * height).integers(0, 255, (height, width, 3), dtype=np.uint8)
    return Image.fromarray(levels // np.array([1, 2, 4], dtype=np.uint8) + np.array([0, 128, 0], dtype=np.uint8))


def ellipse(width: int, height: int) -> Image.Image:
    y, x = np.mgrid[:height, :width]
    inside = ((x - width / 2) / (width / 4)) ** 2 + ((y - height / 2) / (height / 4)) ** 2 <= 1
    return to_image(inside)


@settings(deadline=None)
@given(st.integers(6, 150), st.integers(6, 150), st.one_of(st.none(), st.floats(0, 200)))
def test_outside_the_feathered_mask_not_one_byte_changes(width: int, height: int, blur: float | None) -> None:
    picture, mask = photo(width, height), ellipse(width, height)
    (result,) = repaint(Dye(), picture, mask, prompt="a skirt", seeds=[1], blur=blur)
    white = np.asarray(mask) == 255
    outside = feather(white, default_blur(white) if blur is None else blur) == 0
    assert result.size == picture.size
    assert np.array_equal(np.asarray(result)[outside], np.asarray(picture)[outside])
    assert (np.asarray(result)[white][:, 1:] == (0, 255)).all()


def test_the_pasted_edge_fades_and_a_blur_of_zero_is_hard() -> None:
    picture, mask = Image.new("RGB", (100, 100)), ellipse(100, 100)
    soft, hard = (
        np.asarray(repaint(Dye(), picture, mask, prompt="p", seeds=[1], blur=b)[0])[50, :, 2] for b in (12, 0)
    )
    assert set(hard) == {0, 255}
    assert len(set(soft)) > 8


def test_each_seed_gives_its_own_picture_whatever_else_is_painted() -> None:
    picture, mask = photo(40, 40), ellipse(40, 40)
    alone = [repaint(Dye(), picture, mask, prompt="p", seeds=[seed])[0] for seed in (7, 8)]
    together = repaint(Dye(), picture, mask, prompt="p", seeds=[7, 8])
    assert [same(a, b) for a, b in zip(alone, together, strict=True)] == [True, True]
    assert not same(*alone)


def test_works_share_batches_and_get_their_own_answers() -> None:
    dye = Dye()
    works = [
        Repainting(
            picture=photo(40 + n, 50), mask=ellipse(40 + n, 50), prompt=f"p{n}", negative_prompt="n", seeds=[n, 9]
        )
        for n in range(6)
    ]
    results = repaint_all(dye, works, **SETTINGS)
    assert [len(call["prompts"]) for call in dye.calls] == [ROWS, 12 - ROWS]
    assert dye.calls[0]["prompts"][:4] == ["p0", "p0", "p1", "p1"]
    assert [[image.size for image in each.images] for each in results] == [[(40 + n, 50)] * 2 for n in range(6)]
    alone = repaint_all(Dye(), [works[5]], **SETTINGS)[0]
    assert same(results[5].images[1], alone.images[1])


def test_the_alpha_that_is_given_back_says_which_bytes_may_change() -> None:
    picture, mask = photo(90, 60), ellipse(90, 60)
    (done,) = repaint_all(Dye(), [Repainting(picture=picture, mask=mask, prompt="p", seeds=[1], blur=9)], **SETTINGS)
    changed = (np.asarray(done.images[0]) != np.asarray(picture)).any(axis=-1)
    assert not changed[np.asarray(done.alpha) == 0].any()
    assert (np.asarray(done.alpha)[np.asarray(mask) == 255] == 255).all()
    assert 0 < (np.asarray(done.alpha) > 0).mean() < 1


def test_the_model_sees_squares_at_its_resolution_and_a_hard_mask() -> None:
    dye = Dye()
    repaint(dye, photo(70, 200), ellipse(70, 200), prompt="p", seeds=[1])
    call = dye.calls[0]
    assert [call[key][0].size for key in ("pictures", "masks")] == [(32, 32)] * 2
    assert set(np.unique(np.asarray(call["masks"][0]))) == {0, 255}
    assert call["sampling"] == SETTINGS["sampling"]


def test_a_mask_of_another_size_says_both_sizes() -> None:
    with pytest.raises(InvalidInputError, match=r"30x40 pixels.*20x40 pixels"):
        repaint(Dye(), photo(20, 40), ellipse(30, 40), prompt="p", seeds=[1])


def test_an_empty_mask_is_refused() -> None:
    with pytest.raises(InvalidInputError, match="no pixel to repaint"):
        repaint(Dye(), photo(20, 20), Image.new("L", (20, 20)), prompt="p", seeds=[1])


def test_a_soft_mask_is_painted_and_pasted_by_its_own_levels() -> None:
    picture, soft = photo(90, 60), ellipse(90, 60).filter(ImageFilter.GaussianBlur(5))
    dye = Dye()
    (done,) = repaint_all(dye, [Repainting(picture=picture, mask=soft, prompt="p", seeds=[1])], **SETTINGS)
    assert np.array_equal(np.asarray(done.alpha), np.asarray(soft))
    opacity = np.asarray(soft, dtype=float) / 255
    expected = np.asarray(picture)[..., 2] * (1 - opacity) + 255 * opacity
    assert np.abs(np.asarray(done.images[0])[..., 2] - expected).max() <= 1
    assert len(np.unique(np.asarray(dye.calls[0]["masks"][0]))) > 20


def test_a_blur_that_is_asked_for_widens_a_soft_mask() -> None:
    picture, soft = photo(90, 60), ellipse(90, 60).filter(ImageFilter.GaussianBlur(2))
    own, wider = (
        repaint_all(Dye(), [Repainting(picture=picture, mask=soft, prompt="p", seeds=[1], blur=blur)], **SETTINGS)[0]
        for blur in (None, 20)
    )
    assert (np.asarray(wider.alpha) >= np.asarray(own.alpha)).all()
    assert (np.asarray(wider.alpha) > 0).sum() > 1.2 * (np.asarray(own.alpha) > 0).sum()


@pytest.mark.parametrize("size", [(1, 16_383), (16_383, 1)])
def test_the_square_around_a_line_is_never_in_memory(size: tuple[int, int]) -> None:
    box = (0, 0, *size)
    tracemalloc.start()
    try:
        small = square(Image.new("RGB", size), box, 32)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 16 * PIXELS
    parts = [place for _, place in unsquared(small, box)]
    assert all((right - left) * max(size) <= PIXELS for left, _, right, _ in parts)
