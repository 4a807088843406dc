"""What is served: the tiny family, a miniature of Stable Diffusion 1.5 with random weights, and that shape itself, which wants a GPU;
and brands' styles for each.

A plain pipeline reads the same folders.
"""

import shutil
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import diffusers
import torch
from peft import LoraConfig
from peft.utils import get_peft_model_state_dict

from bench.gpu.shapes import PUBLISHED
from bench.miniature import MEDIUM, MEDIUM_WORDS, AutoencoderShape, PipelineShape, save_shape
from contracts.artifact import BaseManifest, StyleManifest, hash_files, to_json
from contracts.layout import MANIFEST
from contracts.sampling import SamplingDefaults
from models.catalogue import find

SHAPES_VERSION = "1"
"""To be counted up with any change of ``SHAPES``: what lies below ``out`` is kept."""
SHAPES: Mapping[str, PipelineShape] = {
    "miniature": PipelineShape(
        denoiser=MEDIUM, words=MEDIUM_WORDS, autoencoder=AutoencoderShape(channels=(32, 64, 128, 128), layers=1)
    ),
    "sd15": PipelineShape(
        denoiser=PUBLISHED["sd1"],
        words={"hidden_size": 768, "intermediate_size": 3072, "num_hidden_layers": 12, "num_attention_heads": 12},
        autoencoder=AutoencoderShape(channels=(128, 256, 512, 512), layers=2),
        dtype=torch.float16,
    ),
}
"""Those with random weights, by their name; the second is ``config.json`` of stable-diffusion-inpainting's parts."""
ENTRIES: Mapping[str, str] = {"tiny": "tiny-inpaint", "miniature": "tiny-inpaint", "sd15": "sd15-inpaint"}
"""The catalogue's entry, which says the sampling and the styles' size."""
RESOLUTIONS: Mapping[str, int] = {"tiny": 64, "miniature": 256, "sd15": 512}
BEFORE: Mapping[str, float] = {"num_inference_steps": 20, "guidance_scale": 2.0}
"""How the tiny family painted before anything was made faster: 20 steps, all guided."""
STYLE_TARGETS = (
    *("to_q", "to_k", "to_v", "to_out.0", "proj_in", "proj_out", "ff.net.0.proj", "ff.net.2"),
    *("conv1", "conv2", "conv_shortcut", "conv", "conv_out", "time_emb_proj", "proj"),
)
"""The layers that training puts a style on."""


@dataclass(frozen=True, kw_only=True)
class ServedWorld:
    """A model to serve: ``root`` holds ``model`` and the objects of ``s3``; ``plain`` is the same model as a server before all levers."""

    name: str
    root: Path
    resolution: int
    styles: int

    @property
    def model(self) -> Path:
        """The served prefix, which a plain pipeline reads too."""
        return self.root / "now" / "model"

    @property
    def objects(self) -> Path:
        """The folder that stands for S3."""
        return self.root / "s3"

    def brands(self, count: int, start: int = 0) -> list[str]:
        """Names of that many styles. Raises ValueError where there are fewer."""
        if start + count > self.styles:
            raise ValueError(f"styles: got {start + count}; allowed: at most {self.styles}")
        return [f"brand-{number}@1" for number in range(start, start + count)]


def make_world(name: str, out: Path, styles: int) -> ServedWorld:
    """The folders of a world below ``out``; what lies there already is used again."""
    world = ServedWorld(name=name, root=out / name, resolution=RESOLUTIONS[name], styles=styles)
    entry, tiny = find(ENTRIES[name]), Path(find("tiny-inpaint").source.folder)  # type: ignore[union-attr]
    own: dict[str, Any] = {} if name == "tiny" else {"name": name, "revision": SHAPES_VERSION}
    if name == "tiny":
        shutil.copytree(tiny, world.model, dirs_exist_ok=True)
    elif not (world.model / MANIFEST).is_file() or _manifest(world).revision != SHAPES_VERSION:
        save_shape(world.model, tiny, SHAPES[name])
    (world.model / MANIFEST).unlink(missing_ok=True)
    manifest = entry.manifest(world.model).model_copy(update={**own, "resolution": world.resolution})
    (world.model / MANIFEST).write_text(to_json(manifest), encoding="utf-8")
    _segmenter(world)
    missing = list(_missing_styles(world))
    if missing:
        _save_styles(world, manifest, missing)
    return world


def before(world: ServedWorld) -> Path:
    """The same files with a manifest that names 20 steps and guidance, and nothing else: the root of a server without our defaults."""
    model = world.root / "before" / "model"
    shutil.rmtree(model, ignore_errors=True)
    shutil.copytree(world.model, model, copy_function=_linked)
    manifest = BaseManifest.load(model)
    (model / MANIFEST).unlink()
    keep = {name: getattr(manifest, name) for name in ("name", "revision", "family", "task", "licence", "source")}
    plain = BaseManifest(
        **keep, resolution=manifest.resolution, defaults=SamplingDefaults.from_json(BEFORE), files=manifest.files
    )
    (model / MANIFEST).write_text(to_json(plain), encoding="utf-8")
    return model.parent


def _linked(source: str, target: str) -> None:
    Path(target).hardlink_to(source)


def _manifest(world: ServedWorld) -> BaseManifest:
    return BaseManifest.load(world.model)


def _segmenter(world: ServedWorld) -> None:
    entry, folder = find("tiny-clipseg"), world.objects / "bench" / "clipseg"
    shutil.copytree(entry.source.folder, folder, dirs_exist_ok=True)  # type: ignore[union-attr]
    (folder / MANIFEST).unlink(missing_ok=True)
    (folder / MANIFEST).write_text(to_json(entry.manifest(folder)), encoding="utf-8")


def _missing_styles(world: ServedWorld) -> Iterator[tuple[int, Path]]:
    for number in range(world.styles):
        folder = world.objects / "bench" / "styles" / f"brand-{number}" / "1"
        if not (folder / MANIFEST).is_file():
            yield number, folder


def _save_styles(world: ServedWorld, base: BaseManifest, missing: Sequence[tuple[int, Path]]) -> None:
    """Styles of the size that training makes of this base, with small random weights."""
    rank = int(base.training["lora"]["lora_rank"])
    diffusers.utils.logging.disable_progress_bar()
    pipeline = diffusers.DiffusionPipeline.from_pretrained(world.model, safety_checker=None)
    pipeline.unet.add_adapter(LoraConfig(r=rank, lora_alpha=rank, target_modules=list(STYLE_TARGETS)))
    empty = get_peft_model_state_dict(pipeline.unet)
    metadata = pipeline.unet.peft_config["default"].to_dict()
    for number, folder in missing:
        generator = torch.Generator().manual_seed(number)
        layers = {key: 0.02 * torch.randn(value.shape, generator=generator) for key, value in empty.items()}
        folder.mkdir(parents=True, exist_ok=True)
        pipeline.save_lora_weights(folder, unet_lora_layers=layers, unet_lora_adapter_metadata=metadata)
        _describe_style(folder, base, number, rank)


def _describe_style(folder: Path, base: BaseManifest, number: int, rank: int) -> None:
    manifest = StyleManifest(
        style=f"brand-{number}", execution="bench", task="inpaint", method="lora", base_model=base.reference,
        instance_prompt="a photo of sks skirt", hyperparameters={"lora_rank": rank}, dataset_sha256="0" * 64,
        code_version="bench", created_at="2026-11-27T12:00:00Z", version=1, files=hash_files(folder),
    )  # fmt: skip
    (folder / MANIFEST).write_text(to_json(manifest), encoding="utf-8")
