"""Publishes a registered artifact as the style's next version; nothing can load it before its manifest is there."""

from dataclasses import dataclass
from functools import cache
from typing import Any

from atelier_ops.gateways.storage import S3Store
from atelier_ops.logic.publish import publish
from atelier_ops.logic.publishing import Dependencies, Registration
from atelier_ops.observability import observed
from atelier_ops.settings import read_settings
from contracts.plan import FineTuningPlan


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Environment."""

    data_bucket: str
    model_bucket: str


@cache
def dependencies() -> Dependencies:
    """Made once a container."""
    settings = read_settings(Settings)
    return Dependencies(data=S3Store(settings.data_bucket), models=S3Store(settings.model_bucket))


@observed
def handler(event: dict[str, Any], context: object) -> dict[str, Any]:
    """``{"plan", "artifact", "package", "version", "metrics"}`` → ``{"version", "uri", "adapter"}``."""
    return publish(Registration.from_event(event, FineTuningPlan), dependencies())
