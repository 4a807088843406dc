"""A store that is a folder: ``s3://bucket/key`` is the file ``bucket/key``; and published styles to put there."""

import copy
from pathlib import Path
from typing import Any

import torch
from peft import LoraConfig
from peft.utils import get_peft_model_state_dict

from atelier_inference.store import Store
from contracts.artifact import ADAPTER_WEIGHTS, StyleManifest, hash_files, to_json
from contracts.errors import InvalidInputError
from contracts.layout import MANIFEST, S3Uri

STYLES = S3Uri.parse("s3://model/styles/")
REQUESTS = S3Uri.parse("s3://media/requests/")
PROGRESS = S3Uri.parse("s3://media/progress/")
UPLOADS = S3Uri.parse("s3://media/uploads/")
SEGMENTER = S3Uri.parse("s3://model/base/tiny-segmenter@1/")
UPSCALER = S3Uri.parse("s3://model/base/tiny-upscaler@1/")


class FolderStore(Store):
    """Objects are files; remembers what was asked for."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.asked: list[str] = []

    def path(self, uri: S3Uri) -> Path:
        """Where an object lies."""
        return self.root / uri.bucket / uri.key

    def read(self, uri: S3Uri, *, where: str, limit: int) -> bytes:
        """See Store."""
        self.asked.append(str(uri))
        path = self.path(uri)
        if not path.is_file():
            raise InvalidInputError(where, got=str(uri), allowed="an object that exists")
        if path.stat().st_size > limit:
            raise InvalidInputError(where, got=f"{path.stat().st_size} bytes", allowed=f"at most {limit} bytes")
        return path.read_bytes()

    def write(self, uri: S3Uri, body: bytes) -> None:
        """See Store."""
        self.path(uri).parent.mkdir(parents=True, exist_ok=True)
        self.path(uri).write_bytes(body)

    def write_new(self, uri: S3Uri, body: bytes, *, kind: str) -> None:
        """See Store."""
        if self.is_gone(uri):
            self.write(uri, body)

    def is_gone(self, uri: S3Uri) -> bool:
        """See Store."""
        return not self.path(uri).is_file()

    def download(self, uri: S3Uri, path: Path, *, where: str) -> None:
        """See Store."""
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(self.read(uri, where=where, limit=10**9))


def style_manifest(**changes: Any) -> StyleManifest:
    """What publishing writes beside a LoRA's weights."""
    manifest = StyleManifest(
        style="skirt",
        execution="run-1",
        task="inpaint",
        method="lora",
        base_model="tiny-random@1",
        instance_prompt="a photo of sks skirt",
        class_prompt="a photo of a skirt",
        target="a skirt",
        hyperparameters={"lora_rank": 4},
        dataset_sha256="0" * 64,
        code_version="0.1.0",
        created_at="2026-11-22T12:00:00Z",
        version=1,
    )
    return manifest.model_copy(update=changes)


def publish_lora(
    pipeline: Any, folder: Path, *, seed: int, text_encoder: bool = False, **changes: Any
) -> StyleManifest:
    """Save a random but strong LoRA, as training does with diffusers, and its manifest. The pipeline stays as it is."""
    targets = {"unet": ["to_q", "to_k", "to_v", "to_out.0"], "text_encoder": ["q_proj", "v_proj"]}
    parts = {"unet": pipeline.unet} | ({"text_encoder": pipeline.text_encoder} if text_encoder else {})
    layers: dict[str, Any] = {}
    for part, original in parts.items():
        module = copy.deepcopy(original)
        config = LoraConfig(r=4, lora_alpha=8, target_modules=targets[part], init_lora_weights="gaussian")
        module.add_adapter(config, adapter_name="made")
        generator = torch.Generator().manual_seed(seed)
        weights = get_peft_model_state_dict(module, adapter_name="made")
        layers[f"{part}_lora_layers"] = {k: torch.randn(v.shape, generator=generator) / 2 for k, v in weights.items()}
        layers[f"{part}_lora_adapter_metadata"] = config.to_dict()
    folder.mkdir(parents=True, exist_ok=True)
    pipeline.save_lora_weights(folder, **layers)
    assert (folder / ADAPTER_WEIGHTS).is_file()
    manifest = style_manifest(files=hash_files(folder), **changes)
    (folder / MANIFEST).write_text(to_json(manifest))
    return manifest
