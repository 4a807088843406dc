"""Publishes a registered artifact as the style's next version; nothing can load it before its manifest is there."""

from typing import Any

from atelier_ops.gateways.storage import ObjectStore
from atelier_ops.logic.publish import publish
from atelier_ops.observability import observed
from contracts.settings import EnvironmentSettings


class Settings(EnvironmentSettings):
    """Environment."""

    data_bucket: str
    model_bucket: str
    name_prefix: str


@observed
def handler(event: dict[str, Any], context: object) -> dict[str, Any]:
    """``{"plan", "artifact", "package", "version", "metrics"}`` → ``{"version", "uri", "adapter", "endpoint"}``."""
    settings = Settings.from_environment()
    data, models = ObjectStore(settings.data_bucket), ObjectStore(settings.model_bucket)
    return publish(event, data, models, settings.name_prefix)
