"""atelier_training.learners.unet: one weighting, expressed for each thing a model may predict."""

import pytest
import torch
from diffusers import DDIMScheduler, DDPMScheduler

from atelier_training.learners.unet import min_snr_weights

STEPS = torch.tensor([0, 10, 200, 500, 900, 999])


def scheduler(prediction: str) -> DDPMScheduler:
    return DDPMScheduler(beta_schedule="scaled_linear", prediction_type=prediction)


def test_gamma_zero_weighs_nothing() -> None:
    assert torch.equal(min_snr_weights(scheduler("epsilon"), STEPS, 0.0), torch.ones(6))


def test_a_clean_picture_is_weighed_by_the_smaller_of_snr_and_gamma() -> None:
    weights = min_snr_weights(scheduler("sample"), STEPS, 5.0)
    kept = scheduler("sample").alphas_cumprod[STEPS]
    assert weights[0] == weights[1] == 5.0
    assert weights[-1].item() == pytest.approx((kept[-1] / (1 - kept[-1])).item())
    assert weights.diff().le(0).all()


def test_every_prediction_type_gives_the_same_loss_of_one_wrong_guess() -> None:
    """A guess of the clean picture, written as noise or velocity, must be blamed alike."""
    torch.manual_seed(0)
    clean, guess, noise = torch.randn(3, len(STEPS), 4)
    kept = scheduler("sample").alphas_cumprod[STEPS][:, None]
    noisy = kept.sqrt() * clean + (1 - kept).sqrt() * noise
    guessed_noise = (noisy - kept.sqrt() * guess) / (1 - kept).sqrt()
    errors = {
        "sample": guess - clean,
        "epsilon": guessed_noise - noise,
        "v_prediction": kept.sqrt() * (guessed_noise - noise) - (1 - kept).sqrt() * (guess - clean),
    }
    losses = [min_snr_weights(scheduler(name), STEPS, 5.0) * error.pow(2).mean(1) for name, error in errors.items()]
    assert torch.allclose(losses[0], losses[1], rtol=1e-3)
    assert torch.allclose(losses[0], losses[2], rtol=1e-3)


def test_pure_noise_has_a_finite_weight() -> None:
    schedules = [
        DDIMScheduler(prediction_type=name, rescale_betas_zero_snr=True)
        for name in ("sample", "epsilon", "v_prediction")
    ]
    last = torch.tensor([999])
    assert [min_snr_weights(schedule, last, 5.0).item() for schedule in schedules] == [0.0, 1.0, 0.0]


def test_other_predictions_are_refused() -> None:
    with pytest.raises(ValueError, match=r"got 'flow'.*allowed"):
        min_snr_weights(
            type("S", (), {"alphas_cumprod": torch.ones(9) / 2, "config": type("C", (), {"prediction_type": "flow"})}),
            torch.tensor([1]),
            5.0,
        )
