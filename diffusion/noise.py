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


def target(scheduler: Any, latents: Tensor, noise: Tensor, timesteps: Tensor) -> Tensor:
    """The prediction without error (n, c, h, w) for clean ``latents`` mixed with ``noise`` at ``timesteps`` (n,).

    Raises InvalidInputError for a prediction type that is not in ``TARGETS``.
    """
    kind = scheduler.config.prediction_type
    if kind not in TARGETS:
        raise InvalidInputError("scheduler's prediction_type", got=kind, allowed=" | ".join(TARGETS))
    return TARGETS[kind](scheduler, latents, noise, timesteps)
