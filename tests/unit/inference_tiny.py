"""Random models of the real classes, a few thousand weights each, saved as the real ones are: fast, and of no beauty at all."""

import json
from pathlib import Path

import torch
from diffusers import (
    AutoencoderKL,
    DDIMScheduler,
    StableDiffusionInpaintPipeline,
    StableDiffusionPipeline,
    UNet2DConditionModel,
)
from transformers import CLIPSegConfig, CLIPSegForImageSegmentation, CLIPTextConfig, CLIPTextModel, CLIPTokenizer

from contracts.artifact import BaseManifest, hash_files, to_json
from contracts.layout import MANIFEST

RESOLUTION = 32
DEFAULTS = {"num_inference_steps": 3, "guidance_scale": 2.0}
WIDTH = 16
LENGTH = 32
MEAN = [0.5, 0.5, 0.5]


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


def save_inpainter(folder: Path, *, name: str = "tiny-random", channels: int = 9) -> BaseManifest:
    """A base model's prefix: an inpainting pipeline (9 channels) or a text-to-image one (4), and its manifest."""
    torch.manual_seed(0)
    tokenizer = save_tokenizer(folder / "tokenizer")
    parts = {
        "vae": _autoencoder(),
        "text_encoder": _text_encoder(tokenizer),
        "tokenizer": tokenizer,
        "unet": _unet(channels),
        "scheduler": DDIMScheduler(clip_sample=False, steps_offset=1),
        "safety_checker": None,
        "feature_extractor": None,
        "requires_safety_checker": False,
    }
    kind = StableDiffusionInpaintPipeline if channels == 9 else StableDiffusionPipeline
    kind(**parts).save_pretrained(folder)
    save_tokenizer(folder / "tokenizer")
    task = "inpaint" if channels == 9 else "text-to-image"
    return save_manifest(folder, name=name, family="sd1", task=task)


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
        defaults=DEFAULTS if family != "clipseg" else {},
        files=hash_files(folder),
    )
    (folder / MANIFEST).write_text(to_json(manifest))
    return manifest


def _vocabulary(tokenizer: CLIPTokenizer) -> dict[str, int]:
    size = len(tokenizer)
    tokens = {"bos_token_id": size - 2, "eos_token_id": size - 1, "pad_token_id": size - 1}
    return {"vocab_size": size, "max_position_embeddings": LENGTH, **tokens}


def _text_encoder(tokenizer: CLIPTokenizer) -> CLIPTextModel:
    config = CLIPTextConfig(
        hidden_size=WIDTH,
        intermediate_size=WIDTH,
        num_hidden_layers=1,
        num_attention_heads=2,
        projection_dim=WIDTH,
        **_vocabulary(tokenizer),
    )
    return CLIPTextModel(config)


def _autoencoder() -> AutoencoderKL:
    return AutoencoderKL(
        block_out_channels=(4, 8),
        down_block_types=("DownEncoderBlock2D",) * 2,
        up_block_types=("UpDecoderBlock2D",) * 2,
        layers_per_block=1,
        norm_num_groups=1,
        latent_channels=4,
        sample_size=RESOLUTION,
    )


def _unet(channels: int) -> UNet2DConditionModel:
    return UNet2DConditionModel(
        sample_size=RESOLUTION // 2,
        in_channels=channels,
        out_channels=4,
        block_out_channels=(8, 16),
        down_block_types=("CrossAttnDownBlock2D", "DownBlock2D"),
        up_block_types=("UpBlock2D", "CrossAttnUpBlock2D"),
        layers_per_block=1,
        norm_num_groups=1,
        cross_attention_dim=WIDTH,
        attention_head_dim=4,
    )
