"""The upscaler's UNet and autoencoder.

The UNet predicts the clean latents of a picture from noise and the small picture, and ignores the words.
Untrained, it already returns what a linear map of each cell's neighbourhood in the small picture gives, so training is
spent on what is not linear: edges and patterns. The latents are of 4 x 4 pixels; the first three are the mean colour that the
small picture shows, so only detail is left to be learnt.
"""

import torch
from diffusers import AutoencoderKL, DDPMScheduler, UNet2DConditionModel
from torch import Tensor, nn

from atelier_training.learners.analytic import bias, pass_inputs
from atelier_training.learners.patch_autoencoder import PatchCode, patch_autoencoder

FACTOR = 4
LATENTS = 24
VAE_WIDTHS = (16, 24, 32)
# StableDiffusionUpscalePipeline sets this factor in every autoencoder, so the latents are scaled to fit it.
SCALING = 0.08333
WIDTHS = (40, 56)
TEXT_WIDTH = 16
MOST_NOISE = 350

_NOISE_VARIANCE = 5e-6
_PIXELS = FACTOR**2


def upscaling_unet(latents: Tensor, small: Tensor, *, widths: tuple[int, int] = WIDTHS) -> UNet2DConditionModel:
    """Build the UNet; inputs are noisy latents and the small picture's three colours.

    It starts from the linear map that best predicts `latents` (n, k, h, w) from the small pictures `small` (n, 3, h, w).
    """
    unet = UNet2DConditionModel(
        sample_size=latents.shape[-1],
        in_channels=LATENTS + 3,
        out_channels=LATENTS,
        cross_attention_dim=TEXT_WIDTH,
        block_out_channels=widths,
        layers_per_block=1,
        down_block_types=("DownBlock2D", "DownBlock2D"),
        mid_block_type="UNetMidBlock2D",
        up_block_types=("UpBlock2D", "UpBlock2D"),
        norm_num_groups=1,
        resnet_time_scale_shift="scale_shift",
        class_embed_type="timestep",  # the level of the noise in the small picture
    )
    with torch.no_grad():
        pass_inputs(unet, range(LATENTS, LATENTS + 3), pairs=3)
        weight, shift = linear_map(latents, small)
        unet.conv_out.weight[:, 0:6:2], unet.conv_out.weight[:, 1:6:2] = weight, -weight
        bias(unet.conv_out).copy_(shift)
    return unet


def noise_of_small_pictures() -> DDPMScheduler:
    """Return the schedule of the noise that the pipeline adds to the small picture.

    Level n has a deviation of sqrt(n * 5e-6) in -1..1: the pipeline's own default, 20, is 1.3 of 255 levels.
    """
    return DDPMScheduler(beta_schedule="linear", beta_start=_NOISE_VARIANCE, beta_end=_NOISE_VARIANCE)


def linear_map(latents: Tensor, small: Tensor) -> tuple[Tensor, Tensor]:
    """Return the 3 x 3 convolution (k, 3, 3, 3) and bias (k,) of least squared error from small pictures to latents."""
    around = nn.functional.unfold(small, 3).transpose(1, 2).reshape(-1, 27)  # without the border's cells
    inner = latents[..., 1:-1, 1:-1].flatten(2).transpose(1, 2).reshape(-1, latents.shape[1])
    known = torch.cat([around, torch.ones(len(around), 1)], 1)
    solution = torch.linalg.lstsq(known, inner).solution
    return solution[:27].T.reshape(-1, 3, 3, 3), solution[27]


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
    return patch_autoencoder(code, widths=VAE_WIDTHS, sample_size=sample_size, scaling_factor=SCALING)
