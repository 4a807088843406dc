"""Colours are sRGB whatever a file's mode and profile, and a picture's transparency comes back as it was."""

import io
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageCms

from imaging.cutout import Cutout
from imaging.pictures import decode, encode, read_picture
from tests.unit.picture_files import cmyk_profile, gradient, linear_grey, red_is_blue, same, saved


def first(image: Image.Image) -> list[int]:
    return [int(level) for level in np.asarray(image)[0, 0]]


def seen(image: Image.Image, profile: bytes, **options: Any) -> list[int]:
    return first(decode(saved(image, icc_profile=profile, **options), name="photo"))


ORANGE = (255, 128, 0)


def palette(*, clear: bool) -> tuple[Image.Image, dict[str, Any]]:
    image = Image.new("P", (4, 4), 1)
    image.putpalette([0, 0, 0, *ORANGE])
    return image, {"transparency": 0} if clear else {}


@pytest.mark.parametrize(
    ("image", "options"),
    [
        (Image.new("RGB", (4, 4), ORANGE), {}),
        (Image.new("RGB", (4, 4), ORANGE), {"transparency": (1, 2, 3)}),
        (Image.new("RGBA", (4, 4), (*ORANGE, 255)), {}),
        palette(clear=False),
        palette(clear=True),
    ],
)
def test_a_profile_is_honoured_in_every_mode_with_colours(image: Image.Image, options: dict[str, Any]) -> None:
    red, green, blue = seen(image, red_is_blue(), **options)
    assert (red < 12, abs(green - 128) < 12, blue > 243) == (True, True, True)


def test_a_profile_is_honoured_under_transparency_before_that_is_mixed_with_anything() -> None:
    read = read_picture(saved(Image.new("RGBA", (4, 4), (255, 0, 0, 102)), icc_profile=red_is_blue()), name="photo")
    assert read.cutout is not None
    assert first(read.cutout.colours)[2] > 243
    assert read.cutout.alpha.getextrema() == (102, 102)
    assert np.abs(np.subtract(first(read.image), (153, 153, 255))).max() < 4


@pytest.mark.parametrize(
    "image",
    [
        Image.new("L", (4, 4), 128),
        Image.new("LA", (4, 4), (128, 255)),
        Image.fromarray(np.full((4, 4), 128 * 257, dtype=np.uint16)),
    ],
)
def test_the_profile_of_greys_is_honoured(image: Image.Image) -> None:
    assert np.abs(np.subtract(seen(image, linear_grey()), 188)).max() <= 1


def test_the_profile_of_a_printers_inks_is_honoured() -> None:
    """Of a JPEG in CMYK: here the first ink is a grey of half the lightness, whatever others call cyan."""
    greys = cmyk_profile(lambda first, *others: (0 if any(others) else 255 - 127 * first, 128, 128))
    for inks, level in (((0, 0, 0, 0), 255), ((255, 0, 0, 0), 119), ((0, 0, 0, 255), 0)):
        image = Image.new("CMYK", (16, 16), inks)
        read = read_picture(saved(image, "JPEG", icc_profile=greys, quality=95), name="photo")
        assert np.abs(np.subtract(first(read.image), level)).max() <= 3
        assert read.notes == ()
    assert first(decode(saved(Image.new("CMYK", (16, 16), (255, 0, 0, 0)), "JPEG"), name="photo"))[1] > 200


def test_a_grey_picture_may_have_a_profile_of_colours() -> None:
    assert np.abs(np.subtract(seen(Image.new("L", (4, 4), 128), red_is_blue()), 128)).max() <= 3


def test_a_profile_of_srgb_changes_no_byte_whatever_it_is_called() -> None:
    srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    renamed = srgb.replace("sRGB".encode("utf-16-be"), "mine".encode("utf-16-be"))
    for profile in (srgb, renamed):
        assert same(decode(saved(gradient(), icc_profile=profile), name="photo"), gradient())


@pytest.mark.parametrize("profile", [b"nonsense", linear_grey(), red_is_blue()[:200], red_is_blue()[:-100], bytes(500)])
def test_an_unusable_profile_is_ignored_with_a_note(profile: bytes) -> None:
    for file_format in ("PNG", "JPEG", "WEBP"):
        plain = saved(gradient(), file_format)
        read = read_picture(saved(gradient(), file_format, icc_profile=profile), name="photo")
        assert same(read.image, decode(plain, name="photo"))
        assert read.notes == ("photo: its colour profile cannot be used, so its colours were taken as sRGB",)


@pytest.mark.parametrize("file_format", ["png", "jpeg", "webp"])
def test_what_is_written_has_no_other_profile_and_a_png_says_srgb(file_format: str) -> None:
    foreign = Image.open(io.BytesIO(saved(Image.new("RGB", (4, 4), "red"), icc_profile=red_is_blue())))
    foreign.load()
    for image in (foreign, decode(saved(foreign, icc_profile=red_is_blue()), name="photo"), foreign.convert("L")):
        written = Image.open(io.BytesIO(encode(image, file_format)))
        written.load()
        assert "icc_profile" not in written.info
        assert (file_format != "png") or written.info["srgb"] == 0


def cutout() -> Cutout:
    """Every opacity from left to right over a gradient."""
    alpha = np.tile(np.arange(256, dtype=np.uint8), (16, 1))
    return Cutout(colours=gradient(256, 16), alpha=Image.fromarray(alpha))


def test_a_pixel_that_was_not_painted_comes_back_with_its_colour_and_transparency_byte_for_byte() -> None:
    untouched = cutout()
    back = np.asarray(untouched.restored(untouched.on("white")))
    assert np.array_equal(back[..., :3], np.asarray(untouched.colours))
    assert np.array_equal(back[..., 3], np.asarray(untouched.alpha))


@given(st.integers(0, 255), st.integers(0, 255))
def test_what_was_painted_looks_on_white_as_it_was_painted(level: int, opacity: int) -> None:
    size = (4, 4)
    before = Cutout(colours=Image.new("RGB", size, (9, 9, 9)), alpha=Image.new("L", size, opacity))
    # A picture of this opacity cannot be darker on white than black would be.
    level = max(level, 255 - opacity)
    painted = Image.new("RGB", size, (level,) * 3)
    back = before.restored(painted)
    assert back.mode == "RGBA"
    again = Cutout(colours=back.convert("RGB"), alpha=back.getchannel("A")).on("white")
    assert np.abs(np.asarray(again, dtype=int) - level).max() <= 1


def test_an_enlarged_picture_gets_its_transparency_enlarged() -> None:
    back = cutout().restored(Image.new("RGB", (1_024, 64), "white"))
    assert back.size == (1_024, 64)
    assert np.abs(np.asarray(back.getchannel("A"), dtype=int)[0, 2::4] - np.arange(256)).max() <= 2


def test_alpha_that_is_opaque_everywhere_is_no_transparency() -> None:
    assert read_picture(saved(Image.new("RGBA", (4, 4), (1, 2, 3, 255))), name="photo").cutout is None


def test_a_sixteen_bit_grey_with_a_clear_level_is_transparent_there() -> None:
    levels = np.array([[0, 257, 514, 65535]], dtype=np.uint16)
    read = read_picture(saved(Image.fromarray(levels), transparency=514), name="photo")
    assert read.cutout is not None
    assert np.asarray(read.cutout.alpha).tolist() == [[255, 255, 0, 255]]
