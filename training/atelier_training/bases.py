"""Loads a job's base model, and paints with its own settings."""

from collections.abc import Sequence
from pathlib import Path
from typing import TypeVar

import torch
from PIL import Image

from contracts.artifact import BaseManifest
from contracts.errors import InvalidInputError
from contracts.sampling import Sampling
from diffusion.family import best_device, find_family, painting_dtype
from diffusion.layout import lay_out_for_painting
from diffusion.painter import Painter

P = TypeVar("P", bound=Painter)


def load_base(able: type[P], folder: Path, base: BaseManifest, task: str, *, dtype: torch.dtype, device: str) -> P:
    """The model in ``folder``, of the family of ``base``, without a safety checker.

    Raises InvalidInputError where the family cannot do what ``able`` can, or its UNet cannot do ``task``.
    """
    model = find_family(base.family, able).load(folder, device=device, dtype=dtype, checker=False)
    if task == "inpaint" and not model.inpaints:
        got = f"{model.pipeline.unet.config.in_channels} input channels"
        allowed = "9 channels, an inpainting model, when task is inpaint"
        raise InvalidInputError("base model's UNet", got=got, allowed=allowed)
    return model


def load_painter(folder: Path, base: BaseManifest, task: str) -> Painter:
    """The model in ``folder`` as the service has it: its device, precision and layout in memory. Raises as ``load_base``."""
    device = best_device()
    painter: Painter = load_base(Painter, folder, base, task, dtype=painting_dtype(device), device=device)
    lay_out_for_painting(painter.pipeline)
    return painter


def paint(painter: Painter, prompts: Sequence[str], seeds: Sequence[int], base: BaseManifest) -> list[Image.Image]:
    """One square RGB picture a prompt, with the base model's own resolution, steps and guidance."""
    size = (base.resolution, base.resolution)
    return painter.paint(prompts=prompts, seeds=seeds, size=size, sampling=Sampling.of(base.defaults))
