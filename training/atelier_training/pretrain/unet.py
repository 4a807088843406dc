"""Trains an inpainting UNet and its text encoder together; a fully white mask makes it paint a picture from text alone.

python -m atelier_training.pretrain.unet --data SHARDS --vae FOLDER --tokenizer FOLDER --out FOLDER
"""

import copy
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from diffusers import AutoencoderKL, StableDiffusionInpaintPipeline, UNet2DConditionModel
from diffusers.models.attention_processor import AttnProcessor
from numpy.random import Generator
from torch import Tensor, nn
from transformers import CLIPTextModel

from atelier_training.pretrain.analytic import skip_silent_residuals
from atelier_training.pretrain.batches import Drawn, framed_view, keys, parser, pixels, settings
from atelier_training.pretrain.loop import train
from atelier_training.pretrain.shards import Sample, open_shards
from atelier_training.pretrain.text import Words, load_in_single_precision, text_encoder
from atelier_training.pretrain.unet_model import inpainting_unet, scheduler
from atelier_training.pretrain.views import Bits, View, around, garment_mask, random_mask

SIDE = 64
TEXT = {"width": 64, "layers": 2, "positions": 32}

_GARMENT_VIEW_SHARE = 0.55
_FULL_MASK_SHARE = {True: 0.05, False: 0.5}  # of garment views, of whole pictures
_RANDOM_MASK_SHARE = 0.06
_ROUGH_MASK_SHARE = 0.2  # of garment masks: people and fine-tuning mask a garment by a box, too
_OWN_WORDS_SHARE = 0.7  # of masked garments: captioned by the garment alone, not by the whole outfit
_WORDLESS_SHARE = 0.1
_LATE_SHARE = 0.5
_LATE_FROM = 600  # timesteps at which the text, not the noisy picture, decides what appears
_OUTSIDE_WEIGHT = 0.1


@dataclass(frozen=True, kw_only=True)
class Paintings:
    """Pictures (n, 3, r, r) in -1..1, masks (n, 1, r, r) of 0 and 1 where to paint, token ids (n, length) of captions.

    `noise` (n, 4, r/2, r/2) is mixed into the latents as `timesteps` (n,) say.
    """

    keys: tuple[str, ...]
    pixels: Tensor
    masks: Tensor
    tokens: Tensor
    noise: Tensor
    timesteps: Tensor


@dataclass(frozen=True, kw_only=True)
class Parts:
    """The modules of the pipeline; only the UNet and the text encoder are trained."""

    vae: AutoencoderKL
    unet: UNet2DConditionModel
    text_encoder: CLIPTextModel
    words: Words


class PaintingLearner:
    """Learns to paint what a caption says where the mask is white, and to keep the rest."""

    def __init__(self, parts: Parts, tokenizer: Path) -> None:
        self._parts, self._tokenizer = parts, tokenizer
        self._schedule = scheduler()
        parts.vae.requires_grad_(False).eval()
        _attend_plainly(parts)
        self._encoder = copy.deepcopy(parts.vae)
        skip_silent_residuals(self._encoder)
        self._trained = nn.ModuleDict(
            {"unet": parts.unet.train(), "text_encoder": parts.text_encoder.train(), "vae": parts.vae}
        )

    @property
    def trained(self) -> nn.Module:
        """The UNet, the text encoder and the frozen autoencoder."""
        return self._trained

    def batch(self, drawn: Sequence[Drawn]) -> Paintings:
        """Cut views with a mask and a caption each, and draw what noise at which timestep hides them."""
        views, masks, captions = zip(*(painting(one.sample, one.rng) for one in drawn), strict=True)
        shape = latent_shape(self._parts.vae)
        noise = [one.rng.standard_normal(shape, np.float32) for one in drawn]
        return Paintings(
            keys=keys(drawn),
            pixels=pixels([view.pixels for view in views]),
            masks=torch.from_numpy(np.stack(masks))[:, None].float(),
            tokens=self._parts.words(list(captions)),
            noise=torch.from_numpy(np.stack(noise)),
            timesteps=torch.tensor([timestep(self._schedule.config.num_train_timesteps, one.rng) for one in drawn]),
        )

    def losses(self, batch: Paintings) -> Tensor:
        """Squared error of the predicted clean latents, ten times heavier where the mask is white."""
        latents, held = self._encode(torch.cat([batch.pixels, batch.pixels * (batch.masks < 0.5)])).chunk(2)
        masks = nn.functional.interpolate(batch.masks, size=latents.shape[-2:])  # nearest, as the pipeline does
        noisy = self._schedule.add_noise(latents, batch.noise, batch.timesteps)
        text = self._parts.text_encoder(batch.tokens)[0]
        predicted = self._parts.unet(torch.cat([noisy, masks, held], 1), batch.timesteps, text).sample
        weight = _OUTSIDE_WEIGHT + (1 - _OUTSIDE_WEIGHT) * masks
        squared: Tensor = (predicted.float() - latents).pow(2).mean(1, keepdim=True)
        return (squared * weight).sum((1, 2, 3)) / weight.sum((1, 2, 3))

    def export(self, folder: Path) -> None:
        """Write the whole pipeline in half precision, with the tokenizer's own files."""
        parts = self._parts
        pipeline = StableDiffusionInpaintPipeline(
            vae=copy.deepcopy(parts.vae).half(),
            text_encoder=copy.deepcopy(parts.text_encoder).half().eval(),
            tokenizer=parts.words.tokenizer,
            unet=copy.deepcopy(parts.unet).half().eval(),
            scheduler=self._schedule,
            safety_checker=None,
            feature_extractor=None,
            requires_safety_checker=False,
        )
        pipeline.save_pretrained(folder)
        load_in_single_precision(folder / "text_encoder" / "config.json")
        shutil.copytree(self._tokenizer, folder / "tokenizer", dirs_exist_ok=True)

    @torch.no_grad()
    def _encode(self, values: Tensor) -> Tensor:
        vae = self._encoder
        with torch.autocast(values.device.type, enabled=False):  # the computed encoder needs its digits
            latents: Tensor = vae.encode(values).latent_dist.mode() * vae.config.scaling_factor
        return latents


def _attend_plainly(parts: Parts) -> None:
    """Compute attention as products on a CPU: its fused kernel's backward pass takes a third of the step at these sizes."""
    if next(parts.unet.parameters()).device.type == "cpu":
        parts.unet.set_attn_processor(AttnProcessor())
        parts.text_encoder.config._attn_implementation = "eager"


def painting(sample: Sample, rng: Generator) -> tuple[View, Bits, str]:
    """Draw a view of a sample, where to paint it and the words for it; no words at all one time in ten."""
    framed = framed_view(sample, SIDE, rng, garment_share=_GARMENT_VIEW_SHARE)
    region = int(rng.integers(len(sample.regions))) if framed.region is None else framed.region
    mask = _mask(framed.view, sample.regions[region].label, framed.region is not None, rng)
    if rng.random() < _WORDLESS_SHARE:
        return framed.view, mask, ""
    own = framed.region is not None or not mask.all()
    spoken = sample.regions[region].captions if own and rng.random() < _OWN_WORDS_SHARE else sample.captions
    return framed.view, mask, str(rng.choice(spoken))


def _mask(view: View, label: int, is_garment_view: bool, rng: Generator) -> Bits:
    drawn = rng.random()
    if drawn < _FULL_MASK_SHARE[is_garment_view]:
        return np.ones(view.labels.shape, np.bool_)
    if drawn < _FULL_MASK_SHARE[is_garment_view] + _RANDOM_MASK_SHARE:
        return random_mask(SIDE, rng)
    mask = garment_mask(view, label, rng)
    return around(mask, rng) if rng.random() < _ROUGH_MASK_SHARE and mask.any() else mask


def timestep(total: int, rng: Generator) -> int:
    """Draw a timestep, most often one where little of the picture is left in the noise."""
    first = _LATE_FROM if rng.random() < _LATE_SHARE else 0
    return int(rng.integers(first, total))


def latent_shape(vae: AutoencoderKL) -> tuple[int, int, int]:
    """Return the shape (channels, height, width) of the latents of one view."""
    side = SIDE // 2 ** (len(vae.config.block_out_channels) - 1)
    return vae.config.latent_channels, side, side


def begin(vae: Path, tokenizer: Path, start: Path | None, seed: int) -> Parts:
    """Load an exported pipeline's UNet and text encoder to go on from, or build new ones around the autoencoder."""
    torch.manual_seed(seed)
    words = Words(tokenizer, TEXT["positions"])
    fixed = AutoencoderKL.from_pretrained(vae, torch_dtype=torch.float32)
    if start is not None:
        return Parts(
            vae=fixed,
            unet=UNet2DConditionModel.from_pretrained(start / "unet", torch_dtype=torch.float32),
            text_encoder=CLIPTextModel.from_pretrained(start / "text_encoder", dtype=torch.float32),
            words=words,
        )
    text = text_encoder(words, **TEXT)
    unet = inpainting_unet(side=latent_shape(fixed)[-1], text_width=TEXT["width"])
    return Parts(vae=fixed, unet=unet, text_encoder=text, words=words)


def main(arguments: Sequence[str] | None = None) -> None:
    """Read the command line (the process's own by default), train, export."""
    known = parser(__doc__, steps=6000, batch=32, learning_rate=2e-3)
    known.add_argument("--vae", type=Path, required=True, help="folder of the exported autoencoder")
    known.add_argument("--tokenizer", type=Path, required=True, help="folder of the tokenizer's files")
    options = known.parse_args(arguments)
    chosen = settings(options)
    parts = begin(options.vae, options.tokenizer, options.start, chosen.seed)
    train(PaintingLearner(parts, options.tokenizer), open_shards(options.data), chosen, options.out)


if __name__ == "__main__":
    main()
