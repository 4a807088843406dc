"""imaging.unrounded: a painted picture keeps its levels as they were before they were rounded, and nothing that is made of it does."""

import numpy as np
from PIL import Image

from imaging.unrounded import levels_of, rounded

SHARES = np.linspace(0, 1, 6 * 6 * 3, dtype=np.float32).reshape(6, 6, 3)


def test_a_picture_is_rounded_and_keeps_its_levels() -> None:
    picture = rounded(SHARES)
    assert np.array_equal(np.asarray(picture), np.rint(SHARES * 255).astype(np.uint8))
    assert np.array_equal(levels_of(picture), SHARES * 255)


def test_what_is_made_of_it_has_levels_of_its_own() -> None:
    picture = rounded(SHARES)
    for made in (
        picture.copy(),
        picture.transpose(Image.Transpose.ROTATE_90),
        picture.resize((6, 6)),
        picture.crop((0, 0, 6, 6)),
    ):
        assert np.array_equal(levels_of(made), np.asarray(made))
        assert levels_of(made).dtype == np.uint8


def test_other_pictures_have_the_levels_that_they_have() -> None:
    plain = Image.fromarray(np.rint(SHARES * 255).astype(np.uint8))
    assert np.array_equal(levels_of(plain), np.asarray(plain))
