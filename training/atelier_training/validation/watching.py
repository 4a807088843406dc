"""Who looks at a fine-tune: made in two parts, because some of what it needs is gone once the model is made ready to learn."""

import os
from collections.abc import Sequence
from contextlib import AbstractContextManager

import torch

from atelier_training.data.examples import ExampleFile
from atelier_training.data.preparation import Preparation
from atelier_training.engine.event_files import EventFiles
from atelier_training.engine.looks import LearningWatch
from atelier_training.engine.run import autocast_of
from atelier_training.learners.fine_tune import FineTuneLearner
from atelier_training.trials import checkpoints_of
from atelier_training.validation.easel import Easel, PaintedSubject
from atelier_training.validation.fixed_noise import FixedNoise
from atelier_training.validation.judge import FineTuneJudge
from atelier_training.validation.strip import Strip
from contracts.class_pictures import class_sampling
from contracts.disclosure import from_variables
from contracts.prompts import readings
from contracts.sampling import Sampling
from imaging.told import Told
from imaging.xmp import COMPOSITE, PAINTED, packet_of


class WatchedLearning:
    """Of a training that learns from the pictures ``learnt``, and not from those ``aside``; made while all of the base model is there."""

    def __init__(
        self,
        *,
        preparation: Preparation,
        learnt: Sequence[ExampleFile],
        aside: Sequence[ExampleFile],
        dtype: torch.dtype,
    ) -> None:
        job = preparation.job
        painted = max(job.num_validation_images, 1 if job.validation_prompt else 0)
        # What is set aside comes first: what a model paints into pictures that it learns from flatters it.
        self._shown = [*aside, *learnt][: max(len(aside), painted)]
        self._views, self._words = preparation.shown(self._shown)
        self._examples = [*learnt, *aside]
        self._preparation, self._aside, self._dtype = preparation, len(aside), dtype

    def watch(self, learner: FineTuneLearner, events: EventFiles, *, levels: int, steps: int) -> LearningWatch:
        """Who looks at the ``learner`` in ``steps``, and tells ``events``; its noise has so many ``levels``."""
        own, job = self._preparation, self._preparation.job
        assert job.validation_steps
        noise = FixedNoise(
            views=self._views,
            count=self._aside,
            words=self._words,
            losses=learner.losses,
            autocast=self._autocast,
            timesteps=levels,
            seed=job.seed,
            device=own.processes.device,
        )
        sampling = class_sampling(Sampling.of(own.base.defaults))
        subjects = self._subjects()
        judge = FineTuneJudge(
            noise=noise,
            easel=Easel(family=own.family, sampling=sampling, autocast=self._autocast),
            subjects=subjects,
            examples=self._examples,
            strip=Strip(
                subjects,
                checkpoints_of(job, own.checkpoints),
                self._told(),
                title=f"{job.style}: “{job.instance_prompt}”",
            ),
            events=events,
            steps=steps,
        )
        return LearningWatch(every=job.validation_steps, patience=job.early_stopping_patience, judge=judge)

    def _subjects(self) -> list[PaintedSubject]:
        job, subjects = self._preparation.job, list[PaintedSubject]()
        for number in range(min(job.num_validation_images, len(self._shown))):
            view = self._views.shown(number, 0)
            subjects.append(
                PaintedSubject(told=self._views.names[number], view=view, prompt=job.instance_prompt, measured=True)
            )
        for words in readings(job.validation_prompt) if job.validation_prompt else ():
            subjects.append(
                PaintedSubject(told=f"“{words}”", view=self._views.shown(0, 0), prompt=words, measured=False)
            )
        return subjects

    def _told(self) -> Told:
        """What files of painted pictures say of themselves."""
        job = self._preparation.job
        source_type = COMPOSITE if job.task == "inpaint" else PAINTED
        return Told(
            xmp=packet_of(source_type, f"{self._preparation.base.reference} {job.style}", from_variables(os.environ))
        )

    def _autocast(self) -> AbstractContextManager[object]:
        return autocast_of(self._preparation.processes.device, self._dtype)
