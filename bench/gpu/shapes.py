"""The denoisers of the published families, by their configurations, with random weights made where they are used."""

from collections.abc import Mapping
from typing import Any

import diffusers
import torch

from diffusion.family import find_family
from diffusion.trainee import Trainee

_CROSS_DOWN, _CROSS_UP = "CrossAttnDownBlock2D", "CrossAttnUpBlock2D"
_FIRST: Mapping[str, Any] = {
    "sample_size": 64,
    "in_channels": 9,
    "block_out_channels": (320, 640, 1280, 1280),
    "down_block_types": (_CROSS_DOWN, _CROSS_DOWN, _CROSS_DOWN, "DownBlock2D"),
    "up_block_types": ("UpBlock2D", _CROSS_UP, _CROSS_UP, _CROSS_UP),
    "attention_head_dim": 8,
    "cross_attention_dim": 768,
}
PUBLISHED: Mapping[str, Mapping[str, Any]] = {
    "sd1": _FIRST,
    "sd2": {
        **_FIRST,
        "attention_head_dim": (5, 10, 20, 20),
        "cross_attention_dim": 1024,
        "use_linear_projection": True,
    },
    "sdxl": {
        "sample_size": 128,
        "in_channels": 9,
        "block_out_channels": (320, 640, 1280),
        "down_block_types": ("DownBlock2D", _CROSS_DOWN, _CROSS_DOWN),
        "up_block_types": (_CROSS_UP, _CROSS_UP, "UpBlock2D"),
        "transformer_layers_per_block": (1, 2, 10),
        "attention_head_dim": (5, 10, 20),
        "cross_attention_dim": 2048,
        "use_linear_projection": True,
        "addition_embed_type": "text_time",
        "addition_time_embed_dim": 256,
        "projection_class_embeddings_input_dim": 2816,
    },
}
"""``unet/config.json`` of stable-diffusion-inpainting, stable-diffusion-2-inpainting and stable-diffusion-xl-1.0-inpainting-0.1."""
_PARTS = ("vae", "text_encoder", "tokenizer", "safety_checker", "feature_extractor")


def shaped(family: str, shape: Mapping[str, Any], device: torch.device) -> Trainee:
    """A family whose denoiser has a shape, in single precision, and nothing else."""
    with torch.device(device):
        unet = diffusers.UNet2DConditionModel(out_channels=4, **shape)
    scheduler = diffusers.DDIMScheduler(clip_sample=False, steps_offset=1)
    if family == "sdxl":
        parts = ("vae", "text_encoder", "text_encoder_2", "tokenizer", "tokenizer_2")
        kind = diffusers.StableDiffusionXLInpaintPipeline
        pipeline: Any = kind(**dict.fromkeys(parts), unet=unet, scheduler=scheduler)
    else:
        kind = diffusers.StableDiffusionInpaintPipeline
        pipeline = kind(**dict.fromkeys(_PARTS), unet=unet, scheduler=scheduler, requires_safety_checker=False)
    return find_family(family, Trainee)(pipeline)  # type: ignore[type-abstract]


def words_of(shape: Mapping[str, Any], count: int, device: torch.device) -> dict[str, torch.Tensor]:
    """Encoded words as the family's denoiser takes them, of zeros."""
    states = torch.zeros(count, 77, shape["cross_attention_dim"], device=device)
    if "projection_class_embeddings_input_dim" not in shape:
        return {"states": states}
    pooled = shape["projection_class_embeddings_input_dim"] - 6 * shape["addition_time_embed_dim"]
    return {"states": states, "pooled": torch.zeros(count, pooled, device=device)}
