"""What a denoiser should predict, by its scheduler's prediction type."""

import pytest
import torch
from diffusers import DDPMScheduler

from contracts.errors import InvalidInputError
from diffusion.noise import loss_weights, target

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
    assert torch.equal(target(scheduler("flow_prediction"), LATENTS, NOISE, TIMES), NOISE - LATENTS)


def test_the_velocity_at_a_known_share_of_noise() -> None:
    schedule = scheduler("v_prediction")
    schedule.alphas_cumprod[500] = 0.64  # 0.8 of the latents, 0.6 of the noise
    assert target(schedule, LATENTS, NOISE, TIMES).mean().item() == pytest.approx(0.8 * 3 - 0.6 * 2)


def test_an_unknown_prediction_type_is_refused() -> None:
    with pytest.raises(InvalidInputError, match="'score'; allowed: epsilon"):
        target(scheduler("score"), LATENTS, NOISE, TIMES)


@pytest.mark.parametrize(
    ("kind", "low", "high"), [("epsilon", 1.0, 0.5), ("sample", 1.0, 5.0), ("v_prediction", 0.5, 5 / 11)]
)
def test_above_a_ratio_of_signal_to_noise_errors_count_as_at_that_ratio(kind: str, low: float, high: float) -> None:
    schedule = scheduler(kind)
    schedule.alphas_cumprod[500], schedule.alphas_cumprod[10] = 0.5, 10 / 11  # ratios of 1 and 10
    assert loss_weights(schedule, torch.tensor([500, 10]), 5.0).tolist() == pytest.approx([low, high], rel=1e-5)


@pytest.mark.parametrize("kind", ["epsilon", "sample", "v_prediction"])
def test_all_noise_and_no_noise_have_finite_weights(kind: str) -> None:
    schedule = scheduler(kind)
    schedule.alphas_cumprod[999], schedule.alphas_cumprod[0] = 0.0, 1.0
    assert loss_weights(schedule, torch.tensor([999, 0]), 5.0).isfinite().all()


def test_straight_paths_have_no_such_ratio() -> None:
    with pytest.raises(InvalidInputError, match="snr_gamma"):
        loss_weights(scheduler("flow_prediction"), TIMES, 5.0)
