"""The invisible mark: nothing outside changes, little inside, and it is read again from pictures that were cut and encoded anew."""

import io
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.random import Generator
from PIL import Image
from scipy import ndimage

from imaging.lab import difference, to_lab
from imaging.mark import write_mark
from imaging.mark_code import CODE_BITS, decode, encode
from imaging.mark_reading import read_mark
from models.tiny.make.figures import drawings

KEY = bytes(range(32))
OTHER_KEY = bytes(range(1, 33))
PAYLOAD = 0x0123_4567_89AB
SIZE = (384, 448)


def _jpeg(picture: Image.Image, quality: int = 75) -> Image.Image:
    file = io.BytesIO()
    picture.save(file, "JPEG", quality=quality)
    return Image.open(file).convert("RGB")


def _cut(picture: Image.Image) -> Image.Image:
    return picture.crop((7, 11, picture.width - 12, picture.height - 11))


def _half(picture: Image.Image) -> Image.Image:
    return picture.resize((picture.width // 2, picture.height // 2), Image.Resampling.LANCZOS)


def _alpha(size: tuple[int, int], box: tuple[int, int, int, int]) -> Image.Image:
    """A box with soft edges."""
    levels = np.zeros((size[1], size[0]), dtype=np.float32)
    levels[box[1] : box[3], box[0] : box[2]] = 255
    return Image.fromarray(np.rint(ndimage.gaussian_filter(levels, 2)).astype(np.uint8))


def _cloth(kind: str, rng: Generator) -> Image.Image:
    """Plain cloth of one kind, all over a picture."""
    base = {"dark": 18, "bright": 243, "white": 255, "black": 0}.get(kind, 128)
    levels = np.full((SIZE[1], SIZE[0]), base, dtype=np.float64)
    if kind == "textured":
        levels += ndimage.gaussian_filter(rng.normal(size=levels.shape), 0.7) * 12
    if kind == "striped":
        levels[:, ::2] += 40
        levels[::24] -= 60
    return Image.fromarray(np.clip(levels, 0, 255).astype(np.uint8)).convert("RGB")


@pytest.mark.parametrize("kind", ["flat", "dark", "bright", "white", "black", "textured", "striped"])
@pytest.mark.parametrize("spoil", [lambda picture: picture, _jpeg, _half, _cut], ids=["plain", "jpeg", "half", "cut"])
def test_the_smallest_mask_is_read_on_any_cloth(kind: str, spoil: Callable[[Image.Image], Image.Image]) -> None:
    picture = _cloth(kind, np.random.default_rng(4))
    alpha = _alpha(SIZE, (101, 77, 101 + 132, 77 + 132))
    found = read_mark(spoil(write_mark(picture, alpha, PAYLOAD, KEY)), KEY)
    assert found is not None
    assert found.payload == PAYLOAD


def test_a_mark_says_how_large_the_picture_is_of_the_one_it_was_written_in() -> None:
    drawing = next(drawings(3, 1, SIZE))
    marked = write_mark(drawing.image, Image.new("L", SIZE, 255), PAYLOAD, KEY)
    for size in (0.5, 0.8, 1.0, 1.25):
        resized = marked.resize((round(SIZE[0] * size), round(SIZE[1] * size)), Image.Resampling.BICUBIC)
        found = read_mark(resized, KEY)
        assert found is not None
        assert found.payload == PAYLOAD
        assert found.size == pytest.approx(size, rel=0.02)


def test_a_large_picture_is_traced_from_a_thumbnail_of_it() -> None:
    drawing = next(drawings(3, 1, (1_500, 2_000)))
    worn = np.asarray(drawing.labels > 3)
    marked = write_mark(drawing.image, Image.fromarray(np.where(worn, np.uint8(255), np.uint8(0))), PAYLOAD, KEY)
    found = read_mark(_jpeg(marked.resize((500, 667), Image.Resampling.LANCZOS), 90), KEY)
    assert found is not None
    assert found.payload == PAYLOAD


def test_a_small_part_of_a_large_picture_is_read_in_half_its_size(monkeypatch: pytest.MonkeyPatch) -> None:
    """A larger picture than is looked at whole; its mark is as fine as marks are."""
    monkeypatch.setattr("imaging.mark_reading.MOST_PIXELS", SIZE[0] * SIZE[1] // 2)
    picture = _cloth("textured", np.random.default_rng(4))
    marked = write_mark(picture, _alpha(SIZE, (101, 77, 101 + 132, 77 + 132)), PAYLOAD, KEY)
    found = read_mark(marked, KEY)
    assert found is not None
    assert (found.payload, round(found.size, 1)) == (PAYLOAD, 1.0)


def test_a_strip_that_cannot_be_made_small_enough_says_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("imaging.mark_reading.MOST_PIXELS", 1_000)
    assert read_mark(Image.new("RGB", (400, 60), (90, 120, 150)), KEY) is None


def test_another_key_and_an_unmarked_picture_say_nothing() -> None:
    drawing = next(drawings(5, 1, SIZE))
    marked = write_mark(drawing.image, Image.new("L", SIZE, 255), PAYLOAD, KEY)
    assert read_mark(marked, OTHER_KEY) is None
    assert read_mark(drawing.image, KEY) is None


@pytest.mark.parametrize("size", [(1, 1), (5, 700), (40, 40), (64, 64)])
def test_pictures_too_small_for_a_mark_have_none(size: tuple[int, int]) -> None:
    picture = Image.new("RGB", size, "grey")
    assert read_mark(write_mark(picture, Image.new("L", size, 255), PAYLOAD, KEY), KEY) is None


@pytest.mark.parametrize("kind", ["flat", "dark", "bright", "textured", "striped"])
def test_the_mark_is_hardly_seen(kind: str) -> None:
    picture = _cloth(kind, np.random.default_rng(4))
    marked = write_mark(picture, Image.new("L", SIZE, 255), PAYLOAD, KEY)
    before, after = (to_lab(np.asarray(each).reshape(-1, 3)) for each in (picture, marked))
    assert difference(before, after).mean() <= 1.0


def test_on_flat_cloth_no_pixel_moves_far() -> None:
    picture = Image.new("RGB", SIZE, (90, 140, 160))
    marked = np.asarray(write_mark(picture, Image.new("L", SIZE, 255), PAYLOAD, KEY), dtype=int)
    moved = np.abs(marked - np.asarray(picture, dtype=int))
    assert moved.max() <= 5
    assert moved.mean() <= 1


@settings(max_examples=60, deadline=None)
@given(
    width=st.integers(1, 90),
    height=st.integers(1, 90),
    payload=st.integers(0, 2**48 - 1),
    seed=st.integers(0, 2**32 - 1),
)
def test_where_nothing_was_painted_no_byte_changes(width: int, height: int, payload: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    picture = Image.fromarray(rng.integers(0, 256, (height, width, 3), dtype=np.uint8))
    levels = rng.integers(0, 256, (height, width), dtype=np.uint8) * (rng.random((height, width)) < rng.random())
    before = np.asarray(picture).copy()
    marked = write_mark(picture, Image.fromarray(levels.astype(np.uint8)), payload, KEY)
    assert np.array_equal(np.asarray(marked)[levels == 0], before[levels == 0])
    assert np.array_equal(np.asarray(picture), before)
    again = write_mark(picture, Image.fromarray(levels.astype(np.uint8)), payload, KEY, in_place=True)
    assert again is picture
    assert np.array_equal(np.asarray(again), np.asarray(marked))


def test_parts_of_a_large_picture_are_marked_as_one(monkeypatch: pytest.MonkeyPatch) -> None:
    drawing = next(drawings(6, 1, SIZE))
    alpha = Image.new("L", SIZE, 255)
    monkeypatch.setattr("imaging.mark.PIXELS", SIZE[0] * 64)
    found = read_mark(write_mark(drawing.image, alpha, PAYLOAD, KEY), KEY)
    assert found is not None
    assert found.payload == PAYLOAD


@given(payload=st.integers(0, 2**48 - 1), seed=st.integers(0, 2**32 - 1))
@settings(max_examples=30, deadline=None)
def test_the_code_is_read_through_noise(payload: int, seed: int) -> None:
    noise = np.random.default_rng(seed).normal(size=CODE_BITS).astype(np.float32)
    assert decode(encode(payload) + np.float32(0.6) * noise) == payload


def test_noise_is_no_payload() -> None:
    rng = np.random.default_rng(1)
    assert [decode(rng.normal(size=CODE_BITS).astype(np.float32)) for _ in range(200)] == [None] * 200
