"""Miniatures: base models of each family with a few thousand random weights, saved as the real ones are. Made in a second."""

import json
import shutil
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import diffusers
import torch
from diffusers import AutoencoderKL, DDIMScheduler, DDPMScheduler, UNet2DConditionModel
from transformers import (
    BertTokenizer,
    BlipConfig,
    BlipForConditionalGeneration,
    CLIPSegConfig,
    CLIPSegForImageSegmentation,
    CLIPTextConfig,
    CLIPTextModel,
    CLIPTextModelWithProjection,
    CLIPTokenizer,
)

from contracts.artifact import BaseManifest, hash_files, to_json
from contracts.families import SEGMENTERS
from contracts.layout import MANIFEST
from contracts.sampling import SamplingDefaults

RESOLUTION = 32
DEFAULTS = {"num_inference_steps": 3, "guidance_scale": 2.0}
WIDTH = 16
LENGTH = 32
MEAN = [0.5, 0.5, 0.5]
POOLED = 12
"""Width of SDXL's pooled text; its second encoder is as wide as the first."""
_MADE = TemporaryDirectory(prefix="miniatures-")
NO_CHECKER = {"safety_checker": None, "feature_extractor": None, "requires_safety_checker": False}


def save_miniature(
    folder: Path,
    family: str,
    *,
    task: str = "inpaint",
    prediction: str = "epsilon",
    shrinks: int = 2,
    name: str = "tiny-random",
) -> BaseManifest:
    """A base model's prefix and its manifest: ``task`` inpaint has 9 channels, text-to-image 4, upscale 7.

    ``shrinks`` (a power of 2) is how many pixels are a latent, each way. Attention takes as long as the fourth power of a picture's side
    in latents: where more than 100 pixels are painted, 8, as published models have it, saves a minute.
    """
    shutil.copytree(_miniature(family, task, prediction, shrinks), folder, dirs_exist_ok=True)
    torch.manual_seed(0)  # what a test draws next is the same whether the miniature was there or not
    return save_manifest(folder, name=name, family=family, task=task)


@cache
def _miniature(family: str, task: str, prediction: str, shrinks: int) -> Path:
    """The model's files, made once for all tests of this process."""
    torch.manual_seed(0)
    folder = Path(_MADE.name) / f"{family}-{task}-{prediction}-{shrinks}"
    tokenizer = save_tokenizer(folder / "tokenizer")
    scheduler = DDIMScheduler(clip_sample=False, steps_offset=1, prediction_type=prediction)
    pipeline = _MAKERS[family](tokenizer, scheduler, task, _autoencoder(blocks=shrinks.bit_length()))
    pipeline.save_pretrained(folder)
    for saved in folder.glob("tokenizer*"):
        save_tokenizer(saved)
    return folder


def save_inpainter(folder: Path, *, name: str = "tiny-random", channels: int = 9) -> BaseManifest:
    """A base model's prefix of family sd1: an inpainting pipeline (9 channels) or a text-to-image one (4), and its manifest."""
    return save_miniature(folder, "sd1", task="inpaint" if channels == 9 else "text-to-image", name=name)


def save_segmenter(folder: Path) -> BaseManifest:
    """A CLIPSeg model's prefix and its manifest."""
    torch.manual_seed(0)
    tokenizer = save_tokenizer(folder)
    shared = {"hidden_size": WIDTH, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": WIDTH}
    config = CLIPSegConfig(
        text_config={**shared, **_vocabulary(tokenizer)},
        vision_config={**shared, "image_size": RESOLUTION, "patch_size": 8},
        projection_dim=WIDTH,
        extract_layers=[0, 1],
        reduce_dim=WIDTH,
        decoder_num_attention_heads=2,
        decoder_intermediate_size=WIDTH,
    )
    CLIPSegForImageSegmentation(config).save_pretrained(folder)
    side = {"height": RESOLUTION, "width": RESOLUTION}
    (folder / "preprocessor_config.json").write_text(json.dumps({"size": side, "image_mean": MEAN, "image_std": MEAN}))
    return save_manifest(folder, name="tiny-segmenter", family="clipseg", task="segment")


CAPTIONER_WORDS = ("a", "woman", "man", "in", "red", "white", "shirt", "skirt", "and", "standing", "street", "dog")


def save_captioner(folder: Path) -> BaseManifest:
    """A BLIP model's prefix, not trained, that knows ``CAPTIONER_WORDS``, and its manifest."""
    torch.manual_seed(0)
    special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "[DEC]", "[ENC]"]
    words = [*special, *CAPTIONER_WORDS]
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "vocab.txt").write_text("\n".join(words) + "\n")
    BertTokenizer(str(folder / "vocab.txt"), additional_special_tokens=["[DEC]", "[ENC]"]).save_pretrained(folder)
    small = {"hidden_size": 16, "intermediate_size": 32, "num_hidden_layers": 1, "num_attention_heads": 2}
    number = {name: index for index, name in enumerate(words)}
    text = {
        **small,
        "vocab_size": len(words),
        "encoder_hidden_size": 16,
        "max_position_embeddings": 64,
        "pad_token_id": number["[PAD]"],
        "bos_token_id": number["[DEC]"],
        "eos_token_id": number["[SEP]"],
        "sep_token_id": number["[SEP]"],
        "initializer_range": 0.5,
    }
    vision = {**small, "image_size": 32, "patch_size": 16, "initializer_range": 0.5}
    BlipForConditionalGeneration(BlipConfig(text_config=text, vision_config=vision)).save_pretrained(folder)
    settings = {"size": {"height": 32, "width": 32}, "image_mean": [0.48, 0.46, 0.41], "image_std": [0.27, 0.26, 0.28]}
    (folder / "preprocessor_config.json").write_text(json.dumps(settings))
    return save_manifest(folder, name="tiny-random-captioner", family="blip", task="caption")


def save_manifest(folder: Path, *, name: str, family: str, task: str) -> BaseManifest:
    """Write the manifest of what already lies in the folder."""
    manifest = BaseManifest(
        name=name,
        revision="1",
        family=family,
        task=task,
        licence="none",
        source="random",
        resolution=RESOLUTION,
        defaults=SamplingDefaults.from_json({} if family in SEGMENTERS else DEFAULTS),
        files=hash_files(folder),
    )
    (folder / MANIFEST).write_text(to_json(manifest))
    return manifest


def save_tokenizer(folder: Path) -> CLIPTokenizer:
    """A CLIP tokenizer that knows single letters."""
    letters = "abcdefghijklmnopqrstuvwxyz0123456789.,!'"
    tokens = [*letters, *(f"{letter}</w>" for letter in letters), "<|startoftext|>", "<|endoftext|>"]
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "vocab.json").write_text(json.dumps({token: number for number, token in enumerate(tokens)}))
    (folder / "merges.txt").write_text("#version: 0.2\n")
    (folder / "tokenizer_config.json").write_text(
        json.dumps({"tokenizer_class": "CLIPTokenizer", "model_max_length": LENGTH})
    )
    return CLIPTokenizer.from_pretrained(folder)


def _stable_diffusion(tokenizer: CLIPTokenizer, scheduler: DDIMScheduler, task: str, vae: AutoencoderKL) -> Any:
    kind = {"inpaint": "StableDiffusionInpaintPipeline", "text-to-image": "StableDiffusionPipeline"}[task]
    return getattr(diffusers, kind)(
        vae=vae,
        text_encoder=CLIPTextModel(_text(tokenizer)),
        tokenizer=tokenizer,
        unet=_unet(_channels(task)),
        scheduler=scheduler,
        **NO_CHECKER,
    )


def _stable_diffusion_xl(tokenizer: CLIPTokenizer, scheduler: DDIMScheduler, task: str, vae: AutoencoderKL) -> Any:
    kind = {"inpaint": "StableDiffusionXLInpaintPipeline", "text-to-image": "StableDiffusionXLPipeline"}[task]
    added = {"addition_embed_type": "text_time", "addition_time_embed_dim": 4}
    return getattr(diffusers, kind)(
        vae=vae,
        text_encoder=CLIPTextModel(_text(tokenizer)),
        text_encoder_2=CLIPTextModelWithProjection(_text(tokenizer, projection_dim=POOLED, hidden_act="gelu")),
        tokenizer=tokenizer,
        tokenizer_2=tokenizer,
        unet=_unet(
            _channels(task),
            cross_attention_dim=2 * WIDTH,
            projection_class_embeddings_input_dim=POOLED + 6 * 4,
            **added,
        ),
        scheduler=scheduler,
    )


def _upscaler(tokenizer: CLIPTokenizer, scheduler: DDIMScheduler, _task: str, _vae: AutoencoderKL) -> Any:
    return diffusers.StableDiffusionUpscalePipeline(
        vae=_autoencoder(blocks=3, scaling_factor=0.08333),
        text_encoder=CLIPTextModel(_text(tokenizer)),
        tokenizer=tokenizer,
        unet=_unet(7, num_class_embeds=1000),
        low_res_scheduler=DDPMScheduler(beta_schedule="scaled_linear", beta_start=0.0001, beta_end=0.02),
        scheduler=scheduler,
    )


def _channels(task: str) -> int:
    return 9 if task == "inpaint" else 4


def _vocabulary(tokenizer: CLIPTokenizer) -> dict[str, int]:
    size = len(tokenizer)
    tokens = {"bos_token_id": size - 2, "eos_token_id": size - 1, "pad_token_id": size - 1}
    return {"vocab_size": size, "max_position_embeddings": LENGTH, **tokens}


def _text(tokenizer: CLIPTokenizer, **changes: Any) -> CLIPTextConfig:
    values = {"hidden_size": WIDTH, "intermediate_size": WIDTH, "num_hidden_layers": 2, "num_attention_heads": 2}
    return CLIPTextConfig(**{**values, "projection_dim": WIDTH, **_vocabulary(tokenizer), **changes})


def _autoencoder(*, blocks: int, **changes: Any) -> AutoencoderKL:
    values: dict[str, Any] = {"block_out_channels": (4,) * (blocks - 1) + (8,), "sample_size": RESOLUTION, **changes}
    return AutoencoderKL(
        down_block_types=("DownEncoderBlock2D",) * blocks,
        up_block_types=("UpDecoderBlock2D",) * blocks,
        layers_per_block=1,
        norm_num_groups=1,
        latent_channels=4,
        **values,
    )


def _unet(channels: int, **changes: Any) -> UNet2DConditionModel:
    values: dict[str, Any] = {"cross_attention_dim": WIDTH, "attention_head_dim": 4, **changes}
    return UNet2DConditionModel(
        sample_size=RESOLUTION // 2,
        in_channels=channels,
        out_channels=4,
        block_out_channels=(8, 16),
        down_block_types=("CrossAttnDownBlock2D", "DownBlock2D"),
        up_block_types=("UpBlock2D", "CrossAttnUpBlock2D"),
        layers_per_block=1,
        norm_num_groups=1,
        **values,
    )


_MAKERS: Mapping[str, Callable[[CLIPTokenizer, DDIMScheduler, str, AutoencoderKL], Any]] = {
    "sd1": _stable_diffusion,
    "sd2": _stable_diffusion,
    "sdxl": _stable_diffusion_xl,
    "upscaler": _upscaler,
}
