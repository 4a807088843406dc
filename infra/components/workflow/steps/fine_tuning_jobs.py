"""The jobs of a fine-tuning execution."""

from collections.abc import Mapping

from contracts.disclosure import as_variables
from contracts.layout import BEFORE
from infra.components.workflow.flow import Flow, Requirement
from infra.components.workflow.jobs import channels, in_network, processing, training
from infra.components.workflow.resources import Resources
from infra.components.workflow.step import Step
from infra.components.workflow.tuning_job import best_trial, tuning

_LOOKS = [
    {"Name": "validation_loss", "Regex": r"\bvalidation_loss=([0-9.]+)"},
    {"Name": "validation_garment_share", "Regex": r"\bvalidation_garment_share=([0-9.]+)"},
]
"""What a training says of itself where it looks at what it learns."""

_SEGMENTER = "$plan.task = 'inpaint' ? $plan.segmenter.uri"
"""What paints whole pictures masks nothing."""
_LOOKER = "($plan.task = 'inpaint' or $plan.captions = 'automatic') ? $plan.segmenter.uri"
"""Captions are what the segmenter sees, where the stage has no captioner."""


def segment(use: Resources) -> Step:
    """Every picture, decoded; and a mask of the garment for each where one is repainted."""
    return processing(
        use,
        name="Segment",
        does="Decode every picture and, where the task is inpaint, find the garment on those that have no mask",
        key="segment",
        inputs={"dataset": "$plan.dataset.uri", "segmenter": _LOOKER, "captioner": "$plan.captioner.uri"},
    )


def fine_tune(use: Resources) -> Step:
    """Fine-tune the base model on the pictures and their masks."""
    return _training(use, name="FineTune", does="Learn the style", key="train")


def search(use: Resources) -> Flow:
    """Fine-tune it several times with settings that differ, and go on with the training whose garment is best."""
    trial = _training(use, name="Trial", does="Learn the style", key="search", more={"segmenter": _SEGMENTER})
    found = Requirement(
        name="SearchFound",
        when="$length($best) > 0",
        step="Search",
        error="SearchFoundNothing",
        cause="'no training of the search ended well and could be measured'",
    )
    return (
        tuning(use, trial=trial, name="Search", does="Learn the style with several settings"),
        found,
        best_trial(use),
    )


def _training(use: Resources, *, name: str, does: str, key: str, more: Mapping[str, str] | None = None) -> Step:
    """A training job; ``more`` are its channels besides."""
    jobs = use.stage.jobs
    wait = {"MaxWaitTimeInSeconds": jobs.most_wait_seconds} if jobs.most_wait_seconds else {}
    inputs = {
        "dataset": "$plan.dataset.uri",
        "masks": "$plan.runs.segment",
        "base": "$plan.base.uri",
        **(more or {}),
    }
    return training(
        use,
        name=name,
        does=does,
        key=key,
        instance=jobs.training_instance,
        volume_gib=jobs.volume_gib,
        limits={"MaxRuntimeInSeconds": jobs.most_training_seconds, **wait},
        # It may paint while it learns.
        environment=as_variables(use.stage.disclosure.texts),
        metrics=_LOOKS,
        own={
            "InputDataConfig": channels(inputs),
            "EnableManagedSpotTraining": jobs.spot,
            # SageMaker copies the data into the container's folders, so the container needs no network.
            "EnableNetworkIsolation": True,
            "EnableInterContainerTrafficEncryption": True,
            **in_network(use.job_network),
        },
    )


def evaluate(use: Resources) -> Step:
    """Measure a style, and write its pictures and report."""
    return processing(
        use,
        name="Evaluate",
        does="Measure the style on pictures, and write its report",
        key="evaluate",
        environment=as_variables(use.stage.disclosure.texts),
        inputs={
            "dataset": "$plan.dataset.uri",
            "segment": "$plan.runs.segment",
            "base": "$plan.base.uri",
            "segmenter": _SEGMENTER,
            "artifact": "$artifact",
            BEFORE: "$plan.before != '' ? $plan.before",
        },
    )
