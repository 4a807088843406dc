"""How much two cloths share of their patterns."""

import numpy as np
import pytest
from PIL import Image

from imaging.masks import Mask
from imaging.texture import patterns, shared

SIZE = 96


def cloth(kind: str, *, scale: int = 1, colour: tuple[int, int, int] = (250, 140, 20)) -> Image.Image:
    """A piece of cloth (96 times ``scale`` pixels) in a colour and black, or in the colour alone."""
    rows, columns = np.mgrid[: SIZE * scale, : SIZE * scale] // (6 * scale)
    dark = {"plain": 0 * rows, "stripes": rows % 2, "upright stripes": columns % 2, "checks": (rows + columns) % 2}[
        kind
    ]
    pixels = np.where(dark[..., None] == 1, 0, np.array(colour))
    return Image.fromarray(pixels.astype(np.uint8))


def whole(picture: Image.Image) -> Mask:
    return np.ones((picture.height, picture.width), dtype=np.bool_)


def compared(one: Image.Image, other: Image.Image) -> float:
    return shared(patterns(one, whole(one)), patterns(other, whole(other)))


def test_a_cloth_shares_all_with_itself_however_it_hangs_and_however_near_it_is() -> None:
    stripes = cloth("stripes")
    assert compared(stripes, stripes) == pytest.approx(1)
    assert compared(stripes, cloth("upright stripes")) > 0.95
    assert compared(stripes, cloth("stripes", scale=3)) > 0.8  # Lanczos rings at edges as sharp as these


def test_the_colour_does_not_count() -> None:
    assert compared(cloth("stripes"), cloth("stripes", colour=(120, 220, 230))) > 0.95


def test_other_patterns_share_less_and_noise_little() -> None:
    noise = Image.fromarray(np.random.default_rng(0).integers(0, 255, (SIZE, SIZE, 3), dtype=np.uint8))
    stripes = cloth("stripes")
    assert compared(stripes, cloth("checks")) < 0.95
    assert compared(stripes, cloth("plain")) < 0.75
    assert compared(stripes, noise) < 0.4


def test_what_is_just_not_seen_does_not_count() -> None:
    plain = cloth("plain")
    faint = Image.fromarray(
        (np.asarray(plain) + np.random.default_rng(0).integers(0, 3, (SIZE, SIZE, 1))).clip(0, 255).astype(np.uint8)
    )
    assert compared(plain, faint) > 0.99


def test_what_lies_outside_the_mask_does_not_count() -> None:
    stripes, mask = cloth("stripes"), np.zeros((SIZE, SIZE), dtype=np.bool_)
    mask[20:80, 20:80] = True
    elsewhere = Image.fromarray(np.where(mask[..., None], np.asarray(stripes), 128).astype(np.uint8))
    assert shared(patterns(stripes, mask), patterns(elsewhere, mask)) > 0.99


def test_a_thin_thing_is_looked_at_whole_and_nothing_is_refused() -> None:
    stripes, mask = cloth("stripes"), np.zeros((SIZE, SIZE), dtype=np.bool_)
    with pytest.raises(ValueError, match="mask"):
        patterns(stripes, mask)
    mask[40, 10:80] = True
    assert patterns(stripes, mask).sum(axis=-1) == pytest.approx(np.ones((3, 2)))
