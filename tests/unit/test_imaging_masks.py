"""imaging.masks and imaging.framing: shapes, distances and boxes, mostly as properties."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from scipy import ndimage

from contracts.errors import InvalidInputError
from imaging.framing import CONTEXT, LEAST_CONTEXT, crop_box, painting_size, square, unsquare
from imaging.masks import (
    Mask,
    bounds,
    feather,
    fill_holes,
    from_image,
    grow,
    larger_side,
    largest_components,
    to_image,
)


def rectangle(size: tuple[int, int], box: tuple[int, int, int, int]) -> Mask:
    mask = np.zeros((size[1], size[0]), dtype=bool)
    mask[box[1] : box[3], box[0] : box[2]] = True
    return mask


@st.composite
def masks(draw: st.DrawFn) -> Mask:
    """A picture of 1 to 90 pixels a side with one rectangle in it."""
    width, height = draw(st.integers(1, 90)), draw(st.integers(1, 90))
    left, top = draw(st.integers(0, width - 1)), draw(st.integers(0, height - 1))
    right, bottom = draw(st.integers(left + 1, width)), draw(st.integers(top + 1, height))
    return rectangle((width, height), (left, top, right, bottom))


@settings(deadline=None)
@given(masks(), st.integers(0, 30))
def test_growing_reaches_exactly_the_pixels_within_the_distance(mask: Mask, pixels: int) -> None:
    whole_picture = ndimage.distance_transform_edt(~mask) <= pixels
    assert np.array_equal(grow(mask, pixels), whole_picture)


@settings(deadline=None)
@given(masks(), st.integers(1, 30))
def test_shrinking_leaves_exactly_the_pixels_farther_inside(mask: Mask, pixels: int) -> None:
    expected = mask if mask.all() else ndimage.distance_transform_edt(mask) > pixels
    assert np.array_equal(grow(mask, -pixels), expected)


@settings(deadline=None)
@given(masks(), st.floats(0, 40))
def test_a_feather_is_one_inside_and_zero_from_its_width_on(mask: Mask, blur: float) -> None:
    alpha, distance = feather(mask, blur), ndimage.distance_transform_edt(~mask)
    assert (alpha[mask] == 1).all()
    assert (alpha[distance >= max(blur, 0.5)] == 0).all()
    assert ((alpha >= 0) & (alpha <= 1)).all()


def test_a_feather_falls_with_distance() -> None:
    alpha = feather(rectangle((40, 5), (0, 0, 10, 5)), 20)[2]
    assert (np.diff(alpha[9:30]) < 0).all()
    assert alpha[19] == pytest.approx(0.5)


def test_specks_go_and_both_trouser_legs_stay() -> None:
    legs = rectangle((40, 40), (5, 5, 12, 35)) | rectangle((40, 40), (20, 5, 26, 35))
    assert np.array_equal(largest_components(legs | rectangle((40, 40), (35, 35, 37, 37)), share=0.2), legs)


def test_a_small_hole_is_filled_and_a_large_one_kept() -> None:
    garment = rectangle((60, 60), (5, 5, 55, 55)) & ~rectangle((60, 60), (20, 20, 40, 40))
    buckle = rectangle((60, 60), (8, 8, 11, 11))
    assert np.array_equal(fill_holes(garment & ~buckle, share=0.05), garment)


def test_an_empty_mask_stays_empty_and_has_no_bounds() -> None:
    empty = np.zeros((8, 8), dtype=bool)
    for shape in (grow(empty, 3), grow(empty, -3), largest_components(empty, share=0.5), fill_holes(empty, share=1)):
        assert not shape.any()
    assert not feather(empty, 5).any()
    assert bounds(empty) is None
    assert larger_side(empty) == 0


def test_a_mask_image_is_cut_at_the_middle_grey() -> None:
    assert from_image(Image.fromarray(np.array([[0, 127, 128, 255]], dtype=np.uint8))).tolist() == [
        [False, False, True, True]
    ]
    assert np.asarray(to_image(np.array([[True, False]]))).tolist() == [[255, 0]]


@settings(deadline=None)
@given(masks(), st.sampled_from([8, 32, 64]))
def test_a_crop_covers_the_mask_and_stays_in_the_picture(mask: Mask, resolution: int) -> None:
    left, top, right, bottom = crop_box(mask, resolution=resolution)
    height, width = mask.shape
    assert 0 <= left < right <= width
    assert 0 <= top < bottom <= height
    assert mask[top:bottom, left:right].sum() == mask.sum()


@settings(deadline=None)
@given(masks(), st.sampled_from([8, 32, 64]))
def test_a_crop_is_square_wherever_the_picture_leaves_room(mask: Mask, resolution: int) -> None:
    left, top, right, bottom = crop_box(mask, resolution=resolution)
    if min(mask.shape) >= LEAST_CONTEXT * larger_side(mask):
        assert right - left == bottom - top
        assert right - left >= min(resolution, *mask.shape)
    else:
        assert min(right - left, bottom - top) == min(mask.shape)


def test_a_crop_has_half_as_much_again_around_the_garment() -> None:
    left, top, right, bottom = crop_box(rectangle((400, 600), (150, 300, 250, 400)), resolution=64)
    assert (right - left, bottom - top) == (100 * CONTEXT, 100 * CONTEXT)
    assert (left, top) == (125, 275)


def test_an_empty_mask_cannot_be_framed() -> None:
    with pytest.raises(InvalidInputError, match="no pixel to repaint"):
        crop_box(np.zeros((8, 8), dtype=bool), resolution=8)


@settings(deadline=None)
@given(st.integers(1, 40), st.integers(1, 40), st.sampled_from(["RGB", "L"]))
def test_a_square_undone_has_the_boxs_size_and_its_flat_colour(width: int, height: int, mode: str) -> None:
    grey = 77 if mode == "L" else (77, 10, 200)
    image = Image.new(mode, (50, 50), grey)
    box = (3, 4, 3 + width, 4 + height)
    there = square(image, box, 32)
    assert there.size == (32, 32)
    back = unsquare(there, box)
    assert back.size == (width, height)
    assert back.getcolors() == [(width * height, grey)]


def test_a_narrow_box_is_widened_by_its_own_border() -> None:
    image = Image.new("RGB", (10, 30), "blue")
    image.paste("red", (0, 0, 5, 30))
    wide = np.asarray(square(image, (0, 0, 10, 30), 30))
    assert (wide[:, :10] == (255, 0, 0)).all()
    assert (wide[:, -10:] == (0, 0, 255)).all()


@settings(deadline=None)
@given(st.integers(1, 5_000), st.integers(1, 5_000), st.sampled_from([64, 512, 1024]))
def test_a_whole_picture_is_painted_at_its_aspect_with_the_models_pixels(
    width: int, height: int, resolution: int
) -> None:
    size = painting_size((width, height), resolution)
    aspect = min(max(width / height, 1 / 4), 4)
    assert all(side % 8 == 0 for side in size)
    assert abs(size[0] - resolution * aspect**0.5) <= 4
    assert abs(size[1] - resolution / aspect**0.5) <= 4
