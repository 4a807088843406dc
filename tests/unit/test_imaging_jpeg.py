"""imaging.jpeg: a photo that lacks only its end marker is whole; one that lacks a bit of its pixels is not."""

from typing import Any

import numpy as np
import pytest
from PIL import Image

from imaging.jpeg import END
from imaging.pictures import UnreadablePictureError, decode
from tests.unit.picture_files import same, saved, tiff, with_exif

KINDS: list[dict[str, Any]] = [
    {},
    {"progressive": True},
    {"quality": 20, "subsampling": 2},
    {"quality": 95, "subsampling": 0, "restart_marker_blocks": 3},
]


def photo(mode: str = "RGB") -> Image.Image:
    noise = np.random.default_rng(0).integers(0, 255, (40, 56, 3), dtype=np.uint8)
    return Image.fromarray(noise).convert(mode)


@pytest.mark.parametrize("options", KINDS)
@pytest.mark.parametrize("mode", ["RGB", "L", "CMYK"])
@pytest.mark.parametrize("missing", [1, 2])
def test_a_jpeg_without_its_end_marker_is_the_same_picture(options: dict[str, Any], mode: str, missing: int) -> None:
    data = saved(photo(mode), "JPEG", **options)
    assert data.endswith(END)
    assert same(decode(data[:-missing], name="photo"), decode(data, name="photo"))


def test_what_was_put_behind_the_pixels_instead_of_the_marker_does_not_matter() -> None:
    data = saved(photo(), "JPEG")
    with_padding = with_exif(data, tiff([]))[:-2] + bytes(300)
    assert same(decode(with_padding, name="photo"), decode(data, name="photo"))


@pytest.mark.parametrize("options", KINDS)
def test_a_jpeg_that_lacks_pixels_is_refused_wherever_it_was_cut(options: dict[str, Any]) -> None:
    data = saved(photo(), "JPEG", **options)
    for end in range(30, len(data) - 6, 7):
        with pytest.raises(UnreadablePictureError, match=r"photo: got"):
            decode(data[:end], name="photo")


def test_a_progressive_jpeg_that_lacks_whole_scans_is_refused() -> None:
    data = saved(photo(), "JPEG", progressive=True)
    scans = [place for place in range(len(data)) if data[place : place + 2] == b"\xff\xda"]
    assert len(scans) > 5
    for start in scans[1:]:
        with pytest.raises(UnreadablePictureError):
            decode(data[:start], name="photo")
