"""imaging.conventions: a mask's file is read as it was meant, or refused with both conventions named, or repaints with a remark."""

import io
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageFilter

from contracts.errors import InvalidInputError
from imaging.conventions import polarity_note
from imaging.masks import from_image, grow_image, is_soft, to_image
from imaging.pictures import decode_mask
from tests.unit.mask_files import CONTENTS, FILES, Shape, inverted, is_of, white, wrong
from tests.unit.picture_files import gradient, saved

BOTH = r"convention white.*white where.*mask_convention transparent.*transparent where"


@st.composite
def shapes(draw: st.DrawFn) -> Shape:
    """A box or an ellipse, away from the border of a picture of 48 to 120 pixels a side, over at most half of it."""
    width, height = draw(st.integers(48, 120)), draw(st.integers(48, 120))
    left, top = draw(st.integers(8, width // 2)), draw(st.integers(8, height // 2))
    right, bottom = draw(st.integers(left + 12, width - 8)), draw(st.integers(top + 12, height - 8))
    y, x = np.mgrid[:height, :width]
    box = (x >= left) & (x < right) & (y >= top) & (y < bottom)
    middle, radius = ((left + right) / 2, (top + bottom) / 2), ((right - left) / 2, (bottom - top) / 2)
    ellipse = ((x - middle[0]) / radius[0]) ** 2 + ((y - middle[1]) / radius[1]) ** 2 <= 1
    return np.asarray(box & ellipse if draw(st.booleans()) else box)


def read(data: bytes, convention: str) -> Image.Image | InvalidInputError:
    try:
        return decode_mask(data, name="input.mask", convention=convention)
    except InvalidInputError as error:
        return error


@settings(deadline=None, max_examples=60)
@given(shapes(), st.sampled_from([*CONTENTS]), st.sampled_from([*FILES]), st.sampled_from(["white", "transparent"]))
def test_no_mask_is_silently_read_as_something_else(shape: Shape, content: str, file: str, convention: str) -> None:
    mask = read(FILES[file](CONTENTS[content](shape)), convention)
    if isinstance(mask, InvalidInputError):
        assert "convention white" in mask.allowed
        assert "mask_convention transparent" in mask.allowed
        # What was meant is never refused where the file can say it.
        assert not is_of(convention, content, file)
        return
    assert wrong(from_image(mask), shape) < 0.03 or polarity_note(mask), (content, file, convention)


@pytest.mark.parametrize("file", [*FILES])
def test_each_format_carries_the_default_convention(file: str) -> None:
    shape = np.zeros((90, 70), dtype=bool)
    shape[30:60, 20:50] = True
    mask = decode_mask(FILES[file](white(shape)), name="input.mask")
    assert set(np.unique(np.asarray(mask))) == {0, 255}
    assert wrong(from_image(mask), shape) < 0.01
    assert polarity_note(mask) == ""
    swapped = decode_mask(FILES[file](inverted(shape)), name="input.mask")
    assert "swap black and white" in polarity_note(swapped)


def strokes() -> Image.Image:
    canvas = Image.new("LA", (40, 40), (0, 0))
    canvas.paste((255, 255), (10, 10, 30, 30))
    return canvas


@pytest.mark.parametrize(
    ("image", "got"),
    [
        (strokes(), "transparent over 75%"),
        (Image.new("RGBA", (40, 40), (255, 255, 255, 128)), "transparent over 50%"),
        (gradient(90, 60), "a picture in colours"),
        (Image.fromarray(np.random.default_rng(0).integers(0, 255, (64, 64), dtype=np.uint8)), "grey levels"),
        (Image.new("L", (64, 64), 128), "grey levels over 100%"),
        (Image.new("L", (64, 64), 90), "grey levels over 100%"),
        (Image.new("L", (64, 64)), "no white pixel: the nearest to it is 0.0% white"),
        (Image.fromarray(np.eye(64, dtype=np.uint8)), "no white pixel: the nearest to it is 0.4% white"),
        (Image.fromarray(255 * np.eye(64, dtype=np.uint16)), "no white pixel: the nearest to it is 0.4% white"),
    ],
)
def test_what_is_no_white_mask_is_refused_with_both_conventions(image: Image.Image, got: str) -> None:
    with pytest.raises(InvalidInputError, match=rf"input\.mask: got .*{got}.*{BOTH}"):
        decode_mask(saved(image), name="input.mask")


def test_a_photo_in_grey_is_no_mask(photos: list[Image.Image]) -> None:
    for picture in photos:
        for image in (picture, picture.convert("L")):
            with pytest.raises(InvalidInputError, match=BOTH):
                decode_mask(saved(image), name="input.mask")


@pytest.fixture
def photos(root: Path) -> list[Image.Image]:
    files = sorted(root.glob("models/tiny/sample/photos/*.png"))
    assert len(files) >= 4
    return [Image.open(io.BytesIO(file.read_bytes())) for file in files]


def test_a_mask_without_transparency_is_refused_where_that_is_the_convention() -> None:
    for image in (Image.new("RGB", (8, 8), "white"), Image.new("RGBA", (8, 8), "white")):
        with pytest.raises(InvalidInputError, match=rf"without transparency.*{BOTH}"):
            decode_mask(saved(image), name="input.mask", convention="transparent")


def disc(side: int = 128) -> Image.Image:
    y, x = np.mgrid[:side, :side]
    return to_image((x - side / 2) ** 2 + (y - side / 2) ** 2 <= (side / 4) ** 2)


@pytest.mark.parametrize(
    "soft",
    [disc().filter(ImageFilter.GaussianBlur(radius)) for radius in (2, 5, 12)]
    + [Image.linear_gradient("L"), Image.radial_gradient("L"), Image.linear_gradient("L").resize((600, 90))],
)
def test_a_soft_mask_keeps_every_level_by_either_convention(soft: Image.Image) -> None:
    assert np.array_equal(np.asarray(decode_mask(saved(soft), name="input.mask")), np.asarray(soft))
    clear = gradient(*soft.size)
    clear.putalpha(Image.fromarray(255 - np.asarray(soft)))
    levels = np.asarray(decode_mask(saved(clear), name="input.mask", convention="transparent"))
    assert np.array_equal(levels, np.asarray(soft))
    assert is_soft(levels)


def test_the_grey_edge_of_antialiasing_is_no_soft_mask() -> None:
    smooth = disc(400).resize((100, 100), Image.Resampling.LANCZOS)
    assert not is_soft(np.asarray(decode_mask(saved(smooth), name="input.mask")))


def test_a_soft_mask_grows_and_shrinks_with_its_slopes() -> None:
    soft = disc().filter(ImageFilter.GaussianBlur(4))
    before = np.asarray(soft)
    for pixels in (5, -5):
        after = np.asarray(grow_image(soft, pixels))
        assert is_soft(after)
        assert ((after >= before) if pixels > 0 else (after <= before)).all()
        assert abs((after[64] >= 128).sum() - (before[64] >= 128).sum() - 2 * pixels) <= 1
    assert np.array_equal(np.asarray(grow_image(soft, 0)), before)
