"""The stacks of one stage, and the flags they are synthesized with."""

import json
from dataclasses import dataclass
from typing import Any

from constructs import Construct

from infra.components.image import REPOSITORY_ROOT
from infra.settings.stage import Stage
from infra.stacks.api import ApiStack
from infra.stacks.monitoring import MonitoringStack
from infra.stacks.network import NetworkStack
from infra.stacks.serving import ServingStack
from infra.stacks.storage import StorageStack
from infra.stacks.training import TrainingStack


@dataclass(frozen=True, kw_only=True)
class Stacks:
    """A stage's stacks, in the order in which they are deployed. Not every stage has a network of its own."""

    storage: StorageStack
    network: NetworkStack | None
    serving: ServingStack
    training: TrainingStack
    api: ApiStack
    monitoring: MonitoringStack


def add_stacks(scope: Construct, stage: Stage) -> Stacks:
    """Add the stage's stacks to ``scope``."""
    storage = StorageStack(scope, "Storage", stage=stage)
    network = None
    if stage.network:
        network = NetworkStack(scope, "Network", stage=stage, network=stage.network, storage=storage)
    serving = ServingStack(scope, "Serving", stage=stage, storage=storage, network=network)
    training = TrainingStack(scope, "Training", stage=stage, storage=storage, network=network, serving=serving)
    api = ApiStack(scope, "Api", stage=stage, storage=storage, serving=serving, training=training)
    monitoring = MonitoringStack(scope, "Monitoring", stage=stage, serving=serving, training=training, api=api)
    return Stacks(storage=storage, network=network, serving=serving, training=training, api=api, monitoring=monitoring)


def feature_flags() -> dict[str, Any]:
    """The context of ``cdk.json``: the CDK command passes it on its own, ``python app.py`` and tests ask here."""
    settings = json.loads((REPOSITORY_ROOT / "cdk.json").read_text(encoding="utf-8"))
    return dict(settings["context"])
