"""How much closer to the original the upscaler comes than bicubic interpolation."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch
from diffusers import StableDiffusionUpscalePipeline
from PIL import Image

from models.catalogue import find
from models.tiny.make.figures import draw
from models.tiny.make.score.held_out import SCORE_SEED
from models.tiny.make.wardrobe import random_outfit

FACTOR = 4

_STREAM = 6
_SIDE = 256
_ROWS = 4


def load_upscaler(folder: Path) -> Any:
    """Load the pipeline silently."""
    pipeline = StableDiffusionUpscalePipeline.from_pretrained(folder, local_files_only=True)
    pipeline.set_progress_bar_config(disable=True)
    return pipeline


def large_figures(count: int) -> Iterator[Image.Image]:
    """Draw held-out figures of 256 pixels."""
    for index in range(count):
        rng = np.random.default_rng((SCORE_SEED, _STREAM, index))
        yield draw(random_outfit(rng), rng, (_SIDE, _SIDE)).image


def enlarge(pipeline: Any, pictures: list[Image.Image]) -> list[Image.Image]:
    """Make pictures of one size four times as large, with the catalogue's defaults."""
    defaults = find("tiny-upscaler").defaults
    large: list[Image.Image] = []
    for start in range(0, len(pictures), _ROWS):
        rows = pictures[start : start + _ROWS]
        answer = pipeline(
            prompt=[""] * len(rows),
            image=rows,
            generator=[torch.Generator().manual_seed(start + row) for row in range(len(rows))],
            num_inference_steps=int(defaults["num_inference_steps"]),
            guidance_scale=defaults["guidance_scale"],
        )
        large += answer.images
    return large


def bicubic(picture: Image.Image) -> Image.Image:
    """Make a picture four times as large by interpolation."""
    return picture.resize((picture.width * FACTOR, picture.height * FACTOR), Image.Resampling.BICUBIC)


def psnr(picture: Image.Image, truth: Image.Image) -> float:
    """Return the peak signal-to-noise ratio of two RGB pictures of one size, in dB."""
    error = np.asarray(picture, np.float64) - np.asarray(truth, np.float64)
    return float(10 * np.log10(255**2 / (error**2).mean()))


def score_upscaler(pipeline: Any, pictures: int) -> dict[str, float]:
    """Return the mean gain over bicubic on held-out figures shrunk from 256 to 64 pixels by averaging, and both PSNRs, in dB."""
    truths = list(large_figures(pictures))
    small = [truth.reduce(FACTOR) for truth in truths]
    ours = [psnr(large, truth) for large, truth in zip(enlarge(pipeline, small), truths, strict=True)]
    plain = [psnr(bicubic(each), truth) for each, truth in zip(small, truths, strict=True)]
    return {
        "upscaler_gain_db": float(np.mean(ours) - np.mean(plain)),
        "upscaler_psnr": float(np.mean(ours)),
        "bicubic_psnr": float(np.mean(plain)),
    }
