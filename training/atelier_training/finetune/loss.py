"""The denoising loss of diffusion models, weighted towards the garment."""

import torch
from torch import Tensor


def weighted_error(predicted: Tensor, target: Tensor, mask: Tensor, mask_weight: float) -> Tensor:
    """The mean squared error of each picture, (B,), where a latent pixel outside the mask counts ``1 - mask_weight`` of one inside.

    ``predicted`` and ``target`` are (B, 4, h, w); ``mask`` is (B, 1, h, w), 1 on the garment.
    """
    weight = mask_weight * mask + (1 - mask_weight)
    error = (predicted.float() - target.float()).pow(2).mean(dim=1, keepdim=True)  # (B, 1, h, w)
    # A garment of less than a latent pixel leaves no weight at all: its error is 0, not a division by 0.
    total: Tensor = weight.sum(dim=(1, 2, 3)).clamp(min=torch.finfo(torch.float32).eps)
    return (weight * error).sum(dim=(1, 2, 3)) / total
