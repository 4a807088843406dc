"""How blurred a picture is, and whether two are one: by what pictures go through on their way to a dataset."""

import io
from collections.abc import Callable, Mapping
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageEnhance, ImageFilter

from imaging.perceptual_hash import BITS, distance, perceptual_hash
from imaging.sharpness import blur

SAMPLE = Path(__file__).parents[2] / "models/tiny/sample/dataset"
PICTURES = [Image.open(path).convert("RGB") for path in sorted(SAMPLE.glob("*.png"))]


def resaved(picture: Image.Image) -> Image.Image:
    stored = io.BytesIO()
    picture.save(stored, "JPEG", quality=50)
    return Image.open(stored)


WAYS: Mapping[str, Callable[[Image.Image], Image.Image]] = {
    "saved again": resaved,
    "smaller": lambda picture: picture.resize((picture.width // 2, picture.height // 2)),
    "larger": lambda picture: picture.resize((picture.width * 3, picture.height * 3)),
    "brighter": lambda picture: ImageEnhance.Brightness(picture).enhance(1.2),
    "blurred": lambda picture: picture.filter(ImageFilter.GaussianBlur(2)),
    "grey": lambda picture: picture.convert("L"),
}


@pytest.mark.parametrize("way", WAYS)
def test_a_picture_is_like_itself_whatever_was_done_to_its_file(way: str) -> None:
    assert all(distance(perceptual_hash(picture), perceptual_hash(WAYS[way](picture))) < 0.15 for picture in PICTURES)


def test_different_pictures_are_not_alike() -> None:
    hashes = [perceptual_hash(picture) for picture in PICTURES]
    assert min(distance(first, second) for first, second in combinations(hashes, 2)) > 0.2
    assert max(each.bit_length() for each in hashes) <= BITS + 1


@pytest.mark.parametrize("size", [(1, 1), (1, 900), (900, 1), (64, 64)])
def test_any_size_has_a_hash_and_a_blur(size: tuple[int, int]) -> None:
    for level in (0, 90, 255):
        plain = Image.new("RGB", size, (level,) * 3)
        assert distance(perceptual_hash(plain), perceptual_hash(plain)) == 0
        assert blur(plain) == 0, "a plain surface has no edge that could be sharp"


def test_each_blur_is_more_than_the_one_before() -> None:
    for picture in PICTURES:
        found = [blur(picture.filter(ImageFilter.GaussianBlur(radius))) for radius in (0, 1, 2, 3, 4)]
        assert found == sorted(found)
        assert 0 < found[0] < 0.35
        assert 0.5 < found[-1] < 1


def test_contrast_and_brightness_do_not_count_as_blur() -> None:
    for picture in PICTURES:
        levels = np.asarray(picture.convert("L"), dtype=np.float64)
        faint = Image.fromarray((levels / 3 + 100).astype(np.uint8))
        assert blur(faint) == pytest.approx(blur(picture), abs=0.05)
