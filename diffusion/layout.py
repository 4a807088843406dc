"""How a model's numbers lie in memory, for whoever paints or encodes with it."""

from collections.abc import Sequence
from typing import Any

import torch

CONVOLUTIONAL = ("unet", "vae")


def lay_out_for_painting(pipeline: Any) -> None:
    """On a CPU, keep the weights of convolutions with their channels last (NHWC), as the libraries' convolutions work: nothing is turned
    each call.

    Measured on a CPU with the tiny family, in CPU seconds: the UNet 1.14 times as fast, the autoencoder 1.2 times; what comes out
    differs by 3e-6. Measured on an H200 with Stable Diffusion 1.5's shape in half precision, 512 pixels: the UNet with 16 rows takes 7 %
    longer so (53.3 ms against 49.6), with 32 rows 11 %, the autoencoder 10 %. So on a GPU weights stay as they are.
    """
    _put_channels_last(pipeline, CONVOLUTIONAL)


def lay_out_for_encoding(pipeline: Any) -> None:
    """The same of the autoencoder alone, for a model whose denoiser learns.

    Measured on a CPU: a view is encoded in 0.8 of the time. A step with the denoiser so takes 0.95 to 1.07 of the time: nothing to be had.
    """
    _put_channels_last(pipeline, ("vae",))


def _put_channels_last(pipeline: Any, parts: Sequence[str]) -> None:
    if pipeline.device.type == "cuda":
        return
    for name in parts:
        getattr(pipeline, name).to(memory_format=torch.channels_last)
