"""Prior preservation: pictures of the class as the base model paints them, so that other prompts keep their meaning.

They are kept beside the checkpoints, one file at a time: an interrupted job does not paint them again.
"""

import hashlib
import logging
import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from PIL import Image

from atelier_training.bases import paint
from atelier_training.data.draws import Purpose, numpy_generator
from atelier_training.data.example_views import View, uncropped
from atelier_training.engine.interruption import Interruption
from atelier_training.fine_tune_job import FineTuneJob
from contracts.artifact import BaseManifest
from contracts.prompts import readings
from contracts.sampling import Sampling
from diffusion.painter import Painter
from imaging.masks import to_image

FOLDER = "class_pictures"
PAINTED_AT_ONCE = 4

log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class ClassPictures:
    """What is painted: as many pictures of the job's class prompt as it wants, by the base model; the prompt's readings take turns."""

    job: FineTuneJob
    base: BaseManifest
    checkpoints: Path

    @property
    def folder(self) -> Path:
        """Named after all that the pictures depend on."""
        job, base = self.job, self.base
        origin = f"{job.dataset_sha256} {job.task} {job.target}"
        identity = "\n".join([job.class_prompt, str(job.seed), base.reference, str(base.resolution), origin])
        return self.checkpoints / FOLDER / hashlib.sha256(identity.encode()).hexdigest()[:16]

    def chance(self, index: int) -> np.random.Generator:
        """The random generator of one picture's view."""
        return numpy_generator(self.job.seed, Purpose.CLASS_PICTURES, index)

    def paint(self, painter: Painter, views: Sequence[View], interruption: Interruption, *, share: slice) -> None:
        """Paint the missing ones of ``share`` of the pictures: what each of ``views`` masks, by the class prompt."""
        self.folder.mkdir(parents=True, exist_ok=True)
        missing = [index for index in range(len(views))[share] if not self._path(index).is_file()]
        for start in range(0, len(missing), PAINTED_AT_ONCE):
            interruption.check("painting class pictures")
            self._paint(painter, views, missing[start : start + PAINTED_AT_ONCE])
            log.info("class_pictures=%d/%d", min(start + PAINTED_AT_ONCE, len(missing)), len(missing))

    def views(self, views: Sequence[View]) -> list[View]:
        """The painted pictures as views to learn from, with the masks of ``views`` that they were painted in."""
        return [
            replace(
                view,
                name=f"{FOLDER}/{self._path(index).name}",
                pixels=np.asarray(Image.open(self._path(index)).convert("RGB")),
                caption=self._caption(index),
                frame=uncropped(self.base.resolution),
            )
            for index, view in enumerate(views)
        ]

    def _caption(self, index: int) -> str:
        captions = readings(self.job.class_prompt)
        return captions[index % len(captions)]

    def _path(self, index: int) -> Path:
        return self.folder / f"{index:05d}.png"

    def _paint(self, painter: Painter, views: Sequence[View], indices: Sequence[int]) -> None:
        pictures = [Image.fromarray(views[index].pixels) for index in indices]
        masks = [to_image(views[index].mask) for index in indices]
        painted = self._painted(painter, indices, pictures, masks)
        for index, picture, mask, image in zip(indices, pictures, masks, painted, strict=True):
            # The pipeline blurs the part that it keeps, so that part comes from the picture itself.
            unfinished = self._path(index).with_suffix(f".{os.getpid()}.tmp")
            Image.composite(image, picture, mask).save(unfinished, format="PNG")
            unfinished.replace(self._path(index))

    def _painted(
        self, painter: Painter, indices: Sequence[int], pictures: list[Image.Image], masks: list[Image.Image]
    ) -> list[Image.Image]:
        captions = [self._caption(index) for index in indices]
        seeds = [int(self.chance(index).integers(2**31)) for index in indices]
        if not painter.inpaints:
            return paint(painter, captions, seeds, self.base)
        return painter.inpaint(
            prompts=captions, seeds=seeds, pictures=pictures, masks=masks, sampling=Sampling.of(self.base.defaults)
        )
