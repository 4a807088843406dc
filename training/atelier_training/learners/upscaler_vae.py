"""The upscaler's autoencoder: latents of 4 x 4 pixels, the first three of which are the mean colour that a small picture shows.

Only detail is left to be learnt.
"""

import torch
from diffusers import AutoencoderKL
from torch import Tensor, nn

from atelier_training.learners.patch_autoencoder import PatchCode, patch_autoencoder

FACTOR = 4
LATENTS = 24
WIDTHS = (16, 24, 32)
# StableDiffusionUpscalePipeline sets this factor in every autoencoder, so the latents are scaled to fit it.
SCALING = 0.08333

_PIXELS = FACTOR**2


def patch_code(pictures: Tensor) -> PatchCode:
    """Compute the code of standardised latents that suits pictures (n, 3, h, w) in -1..1, whose sides are multiples of 4."""
    patches = nn.functional.pixel_unshuffle(pictures, FACTOR).permute(0, 2, 3, 1).reshape(-1, 3 * _PIXELS)
    means = torch.eye(3).repeat_interleave(_PIXELS, 1) / _PIXELS
    detail = patches - (patches @ means.T).repeat_interleave(_PIXELS, 1)
    _, directions = torch.linalg.eigh(torch.cov(detail.T))  # the largest variance last
    rows = torch.cat([means, directions.flip(1)[:, : LATENTS - 3].T])
    latents = patches @ rows.T
    spread = latents.std(0)
    return PatchCode(rows=(rows / spread[:, None]).view(LATENTS, 3, FACTOR, FACTOR), shift=latents.mean(0) / spread)


def upscaler_autoencoder(code: PatchCode, sample_size: int) -> AutoencoderKL:
    """Build the autoencoder around a code; only its decoder requires gradients."""
    return patch_autoencoder(code, widths=WIDTHS, sample_size=sample_size, scaling_factor=SCALING)
