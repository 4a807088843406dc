"""How much closer to the original the upscaler comes than bicubic interpolation."""

from pathlib import Path

import numpy as np
import torch
from PIL import Image

from diffusion.upscaler import Upscaler
from models.catalogue import find
from models.tiny.make.score.held_out import figures

FACTOR = Upscaler.FACTOR

_STREAM = 6
_SIDE = 256
_ROWS = 4


def load_upscaler(folder: Path) -> Upscaler:
    """Load the family's upscaler."""
    return Upscaler.load(folder, device="cpu", dtype=torch.float32, checker=False)


def large_figures(count: int) -> list[Image.Image]:
    """Draw held-out figures of 256 pixels."""
    return [drawing.image for drawing in figures(count, stream=_STREAM, side=_SIDE)]


def enlarge(upscaler: Upscaler, pictures: list[Image.Image]) -> list[Image.Image]:
    """Make pictures of one size four times as large, with the catalogue's defaults."""
    sampling = find("tiny-upscaler").sampling
    large: list[Image.Image] = []
    for start in range(0, len(pictures), _ROWS):
        rows = pictures[start : start + _ROWS]
        large += upscaler.enlarge(
            pictures=rows,
            prompts=[""] * len(rows),
            seeds=range(start, start + len(rows)),
            sampling=sampling,
        )
    return large


def bicubic(picture: Image.Image) -> Image.Image:
    """Make a picture four times as large by interpolation."""
    return picture.resize((picture.width * FACTOR, picture.height * FACTOR), Image.Resampling.BICUBIC)


def psnr(picture: Image.Image, truth: Image.Image) -> float:
    """Return the peak signal-to-noise ratio of two RGB pictures of one size, in dB."""
    error = np.asarray(picture, np.float64) - np.asarray(truth, np.float64)
    return float(10 * np.log10(255**2 / (error**2).mean()))


def score_upscaler(upscaler: Upscaler, pictures: int) -> dict[str, float]:
    """Return the mean gain over bicubic on held-out figures shrunk from 256 to 64 pixels by averaging, and both PSNRs, in dB."""
    truths = large_figures(pictures)
    small = [truth.reduce(FACTOR) for truth in truths]
    ours = [psnr(large, truth) for large, truth in zip(enlarge(upscaler, small), truths, strict=True)]
    plain = [psnr(bicubic(each), truth) for each, truth in zip(small, truths, strict=True)]
    return {
        "upscaler_gain_db": float(np.mean(ours) - np.mean(plain)),
        "upscaler_psnr": float(np.mean(ours)),
        "bicubic_psnr": float(np.mean(plain)),
    }
