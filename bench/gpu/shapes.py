"""The denoisers of the published families, by their configurations, with random weights made where they are used."""

from collections.abc import Mapping, Sequence
from typing import Any

import diffusers
import torch

from diffusion.enlarging_model import EnlargingModel
from diffusion.family import find_family
from diffusion.lora_shape import LoraShape
from diffusion.trained_model import TrainedModel, train_parts, trainable_parts
from diffusion.trainee import LearningFamily, Trainee
from diffusion.upscaler import Upscaler

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
    "upscaler": {
        "sample_size": 128,
        "in_channels": 7,
        "block_out_channels": (256, 512, 512, 1024),
        "down_block_types": ("DownBlock2D", _CROSS_DOWN, _CROSS_DOWN, _CROSS_DOWN),
        "up_block_types": (_CROSS_UP, _CROSS_UP, _CROSS_UP, "UpBlock2D"),
        "only_cross_attention": (True, True, True, False),
        "cross_attention_dim": 1024,
        "num_class_embeds": 1000,
        "use_linear_projection": True,
    },
}
"""``unet/config.json`` of stable-diffusion-inpainting, stable-diffusion-2-inpainting, stable-diffusion-xl-1.0-inpainting-0.1 and
stable-diffusion-x4-upscaler."""
_PARTS = ("vae", "text_encoder", "tokenizer", "safety_checker", "feature_extractor")


def shaped(family: str, shape: Mapping[str, Any], device: torch.device) -> LearningFamily:
    """A family whose denoiser has a shape, in single precision, and nothing else."""
    with torch.device(device):
        unet = diffusers.UNet2DConditionModel(out_channels=4, **shape)
    scheduler = diffusers.DDIMScheduler(clip_sample=False, steps_offset=1)
    if family == "sdxl":
        parts = ("vae", "text_encoder", "text_encoder_2", "tokenizer", "tokenizer_2")
        kind = diffusers.StableDiffusionXLInpaintPipeline
        pipeline: Any = kind(**dict.fromkeys(parts), unet=unet, scheduler=scheduler)
    elif family == "upscaler":
        kind, noise = diffusers.StableDiffusionUpscalePipeline, diffusers.DDPMScheduler()
        pipeline = kind(**dict.fromkeys(_PARTS), unet=unet, scheduler=scheduler, low_res_scheduler=noise)
    else:
        kind = diffusers.StableDiffusionInpaintPipeline
        pipeline = kind(**dict.fromkeys(_PARTS), unet=unet, scheduler=scheduler, requires_safety_checker=False)
    return find_family(family, LearningFamily)(pipeline)  # type: ignore[type-abstract]


def learning(family: LearningFamily, *, lora: LoraShape | None, text: bool, checkpointing: bool) -> TrainedModel:
    """What is trained of a family, as the training job makes it."""
    settings: Any = {"lora": lora, "train_text_encoder": text, "gradient_checkpointing": checkpointing}
    if isinstance(family, Upscaler):
        return EnlargingModel(family, trainable_parts(family, **settings, keeps=("vae",))).train()
    assert isinstance(family, Trainee)
    return train_parts(family, **settings)


def inputs_of(family: LearningFamily, shape: Mapping[str, Any], count: int, device: torch.device) -> Sequence[Any]:
    """What a family's ``learning`` takes of so many pictures, of zeros."""
    side, words = shape["sample_size"], words_of(shape, count, device)
    steps = torch.zeros(count, dtype=torch.long, device=device)
    latents, small, masks = (torch.zeros(count, each, side, side, device=device) for each in (4, 3, 1))
    if isinstance(family, Upscaler):
        return latents, small, steps, steps, words
    return latents, masks, latents, steps, words, torch.zeros(count, 6, device=device)


def words_of(shape: Mapping[str, Any], count: int, device: torch.device) -> dict[str, torch.Tensor]:
    """Encoded words as the family's denoiser takes them, of zeros."""
    states = torch.zeros(count, 77, shape["cross_attention_dim"], device=device)
    if "projection_class_embeddings_input_dim" not in shape:
        return {"states": states}
    pooled = shape["projection_class_embeddings_input_dim"] - 6 * shape["addition_time_embed_dim"]
    return {"states": states, "pooled": torch.zeros(count, pooled, device=device)}
