"""From pictures to cached tensors: views of the garment, class pictures, latents and words."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from atelier_training.data.class_pictures import ClassPictures
from atelier_training.data.draws import Purpose, numpy_generator
from atelier_training.data.example_views import View, inpaint_views, whole_views
from atelier_training.data.examples import Example, ExampleFile, opened
from atelier_training.data.latents import Batches, LatentCache, encode_views
from atelier_training.engine.interruption import Interruption
from atelier_training.engine.processes import Processes
from atelier_training.fine_tune_job import FineTuneJob
from contracts.artifact import BaseManifest
from diffusion.trainee import Trainee

VIEWS = 8
"""Crops and masks of each picture, drawn once."""


@dataclass(frozen=True, kw_only=True)
class Preparation:
    """``family`` is the untrained base; ``checkpoints`` keeps the class pictures."""

    family: Trainee
    base: BaseManifest
    job: FineTuneJob
    checkpoints: Path
    processes: Processes
    interruption: Interruption

    def batches(self, examples: Sequence[ExampleFile], *, timesteps: int) -> Batches:
        """Everything the loop draws from; ``timesteps`` is how many the noise schedule has."""
        instance = self._instance(examples)
        prior = self._prior(examples) if self.job.with_prior_preservation else None
        captions = [*instance.captions, *(prior.captions if prior else ())]
        words = self.family.encode_words(captions, as_ids=self.job.train_text_encoder)
        return Batches(instance=instance, prior=prior, words=words, tuning=self.job.tuning, timesteps=timesteps)

    def _instance(self, examples: Sequence[ExampleFile]) -> LatentCache:
        views = (
            view
            for index, example in enumerate(opened(examples))
            for view in self._views(example, VIEWS, numpy_generator(self.job.seed, Purpose.VIEWS, index))
        )
        return self._encode(views, VIEWS)

    def _prior(self, examples: Sequence[ExampleFile]) -> LatentCache:
        """Each host paints all class pictures, because hosts share no folder; its processes share the work."""
        pictures = ClassPictures(job=self.job, base=self.base, checkpoints=self.checkpoints)
        drawn: dict[int, View] = {}
        for start, example in enumerate(opened(examples[: self.job.num_class_images])):
            for index in range(start, self.job.num_class_images, len(examples)):
                drawn[index] = next(self._views(example, 1, pictures.chance(index)))
        views = [drawn[index] for index in range(self.job.num_class_images)]
        share = slice(self.processes.local_rank, None, self.processes.local_world)
        pictures.paint(self.family, views, self.interruption, share=share)
        self.processes.wait()
        return self._encode(pictures.views(views), 1)

    def _views(self, example: Example, count: int, chance: np.random.Generator) -> Iterator[View]:
        side = self.base.resolution
        if self.job.task == "inpaint":
            return inpaint_views(example, side, count, chance)
        return whole_views(example, side, count, chance, centre=self.job.center_crop)

    def _encode(self, views: Iterable[View], views_each: int) -> LatentCache:
        return encode_views(self.family, views, views_each=views_each, interruption=self.interruption)
