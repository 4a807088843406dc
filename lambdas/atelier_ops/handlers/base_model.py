"""Custom resource: copies one base model to the model bucket, from the stack's asset or from the hub, once."""

from typing import Any

from atelier_ops.gateways.answers import Answers
from atelier_ops.gateways.hub import Hub
from atelier_ops.gateways.storage import ObjectStore
from atelier_ops.logic.custom_resource import settle
from atelier_ops.logic.mirror import Clock
from atelier_ops.observability import observed
from contracts.settings import EnvironmentSettings


class Settings(EnvironmentSettings):
    """Environment."""

    model_bucket: str


@observed
def handler(event: dict[str, Any], context: Any) -> None:
    """A CloudFormation event with properties ``Entry`` and, for an asset, ``AssetBucket`` and ``AssetKey``."""
    models = ObjectStore(Settings.from_environment().model_bucket)
    bucket = event["ResourceProperties"].get("AssetBucket")
    clock = Clock(left=lambda: context.get_remaining_time_in_millis() / 1000)
    settle(event, models, ObjectStore(bucket) if bucket else None, Hub(wait=clock.wait), Answers(), clock)
