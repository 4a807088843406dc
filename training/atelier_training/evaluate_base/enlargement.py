"""An upscaler: how much closer to held-out pictures it comes than bicubic interpolation."""

from collections.abc import Sequence

import numpy as np
import torch
from PIL import Image

from atelier_training.data.shards import Sample
from atelier_training.evaluate_base.judged import Judged, Subject, psnr, square
from contracts.sampling import Sampling
from diffusion.upscaler import Upscaler
from imaging.sheet import SheetRow

FACTOR = Upscaler.FACTOR
SHOWN = 8


def judge(subject: Subject, samples: Sequence[Sample]) -> Judged:
    """Mean gain in dB on pictures shrunk by averaging to the side that the model takes."""
    upscaler = Upscaler.load(subject.folder, device=str(subject.device), dtype=torch.float32, checker=False)
    sampling = Sampling.of(subject.base.defaults)
    rows, gains = [], []
    for seed, sample in enumerate(samples):
        truth = square(sample, FACTOR * min(subject.side, min(sample.image.size) // FACTOR))
        small = truth.reduce(FACTOR)
        plain = small.resize(truth.size, Image.Resampling.BICUBIC)
        (ours,) = upscaler.enlarge(pictures=[small], prompts=[""], seeds=[seed], sampling=sampling)
        gains.append(psnr(ours, truth) - psnr(plain, truth))
        rows.append(SheetRow(pictures=[plain, ours, truth], caption=f"{sample.key}: {gains[-1]:+.1f} dB"))
    lead = "Pictures that were never trained on, made small, enlarged in two ways, and as they are."
    metrics = {"gain_db": float(np.mean(gains))}
    return Judged(metrics=metrics, columns=("bicubic", "upscaled", "held out"), rows=rows[:SHOWN], lead=lead)
