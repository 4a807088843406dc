"""The loss: the right target for each kind of model, weighted towards the garment."""

import pytest
import torch
from diffusers import DDPMScheduler

from atelier_training.finetune.loss import NonFiniteLossError, target, weighted_error
from contracts.errors import InvalidInputError

LATENTS, NOISE = torch.full((1, 4, 2, 2), 2.0), torch.full((1, 4, 2, 2), 3.0)
TIMES = torch.tensor([500])


def scheduler(kind: str) -> DDPMScheduler:
    made = DDPMScheduler()
    made.register_to_config(prediction_type=kind)
    return made


def test_noise_clean_latents_or_velocity_by_the_schedulers_configuration() -> None:
    assert torch.equal(target(scheduler("epsilon"), LATENTS, NOISE, TIMES), NOISE)
    assert torch.equal(target(scheduler("sample"), LATENTS, NOISE, TIMES), LATENTS)
    kept = DDPMScheduler().alphas_cumprod[500]
    velocity = kept.sqrt() * NOISE - (1 - kept).sqrt() * LATENTS
    assert torch.allclose(target(scheduler("v_prediction"), LATENTS, NOISE, TIMES), velocity)


def test_an_unknown_prediction_type_is_refused() -> None:
    with pytest.raises(InvalidInputError, match="'flow'"):
        target(scheduler("flow"), LATENTS, NOISE, TIMES)


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


def test_a_loss_that_is_no_number_names_step_and_pictures() -> None:
    error = NonFiniteLossError(12, ["skirt-03.png"], float("nan"))
    assert str(error).startswith("loss at step 12 on skirt-03.png: got nan; allowed: a finite number")
