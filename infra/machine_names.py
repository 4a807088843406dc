"""The instance types that SageMaker has, use by use, as its own API's description lists them (botocore brings it)."""

from collections.abc import Iterator
from difflib import get_close_matches
from functools import cache
from typing import Any

from botocore.loaders import Loader

from infra.settings.stage import Stage
from infra.settings.validation import check

HOSTING, PROCESSING, TRAINING = "ProductionVariantInstanceType", "ProcessingInstanceType", "TrainingInstanceType"


def check_machines(stage: Stage) -> None:
    """Raises ValueError for a setting that names a type which SageMaker does not have for that use."""
    for setting, use, name in _named(stage):
        near = ", ".join(get_close_matches(name, types(use), n=3))
        check(name in types(use), setting, got=name, allowed=f"a type that SageMaker has for it; nearest: {near}")


def _named(stage: Stage) -> Iterator[tuple[str, str, str]]:
    yield "serving.instance", HOSTING, stage.serving.instance
    for name in stage.serving.fallbacks:
        yield "serving.fallbacks", HOSTING, name
    yield "jobs.processing_instance", PROCESSING, stage.jobs.processing_instance
    yield "jobs.training_instance", TRAINING, stage.jobs.training_instance
    yield "pretraining.shard_instance", PROCESSING, stage.pretraining.shard_instance
    yield "pretraining.train_instance", TRAINING, stage.pretraining.train_instance


@cache
def types(use: str) -> frozenset[str]:
    """The instance types for a use: one of HOSTING, PROCESSING, TRAINING."""
    model: Any = Loader().load_service_model("sagemaker", "service-2")
    return frozenset(model["shapes"][use]["enum"])
