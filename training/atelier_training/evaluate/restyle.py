"""Before and after: the same photos, masks, words and seeds through the base model and through the fine-tuned one."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from PIL import Image

from atelier_training.bases import load_painter, paint
from atelier_training.data.examples import ExampleFile
from atelier_training.evaluate.before import BeforePictures
from atelier_training.evaluate.photos import Photo
from contracts.artifact import BaseManifest, StyleManifest
from contracts.sampling import Sampling
from diffusion.lora import fuse
from diffusion.lora_file import load_lora
from diffusion.painter import Painter
from imaging.repaint import Repainted, Repainting, repaint_all

SEEDS = (1, 2)
"""Pictures a photo, because one may be lucky."""
ENOUGH = 8
"""Photos among which one lucky picture counts little: each is painted once."""
MOST_OTHER = 4
"""Photos that are also painted by other words, to see what of the style leaks into them."""
FREE_SEEDS = tuple(range(1, 9))
"""Pictures of a text-to-image style, which has no photos."""

PAINTED_COLUMNS = ("before", "after", "other")
"""Columns of pictures that a model painted."""


@dataclass(frozen=True, kw_only=True)
class Restyled:
    """One photo's pictures, all of the photo's size: ``after`` one for each of ``seeds``, ``before`` of the first.

    ``mask`` is what was asked to be repainted and ``alpha`` what of each pixel was (0: untouched), both mode ``L``. A text-to-image
    style has no photo: ``original`` is None and the masks are white. ``other`` are paintings by the fine-tuned model from other words.
    """

    name: str
    original: Image.Image | None
    mask: Image.Image
    alpha: Image.Image
    before: Sequence[Image.Image]
    after: Sequence[Image.Image]
    other: Sequence[Image.Image] = ()
    seeds: Sequence[int] = ()

    @property
    def columns(self) -> dict[str, Image.Image]:
        """One row of the sheet and the report, by column: the first seed's pictures."""
        pictures = {"before": self.before[0], "after": self.after[0]}
        return pictures if self.original is None else {"original": self.original, "mask": self.mask, **pictures}

    @property
    def shown(self) -> dict[str, Image.Image]:
        """The same and, of some photos, the picture from other words."""
        return {**self.columns, **({"other": self.other[0]} if self.other else {})}


@dataclass(frozen=True, kw_only=True)
class Painted:
    """What was painted and what a person should know of it. ``other`` are the words of the pictures beside; empty where there are none."""

    examples: Sequence[ExampleFile]
    restyled: Sequence[Restyled]
    other: str
    notes: Sequence[str]


@dataclass(frozen=True, kw_only=True)
class Models:
    """The two models to compare; folders of the base model and of the training's artifact, and their manifests."""

    base_folder: Path
    base: BaseManifest
    style_folder: Path
    style: StyleManifest


def restyle_photos(
    models: Models, kept: BeforePictures, photos: Sequence[Photo], prompt: str, other: str = ""
) -> list[Restyled]:
    """Repaint every photo with both models, by the same function as the service; some with the second one by ``other`` words too.

    A picture of the base model shows what the photo is like without the style, and is painted once, unless it is ``kept``. What the
    style does, and whether it does it by luck, is seen in several seeds.
    """
    seeds = SEEDS[:1] if len(photos) >= ENOUGH else SEEDS
    first = [Repainting(picture=each.picture, mask=each.mask, prompt=prompt, seeds=seeds[:1]) for each in photos]
    styled = [replace(work, seeds=seeds) for work in first]
    beside = [replace(work, prompt=other) for work in first[:MOST_OTHER]] if other else []
    painters, base = _painters(models), models.base

    def repainted(painter: Painter, works: Sequence[Repainting]) -> list[Repainted]:
        return repaint_all(painter, works, sampling=Sampling.of(base.defaults), resolution=base.resolution)

    def without_style(painter: Painter, numbers: Sequence[int]) -> list[Image.Image]:
        return [each.images[0] for each in repainted(painter, [first[number] for number in numbers])]

    wanted = [(prompt, str(seeds[0]), each.picture, each.mask) for each in photos]
    before = kept.of(wanted, partial(without_style, next(painters)))
    after = repainted(next(painters), [*styled, *beside])
    others = [each.images for each in after[len(photos) :]] + [[]] * len(photos)
    return [
        Restyled(
            name=photo.name,
            original=photo.picture,
            mask=photo.mask,
            alpha=new.alpha,
            before=[old],
            after=new.images,
            other=leaked,
            seeds=seeds,
        )
        for photo, old, new, leaked in zip(photos, before, after, others, strict=False)
    ]


def paint_freely(models: Models, kept: BeforePictures, prompt: str) -> list[Restyled]:
    """Whole pictures by both models, for a text-to-image style; of the base model those that are not ``kept``."""
    seeds, painters = FREE_SEEDS, _painters(models)

    def painted(painter: Painter, numbers: Sequence[int]) -> list[Image.Image]:
        return paint(painter, [prompt] * len(numbers), [seeds[number] for number in numbers], models.base)

    before = kept.of([(prompt, str(seed)) for seed in seeds], partial(painted, next(painters)))
    after = painted(next(painters), range(len(seeds)))
    return [
        Restyled(
            name=f"seed-{seed}",
            original=None,
            mask=_white(new),
            alpha=_white(new),
            before=[old],
            after=[new],
            seeds=[seed],
        )
        for seed, old, new in zip(seeds, before, after, strict=True)
    ]


def _painters(models: Models) -> Iterator[Painter]:
    """The base model, then the fine-tuned one in its place: a GPU need not hold both. Both compute as the service does."""
    painter = load_painter(models.base_folder, models.base, models.style.task)
    yield painter
    if models.style.method == "lora":
        fuse(painter.pipeline, load_lora(painter.pipeline, models.style_folder, models.style.style).to(painter.device))
        yield painter
    else:
        del painter
        yield load_painter(models.style_folder, models.base, models.style.task)


def _white(image: Image.Image) -> Image.Image:
    return Image.new("L", image.size, 255)
