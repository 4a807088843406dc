"""How a model's numbers lie in memory, for whoever paints with it."""

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
    if pipeline.device.type == "cuda":
        return
    for name in CONVOLUTIONAL:
        getattr(pipeline, name).to(memory_format=torch.channels_last)
