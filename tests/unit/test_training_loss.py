"""The loss is weighted towards the garment."""

import pytest
import torch

from atelier_training.learners.fine_tune import weighted_error


def test_a_pixel_outside_the_mask_counts_one_minus_the_mask_weight() -> None:
    mask = torch.tensor([[[[1.0, 0.0], [0.0, 0.0]]]])
    predicted = torch.zeros(1, 4, 2, 2)
    wanted = torch.tensor([[2.0, 1.0], [1.0, 1.0]]).expand(1, 4, 2, 2)
    # (1 * 4 + 3 * 0.1 * 1) / (1 + 3 * 0.1)
    assert weighted_error(predicted, wanted, mask, 0.9).item() == pytest.approx(4.3 / 1.3)
    assert weighted_error(predicted, wanted, mask, 1.0).item() == pytest.approx(4.0)
    assert weighted_error(predicted, wanted, mask, 0.0).item() == pytest.approx(7 / 4)


def test_each_picture_has_its_own_error_whatever_the_size_of_its_mask() -> None:
    masks = torch.stack([torch.ones(1, 2, 2), torch.tensor([[[1.0, 0.0], [0.0, 0.0]]])])
    errors = weighted_error(torch.zeros(2, 4, 2, 2), torch.ones(2, 4, 2, 2), masks, 1.0)
    assert errors.tolist() == pytest.approx([1.0, 1.0])


def test_a_mask_of_less_than_a_latent_pixel_gives_zero_not_nan() -> None:
    assert weighted_error(torch.zeros(1, 4, 2, 2), torch.ones(1, 4, 2, 2), torch.zeros(1, 1, 2, 2), 1.0).item() == 0
