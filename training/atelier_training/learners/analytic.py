"""Starting weights that are computed instead of learnt: linear maps carried through the fixed blocks of diffusers' models.

Two tricks do it. SiLU(x) - SiLU(-x) = x, so a pair of channels (+x, -x) passes it unchanged. A group norm over all channels
would rescale by the picture's contents; channels held at plus and minus a large constant dominate its variance and make the
scale known.
"""

from collections.abc import Sequence
from typing import cast

from diffusers import UNet2DConditionModel
from torch import Tensor, nn

_LARGE = 10.0


def silence_residuals(module: nn.Module) -> None:
    """Zero the last convolution of every residual block, so that each starts as the identity."""
    for block in module.modules():
        if type(block).__name__ == "ResnetBlock2D":
            zeroed(cast(nn.Conv2d, block.conv2))


class _Shortcut(nn.Module):
    """A residual block without its residual."""

    def __init__(self, block: nn.Module) -> None:
        super().__init__()
        self.shortcut = cast(nn.Module | None, block.conv_shortcut)

    def forward(self, values: Tensor, temb: Tensor | None = None) -> Tensor:  # named as the blocks call it
        return values if self.shortcut is None else cast(Tensor, self.shortcut(values))


def skip_silent_residuals(module: nn.Module) -> None:
    """Replace every residual block whose last convolution is zero by its shortcut: the same values for less work."""
    for name, child in module.named_children():
        if type(child).__name__ == "ResnetBlock2D" and not any(
            p.any() for p in cast(nn.Conv2d, child.conv2).parameters()
        ):
            module._modules[name] = _Shortcut(child)
        else:
            skip_silent_residuals(child)


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


def hold_scale(
    layer: nn.Conv2d, constant: slice, norm: nn.GroupNorm, *, held: float = _LARGE, offset: float = 0.0
) -> None:
    """Hold channels at plus and minus a constant, and let the norm that follows undo the scale they set, and add the offset."""
    channels = range(constant.start, constant.stop)
    for position, channel in enumerate(channels):
        bias(layer)[channel] = held if position % 2 else -held
    norm.weight.fill_(held * (len(channels) / layer.out_channels) ** 0.5)
    nn.init.constant_(norm.bias, offset)


def pass_inputs(unet: UNet2DConditionModel, inputs: Sequence[int], *, pairs: int) -> None:
    """Make these input channels the first ones of the UNet's width, and the first of them pairs at its end, its scale known.

    All residual blocks are silenced, so that nothing else reaches those channels; the last convolution is zeroed.
    """
    silence_residuals(unet)
    first, width = unet.conv_in, unet.conv_in.out_channels
    first.weight[: len(inputs)] = 0
    bias(first)[: len(inputs)] = 0
    for row, channel in enumerate(inputs):
        first.weight[row, channel, 1, 1] = 1.0
    joined = unet.up_blocks[-1].resnets[-1].conv_shortcut
    skip = joined.in_channels - width  # the input's own channels come last
    joined.weight[: 2 * pairs], joined.weight[-2:] = 0, 0
    bias(joined)[: 2 * pairs] = 0
    for channel in range(pairs):
        joined.weight[2 * channel, skip + channel] = 1.0
        joined.weight[2 * channel + 1, skip + channel] = -1.0
    hold_scale(joined, slice(width - 2, width), unet.conv_norm_out)
    zeroed(unet.conv_out)
