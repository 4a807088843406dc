"""What a run's training takes of its machine, from the sizes of the base model's files and of the data set's."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from atelier_ops.gateways.storage import ObjectStore
from contracts.artifact import BaseManifest
from contracts.class_pictures import class_sampling
from contracts.dataset_files import refuse
from contracts.execution import Method
from contracts.hyperparameters import Hyperparameters
from contracts.layout import base_prefix
from contracts.sampling import Sampling
from contracts.search import Search
from contracts.training_limits import JobRoom, problems
from contracts.training_needs import SizedTraining, shape_of
from contracts.training_time import RunCourse, RunEstimate, captions_too_long, run_estimate, too_long

_DENOISER, _WEIGHTS = "unet/", ".safetensors"


@dataclass(frozen=True, kw_only=True)
class Needs:
    """One training as far as its machine is concerned: what is learnt, and bytes of the pictures and of the base model's files.

    ``sampling`` is how the base model paints the class.
    """

    lesson: SizedTraining
    sampling: Sampling
    dataset_bytes: int
    base_bytes: int

    def estimate(
        self,
        pictures: int,
        jobs: Mapping[str, Mapping[str, Any]],
        search: Search | None = None,
        *,
        captioned: bool = False,
    ) -> RunEstimate:
        """What a run of these ``jobs`` is expected to take, with the trainings of a ``search``, and with captions that a model writes.

        Raises InvalidInputError, with all that the machines of its training and its captions have too little of.
        """
        course = RunCourse(lesson=self.lesson, pictures=pictures, sampling=self.sampling, captioned=captioned)
        job = jobs["train"]
        room = JobRoom(instance=str(job["instance"]), volume_gib=job.get("volume_gib"))
        sizes = problems(self.lesson, room, dataset_bytes=self.dataset_bytes, base_bytes=self.base_bytes)
        refuse([*sizes, *too_long(course, job), *captions_too_long(course, jobs["segment"])])
        return run_estimate(course, jobs, search)


def needs(
    base: BaseManifest, method: Method, tuning: Hyperparameters, dataset_bytes: int, models: ObjectStore
) -> Needs | None:
    """What the training takes; None of a base model that has no denoiser, or is of a family of which nothing was measured."""
    prefix = base_prefix(base.name, base.revision)
    sizes = {entry.key.removeprefix(prefix): entry.size for entry in models.listing(prefix)}
    denoiser = sum(size for name, size in sizes.items() if name.startswith(_DENOISER) and name.endswith(_WEIGHTS))
    shape = shape_of(base.family, denoiser) if denoiser else None
    if shape is None:
        return None
    lesson = SizedTraining(shape=shape, method=method, tuning=tuning)
    return Needs(
        lesson=lesson,
        sampling=class_sampling(Sampling.of(base.defaults)),
        dataset_bytes=dataset_bytes,
        base_bytes=sum(sizes.values()),
    )
