"""Loading a Stable Diffusion pipeline from a folder, and painting whole pictures with it."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import diffusers
import torch
from PIL import Image

from contracts.artifact import BaseManifest
from contracts.errors import InvalidInputError

PIPELINES = ("StableDiffusionInpaintPipeline", "StableDiffusionPipeline")
STEPS = 50
GUIDANCE = 7.5
"""The pipelines' own defaults, where a base model's manifest has none."""


def best_precision() -> str:
    """accelerate's name of the fastest arithmetic that this machine does in hardware."""
    if not torch.cuda.is_available():
        return "no"
    return "bf16" if torch.cuda.is_bf16_supported(including_emulation=False) else "fp16"


def frozen_dtype(precision: str) -> torch.dtype:
    """The type of weights that are not trained."""
    return {"no": torch.float32, "bf16": torch.bfloat16, "fp16": torch.float16}[precision]


def load_pipeline(folder: Path, task: str, *, dtype: torch.dtype, device: torch.device) -> Any:
    """The pipeline in a base model's folder, without a safety checker, quiet.

    Raises InvalidInputError where it is of another family, or its UNet cannot do ``task``.
    """
    index = folder / "model_index.json"
    if not index.is_file():
        raise InvalidInputError(f"base model {folder.name}", got="no model_index.json", allowed="a diffusers pipeline")
    name = json.loads(index.read_text(encoding="utf-8")).get("_class_name")
    if name not in PIPELINES:
        raise InvalidInputError("base model's pipeline", got=name, allowed=" | ".join(PIPELINES))
    options = {"safety_checker": None, "requires_safety_checker": False, "local_files_only": True}
    diffusers.utils.logging.disable_progress_bar()
    pipeline: Any = getattr(diffusers, name).from_pretrained(folder, dtype=dtype, **options)
    if task == "inpaint" and not inpaints(pipeline):
        got = f"{pipeline.unet.config.in_channels} input channels"
        allowed = f"{_inpaint_channels(pipeline)} channels, an inpainting model, when task is inpaint"
        raise InvalidInputError("base model's UNet", got=got, allowed=allowed)
    pipeline.set_progress_bar_config(disable=True)
    return pipeline.to(device)


def inpaints(pipeline: Any) -> bool:
    """Whether the UNet takes a mask and what is around it."""
    return bool(pipeline.unet.config.in_channels == _inpaint_channels(pipeline))


def _inpaint_channels(pipeline: Any) -> int:
    """Noisy latents, mask, latents of the picture without what the mask covers: 9 for the published models."""
    return 2 * int(pipeline.vae.config.latent_channels) + 1


def sampling(manifest: BaseManifest) -> tuple[int, float]:
    """Inference steps and guidance scale that a base model paints with unless told otherwise."""
    steps = manifest.defaults.get("num_inference_steps", STEPS)
    return int(steps), float(manifest.defaults.get("guidance_scale", GUIDANCE))


def paint(
    pipeline: Any,
    prompts: Sequence[str],
    seeds: Sequence[int],
    manifest: BaseManifest,
    *,
    pictures: Sequence[Image.Image] = (),
    masks: Sequence[Image.Image] = (),
) -> list[Image.Image]:
    """One square RGB picture a prompt, at the model's resolution; white in ``masks`` is painted into ``pictures``.

    An inpainting model without pictures paints all of an empty one.
    """
    steps, guidance = sampling(manifest)
    side = manifest.resolution
    arguments: dict[str, Any] = {}
    if inpaints(pipeline):
        arguments["image"] = list(pictures) or [Image.new("RGB", (side, side), "gray")] * len(prompts)
        arguments["mask_image"] = list(masks) or [Image.new("L", (side, side), "white")] * len(prompts)
    answer = pipeline(
        prompt=list(prompts),
        generator=[torch.Generator().manual_seed(seed) for seed in seeds],
        num_inference_steps=steps,
        guidance_scale=guidance,
        height=side,
        width=side,
        **arguments,
    )
    return list(answer.images)
