"""The small inpainting UNet and its starting weights: untrained, it returns the masked picture's own latents.

It predicts the clean latents ('sample'). The path that copies the masked picture's latents from the input to the output
is set by hand, so training is spent on what the mask hides.
"""

import torch
from diffusers import DDIMScheduler, UNet2DConditionModel

from atelier_training.learners.analytic import bias, hold_scale, join_pairs, silence_residuals, zeroed

WIDTHS = (24, 64, 112)
LATENTS = 4

_TIME_WIDTH = 128


def inpainting_unet(*, side: int, text_width: int, widths: tuple[int, int, int] = WIDTHS) -> UNet2DConditionModel:
    """Build the UNet for latents of `side`; inputs are the noisy latents, the mask, the latents of the masked picture."""
    unet = UNet2DConditionModel(
        sample_size=side,
        in_channels=2 * LATENTS + 1,
        out_channels=LATENTS,
        cross_attention_dim=text_width,
        block_out_channels=widths,
        layers_per_block=1,
        # Attention to the words at 8 x 8 alone: at 16 x 16 it would take as long as all the convolutions there.
        down_block_types=("DownBlock2D", "DownBlock2D", "CrossAttnDownBlock2D"),
        up_block_types=("CrossAttnUpBlock2D", "UpBlock2D", "UpBlock2D"),
        attention_head_dim=4,
        time_embedding_dim=_TIME_WIDTH,
        norm_num_groups=1,
        resnet_time_scale_shift="scale_shift",
        # The pooled text is added to the time embedding: without it this small a model does not obey colours.
        addition_embed_type="text",
        addition_embed_type_num_heads=4,
    )
    _copy_masked_picture(unet, widths[0])
    return unet


def scheduler() -> DDIMScheduler:
    """Return the noise schedule: zero terminal SNR with trailing steps, so that few steps start from pure noise."""
    return DDIMScheduler(
        beta_start=0.00085,
        beta_end=0.012,
        beta_schedule="scaled_linear",
        clip_sample=False,
        set_alpha_to_one=False,
        steps_offset=1,
        prediction_type="sample",
        rescale_betas_zero_snr=True,
        timestep_spacing="trailing",
    )


@torch.no_grad()
def _copy_masked_picture(unet: UNet2DConditionModel, width: int) -> None:
    silence_residuals(unet)
    first = unet.conv_in
    first.weight[: 2 * LATENTS + 1] = 0
    bias(first)[: 2 * LATENTS + 1] = 0
    for latent in range(LATENTS):
        first.weight[latent, LATENTS + 1 + latent, 1, 1] = 1.0
        first.weight[LATENTS + latent, latent, 1, 1] = 1.0
    first.weight[2 * LATENTS, LATENTS, 1, 1] = 1.0
    joined = unet.up_blocks[-1].resnets[-1].conv_shortcut
    skip = joined.weight.shape[1] - width  # the input's own channels come last
    joined.weight[: 2 * LATENTS] = 0
    bias(joined)[: 2 * LATENTS] = 0
    for latent in range(LATENTS):
        joined.weight[2 * latent, skip + latent, 0, 0] = 1.0
        joined.weight[2 * latent + 1, skip + latent, 0, 0] = -1.0
    joined.weight[-2:] = 0
    hold_scale(joined, slice(width - 2, width), unet.conv_norm_out)
    zeroed(unet.conv_out)
    join_pairs(unet.conv_out, LATENTS)
