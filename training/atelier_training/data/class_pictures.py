"""Prior preservation: pictures of the class as the base model paints them, so that other prompts keep their meaning.

They are kept beside the checkpoints, one file at a time: an interrupted job does not paint them again, and later runs get copies.
"""

import logging
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from atelier_training.data.draws import Purpose, numpy_generator
from atelier_training.data.example_views import View, uncropped
from atelier_training.data.examples import ExampleFile
from atelier_training.engine.interruption import Interruption
from atelier_training.fine_tune_job import FineTuneJob
from contracts.artifact import BaseManifest
from contracts.class_pictures import ENDING, FOLDER, class_sampling, pictures_name
from contracts.prompts import readings
from contracts.sampling import Sampling
from diffusion.fitting import is_out_of_memory
from diffusion.painter import Painter
from imaging.masks import from_image, to_image

PAINTED_AT_ONCE = 8

log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class ClassPictures:
    """As many pictures of the class as the job wants: ``own`` ones first, the others painted by the base model.

    They are painted by the job's class prompt; its readings take turns.
    """

    job: FineTuneJob
    base: BaseManifest
    checkpoints: Path
    own: Sequence[ExampleFile] = ()

    @property
    def folder(self) -> Path:
        """Named after all that the pictures depend on."""
        job = self.job
        name = pictures_name(
            self.base,
            class_prompt=job.class_prompt,
            seed=job.seed,
            dataset_sha256=job.dataset_sha256,
            task=job.task,
            target=job.target,
        )
        return self.checkpoints / FOLDER / name

    @property
    def names(self) -> list[str]:
        """What the pictures are called, in their order."""
        painted = (f"{FOLDER}/{self._path(index).name}" for index in self.painted)
        return [*(each.name for each in self.own), *painted]

    @property
    def captions(self) -> list[str]:
        """The words that each is learnt by, and painted."""
        return [*(each.caption for each in self.own), *(self._words(index) for index in self.painted)]

    @property
    def painted(self) -> range:
        """The numbers of those that are painted."""
        return range(len(self.own), self.job.num_class_images)

    def chance(self, index: int) -> np.random.Generator:
        """The random generator of one picture's view."""
        return numpy_generator(self.job.seed, Purpose.CLASS_PICTURES, index)

    def paint(
        self, painter: Painter, framed: Callable[[int], View], interruption: Interruption, *, share: slice
    ) -> None:
        """Paint the missing ones of ``share`` of the pictures: what the view that is ``framed`` for each masks, by the class prompt."""
        self.folder.mkdir(parents=True, exist_ok=True)
        missing = [index for index in self.painted[share] if not self._path(index).is_file()]
        done, at_once = 0, PAINTED_AT_ONCE
        while done < len(missing):
            interruption.check("painting class pictures")
            chunk = missing[done : done + at_once]
            try:
                self._paint(painter, chunk, [framed(index) for index in chunk])
            except (RuntimeError, MemoryError) as error:
                if len(chunk) == 1 or not is_out_of_memory(error):
                    raise
                at_once = len(chunk) // 2
                log.warning("out of memory: %d class pictures at once from now on", at_once)
                continue
            done += len(chunk)
            log.info("class_pictures=%d/%d", done, len(missing))

    def view(self, index: int) -> View:
        """A painted picture as a view to learn from, with the mask that it was painted in."""
        kept = Image.open(self._path(index)).convert("RGBA")
        return View(
            pixels=np.asarray(kept.convert("RGB")),
            mask=from_image(kept.getchannel("A")),
            frame=uncropped(self.base.resolution),
        )

    def _words(self, index: int) -> str:
        words = readings(self.job.class_prompt)
        return words[index % len(words)]

    def _path(self, index: int) -> Path:
        return self.folder / f"{index:05d}{ENDING}"

    def _paint(self, painter: Painter, indices: Sequence[int], views: Sequence[View]) -> None:
        pictures = [Image.fromarray(view.pixels) for view in views]
        masks = [to_image(view.mask) for view in views]
        painted = self._painted(painter, indices, pictures, masks)
        for index, picture, mask, image in zip(indices, pictures, masks, painted, strict=True):
            # The pipeline blurs the part that it keeps, so that part comes from the picture itself.
            whole = Image.composite(image, picture, mask)
            whole.putalpha(mask)  # what was painted
            unfinished = self._path(index).with_suffix(f".{os.getpid()}.tmp")
            whole.save(unfinished, format="PNG")
            unfinished.replace(self._path(index))

    def _painted(
        self, painter: Painter, indices: Sequence[int], pictures: list[Image.Image], masks: list[Image.Image]
    ) -> list[Image.Image]:
        captions = [self._words(index) for index in indices]
        sampling = class_sampling(Sampling.of(self.base.defaults))
        seeds = [int(self.chance(index).integers(2**31)) for index in indices]
        if not painter.inpaints:
            size = (self.base.resolution, self.base.resolution)
            return painter.paint(prompts=captions, seeds=seeds, size=size, sampling=sampling)
        return painter.inpaint(prompts=captions, seeds=seeds, pictures=pictures, masks=masks, sampling=sampling)
