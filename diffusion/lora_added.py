"""A LoRA while it is trained on a CPU: small layers have it added to their weights for the call, as ``lora_layers`` does when serving.

peft calculates ``W x + up (down x)``: three layers and two sums, of which the narrow ones keep a processor busy with little.
``(W + up down) x`` is one layer, and its backward pass has the gradient of all its weights instead of two small ones. Measured forward
and backward at rank 16: 0.6 to 1.0 of the time for convolutions of up to 64 outputs and matrices of up to 2^17 weights, and up to 5 times
it for larger ones.
"""

from typing import Any

import torch
from peft.tuners.lora import Conv2d, Linear
from torch import Tensor, nn
from torch.nn.functional import conv2d, linear

from diffusion.lora_layers import LowRank, fused

MOST_OUTPUTS = 64
MOST_WEIGHTS = 2**17


class AddedLinear(Linear):  # type: ignore[misc]  # peft has no types
    """A matrix with its update added for each call."""

    def forward(self, x: Tensor, *args: Any, **kwargs: Any) -> Any:
        """What the layer makes of the values."""
        if (weight := _updated(self, args, kwargs)) is None:
            return super().forward(x, *args, **kwargs)
        return linear(x, weight, self.base_layer.bias)


class AddedConv2d(Conv2d):  # type: ignore[misc]  # peft has no types
    """A convolution with its update added for each call."""

    def forward(self, x: Tensor, *args: Any, **kwargs: Any) -> Any:
        """What the layer makes of the values."""
        if (weight := _updated(self, args, kwargs)) is None:
            return super().forward(x, *args, **kwargs)
        layer = self.base_layer
        return conv2d(x, weight, layer.bias, layer.stride, layer.padding, layer.dilation)


def add_where_small(part: nn.Module) -> None:
    """Have the small layers of a part that has a LoRA calculate so; nothing else about them changes, and their names do not."""
    layers: list[Any] = list(part.modules())
    for layer in layers:
        # The class and not its method: a copy of the part must call its own layers.
        if type(layer) is Linear and _is_small_matrix(layer.base_layer) and _learns_plainly(layer):
            layer.__class__ = AddedLinear
        elif type(layer) is Conv2d and _is_small_convolution(layer.base_layer) and _learns_plainly(layer):
            layer.__class__ = AddedConv2d


def _is_small_matrix(layer: nn.Linear) -> bool:
    return layer.weight.numel() <= MOST_WEIGHTS


def _is_small_convolution(layer: nn.Conv2d) -> bool:
    return layer.out_channels <= MOST_OUTPUTS and layer.groups == 1 and layer.padding_mode == "zeros"


def _learns_plainly(layer: Any) -> bool:
    """Whether it is on the CPU, in single precision, and drops nothing out."""
    weight: Tensor = layer.base_layer.weight
    drops = any(isinstance(each, nn.Dropout) for each in layer.lora_dropout.values())
    return not drops and weight.device.type == "cpu" and weight.dtype is torch.float32


def _updated(layer: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Tensor | None:
    """The layer's weights with its one active update added; None where peft has more to do than that."""
    if args or kwargs or layer.disable_adapters or layer.merged or len(layer.active_adapters) != 1:
        return None
    (name,) = layer.active_adapters
    if name not in layer.lora_A or name in layer.lora_variant:
        return None
    down, up = layer.lora_A[name].weight, layer.lora_B[name].weight
    return fused(layer.base_layer.weight, LowRank(down, up * layer.scaling[name]))
