"""Training views are framed as the service frames them, and their masks are looser than the garment, never tighter."""

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from atelier_training.data.example_views import View, inpaint_views, whole_views
from atelier_training.data.examples import Example
from imaging.framing import crop_box, square
from imaging.masks import Mask, from_image, to_image
from imaging.repaint import Repainting, frame
from tests.unit.training_root import ORANGE, TEAL, garment

SIDE = 32


def example(scale: int = 1) -> Example:
    picture, mask = garment(0)
    size = (picture.width * scale, picture.height * scale)
    big = from_image(to_image(mask).resize(size, Image.Resampling.NEAREST))
    return Example(name="skirt.png", picture=picture.resize(size, Image.Resampling.NEAREST), mask=big, caption="words")


def views(scale: int = 1, count: int = 12) -> list[View]:
    return list(inpaint_views(example(scale), SIDE, count, np.random.default_rng(0)))


def coloured(pixels: NDArray[np.uint8]) -> Mask:
    """Where a view shows the garment."""
    near = [np.abs(pixels.astype(int) - colour).max(axis=2) < 30 for colour in (TEAL, ORANGE)]
    found: Mask = np.logical_or(*near)
    return found


def test_views_have_the_models_size_and_the_pictures_words() -> None:
    for view in views():
        assert view.pixels.shape == (SIDE, SIDE, 3)
        assert view.mask.shape == (SIDE, SIDE)
        assert (view.name, view.caption) == ("skirt.png", "words")


def test_every_mask_covers_the_garment() -> None:
    for view in views():
        garment_pixels = coloured(view.pixels)
        assert garment_pixels.sum() > 100
        assert (garment_pixels & ~view.mask).sum() < 0.03 * garment_pixels.sum()


def test_masks_differ_in_looseness_but_stay_near_the_garment() -> None:
    shares = [view.mask.mean() / coloured(view.pixels).mean() for view in views()]
    assert max(shares) - min(shares) > 0.1
    assert max(shares) < 2.5


def test_a_view_is_the_crop_that_the_service_would_make() -> None:
    picture, mask = garment(0)
    box = crop_box(mask, resolution=SIDE)
    service = np.asarray(square(picture, box, SIDE))
    tight = next(v for v in views(count=40) if np.array_equal(v.mask, from_image(square(to_image(mask), box, SIDE))))
    assert np.array_equal(tight.pixels, service)


def test_a_large_photo_gives_the_same_framing_as_a_small_one() -> None:
    small, large = views(2), views(12)
    for a, b in zip(small, large, strict=True):
        assert (a.mask != b.mask).mean() < 0.06


def fine(kind: str, side: int = 700) -> Mask:
    """Masks that are finer than a pixel of what the model sees."""
    mask = np.zeros((side, side), dtype=np.bool_)
    if kind == "specks":
        mask[9, 9] = mask[-9, -9] = True
    elif kind == "outline":
        mask[40, 40:-40] = mask[-41, 40:-40] = mask[40:-40, 40] = mask[40:-40, -41] = True
    else:
        mask[::3, ::3] = True
    return mask


@pytest.mark.parametrize("kind", ["specks", "outline", "dots"])
def test_a_mask_finer_than_a_pixel_of_the_view_is_widened_not_lost(kind: str) -> None:
    picture, mask = Image.new("RGB", (700, 700)), fine(kind)
    whole = Example(name="a.png", picture=picture, mask=mask, caption="words")
    assert all(view.mask.any() for view in inpaint_views(whole, SIDE, 8, np.random.default_rng(0)))
    served = frame(Repainting(picture=picture, mask=to_image(mask), prompt="a skirt", seeds=[1]), SIDE)
    assert set(np.unique(np.asarray(served.mask))) <= {0, 255}
    assert np.asarray(served.mask).any()


@pytest.mark.parametrize("centre", [True, False])
def test_whole_views_are_painted_everywhere(centre: bool) -> None:
    made = list(whole_views(example(), SIDE, 6, np.random.default_rng(0), centre=centre))
    assert all(view.mask.all() and view.pixels.shape == (SIDE, SIDE, 3) for view in made)
    assert (len({view.pixels.tobytes() for view in made}) == 1) == centre


def test_an_inpainting_view_is_framed_as_serving_says_that_it_is() -> None:
    assert {view.frame for view in views()} == {(SIDE, SIDE, 0, 0, SIDE, SIDE)}


def test_a_whole_view_says_what_it_was_cut_from() -> None:
    wide = example()  # 48 x 64, so the cut of 48 x 48 is 8 to 16 pixels from the top
    (centre,) = whole_views(wide, SIDE, 1, np.random.default_rng(0), centre=True)
    assert centre.frame == (64, 48, round(8 * SIDE / 48), 0, SIDE, SIDE)
    tops = {view.frame[2] for view in whole_views(wide, SIDE, 20, np.random.default_rng(0), centre=False)}
    assert len(tops) > 3
    assert max(tops) <= round(16 * SIDE / 48)
