"""Before and after: the same photos, masks, words and seeds through the base model and through the fine-tuned one."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from PIL import Image

from atelier_training.evaluate.photos import Photo
from atelier_training.pipelines import best_precision, frozen_dtype, load_pipeline, paint, sampling
from contracts.artifact import ADAPTER_WEIGHTS, BaseManifest, StyleManifest
from imaging.repaint import Repainting, repaint_all

SEEDS = (1, 2)
"""Pictures a photo, because one may be lucky."""
FREE_SEEDS = tuple(range(1, 9))
"""Pictures of a text-to-image style, which has no photos."""


@dataclass(frozen=True, kw_only=True)
class Restyled:
    """One photo's pictures, one a seed, all of the photo's size.

    ``mask`` is what was asked to be repainted and ``alpha`` what of each pixel was (0: untouched), both mode ``L``. A text-to-image
    style has no photo: ``original`` is None and the masks are white.
    """

    name: str
    original: Image.Image | None
    mask: Image.Image
    alpha: Image.Image
    before: Sequence[Image.Image]
    after: Sequence[Image.Image]


@dataclass(frozen=True, kw_only=True)
class Models:
    """The two models to compare; folders of the base model and of the training's artifact, and their manifests."""

    base_folder: Path
    base: BaseManifest
    style_folder: Path
    style: StyleManifest


def restyle_photos(models: Models, photos: Sequence[Photo], prompt: str) -> list[Restyled]:
    """Repaint every photo with both models, by the same function as the service."""
    works = [Repainting(picture=photo.picture, mask=photo.mask, prompt=prompt, seeds=SEEDS) for photo in photos]
    steps, guidance = sampling(models.base)
    before, after = (
        repaint_all(pipeline, works, steps=steps, guidance=guidance, resolution=models.base.resolution)
        for pipeline in _pipelines(models)
    )
    return [
        Restyled(
            name=photo.name,
            original=photo.picture,
            mask=photo.mask,
            alpha=new.alpha,
            before=old.images,
            after=new.images,
        )
        for photo, old, new in zip(photos, before, after, strict=True)
    ]


def paint_freely(models: Models, prompt: str) -> list[Restyled]:
    """Whole pictures by both models, for a text-to-image style."""
    seeds, prompts = list(FREE_SEEDS), [prompt] * len(FREE_SEEDS)
    before, after = (paint(pipeline, prompts, seeds, models.base) for pipeline in _pipelines(models))
    return [
        Restyled(name=f"seed-{seed}", original=None, mask=_white(new), alpha=_white(new), before=[old], after=[new])
        for seed, old, new in zip(seeds, before, after, strict=True)
    ]


def _pipelines(models: Models) -> Iterator[Any]:
    """The base model, then the fine-tuned one in its place: a GPU need not hold both."""
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    dtype, task = frozen_dtype(best_precision()), models.style.task
    pipeline = load_pipeline(models.base_folder, task, dtype=dtype, device=device)
    yield pipeline
    if models.style.method == "lora":
        pipeline.load_lora_weights(models.style_folder, weight_name=ADAPTER_WEIGHTS)
    else:
        del pipeline
        pipeline = load_pipeline(models.style_folder, task, dtype=dtype, device=device)
    yield pipeline


def _white(image: Image.Image) -> Image.Image:
    return Image.new("L", image.size, 255)
