"""Class pictures of prior preservation: how a base model paints them, and what they depend on, so that runs find each other's."""

import hashlib
from dataclasses import replace

from contracts.artifact import BaseManifest
from contracts.sampling import Sampling, SchedulerName

FOLDER = "class_pictures"
"""Where they lie among a training's checkpoints: a folder for each ``pictures_name`` in it."""
ENDING = ".png"

MOST_STEPS = 15
"""Steps that one is painted in at most: its fine detail is not what the prior keeps."""
SOLVER: SchedulerName = "dpm++2m"
"""The sampler of those that would take more: its authors and diffusers find it good from 10 to 20 steps."""


def class_sampling(own: Sampling) -> Sampling:
    """A base model's ``own`` sampling, shortened where it takes long."""
    return own if own.steps <= MOST_STEPS else replace(own, steps=MOST_STEPS, scheduler=own.scheduler or SOLVER)


def pictures_name(
    base: BaseManifest, *, class_prompt: str, seed: int, dataset_sha256: str, task: str, target: str
) -> str:
    """16 digits for all that class pictures depend on. Those of an inpainting model are painted into the data set's pictures."""
    into = f"{dataset_sha256} {task} {target}" if base.task == "inpaint" else ""
    model = [base.reference, str(base.resolution), str(class_sampling(Sampling.of(base.defaults)))]
    return hashlib.sha256("\n".join([*model, class_prompt, str(seed), into]).encode()).hexdigest()[:16]
