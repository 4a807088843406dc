"""The upscaler's autoencoder: 4 x 4 pixels become one cell of latents that a fixed linear map computes.

The first three latents of a cell are its mean colour, which a low-resolution picture shows, the others are the details that
vary most between patches (principal components), so what is to be learnt is only detail. The map is carried through
AutoencoderKL's encoder by hand; its decoder starts with painting each cell in its mean colour, and learns the rest.
"""

from dataclasses import dataclass

import torch
from diffusers import AutoencoderKL
from torch import Tensor, nn

from atelier_training.pretrain.analytic import bias, carry, hold_scale, join_pairs, silence_residuals, zeroed

FACTOR = 4
LATENTS = 24
WIDTHS = (16, 24, 32)
# StableDiffusionUpscalePipeline sets this factor in any autoencoder it is given, so latents are made to suit it.
SCALING = 0.08333

_PIXELS = FACTOR**2
_QUIET = -8.0  # log variance of the latents: none to speak of
_OFFSET = 16.0  # SiLU(x + 16) - 16 is x to 1e-4 for every latent in -5..5
_HELD = 100.0


@dataclass(frozen=True, kw_only=True)
class PatchCode:
    """A linear map from patches to standardised latents.

    `rows` (k, 3, 4, 4) are applied to a patch in -1..1; `mean` and `spread` (k,) are subtracted from and divide the result.
    """

    rows: Tensor
    mean: Tensor
    spread: Tensor


def patch_code(pictures: Tensor) -> PatchCode:
    """Compute the code that suits pictures (n, 3, h, w) in -1..1, whose sides are multiples of 4."""
    patches = nn.functional.pixel_unshuffle(pictures, FACTOR).permute(0, 2, 3, 1).reshape(-1, 3 * _PIXELS)
    means = torch.eye(3).repeat_interleave(_PIXELS, 1) / _PIXELS
    detail = patches - (patches @ means.T).repeat_interleave(_PIXELS, 1)
    _, directions = torch.linalg.eigh(torch.cov(detail.T))  # the largest variance last
    rows = torch.cat([means, directions.flip(1)[:, : LATENTS - 3].T])
    latents = patches @ rows.T
    return PatchCode(rows=rows.view(LATENTS, 3, FACTOR, FACTOR), mean=latents.mean(0), spread=latents.std(0))


@torch.no_grad()
def patch_autoencoder(code: PatchCode, sample_size: int) -> AutoencoderKL:
    """Build the autoencoder around a code; only its decoder requires gradients."""
    vae = AutoencoderKL(
        latent_channels=LATENTS,
        sample_size=sample_size,
        layers_per_block=1,
        block_out_channels=WIDTHS,
        norm_num_groups=1,
        mid_block_add_attention=False,
        down_block_types=("DownEncoderBlock2D",) * 3,
        up_block_types=("UpDecoderBlock2D",) * 3,
        force_upcast=False,
        scaling_factor=SCALING,
    )
    silence_residuals(vae)
    _set_encoder(vae, code)
    _set_decoder(vae, code)
    freeze_code(vae)
    return vae


def freeze_code(vae: AutoencoderKL) -> None:
    """Let only the decoder be trained: the map into latents stays as it was computed."""
    for part in (vae.encoder, vae.quant_conv, vae.post_quant_conv):
        part.requires_grad_(False)


def _set_encoder(vae: AutoencoderKL, code: PatchCode) -> None:
    encoder = vae.encoder
    fine, middle, coarse = encoder.down_blocks
    carry(zeroed(encoder.conv_in), 3)
    pairs = zeroed(fine.downsamplers[0].conv)
    for colour in range(3):
        for place in range(4):
            pairs.weight[4 * colour + place, colour, place // 2, place % 2] = 1.0
    carry(zeroed(middle.resnets[0].conv_shortcut), 12)
    _gather(zeroed(middle.downsamplers[0].conv), code)
    carried = zeroed(coarse.resnets[0].conv_shortcut)
    carry(carried, LATENTS)
    carried.weight[LATENTS, :LATENTS, 0, 0] = -1.0  # so that the mean over channels, which the norm removes, is 0
    _hold(carried, encoder.conv_norm_out)
    carry(zeroed(encoder.conv_out), LATENTS)
    bias(encoder.conv_out)[:LATENTS] = -_OFFSET
    zeroed(vae.quant_conv)
    for latent in range(LATENTS):
        vae.quant_conv.weight[latent, latent] = 1 / SCALING
    bias(vae.quant_conv)[LATENTS:] = _QUIET


def _gather(layer: nn.Conv2d, code: PatchCode) -> None:
    """Apply the code to 2 x 2 cells of 12 channels, each holding 2 x 2 pixels."""
    rows = code.rows / code.spread[:, None, None, None]
    for place in range(4):
        y, x = place // 2, place % 2
        layer.weight[:LATENTS, place:12:4, :2, :2] = rows[:, :, y::2, x::2]
    bias(layer)[:LATENTS] = -code.mean / code.spread


def _hold(layer: nn.Conv2d, norm: nn.GroupNorm) -> None:
    """Hold the last channels at large constants, so that the norm's scale is known, and lift the others to where SiLU is linear."""
    held = range(LATENTS + 2, layer.out_channels)
    for position, channel in enumerate(held):
        bias(layer)[channel] = _HELD if position % 2 else -_HELD
    norm.weight.fill_(_HELD * (len(held) / layer.out_channels) ** 0.5)
    nn.init.constant_(norm.bias, _OFFSET)


def _set_decoder(vae: AutoencoderKL, code: PatchCode) -> None:
    decoder = vae.decoder
    zeroed(vae.post_quant_conv)
    for latent in range(LATENTS):
        vae.post_quant_conv.weight[latent, latent] = SCALING
    decoder.conv_in.weight[:3] = 0
    for colour in range(3):
        decoder.conv_in.weight[colour, colour, 1, 1] = code.spread[colour]
    bias(decoder.conv_in)[:3] = code.mean[:3]
    for block in decoder.up_blocks[:-1]:
        for layer in (block.resnets[0].conv_shortcut, block.upsamplers[0].conv):
            if layer is not None:
                _pass_colour(layer)
    last = decoder.up_blocks[-1].resnets[0].conv_shortcut
    last.weight[:6], last.weight[-2:] = 0, 0
    bias(last)[:6] = 0
    for colour in range(3):
        last.weight[2 * colour, colour], last.weight[2 * colour + 1, colour] = 1.0, -1.0
    hold_scale(last, slice(last.out_channels - 2, last.out_channels), decoder.conv_norm_out)
    join_pairs(zeroed(decoder.conv_out), 3)


def _pass_colour(layer: nn.Conv2d) -> None:
    layer.weight[:3] = 0
    bias(layer)[:3] = 0
    carry(layer, 3)
