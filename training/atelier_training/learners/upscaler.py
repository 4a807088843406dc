"""An upscaler that makes pictures four times as large: its UNet and its own autoencoder's decoder are trained together."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from diffusers import AutoencoderKL, StableDiffusionUpscalePipeline
from numpy.random import Generator
from numpy.typing import NDArray
from torch import Tensor, nn

from atelier_training.data.sampling import Drawn, draw, keys, pixels
from atelier_training.data.shards import Sample, ShardFolder
from atelier_training.learners.patch_autoencoder import freeze_code
from atelier_training.learners.text import Words, text_encoder
from atelier_training.learners.unet_parts import Parts, load_text_encoder, load_unet, load_vae, save_pipeline, scheduler
from atelier_training.learners.upscaler_model import (
    FACTOR,
    LATENTS,
    MOST_NOISE,
    SCALING,
    TEXT_WIDTH,
    noise_of_small_pictures,
    patch_code,
    upscaler_autoencoder,
    upscaling_unet,
)

SIDE = 96
POSITIONS = 32

_CELLS = SIDE // FACTOR
_RECOLOURED_SHARE = 0.2
_LAST_SHARE = 0.5  # of timesteps: pure noise, which is where the pipeline's first and most important step starts
_USUAL_NOISE, _USUAL_SHARE = 20, 0.5  # the pipeline's own default level
_LATENT_WEIGHT = 0.01
_COMPUTED_FROM = 256


@dataclass(frozen=True, kw_only=True)
class Enlargements:
    """Pictures (n, 3, r, r) in -1..1 with the noise of a training step on their latents and on their small versions.

    `timesteps` and `levels` (n,) say how much noise; `noise` is (n, k, r/4, r/4), `grain` (n, 3, r/4, r/4).
    """

    keys: tuple[str, ...]
    pictures: Tensor
    timesteps: Tensor
    noise: Tensor
    levels: Tensor
    grain: Tensor


class UpscalingLearner:
    """Learns to predict latents from small pictures, and to paint pictures from true and from predicted latents."""

    def __init__(self, parts: Parts, tokenizer: Path) -> None:
        self._parts, self._tokenizer = parts, tokenizer
        self._schedule, self._small_schedule = parts.scheduler, noise_of_small_pictures()
        freeze_code(parts.vae)
        self.trained = nn.ModuleDict({"unet": parts.unet.train(), "vae": parts.vae.train()})

    def batch(self, drawn: Sequence[Drawn]) -> Enlargements:
        """Cut out a part of each sample and draw its noise."""
        steps = self._schedule.config.num_train_timesteps
        return Enlargements(
            keys=keys(drawn),
            pictures=pixels([cut_out(one.sample, one.rng) for one in drawn]),
            timesteps=torch.tensor([_mostly(steps - 1, _LAST_SHARE, steps, one.rng) for one in drawn]),
            noise=_normal(drawn, LATENTS),
            levels=torch.tensor([_mostly(_USUAL_NOISE, _USUAL_SHARE, MOST_NOISE, one.rng) for one in drawn]),
            grain=_normal(drawn, 3),
        )

    def losses(self, batch: Enlargements) -> Tensor:
        """Squared error of the pictures painted from predicted and from true latents, and of the predicted latents."""
        vae, words = self._parts.vae, torch.zeros(len(batch.keys), 1, TEXT_WIDTH, device=batch.pictures.device)
        latents = encode(vae, batch.pictures)
        small = self._small_schedule.add_noise(shrunk(batch.pictures), batch.grain, batch.levels)
        noisy = self._schedule.add_noise(latents, batch.noise, batch.timesteps)
        inputs = torch.cat([noisy, small], 1)
        predicted = self._parts.unet(inputs, batch.timesteps, words, class_labels=batch.levels).sample
        painted = vae.decode(torch.cat([predicted.float(), latents]) / SCALING).sample.float()
        error: Tensor = (painted - batch.pictures.repeat(2, 1, 1, 1)).pow(2).mean((1, 2, 3))
        missed: Tensor = (predicted.float() - latents).pow(2).mean((1, 2, 3))
        summed: Tensor = error.view(2, -1).sum(0) + _LATENT_WEIGHT * missed
        return summed

    def export(self, folder: Path) -> None:
        """Write the whole pipeline in half precision, with the tokenizer's own files."""
        schedulers = {"low_res_scheduler": self._small_schedule, "scheduler": self._schedule}
        kind = StableDiffusionUpscalePipeline
        save_pipeline(kind, folder, self._parts, self._tokenizer, max_noise_level=MOST_NOISE, **schedulers)


def cut_out(sample: Sample, rng: Generator) -> NDArray[np.uint8]:
    """Cut a square out of a sample at its own resolution, half of the time mirrored, sometimes with its colours exchanged."""
    levels = np.asarray(sample.image)
    height, width = levels.shape[:2]
    if min(height, width) < SIDE:
        raise ValueError(f"sample {sample.key}: {width}x{height} pixels; allowed: {SIDE} or more on each side")
    top, left = int(rng.integers(height - SIDE + 1)), int(rng.integers(width - SIDE + 1))
    part = levels[top : top + SIDE, left : left + SIDE]
    if rng.random() < 0.5:
        part = part[:, ::-1]
    if rng.random() < _RECOLOURED_SHARE:
        part = part[..., rng.permutation(3)]
    return np.ascontiguousarray(part)


def shrunk(pictures: Tensor) -> Tensor:
    """Average each 4 x 4 pixels: the small pictures that the upscaler is to enlarge."""
    return nn.functional.avg_pool2d(pictures, FACTOR)


@torch.no_grad()
def encode(vae: AutoencoderKL, pictures: Tensor) -> Tensor:
    """Return latents (n, k, h/4, w/4) in single precision, scaled as the pipeline holds them."""
    with torch.autocast(pictures.device.type, enabled=False):
        latents: Tensor = vae.encode(pictures).latent_dist.mode() * SCALING
    return latents


def _mostly(usual: int, share: float, count: int, rng: Generator) -> int:
    """Draw the usual value with some probability, otherwise one of 0 to `count` - 1."""
    return usual if rng.random() < share else int(rng.integers(count))


def _normal(drawn: Sequence[Drawn], channels: int) -> Tensor:
    values = [one.rng.standard_normal((channels, _CELLS, _CELLS), dtype=np.float32) for one in drawn]
    return torch.from_numpy(np.stack(values))


def begin(data: ShardFolder, tokenizer: Path, start: Path | None, seed: int) -> Parts:
    """Load an exported pipeline to continue from, or compute starting weights from some pictures of the data.

    The text encoder is there because the pipeline wants one, and is not trained.
    """
    torch.manual_seed(seed)
    words = Words(tokenizer, POSITIONS)
    if start is not None:
        vae, unet, text = load_vae(start), load_unet(start), load_text_encoder(start)
        return Parts(vae=vae, unet=unet, text_encoder=text, words=words, scheduler=scheduler())
    drawn = draw(data, seed, range(_COMPUTED_FROM))
    pictures = pixels([cut_out(one.sample, one.rng) for one in drawn])
    vae = upscaler_autoencoder(patch_code(pictures), SIDE)
    unet = upscaling_unet(encode(vae, pictures), shrunk(pictures))
    text = text_encoder(words, width=TEXT_WIDTH, layers=1, positions=POSITIONS)
    return Parts(vae=vae, unet=unet, text_encoder=text, words=words, scheduler=scheduler())
