"""What work costs at a stage's machines: pictures with the waking and the idle tail around them, a style, an update of the endpoint.

The times are estimates. A training's is what Prepare says of it. Measured by others, and read in published reports: SDXL 7 s a picture on
ml.g5.2xlarge. The rest is inferred, and nothing of it has run in AWS.
"""

from collections.abc import Mapping
from typing import Any

from contracts.class_pictures import class_sampling
from contracts.dataset_files import refuse
from contracts.execution import UPSCALE, Method
from contracts.hyperparameters import Hyperparameters
from contracts.prices import estimate
from contracts.search import Search, heaviest
from contracts.training_limits import JobRoom, problems
from contracts.training_needs import SizedTraining, shape_of
from contracts.training_table import TABLE
from contracts.training_time import RunCourse, RunEstimate, captions_too_long, run_estimate, too_long
from infra.components.scaling import EMPTY_MINUTES
from infra.settings.stage import Stage
from models.catalogue import find

WAKE_MINUTES = 8
"""From a request that finds no instance to one that paints: 5 to 10 minutes are reported, and they are billed."""
STYLE_PICTURES = 12
"""What a style is learnt from where costs are said of one: as many as the sample has."""
UPDATE_MINUTES = 20
"""How long as many instances again run beside the old ones while an endpoint is updated."""

_PICTURE_SECONDS = {"sd1": 4.0, "sd2": 5.0, "sdxl": 7.0}
_TINY_SECONDS = 1.0


def picture_seconds(stage: Stage) -> float:
    """How long the stage's default model paints a picture."""
    model = stage.default_model
    return _TINY_SECONDS if model.name.startswith("tiny-") else _PICTURE_SECONDS[model.family]


def pictures_dollars(stage: Stage, count: int) -> float | None:
    """``count`` pictures that come together to a sleeping endpoint: one instance wakes, paints them, and idles until it sleeps.

    One that never sleeps only paints them.
    """
    around = 0 if stage.serving.fewest_instances else (WAKE_MINUTES + EMPTY_MINUTES) * 60
    seconds = count * picture_seconds(stage) + around
    return estimate(stage.serving.instance, seconds)


def style_dollars(stage: Stage) -> float | None:
    """One fine-tuning from masks to report, with the smoke test that wakes the endpoint."""
    parts = (style_estimate(stage).dollars, pictures_dollars(stage, 1))
    known = [part for part in parts if part is not None]
    return sum(known) if len(known) == len(parts) else None


def update_dollars(stage: Stage) -> float | None:
    """What an update of the endpoint adds when its fleet is at its largest."""
    return estimate(stage.serving.instance, UPDATE_MINUTES * 60, count=stage.serving.most_instances)


def style_minutes(stage: Stage) -> float | None:
    """How long one fine-tuning takes: three jobs that start one after another, and the smoke test that wakes the endpoint."""
    minutes = style_estimate(stage).minutes
    return None if minutes is None else minutes + WAKE_MINUTES


def style_estimate(stage: Stage) -> RunEstimate:
    """What is expected of a style from ``STYLE_PICTURES`` pictures, where its request says nothing but what it must."""
    return training_estimate(stage, {}, STYLE_PICTURES) or RunEstimate()


def training_estimate(stage: Stage, inputs: Mapping[str, Any], pictures: int) -> RunEstimate | None:
    """What Prepare will say of a training with this input at the stage; None of a base model that was not measured.

    Raises InvalidInputError with what its machine has too little of.
    """
    upscaler = stage.upscaler_model if inputs.get("task") == UPSCALE else None
    served = upscaler or stage.default_model
    name = str(inputs.get("base_model") or served.name).partition("@")[0]
    offered = (upscaler.name,) if upscaler else stage.base_models
    if (inputs.get("task") == UPSCALE and not upscaler) or name not in offered or name not in TABLE:
        return None
    entry, method = find(name), inputs.get("method", "lora")
    own = {**entry.training.get(method, {}), **inputs.get("hyperparameters", {})}
    search = Search.from_json(inputs["search"], where="input.search") if inputs.get("search") else None
    lesson = _lesson(entry.family, name, method, heaviest(search, Hyperparameters.from_json(own)))
    jobs = stage.jobs
    captioned = inputs.get("captions") == "automatic" and stage.captioner_model is not None
    course = RunCourse(lesson=lesson, pictures=pictures, sampling=class_sampling(entry.sampling), captioned=captioned)
    processing = {"instance": jobs.processing_instance, "seconds": jobs.most_processing_seconds}
    train = {"instance": jobs.training_instance, "spot": jobs.spot, "seconds": jobs.most_training_seconds}
    room = JobRoom(instance=jobs.training_instance, volume_gib=jobs.volume_gib)
    refuse([*problems(lesson, room), *too_long(course, train), *captions_too_long(course, processing)])
    return run_estimate(course, {"segment": processing, "train": train, "evaluate": processing}, search)


def _lesson(family: str, name: str, method: Method, tuning: Hyperparameters) -> SizedTraining:
    shape = shape_of(family, 2 * TABLE[name]["parameters"]["unet"])
    assert shape is not None
    return SizedTraining(shape=shape, method=method, tuning=tuning)
