"""Publishes a registered pretrained model as a base model; nothing can load it before its manifest is there."""

from typing import Any

from atelier_ops.gateways.storage import ObjectStore
from atelier_ops.logic.publish_base import publish_base
from atelier_ops.observability import observed
from contracts.settings import EnvironmentSettings


class Settings(EnvironmentSettings):
    """Environment."""

    data_bucket: str
    model_bucket: str


@observed
def handler(event: dict[str, Any], context: object) -> dict[str, Any]:
    """``{"plan", "artifact", "package", "version", "metrics"}`` → ``{"reference", "uri"}``."""
    settings = Settings.from_environment()
    return publish_base(event, ObjectStore(settings.data_bucket), ObjectStore(settings.model_bucket))
