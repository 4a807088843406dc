"""Starting weights of a small convolutional autoencoder that are computed instead of learnt.

Trained from nothing in minutes, such autoencoders lose the colour of large areas. These weights make the latent of each
cell its luma, two chromas and one vertical detail, and the decoder paints the cell in its mean colour; training then
only adds detail.

Two tricks carry a linear map through the fixed blocks of AutoencoderKL. SiLU(x) - SiLU(-x) = x, so a pair of channels
(+x, -x) passes it unchanged. A group norm over all channels would rescale by the picture's contents; channels held at
plus and minus a large constant dominate its variance and make the scale known.
"""

from typing import cast

import torch
from diffusers import AutoencoderKL
from torch import Tensor, nn

_LARGE = 10.0
# Rows: luma, red-blue, green against both. Its inverse turns latents back into colour.
_COLOUR = torch.tensor([[1 / 3, 1 / 3, 1 / 3], [0.5, 0.0, -0.5], [-0.5, 1.0, -0.5]])
_DETAIL = 1 / 6
_QUIET = -8.0  # log variance of the latents: none to speak of


def autoencoder(channels: tuple[int, int], sample_size: int, pictures: Tensor) -> AutoencoderKL:
    """Build an autoencoder with 4 latent channels at half the resolution, standardised on `pictures`.

    `channels` are the widths at full and half resolution, at least 8 and 10. `pictures` is (n, 3, h, w) in -1..1.
    """
    vae = AutoencoderKL(
        latent_channels=4,
        sample_size=sample_size,
        layers_per_block=1,
        block_out_channels=channels,
        norm_num_groups=1,
        mid_block_add_attention=False,
        down_block_types=("DownEncoderBlock2D",) * 2,
        up_block_types=("UpDecoderBlock2D",) * 2,
        force_upcast=False,
        scaling_factor=1.0,
    )
    with torch.no_grad():
        silence_residuals(vae)
        _set_encoder(vae, channels[1])
        latents = vae.encode(pictures).latent_dist.mode()
        mean, spread = latents.mean((0, 2, 3)), latents.std((0, 2, 3))
        _standardise(vae.encoder.conv_out, mean, spread)
        _set_decoder(vae, channels[0], mean, spread)
    return vae


def silence_residuals(module: nn.Module) -> None:
    """Zero the last convolution of every residual block, so that each starts as the identity."""
    for block in module.modules():
        if type(block).__name__ == "ResnetBlock2D":
            zeroed(cast(nn.Conv2d, block.conv2))


def zeroed(layer: nn.Conv2d) -> nn.Conv2d:
    """Zero a convolution and return it."""
    nn.init.zeros_(layer.weight)
    nn.init.zeros_(bias(layer))
    return layer


def bias(layer: nn.Conv2d) -> Tensor:
    """Return a convolution's bias; raise if it has none."""
    if layer.bias is None:
        raise ValueError(f"{layer} has no bias to set")
    return layer.bias


def _set_encoder(vae: AutoencoderKL, width: int) -> None:
    encoder = vae.encoder
    carry(zeroed(encoder.conv_in), 3)
    fine, coarse = encoder.down_blocks
    halve = zeroed(fine.downsamplers[0].conv)
    for colour in range(3):
        halve.weight[colour, colour, :2, :2] = 0.25
    halve.weight[3, :3, 0, :2] = _DETAIL
    halve.weight[3, :3, 1, :2] = -_DETAIL
    mixed = zeroed(coarse.resnets[0].conv_shortcut)
    for latent in range(3):
        mixed.weight[2 * latent, :3, 0, 0] = _COLOUR[latent]
        mixed.weight[2 * latent + 1, :3, 0, 0] = -_COLOUR[latent]
    mixed.weight[6, 3, 0, 0], mixed.weight[7, 3, 0, 0] = 1.0, -1.0
    hold_scale(mixed, slice(8, width), encoder.conv_norm_out)
    join_pairs(zeroed(encoder.conv_out), 4)
    carry(zeroed(vae.quant_conv), 4)
    bias(vae.quant_conv)[4:] = _QUIET


def _set_decoder(vae: AutoencoderKL, width: int, mean: Tensor, spread: Tensor) -> None:
    decoder = vae.decoder
    carry(zeroed(vae.post_quant_conv), 4)
    unscaled = zeroed(decoder.conv_in)
    carry(unscaled, 4)
    unscaled.weight[:4] *= spread[:, None, None, None]
    bias(unscaled)[:4] = mean
    coarse, fine = decoder.up_blocks
    doubled = zeroed(coarse.upsamplers[0].conv)
    carry(doubled, doubled.weight.shape[0])
    mixed = zeroed(fine.resnets[0].conv_shortcut)
    for colour, row in enumerate(torch.linalg.inv(_COLOUR)):
        mixed.weight[2 * colour, :3, 0, 0] = row
        mixed.weight[2 * colour + 1, :3, 0, 0] = -row
    hold_scale(mixed, slice(6, 8), decoder.conv_norm_out)
    join_pairs(zeroed(decoder.conv_out), 3)


def carry(layer: nn.Conv2d, count: int) -> None:
    """Copy the first `count` channels."""
    centre = layer.kernel_size[0] // 2
    for channel in range(count):
        layer.weight[channel, channel, centre, centre] = 1.0


def join_pairs(layer: nn.Conv2d, count: int) -> None:
    """Subtract each pair of channels that carried one value through SiLU."""
    for channel in range(count):
        layer.weight[channel, 2 * channel, 1, 1] = 1.0
        layer.weight[channel, 2 * channel + 1, 1, 1] = -1.0


def hold_scale(layer: nn.Conv2d, held: slice, norm: nn.GroupNorm) -> None:
    """Hold channels at plus and minus a constant, and let the norm that follows undo the scale they set."""
    channels = range(held.start, held.stop)
    for position, channel in enumerate(channels):
        bias(layer)[channel] = _LARGE if position % 2 else -_LARGE
    norm.weight.fill_(_LARGE * (len(channels) / layer.out_channels) ** 0.5)
    nn.init.zeros_(norm.bias)


def _standardise(layer: nn.Conv2d, mean: Tensor, spread: Tensor) -> None:
    """Make the first four outputs zero-mean and of unit deviation."""
    for channel in range(4):
        layer.weight[channel] /= spread[channel]
        bias(layer)[channel] = -mean[channel] / spread[channel]
