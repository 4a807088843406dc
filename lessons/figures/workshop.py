"""The tiny models, loaded once, and what the figures do with them between the service's own steps."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from contracts.sampling import Sampling
from diffusion.denoiser import DenoiserCall
from diffusion.sd1 import StableDiffusion1
from imaging.segmenter import Segmenter
from models.catalogue import CatalogueEntry, find
from models.tiny.make.score.painting import load

SIDE = 64
"""Of the pictures that the tiny model paints, in pixels."""
LATENTS = 4
"""Channels of a latent."""


@dataclass(frozen=True, kw_only=True)
class Seen:
    """One call of the UNet while a picture was painted: what it was given (rows, 9, h, w), when, and what it predicted (rows, 4, h, w)."""

    given: Tensor
    timestep: int
    predicted: Tensor


class Workshop:
    """What every figure is drawn with."""

    @cached_property
    def painter(self) -> StableDiffusion1:
        """The inpainting model."""
        return load(_folder(self.entry))

    @cached_property
    def segmenter(self) -> Segmenter:
        """The model that masks by words."""
        return Segmenter.load(_folder(find("tiny-clipseg")))

    @property
    def entry(self) -> CatalogueEntry:
        """The inpainting model in the catalogue."""
        return find("tiny-inpaint")

    @property
    def sampling(self) -> Sampling:
        """How it paints where nobody says otherwise."""
        return self.entry.sampling

    def sizes(self) -> dict[str, float]:
        """How large the parts are: millions of weights, pixels, channels, tokens."""
        pipeline = self.painter.pipeline
        parts = {"unet": pipeline.unet, "vae": pipeline.vae, "text": pipeline.text_encoder}
        millions = {
            f"{name}_millions": sum(each.numel() for each in part.parameters()) / 1e6 for name, part in parts.items()
        }
        return {name: round(count, 2) for name, count in millions.items()} | {
            "side": SIDE,
            "latent_side": int(pipeline.unet.config.sample_size),
            "latent_channels": int(pipeline.vae.config.latent_channels),
            "tokens": int(pipeline.tokenizer.model_max_length),
            "timesteps": int(pipeline.scheduler.config.num_train_timesteps),
        }

    def encode(self, pictures: Sequence[Image.Image]) -> Tensor:
        """RGB pictures of one size as latents (n, 4, h / 2, w / 2)."""
        levels = torch.from_numpy(np.stack([np.asarray(picture, np.float32) for picture in pictures]))
        return self.painter.encode_pictures(levels.permute(0, 3, 1, 2) / 127.5 - 1)

    @torch.no_grad()
    def decode(self, latents: Tensor) -> list[Image.Image]:
        """Latents (n, 4, h, w) as pictures twice as wide and high."""
        vae = self.painter.pipeline.vae
        pixels = vae.decode(latents / vae.config.scaling_factor).sample
        levels = ((pixels.clamp(-1, 1) + 1) * 127.5).round().byte().permute(0, 2, 3, 1)
        return [Image.fromarray(each) for each in levels.numpy()]

    @contextmanager
    def watched(self) -> Iterator[list[Seen]]:
        """Everything that the UNet is given and predicts inside the block, in order."""
        seen: list[Seen] = []

        def denoise(call: DenoiserCall) -> Tensor:
            predicted = call.run()
            seen.append(Seen(given=call.sample.clone(), timestep=int(call.timesteps[0]), predicted=predicted.clone()))
            return predicted

        before, self.painter.denoise = self.painter.denoise, denoise
        try:
            yield seen
        finally:
            self.painter.denoise = before


def latent_colours(latents: Tensor) -> Image.Image:
    """Three of a latent's four channels (4, h, w) as red, green and blue: a way to look at numbers that are no colours."""
    return Image.fromarray(np.stack([channel_levels(latents[index]) for index in range(3)], axis=-1))


def channel_levels(channel: Tensor) -> Any:
    """One channel (h, w) as grey levels, 0 in the middle and three deviations of noise at either end."""
    return np.rint(np.clip(channel.numpy() / 6 + 0.5, 0, 1) * 255).astype(np.uint8)


def _folder(entry: CatalogueEntry) -> Path:
    return Path(__file__).parents[2] / entry.source.folder  # type: ignore[union-attr]
