"""From pictures to cached tensors: views of the garment, class pictures, latents and words."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from atelier_training.engine.interruption import Interruption
from atelier_training.engine.processes import Processes
from atelier_training.finetune.batches import Batches
from atelier_training.finetune.cache import LatentCache, encode_views
from atelier_training.finetune.config import FineTuneJob
from atelier_training.finetune.dataset import Example
from atelier_training.finetune.draws import Purpose, numpy_generator
from atelier_training.finetune.prior import ClassPictures, class_chance, class_views, paint_class_views
from atelier_training.finetune.views import View, inpaint_views, whole_views
from contracts.artifact import BaseManifest
from diffusion.trainee import Trainee

VIEWS = 8
"""Crops and masks of each picture, drawn once."""


@dataclass(frozen=True, kw_only=True)
class Preparation:
    """What preparation needs besides the pictures. ``family`` is the untrained base; ``checkpoints`` keeps the class pictures."""

    family: Trainee
    base: BaseManifest
    job: FineTuneJob
    checkpoints: Path
    processes: Processes
    interruption: Interruption


def prepare_batches(preparation: Preparation, examples: Sequence[Example], *, timesteps: int) -> Batches:
    """Everything the loop draws from; ``timesteps`` is how many the noise schedule has."""
    job = preparation.job
    instance = _instance(preparation, examples)
    prior = _prior(preparation, examples) if job.tuning.with_prior_preservation else None
    captions = [*instance.captions, *(prior.captions if prior else ())]
    words = preparation.family.encode_words(captions, as_ids=job.tuning.train_text_encoder)
    return Batches(instance=instance, prior=prior, words=words, tuning=job.tuning, timesteps=timesteps)


def _instance(preparation: Preparation, examples: Sequence[Example]) -> LatentCache:
    seed = preparation.job.tuning.seed
    views = (
        view
        for index, example in enumerate(examples)
        for view in _views(preparation, example, VIEWS, numpy_generator(seed, Purpose.VIEWS, index))
    )
    return _encode(preparation, views, VIEWS)


def _prior(preparation: Preparation, examples: Sequence[Example]) -> LatentCache:
    """Each host paints all class pictures, because hosts share no folder; its processes share the work."""
    job, processes = preparation.job, preparation.processes
    pictures = ClassPictures.below(
        preparation.checkpoints,
        prompt=job.class_prompt,
        count=job.tuning.num_class_images,
        seed=job.tuning.seed,
        base=preparation.base,
        origin=f"{job.dataset_sha256} {job.task} {job.target}",
    )
    views = [
        next(iter(_views(preparation, examples[index % len(examples)], 1, class_chance(pictures, index))))
        for index in range(pictures.count)
    ]
    share = slice(processes.local_rank, None, processes.local_world)
    paint_class_views(preparation.family, pictures, views, preparation.interruption, share=share)
    processes.wait()
    return _encode(preparation, class_views(pictures, views), 1)


def _views(preparation: Preparation, example: Example, count: int, chance: np.random.Generator) -> Iterable[View]:
    side, job = preparation.base.resolution, preparation.job
    if job.task == "inpaint":
        return inpaint_views(example, side, count, chance)
    return whole_views(example, side, count, chance, centre=job.tuning.center_crop)


def _encode(preparation: Preparation, views: Iterable[View], views_each: int) -> LatentCache:
    return encode_views(preparation.family, views, views_each=views_each, interruption=preparation.interruption)
