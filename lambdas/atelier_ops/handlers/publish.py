"""Publishes a registered artifact as the style's next version; nothing can load it before its manifest is there."""

from functools import cache
from typing import Any

from atelier_ops.gateways.storage import ObjectStore
from atelier_ops.logic.publish import publish
from atelier_ops.logic.publishing import Dependencies, Registration
from atelier_ops.observability import observed
from contracts.plan import FineTuningPlan
from contracts.settings import EnvironmentSettings


class Settings(EnvironmentSettings):
    """Environment."""

    data_bucket: str
    model_bucket: str


@cache
def dependencies() -> Dependencies:
    """Made once a container."""
    settings = Settings.from_environment()
    return Dependencies(data=ObjectStore(settings.data_bucket), models=ObjectStore(settings.model_bucket))


@observed
def handler(event: dict[str, Any], context: object) -> dict[str, Any]:
    """``{"plan", "artifact", "package", "version", "metrics"}`` → ``{"version", "uri", "adapter"}``."""
    return publish(Registration.from_event(event, FineTuningPlan), dependencies())
