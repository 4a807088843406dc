"""Sends webhooks: when something has happened, and each minute what is still due."""

import time
from typing import Any, cast

from atelier_ops.gateways.functions import Function
from atelier_ops.gateways.receivers import Receivers
from atelier_ops.gateways.records import Records
from atelier_ops.logic.notification import messages
from atelier_ops.logic.webhook_delivery import Dependencies, deliver, overdue
from atelier_ops.logic.webhooks import training_key
from atelier_ops.observability import logger, observed
from contracts.settings import EnvironmentSettings
from contracts.webhooks import Reach

SPARE_MILLISECONDS = 25_000
"""No message is begun with less time than this left: the next sweep takes it."""


class Settings(EnvironmentSettings):
    """Environment. ``api_function`` answers what messages say; ``webhooks`` is ``contracts.webhooks.Reach``."""

    table_name: str
    api_function: str
    webhooks: str


@observed
def handler(event: dict[str, Any], context: Any) -> None:
    """An SNS event with the keys of records that are due, an EventBridge event of an execution that has ended, or the schedule's."""
    settings = Settings.from_environment()
    records = Records(settings.table_name)
    if "Records" in event:
        keys = messages(event)
    elif "executionArn" in event["detail"]:
        keys = [training_key(event["detail"]["executionArn"].rpartition(":")[2])]
    else:
        keys = overdue(records, time.time())
    dependencies = Dependencies(
        records=records,
        api=Function(settings.api_function),
        receivers=Receivers(cast(Reach, settings.webhooks)),
        clock=time.time,
    )
    arrived = deliver(keys, dependencies, lambda: context.get_remaining_time_in_millis() > SPARE_MILLISECONDS)
    logger.info("sent webhooks", records=len(keys), arrived=arrived)
