"""What is pasted lies where it was cut out, to a tenth of a pixel at any scale, and outside of the mask a file keeps its pixels.

Over sizes, kinds of files, orientations and transparency: a model that paints noise changes nothing beyond the alpha that is given back.
"""

import io
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image

from contracts.sampling import Sampling
from imaging.framing import square, unsquare
from imaging.masks import to_image
from imaging.pictures import encode, read_picture
from imaging.repaint import Repainting, repaint_all

Levels = NDArray[np.float64]
SAMPLING = Sampling(steps=1, guidance=1)


def waves(width: int, height: int, longest: int, shortest: float) -> Image.Image:
    """A picture of waves that are at least ``shortest`` pixels long, and not all shorter than it is."""
    y, x = np.mgrid[:height, :width]
    lengths = (shortest, 1.7 * shortest, max(2.9 * shortest, longest / 2))
    values = sum(np.sin(2 * np.pi * (x / each + 0.1)) + np.sin(2 * np.pi * (y / each + 0.4)) for each in lengths)
    return Image.fromarray(np.rint(128 + 18 * np.asarray(values)).clip(0, 255).astype(np.uint8)).convert("RGB")


def shift(before: Levels, after: Levels) -> tuple[float, float]:
    """How far a picture moved down and to the right, in pixels: the least squares of its change over its slopes."""
    down, right = np.gradient(before, axis=0), np.gradient(before, axis=1)
    inner = slice(1, -1), slice(1, -1)
    slopes = np.stack([down[inner].ravel(), right[inner].ravel()], axis=1)
    moved = np.linalg.lstsq(slopes, -(after - before)[inner].ravel(), rcond=None)[0].tolist()
    return moved[0], moved[1]


def test_a_shift_is_measured_as_it_is() -> None:
    picture = np.asarray(waves(300, 200, 300, 24).convert("L"), dtype=np.float64)
    assert shift(picture[:-1, 1:], picture[1:, :-1]) == pytest.approx((-1, 1), abs=0.05)


@settings(deadline=None, max_examples=60)
@given(
    side=st.sampled_from([32, 64, 96, 256, 512]),
    scale=st.floats(0.1, 8),
    aspect=st.floats(0.4, 2.5),
    left=st.integers(0, 40),
    top=st.integers(0, 40),
)
def test_what_a_model_leaves_as_it_is_comes_back_in_its_place_at_any_scale(
    side: int, scale: float, aspect: float, left: int, top: int
) -> None:
    longest = min(1_200, max(24, round(side * scale)))
    width, height = (
        (longest, max(16, round(longest / aspect))) if aspect > 1 else (max(16, round(longest * aspect)), longest)
    )
    box = (left, top, left + width, top + height)
    # Waves that both the crop and the model's square can hold.
    picture = waves(left + width + 7, top + height + 5, longest, max(8.0, 8 * longest / side))
    back = unsquare(square(picture, box, side), box)
    before, after = (np.asarray(each.convert("L"), dtype=np.float64) for each in (picture.crop(box), back))
    assert max(np.abs(shift(before, after))) <= 0.1


class Noise:
    """A model that paints anything, everywhere."""

    def inpaint(self, *, pictures: Sequence[Image.Image], **_: Any) -> list[Image.Image]:
        random = np.random.default_rng(1)
        return [Image.fromarray(random.integers(0, 256, (*each.size[::-1], 3), dtype=np.uint8)) for each in pictures]


MODES = ["RGB", "RGBA", "L", "LA", "P", "1", "CMYK", "I;16"]
FORMATS = {"CMYK": "JPEG", "I;16": "PNG"}


def file(mode: str, width: int, height: int, orientation: int, seed: int) -> bytes:
    """A picture of noise in a mode, with an orientation in its EXIF."""
    random = np.random.default_rng(seed)
    if mode == "I;16":
        image = Image.fromarray(random.integers(0, 65_536, (height, width), dtype=np.uint16))
    else:
        levels = random.integers(0, 256, (height, width, 4), dtype=np.uint8)
        levels[..., 3] = random.choice([0, 90, 255, 255], (height, width))
        image = Image.fromarray(levels, "RGBA")
        image = image.convert("RGB").convert(mode) if mode not in ("RGBA", "LA") else image.convert(mode)
    exif, buffer = Image.Exif(), io.BytesIO()
    exif[0x0112] = orientation
    image.save(buffer, FORMATS.get(mode, "PNG"), exif=exif)
    return buffer.getvalue()


@settings(deadline=None, max_examples=60)
@given(
    mode=st.sampled_from(MODES),
    size=st.tuples(st.integers(1, 120), st.integers(1, 120)),
    orientation=st.integers(1, 8),
    blur=st.one_of(st.none(), st.floats(0, 30)),
    colour=st.sampled_from(["", "#2850be"]),
    seed=st.integers(0, 2**32 - 1),
)
def test_outside_of_the_mask_an_answer_has_the_files_own_pixels_whatever_the_file_is(
    mode: str, size: tuple[int, int], orientation: int, blur: float | None, colour: str, seed: int
) -> None:
    decoded = read_picture(file(mode, *size, orientation, seed), name="it")
    width, height = decoded.image.size
    y, x = np.mgrid[:height, :width]
    mask = (x >= width // 3) & (x <= width // 2) & (y >= height // 4) & (y <= height // 2)
    work = Repainting(picture=decoded.image, mask=to_image(mask), prompt="", seeds=[1], blur=blur, colour=colour)
    (done,) = repaint_all(Noise(), [work], sampling=SAMPLING, resolution=48)
    answer = decoded.cutout.restored(done.images[0]) if decoded.cutout else done.images[0]
    written = Image.open(io.BytesIO(encode(answer, "png")))
    outside = np.asarray(done.alpha) == 0
    original = decoded.cutout.colours if decoded.cutout else decoded.image
    assert np.array_equal(np.asarray(written.convert("RGB"))[outside], np.asarray(original)[outside])
    if decoded.cutout:
        assert np.array_equal(np.asarray(written.getchannel("A")), np.asarray(decoded.cutout.alpha))
