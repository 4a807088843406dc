"""Models of the catalogue's shapes without weights: fake tensors have sizes and kinds, and take no memory.

The shapes are those of the published ``config.json`` files; the tiny family's is read from its folder.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import diffusers
from transformers import CLIPTextConfig, CLIPTextModel, CLIPTextModelWithProjection, CLIPTokenizer

from bench.gpu.shapes import PUBLISHED
from diffusion.family import find_family
from diffusion.trainee import LearningFamily
from models.catalogue import AssetSource, CatalogueEntry, find

_CLIP_L = {"hidden_size": 768, "intermediate_size": 3072, "num_hidden_layers": 12, "num_attention_heads": 12}
_OPEN_CLIP_H = {"hidden_size": 1024, "intermediate_size": 4096, "num_hidden_layers": 23, "num_attention_heads": 16}
_OPEN_CLIP_G = {
    "hidden_size": 1280,
    "intermediate_size": 5120,
    "num_hidden_layers": 32,
    "num_attention_heads": 20,
    "projection_dim": 1280,
}
_TEXTS: Mapping[str, tuple[Mapping[str, int], ...]] = {
    "sd1": (_CLIP_L,),
    "sd2": (_OPEN_CLIP_H,),
    "sdxl": (_CLIP_L, _OPEN_CLIP_G),
    "upscaler": (_OPEN_CLIP_H,),
}
_VAE_WIDTHS: Mapping[str, tuple[int, ...]] = {"upscaler": (128, 256, 512)}


def shaped(entry: CatalogueEntry) -> LearningFamily:
    """A model of the entry's shape; to be called while tensors are fake."""
    kind = find_family(entry.family, LearningFamily)  # type: ignore[type-abstract]
    parts = _tiny(Path(entry.source.folder)) if isinstance(entry.source, AssetSource) else _published(entry.family)
    pipeline = getattr(diffusers, kind.pipelines[0])
    return kind(pipeline(**parts, **kind.without_checker, **_unused(entry.family)))


def _published(family: str) -> dict[str, Any]:
    texts = [CLIPTextConfig(**shape) for shape in _TEXTS[family]]
    names = {"text_encoder": CLIPTextModel, "text_encoder_2": CLIPTextModelWithProjection}
    encoders = {name: kind(config) for (name, kind), config in zip(names.items(), texts, strict=False)}
    return {
        "unet": diffusers.UNet2DConditionModel(**PUBLISHED[family]),
        "vae": _autoencoder(_VAE_WIDTHS.get(family, (128, 256, 512, 512))),
        **encoders,
        **{name.replace("text_encoder", "tokenizer"): _tokenizer() for name in encoders},
        "scheduler": diffusers.DDIMScheduler(),
    }


def _autoencoder(widths: tuple[int, ...]) -> diffusers.AutoencoderKL:
    return diffusers.AutoencoderKL(
        block_out_channels=widths,
        layers_per_block=2,
        down_block_types=("DownEncoderBlock2D",) * len(widths),
        up_block_types=("UpDecoderBlock2D",) * len(widths),
    )


def _tiny(folder: Path) -> dict[str, Any]:
    text = CLIPTextConfig.from_pretrained(folder / "text_encoder")
    return {
        "unet": diffusers.UNet2DConditionModel.from_config(_config(diffusers.UNet2DConditionModel, folder / "unet")),
        "vae": diffusers.AutoencoderKL.from_config(_config(diffusers.AutoencoderKL, folder / "vae")),
        "text_encoder": CLIPTextModel(text),
        "tokenizer": _tokenizer(),
        "scheduler": diffusers.DDIMScheduler.from_pretrained(folder / "scheduler"),
    }


def _config(kind: Any, folder: Path) -> Any:
    return kind.load_config(folder)


def _tokenizer() -> Any:
    """Any CLIP tokenizer: ids are made up where they are needed."""
    source = find("tiny-inpaint").source
    assert isinstance(source, AssetSource)
    return CLIPTokenizer.from_pretrained(Path(source.folder) / "tokenizer")


def _unused(family: str) -> dict[str, Any]:
    """What else a pipeline is made of, and what has no weights."""
    if family == "sdxl":
        return {}
    return {
        "feature_extractor": None,
        **({"low_res_scheduler": diffusers.DDPMScheduler()} if family == "upscaler" else {}),
    }
