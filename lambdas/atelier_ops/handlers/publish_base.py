"""Publishes a registered pretrained model as a base model; nothing can load it before its manifest is there."""

from dataclasses import dataclass
from functools import cache
from typing import Any

from atelier_ops.gateways.storage import ObjectStore, S3Store
from atelier_ops.logic.publish_base import publish_base
from atelier_ops.settings import read_settings


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Environment."""

    data_bucket: str
    model_bucket: str


@cache
def stores() -> tuple[ObjectStore, ObjectStore]:
    """The data and the model bucket, made once a container."""
    settings = read_settings(Settings)
    return S3Store(settings.data_bucket), S3Store(settings.model_bucket)


def handler(event: dict[str, Any], context: object) -> dict[str, Any]:
    """``{"plan", "artifact", "package", "version", "metrics"}`` → ``{"reference", "uri"}``."""
    data, models = stores()
    return publish_base(
        event["plan"],
        event["artifact"],
        event["package"],
        int(event["version"]),
        event["metrics"],
        data=data,
        models=models,
    )
