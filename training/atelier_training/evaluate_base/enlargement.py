"""An upscaler: how much closer to held-out pictures it comes than bicubic interpolation."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from diffusers import StableDiffusionUpscalePipeline
from PIL import Image

from atelier_training.data.shards import Sample
from atelier_training.evaluate_base.judged import Judged, Subject, psnr, square
from atelier_training.pipelines import sampling
from imaging.sheet import SheetRow

FACTOR = 4
SHOWN = 8


def judge(subject: Subject, samples: Sequence[Sample]) -> Judged:
    """Mean gain in dB on pictures shrunk by averaging to the side that the model takes."""
    pipeline: Any = StableDiffusionUpscalePipeline.from_pretrained(subject.folder, local_files_only=True)
    pipeline.set_progress_bar_config(disable=True)
    pipeline.to(subject.device)
    rows, gains = [], []
    for seed, sample in enumerate(samples):
        truth = square(sample, FACTOR * min(subject.side, min(sample.image.size) // FACTOR))
        small = truth.reduce(FACTOR)
        plain, ours = small.resize(truth.size, Image.Resampling.BICUBIC), enlarge(pipeline, small, subject, seed)
        gains.append(psnr(ours, truth) - psnr(plain, truth))
        rows.append(SheetRow(pictures=[plain, ours, truth], caption=f"{sample.key}: {gains[-1]:+.1f} dB"))
    lead = "Pictures that were never trained on, made small, enlarged in two ways, and as they are."
    metrics = {"gain_db": float(np.mean(gains))}
    return Judged(metrics=metrics, columns=("bicubic", "upscaled", "held out"), rows=rows[:SHOWN], lead=lead)


def enlarge(pipeline: Any, small: Image.Image, subject: Subject, seed: int) -> Image.Image:
    """One RGB picture, four times as large."""
    steps, guidance = sampling(subject.base)
    answer = pipeline(
        prompt="",
        image=small,
        generator=torch.Generator().manual_seed(seed),
        num_inference_steps=steps,
        guidance_scale=guidance,
    )
    made: Image.Image = answer.images[0]
    return made
