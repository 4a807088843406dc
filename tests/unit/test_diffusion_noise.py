"""What a denoiser should predict, by its scheduler's prediction type."""

import pytest
import torch
from diffusers import DDPMScheduler

from contracts.errors import InvalidInputError
from diffusion.noise import target

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
