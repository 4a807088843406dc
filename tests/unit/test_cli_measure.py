"""The demo's own measurements."""

import numpy as np
import pytest
from PIL import Image

from cli.demo import bytes_changed_outside, mask_iou


def picture(values: list[list[int]], mode: str = "L") -> Image.Image:
    return Image.fromarray(np.array(values, dtype=np.uint8)).convert(mode)


def test_iou_counts_the_pixels_both_masks_share() -> None:
    assert mask_iou(picture([[255, 255, 0, 0]]), picture([[0, 255, 255, 0]])) == pytest.approx(1 / 3)


def test_two_empty_masks_agree() -> None:
    assert mask_iou(picture([[0, 0]]), picture([[0, 0]])) == 1.0


def test_a_change_inside_the_feather_does_not_count_and_one_outside_does() -> None:
    before, alpha = picture([[10, 10, 10]], "RGB"), picture([[0, 1, 255]])
    assert bytes_changed_outside(before, picture([[10, 99, 99]], "RGB"), alpha) == 0
    assert bytes_changed_outside(before, picture([[11, 10, 10]], "RGB"), alpha) == 3


def test_pictures_of_different_sizes_cannot_be_compared() -> None:
    with pytest.raises(ValueError, match="sizes differ"):
        bytes_changed_outside(picture([[1, 2]], "RGB"), picture([[1]], "RGB"), picture([[0, 0]]))
