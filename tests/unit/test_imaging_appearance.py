"""How a picture looks where it was painted: known colours have known numbers, at every size, in little time and memory."""

import numpy as np
import pytest
from PIL import Image, ImageDraw

from imaging.appearance import measure_appearance
from imaging.lab import to_lab

BLUE, RED, GREY = (20, 60, 160), (180, 20, 30), (119, 119, 119)


def photo(size: tuple[int, int] = (300, 400), garment: tuple[int, int, int] = BLUE) -> tuple[Image.Image, Image.Image]:
    """A grey picture with a painted box in its middle, and that box's mask."""
    picture, alpha = Image.new("RGB", size, GREY), Image.new("L", size)
    box = (size[0] // 4, size[1] // 4, 3 * size[0] // 4, 3 * size[1] // 4)
    ImageDraw.Draw(picture).rectangle(box, garment)
    ImageDraw.Draw(alpha).rectangle(box, 255)
    return picture, alpha


@pytest.mark.parametrize(
    ("rgb", "lab"),
    [
        ((255, 255, 255), (100, 0, 0)),
        ((0, 0, 0), (0, 0, 0)),
        ((119, 119, 119), (50.03, 0, 0)),
        ((255, 0, 0), (53.24, 80.09, 67.20)),
        ((0, 0, 255), (32.30, 79.19, -107.86)),
        ((0, 128, 0), (46.23, -51.70, 49.90)),
    ],
)
def test_srgb_has_the_lab_values_that_others_publish(rgb: tuple[int, int, int], lab: tuple[float, ...]) -> None:
    """Values of scikit-image's and Lindbloom's converters, D65 and 2 degrees."""
    assert to_lab(np.array([rgb], dtype=np.uint8))[0] == pytest.approx(lab, abs=0.05)


def test_a_plain_garment_has_one_colour_and_the_frame_its_own_light() -> None:
    look = measure_appearance(*photo())
    assert look is not None
    (colour,) = look.palette
    assert (colour.lightness, colour.red, colour.yellow) == pytest.approx(
        tuple(to_lab(np.array([BLUE], dtype=np.uint8))[0]), abs=0.01
    )
    assert colour.share == 1
    assert (look.light, look.light_spread) == (colour.lightness, 0)
    assert (look.frame_light, look.frame_light_spread) == (50.03, 0)


def test_two_colours_are_told_by_their_shares_which_come_to_one() -> None:
    picture, alpha = photo()
    ImageDraw.Draw(picture).rectangle((75, 100, 225, 150), RED)
    look = measure_appearance(picture, alpha)
    assert look is not None
    assert len(look.palette) == 2
    assert look.palette[0].share == pytest.approx(0.76, abs=0.03)
    assert look.palette[0].yellow < 0 < look.palette[1].red
    assert sum(each.share for each in look.palette) == pytest.approx(1, abs=0.001)
    assert sum(each.share * each.lightness for each in look.palette) == pytest.approx(look.light, abs=0.05)


def test_noise_has_few_colours_whose_mean_is_that_of_all() -> None:
    picture, alpha = photo()
    picture = Image.fromarray(np.random.default_rng(3).integers(0, 255, (400, 300, 3), dtype=np.uint8))
    look = measure_appearance(picture, alpha)
    assert look is not None
    assert 1 < len(look.palette) <= 5
    assert sum(each.share * each.lightness for each in look.palette) == pytest.approx(look.light, abs=0.1)


def test_a_buttons_colour_and_the_mixed_edge_are_none_of_the_garments() -> None:
    picture, alpha = photo()
    ImageDraw.Draw(picture).ellipse((140, 190, 150, 200), RED)
    ImageDraw.Draw(picture).rectangle((75, 100, 225, 300), outline=(255, 255, 0), width=3)
    look = measure_appearance(picture, alpha)
    assert look is not None
    assert len(look.palette) == 1


@pytest.mark.parametrize("size", [(64, 64), (301, 403), (3_000, 4_500)])
def test_the_size_of_a_picture_changes_nothing(size: tuple[int, int]) -> None:
    look = measure_appearance(*photo(size))
    assert look is not None
    assert (look.palette[0].lightness, look.frame_light) == pytest.approx((29.21, 50.03), abs=0.01)


def test_where_all_is_painted_there_is_no_frame_and_where_nothing_is_no_appearance() -> None:
    picture, _ = photo()
    whole = measure_appearance(picture, Image.new("L", picture.size, 255))
    assert whole is not None
    assert whole.frame_light is None
    assert measure_appearance(picture, Image.new("L", picture.size)) is None


@pytest.mark.parametrize("rgb", [(255, 255, 255), (0, 0, 0), (0, 0, 255)])
def test_the_ends_of_the_scale_are_within_what_the_contract_allows(rgb: tuple[int, int, int]) -> None:
    look = measure_appearance(Image.new("RGB", (40, 40), rgb), Image.new("L", (40, 40), 255))
    assert look is not None
    assert 0 <= look.light <= 100


def test_a_soft_mask_counts_where_it_is_half_new() -> None:
    picture, alpha = photo()
    soft = alpha.point(lambda level: level * 3 // 5)
    assert measure_appearance(picture, soft) == measure_appearance(picture, alpha)


@pytest.mark.parametrize(("wanted", "least", "most"), [("#143ca0", 0, 0.01), ("#b4141e", 40, 60)])
def test_how_far_a_plain_garment_is_from_a_wanted_colour(wanted: str, least: float, most: float) -> None:
    look = measure_appearance(*photo(), wanted)
    assert look is not None
    assert look.colour_difference is not None
    assert least <= look.colour_difference <= most


def test_of_a_pattern_a_colour_that_covers_enough_may_be_the_wanted_one_and_a_buttons_may_not() -> None:
    picture, alpha = photo()
    draw = ImageDraw.Draw(picture)
    draw.rectangle((75, 100, 225, 190), RED)
    draw.ellipse((140, 240, 160, 260), (20, 160, 60))
    red, green = (measure_appearance(picture, alpha, colour) for colour in ("#b4141e", "#14a03c"))
    assert red is not None
    assert red.colour_difference == pytest.approx(0, abs=2)  # the button is counted to it
    assert green is not None
    assert green.colour_difference is not None
    assert green.colour_difference > 20


def test_without_a_wanted_colour_there_is_no_difference_from_it() -> None:
    look = measure_appearance(*photo())
    assert look is not None
    assert look.colour_difference is None
