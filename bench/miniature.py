"""Pipelines of Stable Diffusion's shape with random weights: their pictures are noise, and cost what real ones would."""

import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import diffusers
import torch
from transformers import CLIPTextConfig, CLIPTextModel, CLIPTokenizer


@dataclass(frozen=True, kw_only=True)
class AutoencoderShape:
    """Channels of each block, and how many layers a block has."""

    channels: Sequence[int]
    layers: int


@dataclass(frozen=True, kw_only=True)
class PipelineShape:
    """``denoiser`` and ``words`` are what the configurations of these say; all weights are of ``dtype``."""

    denoiser: Mapping[str, Any]
    words: Mapping[str, Any]
    autoencoder: AutoencoderShape
    dtype: torch.dtype = torch.float32


MEDIUM: Mapping[str, Any] = {
    "sample_size": 32,
    "in_channels": 9,
    "layers_per_block": 1,
    "block_out_channels": (128, 256, 512, 512),
    "attention_head_dim": 8,
    "cross_attention_dim": 256,
    "down_block_types": (*["CrossAttnDownBlock2D"] * 3, "DownBlock2D"),
    "up_block_types": ("UpBlock2D", *["CrossAttnUpBlock2D"] * 3),
}
"""256 pixels and 92 million weights in the denoiser."""
MEDIUM_WORDS: Mapping[str, Any] = {"hidden_size": 256, "intermediate_size": 512}


def save_medium(folder: Path, tiny: Path, autoencoder: AutoencoderShape) -> None:
    """The miniature, with the words of ``tiny``; always the same weights."""
    save_shape(folder, tiny, PipelineShape(denoiser=MEDIUM, words=MEDIUM_WORDS, autoencoder=autoencoder))


def save_shape(folder: Path, tiny: Path, shape: PipelineShape) -> None:
    """An inpainting pipeline of a shape, with the words of ``tiny``; always the same weights."""
    torch.manual_seed(0)
    tokenizer = CLIPTokenizer.from_pretrained(tiny / "tokenizer")
    text = CLIPTextConfig.from_pretrained(tiny / "text_encoder", **shape.words)
    unet = diffusers.UNet2DConditionModel(out_channels=4, **shape.denoiser)
    blocks = len(shape.autoencoder.channels)
    vae = diffusers.AutoencoderKL(
        block_out_channels=tuple(shape.autoencoder.channels),
        down_block_types=("DownEncoderBlock2D",) * blocks,
        up_block_types=("UpDecoderBlock2D",) * blocks,
        layers_per_block=shape.autoencoder.layers,
        latent_channels=4,
    )
    scheduler = diffusers.DDIMScheduler(
        beta_start=0.00085, beta_end=0.012, beta_schedule="scaled_linear", clip_sample=False, steps_offset=1
    )
    shutil.rmtree(folder, ignore_errors=True)
    pipeline = diffusers.StableDiffusionInpaintPipeline(
        vae=vae, text_encoder=CLIPTextModel(text), tokenizer=tokenizer, unet=unet, scheduler=scheduler,
        safety_checker=None, feature_extractor=None, requires_safety_checker=False,
    )  # fmt: skip
    pipeline.to(shape.dtype).save_pretrained(folder)
