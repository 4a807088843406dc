"""Training views are framed as the service frames them, and their masks are looser than the garment, never tighter."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from atelier_training.data.buckets import bucket_sizes, grouped, nearest_size
from atelier_training.data.crops import Crops, PictureCrop, around_garment, whole_picture
from atelier_training.data.example_views import View, inpaint_view, mirrored, whole_view
from atelier_training.data.examples import Example, ExampleFile
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
    return inpainted(example(scale), count)


def inpainted(of: Example, count: int) -> list[View]:
    crop = around_garment(of, SIDE)
    return [inpaint_view(crop, SIDE, np.random.default_rng(0), number) for number in range(count)]


def whole(of: Example, count: int, *, centre: bool) -> list[View]:
    crop = whole_picture(of, SIDE)
    return [whole_view(crop, (SIDE, SIDE), np.random.default_rng(0), number, centre=centre) for number in range(count)]


def coloured(pixels: NDArray[np.uint8]) -> Mask:
    """Where a view shows the garment."""
    near = [np.abs(pixels.astype(int) - colour).max(axis=2) < 30 for colour in (TEAL, ORANGE)]
    found: Mask = np.logical_or(*near)
    return found


def test_views_have_the_models_size() -> None:
    for view in views():
        assert view.pixels.shape == (SIDE, SIDE, 3)
        assert view.mask.shape == (SIDE, SIDE)


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
    of = Example(name="a.png", picture=picture, mask=mask, caption="words")
    assert all(view.mask.any() for view in inpainted(of, 8))
    served = frame(Repainting(picture=picture, mask=to_image(mask), prompt="a skirt", seeds=[1]), SIDE)
    assert set(np.unique(np.asarray(served.mask))) <= {0, 255}
    assert np.asarray(served.mask).any()


@pytest.mark.parametrize("centre", [True, False])
def test_whole_views_are_painted_everywhere(centre: bool) -> None:
    made = whole(example(), 6, centre=centre)
    assert all(view.mask.all() and view.pixels.shape == (SIDE, SIDE, 3) for view in made)
    assert (len({view.pixels.tobytes() for view in made}) == 1) == centre


def test_an_inpainting_view_is_framed_as_serving_says_that_it_is() -> None:
    assert {view.frame for view in views()} == {(SIDE, SIDE, 0, 0, SIDE, SIDE)}


def test_a_whole_view_says_what_it_was_cut_from() -> None:
    wide = example()  # 48 x 64, so the cut of 48 x 48 is 8 to 16 pixels from the top
    (centre,) = whole(wide, 1, centre=True)
    assert centre.frame == (64, 48, round(8 * SIDE / 48), 0, SIDE, SIDE)
    tops = {view.frame[2] for view in whole(wide, 20, centre=False)}
    assert len(tops) > 3
    assert max(tops) <= round(16 * SIDE / 48)


def whole_photo(size: tuple[int, int], box: tuple[int, int, int, int], seed: int) -> Example:
    """Noise, so that a shift by a pixel shows, with a garment of two parts in a box."""
    pixels = np.random.default_rng(seed).integers(0, 256, (size[1], size[0], 3), dtype=np.uint8)
    mask = np.zeros((size[1], size[0]), dtype=np.bool_)
    left, top, right, bottom = box
    mask[top:bottom, left : (2 * left + right) // 3] = mask[top : (top + bottom) // 2, left:right] = True
    return Example(name="a.png", picture=Image.fromarray(pixels), mask=mask, caption="")


@pytest.mark.parametrize(
    ("size", "box"),
    [
        ((300, 200), (120, 60, 180, 120)),
        ((300, 200), (0, 0, 30, 40)),
        ((300, 200), (270, 150, 300, 200)),
        ((300, 200), (140, 5, 160, 195)),
        ((60, 400), (5, 100, 55, 300)),
        ((60, 400), (0, 350, 60, 400)),
        ((400, 60), (10, 2, 390, 58)),
        ((40, 40), (15, 15, 22, 25)),
        ((200, 200), (0, 0, 200, 200)),
        ((200, 200), (100, 100, 103, 103)),
    ],
)
def test_a_view_of_the_crop_is_the_view_of_the_whole_photo(
    size: tuple[int, int], box: tuple[int, int, int, int]
) -> None:
    for seed in range(4):
        photo = whole_photo(size, box, seed)
        crop = around_garment(photo, SIDE)
        if crop.size == size:
            whole = replace(crop, pixels=np.asarray(photo.picture), mask=photo.mask, place=(0, 0))
        else:
            small = photo.picture.resize(crop.size, Image.Resampling.LANCZOS)
            mask = from_image(to_image(photo.mask).resize(crop.size, Image.Resampling.BOX))
            whole = replace(crop, pixels=np.asarray(small), mask=mask, place=(0, 0))
        for number in range(8):
            cut, uncut = (inpaint_view(each, SIDE, np.random.default_rng(seed), number) for each in (crop, whole))
            assert np.array_equal(cut.pixels, uncut.pixels)
            assert np.array_equal(cut.mask, uncut.mask)


def test_a_crop_of_a_large_photo_is_small_and_is_kept(tmp_path: Path) -> None:
    photo = whole_photo((1500, 1000), (700, 400, 760, 480), 0)
    photo.picture.save(tmp_path / "a.png")
    to_image(photo.mask).save(tmp_path / "mask.png")
    file = ExampleFile(name="a.png", caption="", picture=tmp_path / "a.png", mask=tmp_path / "mask.png")
    made: list[str] = []

    def make(of: Example) -> PictureCrop:
        made.append(of.name)
        return around_garment(of, SIDE)

    first, again = Crops([file], make, tmp_path / "crops")[0], Crops([file], make, tmp_path / "crops")[0]
    assert made == ["a.png"]
    assert first.pixels.shape[0] < 4 * SIDE
    assert np.array_equal(first.pixels, again.pixels)
    assert (first.place, first.size, first.photo) == (again.place, again.size, again.photo)
    assert first.photo == (1500, 1000)


@pytest.mark.parametrize("resolution", [32, 64, 512, 768, 1024])
def test_no_bucket_has_more_pixels_than_the_square_or_sides_that_a_model_cannot_halve(resolution: int) -> None:
    sizes = bucket_sizes(resolution)
    assert sizes[len(sizes) // 2] == (resolution, resolution)
    assert len(set(sizes)) == len(sizes) == 9
    for width, height in sizes:
        assert 0.9 * resolution**2 < width * height <= resolution**2
        assert width % (resolution // 8) == height % (resolution // 8) == 0
        assert (height, width) in sizes


@pytest.mark.parametrize(
    ("size", "bucket"),
    [((3000, 4000), (28, 36)), ((640, 640), (32, 32)), ((1600, 900), (40, 24)), ((90, 4000), (16, 64))],
)
def test_a_picture_is_learnt_at_the_size_whose_aspect_is_nearest(
    size: tuple[int, int], bucket: tuple[int, int]
) -> None:
    assert nearest_size(size, SIDE) == bucket
    assert nearest_size((size[1], size[0]), SIDE) == (bucket[1], bucket[0])


def test_pictures_are_grouped_by_their_size() -> None:
    assert grouped([(8, 8), (4, 16), (8, 8)]) == ((1,), (0, 2))


@pytest.mark.parametrize("size", [(300, 200), (200, 300), (250, 250), (64, 600)])
def test_a_view_of_a_bucket_shows_nearly_all_of_the_picture_undistorted(size: tuple[int, int]) -> None:
    ramp = np.indices((size[1], size[0])).astype(np.float64)
    levels = np.stack([255 * ramp[1] / size[0], 255 * ramp[0] / size[1], 0 * ramp[0]], axis=2).astype(np.uint8)
    of = Example(name="a.png", picture=Image.fromarray(levels), mask=np.ones(ramp[0].shape, np.bool_), caption="")
    bucket = nearest_size(size, SIDE)
    view = whole_view(whole_picture(of, SIDE), bucket, np.random.default_rng(0), centre=True)
    assert view.pixels.shape == (bucket[1], bucket[0], 3)
    assert view.mask.shape == (bucket[1], bucket[0])
    assert view.frame[:2] == (size[1], size[0])
    assert view.frame[4:] == (bucket[1], bucket[0])
    across, down = (float(np.ptp(view.pixels[..., channel])) / 255 for channel in (0, 1))
    if max(size) <= 4 * min(size):
        assert min(across, down) > 0.8, "a square would show two thirds of the longer side"
    scale = (bucket[0] / (across * size[0]), bucket[1] / (down * size[1]))
    assert scale[0] == pytest.approx(scale[1], rel=0.12)


def test_a_mirrored_view_is_the_view_of_the_mirrored_photo() -> None:
    photo = whole_photo((90, 60), (20, 10, 50, 40), 3)
    turned = replace(
        photo,
        picture=photo.picture.transpose(Image.Transpose.FLIP_LEFT_RIGHT),
        mask=photo.mask[:, ::-1],
    )
    (centre,), (other,) = whole(photo, 1, centre=True), whole(turned, 1, centre=True)
    assert np.array_equal(mirrored(centre).pixels, other.pixels)
    assert mirrored(centre).frame == other.frame
    for view in (*inpainted(photo, 4), *whole(photo, 4, centre=False)):
        twice = mirrored(mirrored(view))
        assert np.array_equal(mirrored(view).mask, view.mask[:, ::-1])
        assert np.array_equal(twice.pixels, view.pixels)
        assert twice.frame == view.frame


def test_a_mirrored_views_place_is_counted_from_the_other_side() -> None:
    wide = whole_photo((96, 48), (20, 10, 50, 40), 3)
    for view in whole(wide, 6, centre=False):
        left = view.frame[3]
        assert mirrored(view).frame[3] == 2 * SIDE - SIDE - left
