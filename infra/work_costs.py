"""What work costs at a stage's machines: pictures with the waking and the idle tail around them, a style, an update of the endpoint.

The times are estimates. Measured by others, and read in published reports: SDXL 7 s a picture on ml.g5.2xlarge, 387 s for 1,000 steps of
Stable Diffusion 1.5. The rest is inferred, and nothing of it has run in AWS.
"""

from contracts.prices import estimate
from infra.components.scaling import EMPTY_MINUTES
from infra.settings.stage import Stage

WAKE_MINUTES = 8
"""From a request that finds no instance to one that paints: 5 to 10 minutes are reported, and they are billed."""
JOB_START_MINUTES = 4
"""A job's instance starts and loads the image."""
SEGMENT_MINUTES, EVALUATE_MINUTES = 5, 10
TRAIN_SECONDS = 387
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
    jobs = stage.jobs
    processing = (SEGMENT_MINUTES + EVALUATE_MINUTES + 2 * JOB_START_MINUTES) * 60
    parts = (
        estimate(jobs.processing_instance, processing),
        estimate(jobs.training_instance, TRAIN_SECONDS + JOB_START_MINUTES * 60, spot=jobs.spot),
        pictures_dollars(stage, 1),
    )
    known = [part for part in parts if part is not None]
    return sum(known) if len(known) == len(parts) else None


def update_dollars(stage: Stage) -> float | None:
    """What an update of the endpoint adds when its fleet is at its largest."""
    return estimate(stage.serving.instance, UPDATE_MINUTES * 60, count=stage.serving.most_instances)


def style_minutes() -> float:
    """How long one fine-tuning takes: three jobs that start one after another, and the smoke test that wakes the endpoint."""
    return SEGMENT_MINUTES + TRAIN_SECONDS / 60 + EVALUATE_MINUTES + 3 * JOB_START_MINUTES + WAKE_MINUTES
