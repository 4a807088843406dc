"""The small inpainting UNet and its starting weights: untrained, it returns the masked picture's own latents.

It predicts the clean latents ('sample'). The path that copies the masked picture's latents from the input to the output
is set by hand, so training is spent on what the mask hides.
"""

import torch
from diffusers import DDIMScheduler, UNet2DConditionModel

from atelier_training.learners.analytic import join_pairs, pass_inputs

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
    noisy, mask, masked = range(LATENTS), LATENTS, range(LATENTS + 1, 2 * LATENTS + 1)
    with torch.no_grad():
        pass_inputs(unet, [*masked, *noisy, mask], pairs=LATENTS)
        join_pairs(unet.conv_out, LATENTS)
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
