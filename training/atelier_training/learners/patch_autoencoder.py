"""Autoencoders whose latents are computed, not learnt: a fixed linear map of each patch of 2 x 2 or 4 x 4 pixels.

Trained from nothing in minutes, small autoencoders lose the colour of large areas. Here the first three latents of a patch
are its mean colour (luma and two chromas) and the others its main details (principal components of real patches). The map is carried
through AutoencoderKL's encoder by hand; the decoder starts with painting each patch in its mean colour and learns the rest.
A patch that no hole touches keeps its latents, as inpainting needs.
"""

from dataclasses import dataclass
from typing import Self

import torch
from diffusers import AutoencoderKL
from torch import Tensor, nn

from atelier_training.learners.analytic import bias, carry, hold_scale, join_pairs, silence_residuals, zeroed

# Rows of unit length: luma, red against blue, green against both.
_LUMA_CHROMA = torch.tensor([[1.0, 1.0, 1.0], [1.0, 0.0, -1.0], [-1.0, 2.0, -1.0]])
_LUMA_CHROMA /= _LUMA_CHROMA.norm(dim=1, keepdim=True)
_QUIET = -8.0  # log variance of the latents: almost none
_HELD = 100.0
_OFFSET = 16.0  # SiLU(x + 16) - 16 is x to 1e-4 for every latent in -5..5


@dataclass(frozen=True, kw_only=True)
class PatchCode:
    """A linear map from patches of f x f pixels in -1..1 to k latents: rows (k, 3, f, f) * patch - shift (k,)."""

    rows: Tensor
    shift: Tensor

    @classmethod
    def fit(cls, pictures: Tensor, *, factor: int, latents: int, whitening: float) -> Self:
        """Compute the code that suits pictures (n, 3, h, w) in -1..1, whose sides are multiples of `factor`.

        `whitening` 1 gives every latent unit deviation, so that noise hides all alike; 0 keeps their own, so that the smallest details
        drown first. Below 1 the latents together are scaled to unit deviation.
        """
        pixels = factor**2
        patches = nn.functional.pixel_unshuffle(pictures, factor).permute(0, 2, 3, 1).reshape(-1, 3 * pixels)
        colours = _LUMA_CHROMA.repeat_interleave(pixels, 1) / factor
        detail = patches - patches @ colours.T @ colours
        _, directions = torch.linalg.eigh(torch.cov(detail.T))  # the largest variance last
        rows = torch.cat([colours, directions.flip(1)[:, : latents - 3].T])  # all of unit length
        spread = (patches @ rows.T).std(0)
        rows = rows / spread.pow(whitening)[:, None]
        rows = rows / (patches @ rows.T).var(0).mean().sqrt()
        return cls(rows=rows.view(latents, 3, factor, factor), shift=(patches @ rows.T).mean(0))

    @property
    def colour(self) -> tuple[Tensor, Tensor]:
        """The matrix (3, 3) and shift (3,) that turn the first three latents into a patch's mean colour."""
        matrix = torch.linalg.inv(self.rows[:3].sum((2, 3)))
        return matrix, matrix @ self.shift[:3]


@torch.no_grad()
def patch_autoencoder(
    code: PatchCode, *, widths: tuple[int, ...], sample_size: int, scaling_factor: float = 1.0
) -> AutoencoderKL:
    """Build the autoencoder around a code of k latents; only its decoder requires gradients.

    `widths` are at full, half (and quarter) resolution: at least 12 but for the last two, k, and k + 4. Pipelines multiply latents
    by `scaling_factor`: the encoder divides by it, so that the UNet meets the code's own. Raises ValueError at another number of widths.
    """
    if 2 ** (len(widths) - 1) != code.rows.shape[-1]:
        raise ValueError(
            f"widths: got {widths}; allowed: one more than halvings to patches of {code.rows.shape[-1]} pixels"
        )
    vae = AutoencoderKL(
        latent_channels=len(code.rows),
        sample_size=sample_size,
        layers_per_block=1,
        block_out_channels=widths,
        norm_num_groups=1,
        mid_block_add_attention=False,
        down_block_types=("DownEncoderBlock2D",) * len(widths),
        up_block_types=("UpDecoderBlock2D",) * len(widths),
        force_upcast=False,
        scaling_factor=scaling_factor,
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
    encoder, latents = vae.encoder, len(code.rows)
    *finer, before, last = encoder.down_blocks
    channels = 3
    carry(zeroed(encoder.conv_in), channels)
    for block in finer:
        _gather(zeroed(block.downsamplers[0].conv), channels)
        channels *= 4
    if before.resnets[0].conv_shortcut is not None:
        carry(zeroed(before.resnets[0].conv_shortcut), channels)
    _apply(zeroed(before.downsamplers[0].conv), code)
    lifted = zeroed(last.resnets[0].conv_shortcut)
    carry(lifted, latents)
    lifted.weight[latents, :latents, 0, 0] = -1.0  # so that the mean over channels, which the norm removes, is 0
    first, width = latents + 1, lifted.out_channels
    constant = slice(first + (width - first) % 2, width)
    # Lifted to where SiLU is linear.
    hold_scale(lifted, constant, encoder.conv_norm_out, held=_HELD, offset=_OFFSET)
    carry(zeroed(encoder.conv_out), latents)
    bias(encoder.conv_out)[:latents] = -_OFFSET
    zeroed(vae.quant_conv)
    for latent in range(latents):
        vae.quant_conv.weight[latent, latent] = 1 / vae.config.scaling_factor
    bias(vae.quant_conv)[latents:] = _QUIET


def _gather(layer: nn.Conv2d, channels: int) -> None:
    """Stack the 2 x 2 pixels of each channel into four channels."""
    for channel in range(channels):
        for place in range(4):
            layer.weight[4 * channel + place, channel, place // 2, place % 2] = 1.0


def _apply(layer: nn.Conv2d, code: PatchCode) -> None:
    """Apply the code to 2 x 2 cells, in which each colour already has a channel for every pixel of a cell."""
    latents, _, factor, _ = code.rows.shape
    inner = factor // 2
    for place in range(inner**2):
        y, x = divmod(place, inner)
        layer.weight[:latents, place : 3 * inner**2 : inner**2, :2, :2] = code.rows[:, :, y::inner, x::inner]
    bias(layer)[:latents] = -code.shift


def _set_decoder(vae: AutoencoderKL, code: PatchCode) -> None:
    """Let channels 0 to 2 carry the mean colour to the end; all others start as they come."""
    decoder = vae.decoder
    zeroed(vae.post_quant_conv)
    for latent in range(len(code.rows)):
        vae.post_quant_conv.weight[latent, latent] = vae.config.scaling_factor
    matrix, shift = code.colour
    _pass_colour(decoder.conv_in, matrix)
    bias(decoder.conv_in)[:3] = shift
    for block in decoder.up_blocks[:-1]:
        for layer in (block.resnets[0].conv_shortcut, block.upsamplers[0].conv):
            if layer is not None:
                _pass_colour(layer, torch.eye(3))
    last = decoder.up_blocks[-1].resnets[0].conv_shortcut
    last.weight[:6], last.weight[-2:] = 0, 0
    bias(last)[:6] = 0
    for colour in range(3):
        last.weight[2 * colour, colour], last.weight[2 * colour + 1, colour] = 1.0, -1.0
    hold_scale(last, slice(last.out_channels - 2, last.out_channels), decoder.conv_norm_out)
    join_pairs(zeroed(decoder.conv_out), 3)


def _pass_colour(layer: nn.Conv2d, matrix: Tensor) -> None:
    layer.weight[:3] = 0
    bias(layer)[:3] = 0
    centre = layer.kernel_size[0] // 2
    layer.weight[:3, :3, centre, centre] = matrix
