"""Loads the model that this server runs: a base model, or a full fine-tune with its base's manifest beside it."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from diffusers import AutoPipelineForInpainting, AutoPipelineForText2Image
from PIL import Image

from contracts.artifact import BaseManifest, StyleManifest, verify_files
from contracts.errors import InvalidInputError
from contracts.layout import MANIFEST

BASE_MANIFEST = "base_manifest.json"
"""A full fine-tune's copy of its base's manifest: resolution and defaults are the base's."""
_STEPS, _GUIDANCE = 50, 7.5
"""What diffusers' own pipelines start from, for a base whose manifest names no defaults."""


@dataclass(frozen=True, kw_only=True)
class Model:
    """A loaded model. ``resolution`` is the side in pixels that it paints at; ``steps`` and ``guidance`` are its own defaults.

    ``adapters_for`` is the base that adapters must have been trained on; empty for a full fine-tune, whose weights fit none.
    """

    reference: str
    adapters_for: str
    resolution: int
    steps: int
    guidance: float
    inpaint: Any
    text_to_image: Any
    """None where the UNet has nine channels: such a model draws from nothing by inpainting a picture that is all mask."""

    def draw(
        self,
        *,
        prompts: Sequence[str],
        negative_prompts: Sequence[str],
        seeds: Sequence[int],
        size: tuple[int, int],
        steps: int,
        guidance: float,
    ) -> list[Image.Image]:
        """One picture of ``size`` (width, height) for each prompt, from words alone."""
        arguments: dict[str, Any] = {
            "prompt": list(prompts),
            "negative_prompt": list(negative_prompts),
            "generator": [torch.Generator("cpu").manual_seed(seed) for seed in seeds],
            "num_inference_steps": steps,
            "guidance_scale": guidance,
            "width": size[0],
            "height": size[1],
        }
        if self.text_to_image is not None:
            return list(self.text_to_image(**arguments).images)
        neutral, everything = Image.new("RGB", size, (128, 128, 128)), Image.new("L", size, 255)
        pictures = {"image": [neutral] * len(prompts), "mask_image": [everything] * len(prompts), "strength": 1.0}
        return list(self.inpaint(**arguments, **pictures).images)


def load_model(folder: Path, *, device: str | None = None) -> Model:
    """Read ``folder`` onto ``device`` (default: the GPU if there is one). Raises InvalidInputError for an incomplete or changed one."""
    base, style = _manifests(folder)
    device = device or ("cuda" if torch.cuda.is_available() else "cpu")
    # Half precision is as good to the eye and twice as fast on a GPU; most CPUs have no fast half precision at all.
    dtype = torch.float16 if device.startswith("cuda") else torch.float32
    inpaint = AutoPipelineForInpainting.from_pretrained(folder, dtype=dtype, local_files_only=True).to(device)
    inpaint.set_progress_bar_config(disable=True)
    return Model(
        reference=f"{style.style}@{style.version}" if style else base.reference,
        adapters_for="" if style else base.reference,
        resolution=base.resolution,
        steps=int(base.defaults.get("num_inference_steps", _STEPS)),
        guidance=float(base.defaults.get("guidance_scale", _GUIDANCE)),
        inpaint=inpaint,
        text_to_image=_text_to_image(inpaint),
    )


def _text_to_image(inpaint: Any) -> Any:
    if inpaint.unet.config.in_channels == 9:
        return None
    pipeline = AutoPipelineForText2Image.from_pipe(inpaint)
    pipeline.set_progress_bar_config(disable=True)
    return pipeline


def _manifests(folder: Path) -> tuple[BaseManifest, StyleManifest | None]:
    manifest = _read(folder / MANIFEST)
    if "style" not in manifest:
        base = BaseManifest.from_json(manifest)
        verify_files(folder, base.files)
        return base, None
    style = StyleManifest.from_json(manifest)
    if style.method != "full":
        raise InvalidInputError(
            "model's method", got=style.method, allowed="full: a LoRA is served on its base, as an adapter"
        )
    verify_files(folder, style.files)
    return BaseManifest.from_json(_read(folder / BASE_MANIFEST)), style


def _read(path: Path) -> dict[str, Any]:
    if not path.is_file():
        raise InvalidInputError(f"model/{path.name}", got="no such file", allowed="a complete artifact has one")
    content = json.loads(path.read_text(encoding="utf-8"))
    if not isinstance(content, dict):
        raise InvalidInputError(f"model/{path.name}", got=content, allowed="a JSON object")
    return content
