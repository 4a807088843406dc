"""Lets the logs of jobs and endpoints expire, once a day: SageMaker itself keeps them for ever."""

import time
from typing import Any

from atelier_ops.gateways.logs import Logs
from atelier_ops.logic.log_expiry import expire
from atelier_ops.observability import logger, observed
from contracts.settings import EnvironmentSettings

SPARE_MILLISECONDS = 10_000
"""With less time than this left, the rest waits until tomorrow."""


class Settings(EnvironmentSettings):
    """Environment. ``endpoint_name`` is the shared endpoint."""

    name_prefix: str
    endpoint_name: str
    log_days: int


@observed
def handler(event: dict[str, Any], context: Any) -> None:
    """Called on a schedule; the event says nothing of use."""
    settings = Settings.from_environment()
    done = expire(
        Logs(),
        prefix=settings.name_prefix,
        endpoint=settings.endpoint_name,
        days=settings.log_days,
        now=time.time(),
        goes_on=lambda: context.get_remaining_time_in_millis() > SPARE_MILLISECONDS,
    )
    logger.info("logs expired", extra=done)
