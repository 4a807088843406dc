"""Prior preservation: pictures of the class as the base model paints them, so that other prompts keep their meaning.

They are kept beside the checkpoints, one file at a time: an interrupted job does not paint them again.
"""

import hashlib
import logging
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from atelier_training.engine.interruption import Interruption
from atelier_training.finetune.draws import Purpose, numpy_generator
from atelier_training.finetune.views import View, uncropped
from atelier_training.pipelines import paint
from contracts.artifact import BaseManifest
from contracts.prompts import readings
from diffusion.family import sampling
from diffusion.painter import Painter
from imaging.masks import to_image

FOLDER = "class_pictures"
PAINTED_AT_ONCE = 4

log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class ClassPictures:
    """What is painted: ``count`` pictures of ``prompt`` by the base model, into ``folder``; its readings take turns."""

    prompt: str
    count: int
    seed: int
    base: BaseManifest
    folder: Path

    @classmethod
    def below(
        cls, checkpoints: Path, *, prompt: str, count: int, seed: int, base: BaseManifest, origin: str
    ) -> "ClassPictures":
        """In a folder named after all that the pictures depend on; ``origin`` identifies the dataset and task."""
        identity = "\n".join([prompt, str(seed), base.reference, str(base.resolution), origin])
        folder = checkpoints / FOLDER / hashlib.sha256(identity.encode()).hexdigest()[:16]
        return cls(prompt=prompt, count=count, seed=seed, base=base, folder=folder)

    def caption(self, index: int) -> str:
        """What one picture is painted by and learnt with."""
        captions = readings(self.prompt)
        return captions[index % len(captions)]

    def path(self, index: int) -> Path:
        """The file of one picture."""
        return self.folder / f"{index:05d}.png"


def paint_class_views(
    painter: Painter, pictures: ClassPictures, views: Sequence[View], interruption: Interruption, *, share: slice
) -> None:
    """Paint the missing ones of ``share`` of the class pictures: what each of ``views`` masks, by the class prompt."""
    pictures.folder.mkdir(parents=True, exist_ok=True)
    missing = [index for index in range(pictures.count)[share] if not pictures.path(index).is_file()]
    for start in range(0, len(missing), PAINTED_AT_ONCE):
        interruption.check("painting class pictures")
        _paint(painter, pictures, views, missing[start : start + PAINTED_AT_ONCE])
        log.info("class_pictures=%d/%d", min(start + PAINTED_AT_ONCE, len(missing)), len(missing))


def class_views(pictures: ClassPictures, views: Sequence[View]) -> list[View]:
    """The painted pictures as views to learn from, with the masks that they were painted in."""
    return [
        View(
            name=f"{FOLDER}/{pictures.path(index).name}",
            pixels=np.asarray(Image.open(pictures.path(index)).convert("RGB")),
            mask=views[index].mask,
            caption=pictures.caption(index),
            frame=uncropped(pictures.base.resolution),
        )
        for index in range(pictures.count)
    ]


def class_chance(pictures: ClassPictures, index: int) -> np.random.Generator:
    """The random generator of one class picture's view."""
    return numpy_generator(pictures.seed, Purpose.CLASS_PICTURES, index)


def _paint(painter: Painter, pictures: ClassPictures, views: Sequence[View], indices: Sequence[int]) -> None:
    batch_views = [views[index] for index in indices]
    painted = _paint_rows(painter, pictures, batch_views, indices)
    for index, view, image in zip(indices, batch_views, painted, strict=True):
        # The pipeline blurs the part that it keeps, so that part comes from the picture itself.
        result = Image.composite(image, Image.fromarray(view.pixels), to_image(view.mask))
        _save(result, pictures.path(index))


def _paint_rows(
    painter: Painter, pictures: ClassPictures, views: Sequence[View], indices: Sequence[int]
) -> list[Image.Image]:
    captions = [pictures.caption(index) for index in indices]
    seeds = [int(class_chance(pictures, index).integers(2**31)) for index in indices]
    if not painter.inpaints:
        return paint(painter, captions, seeds, pictures.base)
    steps, guidance = sampling(pictures.base)
    return painter.inpaint(
        prompts=captions,
        seeds=seeds,
        pictures=[Image.fromarray(view.pixels) for view in views],
        masks=[to_image(view.mask) for view in views],
        steps=steps,
        guidance=guidance,
    )


def _save(image: Image.Image, path: Path) -> None:
    unfinished = path.with_suffix(f".{os.getpid()}.tmp")
    image.save(unfinished, format="PNG")
    unfinished.replace(path)
