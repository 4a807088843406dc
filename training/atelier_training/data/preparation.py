"""From pictures to what a step draws from: views of the garment, class pictures, and words."""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np

from atelier_training.data.buckets import Size, grouped, nearest_size
from atelier_training.data.class_pictures import ClassPictures
from atelier_training.data.crops import Crops, around_garment, whole_picture
from atelier_training.data.draws import Purpose, numpy_generator
from atelier_training.data.example_views import View, inpaint_view, mirrored, whole_view
from atelier_training.data.examples import ExampleFile
from atelier_training.data.kept_views import FOLDER, Encoder, KeptViews
from atelier_training.data.latents import Batches, EncodedView
from atelier_training.engine.interruption import Interruption
from atelier_training.engine.processes import Processes
from atelier_training.fine_tune_job import FineTuneJob
from contracts.artifact import BaseManifest
from contracts.training_time import views_of
from diffusion.trainee import Trainee, Words
from imaging.pictures import upright_size


@dataclass(frozen=True, kw_only=True)
class Preparation:
    """``family`` is the untrained base. ``checkpoints`` keeps class pictures and encoded views, ``crops`` what views are cut from."""

    family: Trainee
    base: BaseManifest
    job: FineTuneJob
    checkpoints: Path
    crops: Path
    processes: Processes
    interruption: Interruption

    def batches(
        self, examples: Sequence[ExampleFile], class_examples: Sequence[ExampleFile], *, timesteps: int, steps: int
    ) -> Batches:
        """Everything that the loop draws from in so many ``steps``; ``timesteps`` is how many the noise schedule has.

        ``class_examples`` are a person's own class pictures.
        """
        crops = self._crops(examples, self.crops)
        sizes = [self._size(example) for example in examples]
        prior = self._prior(crops, class_examples) if self.job.with_prior_preservation else None
        instance = self._kept(
            "instance",
            names=[example.name for example in examples],
            captions=[example.caption for example in examples],
            cut=lambda picture, number: self._learnt(crops, picture, number, sizes[picture]),
            groups=grouped(sizes),
            views=views_of(steps * self.job.batch_size * self.job.gradient_accumulation_steps / len(examples)),
            of=_hash_of_masks(examples),
        )
        captions = [*instance.captions, *(prior.captions if prior else ())]
        words = self.family.encode_words(captions, as_ids=self.job.train_text_encoder)
        return Batches(instance=instance, prior=prior, words=words, tuning=self.job.tuning, timesteps=timesteps)

    def shown(self, examples: Sequence[ExampleFile]) -> tuple[KeptViews[View, EncodedView], dict[str, Words]]:
        """A view of each of some pictures, to be looked at while others are learnt, and their words."""
        crops = self._crops(examples, self.crops / "validation")
        chances = partial(numpy_generator, self.job.seed, Purpose.VALIDATION_VIEWS)
        views = self._kept(
            "validation",
            names=[example.name for example in examples],
            captions=[example.caption for example in examples],
            cut=lambda picture, _number: self._view(crops, picture, chances(picture), 0),
            views=1,
            of=_hash_of_masks(examples),
        )
        return views, self.family.encode_words(views.captions, as_ids=self.job.train_text_encoder)

    def _prior(self, crops: Crops, own: Sequence[ExampleFile]) -> KeptViews[View, EncodedView]:
        """Each host paints all class pictures, because hosts share no folder; its processes share the work."""
        own = own[: self.job.num_class_images]
        own_crops = self._crops(own, self.crops / "class")
        pictures = ClassPictures(job=self.job, base=self.base, checkpoints=self.checkpoints, own=own)

        def framed(index: int) -> View:
            return self._view(crops, index % len(crops), pictures.chance(index), 0)

        def learnt(index: int, _number: int) -> View:
            shown = index < len(own)
            return self._view(own_crops, index, pictures.chance(index), 0) if shown else pictures.view(index)

        share = slice(self.processes.local_rank, None, self.processes.local_world)
        pictures.paint(self.family, framed, self.interruption, share=share)
        self.processes.wait()
        return self._kept(
            "class",
            names=pictures.names,
            captions=pictures.captions,
            cut=learnt,
            views=1,
            of=f"{pictures.folder.name} {_hash_of_masks(own)}",
        )

    def _kept(
        self,
        which: str,
        *,
        names: Sequence[str],
        captions: Sequence[str],
        cut: Callable[[int, int], View],
        of: str,
        views: int,
        groups: tuple[tuple[int, ...], ...] = (),
    ) -> KeptViews[View, EncodedView]:
        """Views in a folder that is named after all that they depend on, ``of`` included."""
        job, base = self.job, self.base
        model = [
            base.reference,
            *(f"{name} {digest}" for name, digest in base.files.items() if name.startswith("vae/")),
        ]
        how = [str(base.resolution), str(self.family.pipeline.vae.dtype), str(self.family.inpaints), str(views)]
        origin = [job.dataset_sha256, job.task, job.target, str(job.center_crop), str(job.seed), of]
        origin += [str(job.random_flip), str(job.aspect_ratio_buckets)]
        identity = hashlib.sha256("\n".join([*model, *how, *origin, *names]).encode()).hexdigest()[:16]
        return KeptViews(
            names=tuple(names),
            captions=tuple(captions),
            views=views,
            cut=cut,
            encode=Encoder(family=self.family),
            kind=EncodedView,
            groups=groups,
            folder=self.checkpoints / FOLDER / f"{which}-{identity}",
        )

    def _crops(self, files: Sequence[ExampleFile], folder: Path) -> Crops:
        make = around_garment if self.job.task == "inpaint" else whole_picture
        return Crops(files, partial(make, side=self.base.resolution), folder)

    def _size(self, example: ExampleFile) -> Size:
        """Width and height of a picture's views."""
        side = self.base.resolution
        if not self.job.buckets:
            return side, side
        return nearest_size(upright_size(example.picture.read_bytes(), name=example.name), side)

    def _learnt(self, crops: Crops, picture: int, number: int, size: Size) -> View:
        """A picture's view with this number; where they are flipped, every other one shows the mirror image."""
        view = self._view(crops, picture, numpy_generator(self.job.seed, Purpose.VIEWS, picture), number, size)
        first = int(numpy_generator(self.job.seed, Purpose.FLIPS, picture).integers(2)) if self.job.random_flip else 0
        return mirrored(view) if self.job.random_flip and (first + number) % 2 else view

    def _view(
        self, crops: Crops, picture: int, chance: np.random.Generator, number: int, size: Size | None = None
    ) -> View:
        """A view of ``size``, the base model's own square where there is none."""
        side = self.base.resolution
        if self.job.task == "inpaint":
            return inpaint_view(crops[picture], side, chance, number)
        return whole_view(crops[picture], size or (side, side), chance, number, centre=self.job.center_crop)


def _hash_of_masks(examples: Sequence[ExampleFile]) -> str:
    """Of all masks: the same pictures may be masked otherwise."""
    digest = hashlib.sha256()
    for mask in (example.mask for example in examples if example.mask is not None):
        digest.update(hashlib.sha256(mask.read_bytes()).digest())
    return digest.hexdigest()
