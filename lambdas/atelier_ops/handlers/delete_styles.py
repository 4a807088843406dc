"""Removes, every few minutes, what is left of styles and versions that were deleted."""

from typing import Any

from atelier_ops.gateways.endpoints import Endpoints
from atelier_ops.gateways.records import Records
from atelier_ops.gateways.registry import Packages
from atelier_ops.gateways.storage import ObjectStore
from atelier_ops.logic.deleted_styles import Dependencies, sweep_all
from atelier_ops.observability import logger, observed
from contracts.settings import EnvironmentSettings


class Settings(EnvironmentSettings):
    """Environment."""

    table_name: str
    data_bucket: str
    model_bucket: str
    name_prefix: str


@observed
def handler(event: dict[str, Any], context: object) -> None:
    """Called on a schedule; the event says nothing of use."""
    settings = Settings.from_environment()
    dependencies = Dependencies(
        records=Records(settings.table_name),
        data=ObjectStore(settings.data_bucket),
        models=ObjectStore(settings.model_bucket),
        packages=Packages(),
        endpoints=Endpoints(),
        name_prefix=settings.name_prefix,
    )
    logger.info("deleted styles", finished=sweep_all(dependencies))
