"""A UNet: how well it removes known noise from held-out pictures, given their words; and what it paints from the words alone."""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from atelier_training.bases import load_base, paint
from atelier_training.data.shards import Sample
from atelier_training.evaluate_base.judged import Judged, Subject, levels, square
from diffusion.noise import target
from diffusion.painter import Painter
from imaging.sheet import SheetRow

NOISE_SHARES = (0.1, 0.3, 0.5, 0.7, 0.9)
"""Timesteps of the measure, as shares of the schedule."""
PAINTED = 8


def judge(subject: Subject, samples: Sequence[Sample]) -> Judged:
    """Measure the error of what the UNet predicts, averaged over timesteps and samples, and paint the first captions."""
    base, device = subject.base, str(subject.device)
    painter = load_base(Painter, subject.folder, base, base.task, dtype=torch.float32, device=device)
    errors = [denoising_error(painter, sample, subject, seed) for seed, sample in enumerate(samples)]
    subset = samples[:PAINTED]
    captions = [sample.captions[0] for sample in subset]
    painted = paint(painter, captions, range(len(subset)), base)
    rows = [
        SheetRow(pictures=[square(sample, subject.side), picture], caption=caption)
        for sample, picture, caption in zip(subset, painted, captions, strict=True)
    ]
    lead = "Pictures that were never trained on, and what the model paints from nothing but their words."
    metrics = {"denoising_loss": sum(errors) / len(errors)}
    return Judged(metrics=metrics, columns=("held out", "painted from its words"), rows=rows, lead=lead)


@torch.inference_mode()
def denoising_error(painter: Painter, sample: Sample, subject: Subject, seed: int) -> float:
    """Mean squared error of the prediction at fixed timesteps with the noise of ``seed``; an inpainting model's mask covers all."""
    pipeline = painter.pipeline
    latents = _encode(pipeline, levels(square(sample, subject.side), subject.device))
    schedule = pipeline.scheduler
    count = int(schedule.config.num_train_timesteps)
    timesteps = torch.tensor([int(share * count) for share in NOISE_SHARES], device=subject.device)
    clean = latents.repeat(len(timesteps), 1, 1, 1)
    noise = torch.randn(clean.shape, generator=torch.Generator().manual_seed(seed)).to(subject.device)
    words = _embed(pipeline, sample.captions[0], len(timesteps), subject.device)
    noisy = schedule.add_noise(clean, noise, timesteps)
    predicted = pipeline.unet(_conditioned(painter, noisy, subject), timesteps, encoder_hidden_states=words).sample
    return float((predicted - target(schedule, clean, noise, timesteps)).pow(2).mean())


def _encode(pipeline: Any, pixels: Tensor) -> Tensor:
    vae = pipeline.vae
    latents: Tensor = vae.encode(pixels).latent_dist.mode()
    return latents * float(vae.config.scaling_factor)


def _conditioned(painter: Painter, noisy: Tensor, subject: Subject) -> Tensor:
    """What the UNet takes: for inpainting also a mask that covers all, and the latents of a picture of which nothing is left."""
    if not painter.inpaints:
        return noisy
    nothing = _encode(painter.pipeline, torch.zeros(1, 3, subject.side, subject.side, device=subject.device))
    mask = torch.ones_like(noisy[:, :1])
    return torch.cat([noisy, mask, nothing.expand(len(noisy), -1, -1, -1)], 1)


def _embed(pipeline: Any, caption: str, count: int, device: torch.device) -> Tensor:
    tokenizer = pipeline.tokenizer
    tokens = tokenizer(
        caption, padding="max_length", max_length=tokenizer.model_max_length, truncation=True, return_tensors="pt"
    )
    embedded: Tensor = pipeline.text_encoder(tokens.input_ids.to(device))[0]
    return embedded.expand(count, -1, -1)
