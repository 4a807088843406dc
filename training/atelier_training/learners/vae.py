"""The autoencoder that turns pictures into latents at half their resolution."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from diffusers import AutoencoderKL
from numpy.random import Generator
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor

from atelier_training.data.sampling import Drawn, draw, framed_view, keys, pixels
from atelier_training.data.shards import Sample, ShardFolder
from atelier_training.data.views import random_mask
from atelier_training.learners.patch_autoencoder import PatchCode, freeze_code, patch_autoencoder

SIDE = 64
FACTOR = 2
LATENTS = 4  # required by StableDiffusionInpaintPipeline
WIDTHS = (24, 48)

_GARMENT_SHARE = 0.6
_TURNED_SHARE = 0.3
_RECOLOURED_SHARE = 0.3
_HOLED_SHARE = 0.3
_HOLE = 127  # how an inpainting pipeline shows the encoder the masked part: mid grey
_FITTING_PICTURES = 256
_WHITENING = 0.5  # noise hides small details before large areas, but not so early that they are never learnt


@dataclass(frozen=True, kw_only=True)
class Pictures:
    """Pictures (n, 3, r, r) in -1..1 and the keys of their samples."""

    keys: tuple[str, ...]
    values: Tensor


class AutoencoderLearner:
    """Learns to paint pictures from their latents.

    The encoder keeps its computed weights: training would spoil them within the first hundred steps,
    and with a fixed encoder the UNet can be trained at the same time as the decoder.
    """

    def __init__(self, vae: AutoencoderKL) -> None:
        self.trained = vae.train()
        freeze_code(vae)

    def batch(self, drawn: Sequence[Drawn]) -> Pictures:
        """Cut views, some turned, recoloured or with a hole, for more variety than one data set has."""
        return Pictures(keys=keys(drawn), values=pixels([varied(one.sample, one.rng) for one in drawn]))

    def losses(self, batch: Pictures) -> Tensor:
        """Absolute and squared error, and the absolute error of edges."""
        with torch.no_grad():
            latents = self.trained.encode(batch.values).latent_dist.mode()
        error: Tensor = self.trained.decode(latents).sample.float() - batch.values
        edges = error.diff(dim=2).abs().mean((1, 2, 3)) + error.diff(dim=3).abs().mean((1, 2, 3))
        return error.abs().mean((1, 2, 3)) + 4 * error.pow(2).mean((1, 2, 3)) + 0.5 * edges

    def export(self, folder: Path) -> None:
        """Write the autoencoder as diffusers loads it."""
        self.trained.save_pretrained(folder)


def varied(sample: Sample, rng: Generator) -> NDArray[np.uint8]:
    """Cut a random view and vary it; returns (r, r, 3) levels."""
    view = framed_view(sample, SIDE, rng, garment_share=_GARMENT_SHARE).view.pixels
    if rng.random() < _TURNED_SHARE:
        turned = Image.fromarray(view).rotate(rng.uniform(-90, 90), Image.Resampling.BICUBIC)
        view = np.asarray(turned)
    if rng.random() < _RECOLOURED_SHARE:
        view = view[..., rng.permutation(3)]
    if rng.random() < 0.5:
        view = view[:, ::-1]
    if rng.random() < _HOLED_SHARE:
        view = np.where(random_mask(SIDE, rng)[..., None], _HOLE, view)
    return np.ascontiguousarray(view, np.uint8)


def begin(data: ShardFolder, start: Path | None, seed: int) -> AutoencoderKL:
    """Load exported weights, or compute starting weights from some pictures of the data."""
    if start is not None:
        return AutoencoderKL.from_pretrained(start)
    torch.manual_seed(seed)
    drawn = draw(data, seed, range(_FITTING_PICTURES))
    views = [framed_view(one.sample, SIDE, one.rng, garment_share=_GARMENT_SHARE).view for one in drawn]
    code = PatchCode.fit(pixels([view.pixels for view in views]), factor=FACTOR, latents=LATENTS, whitening=_WHITENING)
    return patch_autoencoder(code, widths=WIDTHS, sample_size=SIDE)
