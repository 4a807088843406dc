"""min-SNR weighting (Hang et al. 2023, arXiv:2303.09556): timesteps of little noise, which are easy, must not dominate."""

from typing import Any

import torch
from torch import Tensor


def min_snr_weights(scheduler: Any, timesteps: Tensor, gamma: float) -> Tensor:
    """Return what to multiply each sample's squared error with, shape (n,), for a diffusers scheduler's prediction type.

    In terms of the clean picture it is min(SNR, gamma), with SNR = alpha_bar / (1 - alpha_bar); an error of the noise is
    1 / SNR of that and one of the velocity 1 / (SNR + 1). `gamma` 0 switches it off: ones. Raises ValueError for other
    prediction types.
    """
    if gamma == 0:
        return torch.ones(len(timesteps), device=timesteps.device)
    signal: Tensor = scheduler.alphas_cumprod.to(timesteps.device)[timesteps]
    snr: Tensor = signal / (1 - signal)
    prediction = scheduler.config.prediction_type
    if prediction == "sample":
        return snr.clamp(max=gamma)
    if prediction == "epsilon":
        return torch.as_tensor(gamma / snr.clamp(min=gamma))  # min(SNR, gamma) / SNR, also where SNR is 0
    if prediction == "v_prediction":
        return snr.clamp(max=gamma) / (snr + 1)
    raise ValueError(f"prediction_type: got {prediction!r}; allowed: sample, epsilon, v_prediction")
