"""A miniature of Stable Diffusion 1.5's shape with random weights: its pictures are noise, and cost what real ones would."""

import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import diffusers
import torch
from transformers import CLIPTextConfig, CLIPTextModel, CLIPTokenizer


@dataclass(frozen=True, kw_only=True)
class AutoencoderShape:
    """Channels of each block, and how many layers a block has."""

    channels: Sequence[int]
    layers: int


def save_medium(folder: Path, tiny: Path, autoencoder: AutoencoderShape) -> None:
    """An inpainting pipeline of 256 pixels with 92 million weights in the denoiser, and the words of ``tiny``; always the same weights."""
    torch.manual_seed(0)
    tokenizer = CLIPTokenizer.from_pretrained(tiny / "tokenizer")
    text = CLIPTextConfig.from_pretrained(tiny / "text_encoder", hidden_size=256, intermediate_size=512)
    unet = diffusers.UNet2DConditionModel(
        sample_size=32,
        in_channels=9,
        out_channels=4,
        layers_per_block=1,
        block_out_channels=(128, 256, 512, 512),
        attention_head_dim=8,
        cross_attention_dim=256,
        down_block_types=(*["CrossAttnDownBlock2D"] * 3, "DownBlock2D"),
        up_block_types=("UpBlock2D", *["CrossAttnUpBlock2D"] * 3),
    )
    blocks = len(autoencoder.channels)
    vae = diffusers.AutoencoderKL(
        block_out_channels=tuple(autoencoder.channels),
        down_block_types=("DownEncoderBlock2D",) * blocks,
        up_block_types=("UpDecoderBlock2D",) * blocks,
        layers_per_block=autoencoder.layers,
        latent_channels=4,
    )
    scheduler = diffusers.DDIMScheduler(
        beta_start=0.00085, beta_end=0.012, beta_schedule="scaled_linear", clip_sample=False, steps_offset=1
    )
    shutil.rmtree(folder, ignore_errors=True)
    diffusers.StableDiffusionInpaintPipeline(
        vae=vae, text_encoder=CLIPTextModel(text), tokenizer=tokenizer, unet=unet, scheduler=scheduler,
        safety_checker=None, feature_extractor=None, requires_safety_checker=False,
    ).save_pretrained(folder)  # fmt: skip
