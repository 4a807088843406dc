"""What a denoiser is taught to predict, by the ``prediction_type`` of its scheduler."""

from collections.abc import Callable, Mapping
from typing import Any

from torch import Tensor

from contracts.errors import InvalidInputError

Target = Callable[[Any, Tensor, Tensor, Tensor], Tensor]

TARGETS: Mapping[str, Target] = {
    "epsilon": lambda _scheduler, _latents, noise, _timesteps: noise,
    "sample": lambda _scheduler, latents, _noise, _timesteps: latents,
    # Salimans and Ho 2022, arXiv:2202.00512.
    "v_prediction": lambda scheduler, latents, noise, timesteps: scheduler.get_velocity(latents, noise, timesteps),
    # Lipman et al. 2022, arXiv:2210.02747, along straight paths.
    "flow_prediction": lambda _scheduler, latents, noise, _timesteps: noise - latents,
}


def loss_weights(scheduler: Any, timesteps: Tensor, gamma: float) -> Tensor:
    """How much the errors at ``timesteps`` (n,) count where ratios of signal to noise above ``gamma`` count as that one, (n,).

    Hang et al. 2023, Efficient Diffusion Training via Min-SNR Weighting Strategy, arXiv:2303.09556: min(ratio, gamma) for the error of the
    picture, which is the error of the noise over the ratio, and that of the velocity over the ratio + 1. Raises InvalidInputError for a
    prediction type without such a ratio.
    """
    kind = scheduler.config.prediction_type
    if kind not in WEIGHTS:
        raise InvalidInputError("scheduler's prediction_type with snr_gamma", got=kind, allowed=" | ".join(WEIGHTS))
    kept = scheduler.alphas_cumprod.to(timesteps.device)[timesteps].float()
    return WEIGHTS[kind](kept / (1 - kept), gamma)


WEIGHTS: Mapping[str, Callable[[Tensor, float], Tensor]] = {
    "epsilon": lambda ratio, gamma: (gamma / ratio).clamp(max=1),  # of a ratio of 0 too
    "sample": lambda ratio, gamma: ratio.clamp(max=gamma),
    "v_prediction": lambda ratio, gamma: ratio.clamp(max=gamma) / (ratio + 1),
}


def target(scheduler: Any, latents: Tensor, noise: Tensor, timesteps: Tensor) -> Tensor:
    """The prediction without error (n, c, h, w) for clean ``latents`` mixed with ``noise`` at ``timesteps`` (n,).

    Raises InvalidInputError for a prediction type that is not in ``TARGETS``.
    """
    kind = scheduler.config.prediction_type
    if kind not in TARGETS:
        raise InvalidInputError("scheduler's prediction_type", got=kind, allowed=" | ".join(TARGETS))
    return TARGETS[kind](scheduler, latents, noise, timesteps)
