"""The five stacks of one stage, and the flags they are synthesized with."""

import json
from dataclasses import dataclass
from typing import Any

from constructs import Construct

from infra.components.image import REPOSITORY_ROOT
from infra.settings.stage import Stage
from infra.stacks.api import ApiStack
from infra.stacks.monitoring import MonitoringStack
from infra.stacks.serving import ServingStack
from infra.stacks.storage import StorageStack
from infra.stacks.training import TrainingStack


@dataclass(frozen=True, kw_only=True)
class Stacks:
    """A stage's stacks, in the order in which they are deployed."""

    storage: StorageStack
    serving: ServingStack
    training: TrainingStack
    api: ApiStack
    monitoring: MonitoringStack


def add_stacks(scope: Construct, stage: Stage) -> Stacks:
    """Add the stage's stacks to ``scope``."""
    storage = StorageStack(scope, "Storage", stage=stage)
    serving = ServingStack(scope, "Serving", stage=stage, storage=storage)
    training = TrainingStack(scope, "Training", stage=stage, storage=storage, serving=serving)
    api = ApiStack(scope, "Api", stage=stage, storage=storage, serving=serving, training=training)
    monitoring = MonitoringStack(scope, "Monitoring", stage=stage, serving=serving, training=training, api=api)
    return Stacks(storage=storage, serving=serving, training=training, api=api, monitoring=monitoring)


def feature_flags() -> dict[str, Any]:
    """The context of ``cdk.json``: the CDK command passes it on its own, ``python app.py`` and tests ask here."""
    settings = json.loads((REPOSITORY_ROOT / "cdk.json").read_text(encoding="utf-8"))
    return dict(settings["context"])
