"""Loads the model that this server runs: a base model, or a full fine-tune with its base's manifest beside it."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from atelier_inference.meeting import denoise
from contracts.artifact import BaseManifest, StyleManifest, verify_files
from contracts.errors import InvalidInputError
from contracts.layout import MANIFEST
from contracts.sampling import Sampling
from diffusion.family import best_device, find_family, painting_dtype
from diffusion.painter import Painter

BASE_MANIFEST = "base_manifest.json"
"""A full fine-tune's copy of its base's manifest: family, resolution and defaults are the base's."""


@dataclass(frozen=True, kw_only=True)
class Model:
    """A loaded model. ``resolution`` is the side in pixels that it paints at; ``sampling`` is its own.

    ``adapters_for`` is the base that adapters must have been trained on; empty for a full fine-tune, whose weights fit none.
    """

    reference: str
    adapters_for: str
    resolution: int
    sampling: Sampling
    painter: Painter


def load_model(folder: Path) -> Model:
    """Read ``folder``, onto the GPU if there is one.

    Raises InvalidInputError for an incomplete or changed one, and for a family that does not paint.
    """
    base, style = _manifests(folder)
    device = best_device()
    family = find_family(base.family, Painter)
    painter = family.load(folder, device=device, dtype=painting_dtype(device), checker=True)
    painter.denoise = denoise
    return Model(
        reference=f"{style.style}@{style.version}" if style else base.reference,
        adapters_for="" if style else base.reference,
        resolution=base.resolution,
        sampling=Sampling.of(base.defaults),
        painter=painter,
    )


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
